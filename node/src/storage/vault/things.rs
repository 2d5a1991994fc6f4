//! What is kept of each thing: its at-rest key and the little that the model notes of it.
//!
//! Every thing has a *place*: a page of 256 slots, and a slot in it. Neighbouring places share rows, and
//! new things take the next place, so that a newcomer who takes in a circle writes few rows, each beside
//! the one before.
//!
//! ```text
//! 0xF0 ‖ page (4) ‖ slot / 16  ->  1 ‖ nonce (24) ‖ sealed (slot (1) ‖ circle (16) ‖ length (2) ‖ note)*
//! 0xF1 ‖ page (4) ‖ slot / 64  ->  turn of the page (4) ‖ nonce (24)
//!                                  ‖ sealed, under the page's key, (slot (1) ‖ thing (16) ‖ key (32))*
//! ```
//!
//! Where each thing lies is read from the second table when the store is opened, and kept in memory
//! (see `index`). A body names its key by an id derived from the key, so that a body whose key was
//! destroyed reads as gone even when its thing has a new key.

use super::super::{Change, Error, Range};
use super::row::damaged;
use crate::keystore::{NONCE, Pages, Secret, Turn};
use circlet_model::id::ThingId;
use circlet_model::store::{Key, Space};
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The table of notes.
const NOTES: u8 = 0xf0;

/// The table of keys.
const KEYS: u8 = 0xf1;

/// How many places share a row of notes: with the longest, below 4 KiB.
const NOTES_IN_ROW: u8 = 16;

/// How many places share a row of keys: 3.2 KiB.
const KEYS_IN_ROW: u8 = 64;

/// How many bytes a row of keys has for each thing: its slot, its id and its key.
const ENTRY: usize = 1 + ThingId::SIZE + Secret::SIZE;

/// The longest note that lies here; longer ones are rows like any other.
pub(super) const MAX_NOTE: usize = 216;

/// How many bytes name a key.
pub(super) const KEY_ID: usize = 8;

/// How many bytes of a circle's id stand in the address of its rows.
const CIRCLE: usize = 16;

/// The circle that a note belongs to.
pub(super) type Circle = [u8; CIRCLE];

/// The at-rest key of a thing.
#[derive(Debug)]
pub(super) struct ThingKey {
    pub(super) key: Secret,
    pub(super) id: [u8; KEY_ID],
}

impl ThingKey {
    /// Names a key.
    pub(super) fn new(key: Secret) -> Self {
        let name = key.derive("circlet 2026-11 at rest: id of a thing key");
        let mut id = [0; KEY_ID];
        id.iter_mut()
            .zip(name.as_bytes())
            .for_each(|(to, from)| *to = *from);
        Self { key, id }
    }
}

/// Where a thing's key and notes lie: 256 slots to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) page: u32,
    pub(super) slot: u8,
}

impl Place {
    /// The first place of all.
    pub(super) const FIRST: Self = Self { page: 0, slot: 0 };

    /// Returns the place after this one.
    pub(super) fn next(self) -> Option<Self> {
        match self.slot.checked_add(1) {
            Some(slot) => Some(Self { slot, ..self }),
            None => Some(Self {
                page: self.page.checked_add(1)?,
                slot: 0,
            }),
        }
    }

    /// Returns the key of the row that its notes share with others'.
    pub(super) fn note_row(self) -> Vec<u8> {
        row(NOTES, self.page, self.slot / NOTES_IN_ROW)
    }

    /// Returns the key of the row that its key shares with others.
    pub(super) fn key_row(self) -> Vec<u8> {
        row(KEYS, self.page, self.slot / KEYS_IN_ROW)
    }
}

fn row(table: u8, page: u32, part: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(6);
    bytes.push(table);
    bytes.extend_from_slice(&page.to_be_bytes());
    bytes.push(part);
    bytes
}

/// Returns the page of a row of keys.
pub(super) fn page_of(row: &[u8]) -> Result<u32, Error> {
    match *row {
        [KEYS, a, b, c, d, _] => Ok(u32::from_be_bytes([a, b, c, d])),
        _ => Err(damaged()),
    }
}

/// Returns the first and the last place whose keys lie in a row.
pub(super) fn places_of(row: &[u8]) -> Result<(Place, Place), Error> {
    let page = page_of(row)?;
    let part = row.last().copied().unwrap_or_default();
    let slot = part.checked_mul(KEYS_IN_ROW).ok_or_else(damaged)?;
    let last = slot.saturating_add(KEYS_IN_ROW - 1);
    Ok((Place { page, slot }, Place { page, slot: last }))
}

