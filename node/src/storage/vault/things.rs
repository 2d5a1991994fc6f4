//! The at-rest keys of things: where each lies, how it opens, and which ones are kept in memory.
//!
//! ```text
//! 0xF0 ‖ hash of the thing (16)   ->  page (4) ‖ slot (1)
//! 0xF1 ‖ page (4) ‖ slot (1)      ->  turn of the page (4) ‖ nonce (24) ‖ sealed key (48)
//! ```
//!
//! A body names its key by an id derived from the key, so that a body whose key was destroyed reads
//! as gone even when its thing has a new key.

use super::super::{Change, Error, Range};
use super::row::damaged;
use crate::keystore::{NONCE, Pages, Secret, Turn};
use circlet_model::id::ThingId;
use rand_core::CryptoRng;
use std::collections::HashMap;
use std::sync::Arc;

/// The table of keys.
const KEYS: u8 = 0xf1;

/// How many bytes name a key.
pub(super) const KEY_ID: usize = 8;

/// How many keys are kept in memory: those of the newest pages of the feed and then some, 100 KiB.
const CACHED: usize = 1024;

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

/// Where a key lies: 256 slots to a page.
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

    /// Reads a place from a row of the first table.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let [a, b, c, d, slot] = *bytes else {
            return Err(damaged());
        };
        Ok(Self {
            page: u32::from_be_bytes([a, b, c, d]),
            slot,
        })
    }

    /// Returns the bytes for a row of the first table.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut bytes = self.page.to_be_bytes().to_vec();
        bytes.push(self.slot);
        bytes
    }

    /// Returns the key of the row of the second table.
    pub(super) fn row(self) -> Vec<u8> {
        let mut bytes = vec![KEYS];
        bytes.extend_from_slice(&self.encode());
        bytes
    }

    /// Reads the place back from [`Place::row`].
    pub(super) fn from_row(row: &[u8]) -> Result<Self, Error> {
        Self::decode(row.strip_prefix(&[KEYS]).ok_or_else(damaged)?)
    }
}

/// Returns the range of a page's keys.
pub(super) fn page_range(page: u32) -> Range {
    let from = Place { page, slot: 0 }.row();
    let to = match page.checked_add(1) {
        Some(next) => Place {
            page: next,
            slot: 0,
        }
        .row(),
        None => vec![KEYS + 1],
    };
    Range {
        from,
        to: Some(to),
        backwards: false,
        limit: usize::MAX,
    }
}

/// Returns the range that ends with the last key of all.
pub(super) fn last_place() -> Range {
    Range {
        from: vec![KEYS],
        to: Some(vec![KEYS + 1]),
        backwards: true,
        limit: 1,
    }
}

/// Seals a key under the newest key of its page.
pub(super) fn seal(
    key: &Secret,
    place: Place,
    pages: &Pages,
    rng: &mut impl CryptoRng,
) -> Result<Change, Error> {
    let (turn, page_key) = pages.newest(place.page).ok_or_else(damaged)?;
    let row = place.row();
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    let mut value = turn.to_be_bytes().to_vec();
    value.extend_from_slice(&nonce);
    page_key.seal(&nonce, &row, &[key.as_bytes()], &mut value)?;
    Ok((row, Some(value)))
}

/// Returns under which turn of its page a key is sealed.
pub(super) fn turn_of(value: &[u8]) -> Result<Turn, Error> {
    value
        .first_chunk()
        .map(|turn| u32::from_be_bytes(*turn))
        .ok_or_else(damaged)
}

/// Opens a key; `None` if the turn of the page is no longer, or not yet, known.
pub(super) fn open(value: &[u8], place: Place, pages: &Pages) -> Result<Option<Secret>, Error> {
    let Some(page_key) = pages.get(place.page, turn_of(value)?) else {
        return Ok(None);
    };
    let (nonce, sealed) = value
        .get(4..)
        .and_then(<[u8]>::split_first_chunk::<NONCE>)
        .ok_or_else(damaged)?;
    let plain = page_key
        .open(nonce, &place.row(), sealed)
        .map(zeroize::Zeroizing::new);
    plain
        .and_then(|plain| Secret::from_slice(&plain))
        .map(Some)
        .ok_or_else(damaged)
}

/// The keys used last: two halves, of which the older is dropped when the newer is full.
#[derive(Debug, Default)]
pub(super) struct Cache {
    newer: HashMap<ThingId, Arc<ThingKey>>,
    older: HashMap<ThingId, Arc<ThingKey>>,
    forgotten: u64,
}

impl Cache {
    /// Returns a key, if it is here.
    pub(super) fn get(&mut self, thing: &ThingId) -> Option<Arc<ThingKey>> {
        if let Some(key) = self.newer.get(thing) {
            return Some(Arc::clone(key));
        }
        let key = self.older.remove(thing)?;
        self.insert(*thing, Arc::clone(&key));
        Some(key)
    }

    /// Keeps a key.
    pub(super) fn insert(&mut self, thing: ThingId, key: Arc<ThingKey>) {
        if self.newer.len() >= CACHED / 2 {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(thing, key);
    }

    /// Keeps a key that was read, unless one was forgotten since: it might be this one.
    pub(super) fn insert_read(&mut self, thing: ThingId, key: Arc<ThingKey>, forgotten: u64) {
        if self.forgotten == forgotten {
            self.insert(thing, key);
        }
    }

    /// Drops a key.
    pub(super) fn forget(&mut self, thing: &ThingId) {
        self.forgotten += 1;
        self.newer.remove(thing);
        self.older.remove(thing);
    }

    /// Returns how often a key was dropped, to be given to [`Cache::insert_read`].
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Arc<ThingKey> {
        Arc::new(ThingKey::new(Secret::from([number; 32])))
    }

    #[test]
    fn places_follow_each_other_and_sort_as_they_do() {
        let mut place = Place {
            page: 255,
            slot: 254,
        };
        for _ in 0..4 {
            let next = place.next().unwrap();
            assert!(next.row() > place.row());
            assert_eq!(Place::from_row(&next.row()).unwrap(), next);
            place = next;
        }
        assert_eq!(place, Place { page: 256, slot: 2 });
        assert_eq!(
            Place {
                page: u32::MAX,
                slot: u8::MAX
            }
            .next(),
            None
        );
        assert!(Place::decode(&[1, 2, 3, 4]).is_err());
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let mut cache = Cache::default();
        let used = ThingId([255; 16]);
        cache.insert(used, key(1));
        for number in 0..4 * CACHED {
            let mut thing = [0; 16];
            thing[..8].copy_from_slice(&number.to_be_bytes());
            cache.insert(ThingId(thing), key(2));
            assert!(cache.get(&used).is_some());
        }
        assert!(cache.newer.len() + cache.older.len() <= CACHED);
    }

    #[test]
    fn a_key_read_before_a_forgetting_is_not_kept_after_it() {
        let mut cache = Cache::default();
        let thing = ThingId([1; 16]);
        let before = cache.forgotten();
        cache.forget(&thing);
        cache.insert_read(thing, key(1), before);
        assert!(cache.get(&thing).is_none());
        cache.insert_read(thing, key(1), cache.forgotten());
        assert!(cache.get(&thing).is_some());
    }
}