/// Returns the rows of notes of the places whose keys lie beside this one's.
pub(super) fn notes_beside(place: Place) -> impl Iterator<Item = Vec<u8>> {
    let slots = (0..KEYS_IN_ROW).step_by(NOTES_IN_ROW.into());
    slots.map(move |slot| {
        let slot = place.slot.saturating_add(slot);
        Place { slot, ..place }.note_row()
    })
}

/// Returns a damaged row of keys as it lies there after its page has turned: damaged, and known as such.
pub(super) fn still_damaged(value: &[u8], turn: Turn) -> Vec<u8> {
    let rest = value.get(4..).unwrap_or_default();
    [&turn.to_be_bytes(), rest].concat()
}

/// Returns the range of a page's rows of keys.
pub(super) fn page_range(page: u32) -> Range {
    let end = page.checked_add(1);
    Range {
        from: row(KEYS, page, 0),
        to: Some(end.map_or_else(|| vec![KEYS + 1], |next| row(KEYS, next, 0))),
        backwards: false,
        limit: usize::MAX,
    }
}

/// Returns the range of the rows of keys from one on.
pub(super) fn keys_from(from: Option<Vec<u8>>, limit: usize) -> Range {
    Range {
        from: from.unwrap_or_else(|| vec![KEYS]),
        to: Some(vec![KEYS + 1]),
        backwards: false,
        limit,
    }
}

/// Returns whether a row of the model is the note of a thing, by its address: of which circle and thing.
pub(super) fn noted(key: &Key) -> Option<(Circle, ThingId)> {
    let (circle, thing) = key.owner.split_first_chunk::<CIRCLE>()?;
    let fits = key.space == Space::Things && key.order.is_empty();
    let thing = thing.try_into().ok().filter(|_| fits)?;
    Some((*circle, ThingId(thing)))
}

/// Returns the address of a thing's note: what [`noted`] reads.
pub(super) fn note_key(circle: Circle, thing: &ThingId) -> Key {
    let owner = [circle.as_slice(), thing.as_bytes()].concat();
    Key::new(Space::Things, owner, [])
}

/// The keys that share a row, by slot.
#[derive(Debug, Default)]
pub(super) struct KeyRow(pub(super) BTreeMap<u8, (ThingId, Secret)>);

impl KeyRow {
    /// Opens a row; `None` if the turn of the page is no longer, or not yet, known.
    pub(super) fn open(row: &[u8], value: &[u8], pages: &Pages) -> Result<Option<Self>, Error> {
        let Some(plain) = open_keys(row, value, pages)? else {
            return Ok(None);
        };
        let mut keys = BTreeMap::new();
        for (slot, thing, key) in entries(&plain) {
            let key = Secret::from_slice(key).ok_or_else(damaged)?;
            keys.insert(slot, (thing, key));
        }
        Ok(Some(Self(keys)))
    }

    /// Seals the row under the newest key of its page, or removes it when no key is left in it.
    pub(super) fn change(
        &self,
        row: Vec<u8>,
        pages: &Pages,
        rng: &mut impl CryptoRng,
    ) -> Result<Change, Error> {
        if self.0.is_empty() {
            return Ok((row, None));
        }
        let (turn, page_key) = pages.newest(page_of(&row)?).ok_or_else(damaged)?;
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        // Reserved whole: a buffer that grew would leave copies of keys behind.
        let mut plain = Zeroizing::new(Vec::with_capacity(self.0.len() * ENTRY));
        for (slot, (thing, key)) in &self.0 {
            plain.push(*slot);
            plain.extend_from_slice(thing.as_bytes());
            plain.extend_from_slice(key.as_bytes());
        }
        let mut value = turn.to_be_bytes().to_vec();
        value.extend_from_slice(&nonce);
        page_key.seal(&nonce, &row, &[&plain], &mut value)?;
        Ok((row, Some(value)))
    }
}

/// Returns which things have their keys in a row, and at which slots, without taking the keys out of
/// it; `None` as for [`KeyRow::open`].
pub(super) fn things_of(
    row: &[u8],
    value: &[u8],
    pages: &Pages,
) -> Result<Option<Vec<(u8, ThingId)>>, Error> {
    let plain = open_keys(row, value, pages)?;
    Ok(plain.map(|plain| {
        entries(&plain)
            .map(|(slot, thing, _)| (slot, thing))
            .collect()
    }))
}

/// Opens a row of keys to its bytes, whole entries.
fn open_keys(row: &[u8], value: &[u8], pages: &Pages) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let Some(page_key) = pages.get(page_of(row)?, turn_of(value)?) else {
        return Ok(None);
    };
    let (nonce, sealed) = value
        .get(4..)
        .and_then(<[u8]>::split_first_chunk::<NONCE>)
        .ok_or_else(damaged)?;
    let plain = page_key.open(nonce, row, sealed).map(Zeroizing::new);
    let whole = plain.filter(|plain| plain.len().is_multiple_of(ENTRY));
    whole.map(Some).ok_or_else(damaged)
}

/// Returns what the opened bytes of a row of keys say: slot, thing and key.
fn entries(plain: &[u8]) -> impl Iterator<Item = (u8, ThingId, &[u8])> {
    plain.chunks_exact(ENTRY).filter_map(|entry| {
        let (slot, rest) = entry.split_first()?;
        let (thing, key) = rest.split_first_chunk()?;
        Some((*slot, ThingId(*thing), key))
    })
}

/// Returns under which turn of its page a row of keys is sealed.
pub(super) fn turn_of(value: &[u8]) -> Result<Turn, Error> {
    value
        .first_chunk()
        .map(|turn| u32::from_be_bytes(*turn))
        .ok_or_else(damaged)
}

/// The notes that share a row, by slot and circle.
#[derive(Debug, Default)]
pub(super) struct NoteRow(pub(super) BTreeMap<(u8, Circle), Vec<u8>>);

impl NoteRow {
    /// Reads the opened bytes of a row.
    pub(super) fn decode(mut rest: &[u8]) -> Result<Self, Error> {
        let mut notes = BTreeMap::new();
        while let Some((slot, after)) = rest.split_first() {
            let (circle, after) = after.split_first_chunk().ok_or_else(damaged)?;
            let (length, after) = after.split_first_chunk().ok_or_else(damaged)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (note, after) = after.split_at_checked(length).ok_or_else(damaged)?;
            notes.insert((*slot, *circle), note.to_vec());
            rest = after;
        }
        Ok(Self(notes))
    }

    /// Returns the bytes to seal.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut plain = Vec::with_capacity(self.size());
        for ((slot, circle), note) in &self.0 {
            plain.push(*slot);
            plain.extend_from_slice(circle);
            plain.extend_from_slice(&(note.len() as u16).to_be_bytes());
            plain.extend_from_slice(note);
        }
        plain
    }

    /// Returns how many bytes [`NoteRow::encode`] gives.
    pub(super) fn size(&self) -> usize {
        self.0
            .values()
            .map(|note| 1 + CIRCLE + 2 + note.len())
            .sum()
    }

    /// Takes out all notes of a slot.
    pub(super) fn take(&mut self, slot: u8) -> Vec<(Circle, Vec<u8>)> {
        let taken = self
            .0
            .extract_if((slot, [0; CIRCLE])..=(slot, [u8::MAX; CIRCLE]), |_, _| true);
        taken.map(|((_, circle), note)| (circle, note)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_each_other_and_sort_as_they_do() {
        let mut place = Place {
            page: 255,
            slot: 254,
        };
        for _ in 0..4 {
            let next = place.next().unwrap();
            assert!(next.key_row() >= place.key_row());
            assert!(next.note_row() >= place.note_row());
            place = next;
        }
        assert_eq!(place, Place { page: 256, slot: 2 });
        assert_eq!(page_of(&place.key_row()).unwrap(), 256);
        let last = Place {
            page: u32::MAX,
            slot: u8::MAX,
        };
        assert_eq!(last.next(), None);
        assert!(page_of(&last.note_row()).is_err());
    }

    #[test]
    fn notes_come_back_and_bytes_that_are_none_are_refused() {
        let mut row = NoteRow::default();
        row.0.insert((3, [1; 16]), b"one".to_vec());
        row.0.insert((3, [2; 16]), Vec::new());
        row.0.insert((15, [1; 16]), vec![7; MAX_NOTE]);
        let bytes = row.encode();
        assert_eq!(bytes.len(), row.size());
        let mut read = NoteRow::decode(&bytes).unwrap();
        assert_eq!(read.0, row.0);
        for length in 1..bytes.len() {
            let cut = NoteRow::decode(&bytes[..length]);
            assert!(cut.is_err() || cut.unwrap().0.len() < row.0.len());
        }
        assert_eq!(read.take(3).len(), 2);
        assert_eq!(read.0.len(), 1);
    }

    #[test]
    fn full_rows_are_below_the_longest() {
        let mut row = NoteRow::default();
        for slot in 0..NOTES_IN_ROW {
            row.0.insert((slot, [1; 16]), vec![7; MAX_NOTE]);
        }
        let sealed = 1 + 24 + 16;
        assert!(row.size() + sealed <= super::super::super::MAX_ROW);
        let keys = usize::from(KEYS_IN_ROW) * ENTRY;
        assert!(keys + 4 + 24 + 16 <= super::super::super::MAX_ROW);
    }
}
