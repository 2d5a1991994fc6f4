//! What a batch of the model means for the engine: worked out first, so that it is one batch there.

use super::super::{Change, Engine, Error, MAX_ROW};
use super::row::{self, PIECE};
use super::things::{self, Circle, KeyRow, MAX_NOTE, NoteRow, Place, ThingKey};
use super::{Shared, Writer};
use crate::keystore::{Pages, Secret};
use circlet_model::id::ThingId;
use circlet_model::store::{Key, Value, Write};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What sealing adds to a row of notes.
const SEALED: usize = 64;

/// A batch in the making.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What becomes of each row of the engine, but for those below.
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// The rows of keys that change, whole.
    key_rows: BTreeMap<Vec<u8>, KeyRow>,
    /// The rows of notes that change, whole.
    note_rows: BTreeMap<Vec<u8>, NoteRow>,
    /// The keys that this batch makes (`Some`) or destroys (`None`).
    keys: HashMap<ThingId, Option<(Place, Arc<ThingKey>)>>,
    /// The pages that get a key.
    new_pages: BTreeSet<u32>,
    /// The pages that lose a key that was there before.
    turning: BTreeSet<u32>,
    /// Whether any row is cut into pieces.
    pub(super) pieces: bool,
    /// Whether any note is a row like any other.
    pub(super) long_notes: bool,
}

impl Plan {
    /// Works through the batch, in order.
    pub(super) fn new<E: Engine>(
        shared: &Shared<E>,
        writer: &mut Writer,
        batch: Vec<Write>,
    ) -> Result<Self, Error> {
        let mut plan = Self::default();
        for write in batch {
            match write {
                Write::Put(key, value) => plan.put(shared, writer, &key, &value)?,
                Write::Delete(key) => plan.delete(shared, &key)?,
                Write::Forget(thing) => plan.forget(shared, writer, thing)?,
            }
        }
        Ok(plan)
    }

    /// Returns the pages that new keys lie in.
    pub(super) fn new_pages(&self) -> &BTreeSet<u32> {
        &self.new_pages
    }

    /// Returns the pages that have to turn.
    pub(super) fn turning(&self) -> &BTreeSet<u32> {
        &self.turning
    }

    /// Returns which keys this batch makes or destroys.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&ThingId, Option<&(Place, Arc<ThingKey>)>)> {
        self.keys.iter().map(|(thing, made)| (thing, made.as_ref()))
    }

    /// Hands over the engine's batch, with every key in it sealed under its page's newest key.
    pub(super) fn changes<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        pages: &Pages,
        writer: &mut Writer,
    ) -> Result<Vec<Change>, Error> {
        for page in &self.turning {
            let (turn, _) = pages.newest(*page).ok_or_else(row::damaged)?;
            for (row, value) in shared.engine.scan(&things::page_range(*page))? {
                if let Ok(Some(keys)) = KeyRow::open(&row, &value, pages) {
                    self.key_rows.entry(row).or_insert(keys);
                } else {
                    let value = things::still_damaged(&value, turn);
                    self.changes.insert(row, Some(value));
                }
            }
        }
        let mut changes: Vec<Change> = std::mem::take(&mut self.changes).into_iter().collect();
        for (row, keys) in std::mem::take(&mut self.key_rows) {
            changes.push(keys.change(row, pages, &mut writer.rng)?);
        }
        for (row, notes) in std::mem::take(&mut self.note_rows) {
            let value = if notes.0.is_empty() {
                None
            } else {
                let rng = &mut writer.rng;
                Some(shared.rows.seal(&row, &notes.encode(), None, rng)?)
            };
            changes.push((row, value));
        }
        Ok(changes)
    }

    fn put<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        writer: &mut Writer,
        key: &Key,
        value: &Value,
    ) -> Result<(), Error> {
        let Some((circle, thing)) = things::noted(key) else {
            return self.put_row(shared, writer, key, value);
        };
        let short = value.body.is_none() && value.head.len() <= MAX_NOTE;
        if short && self.note(shared, writer, (circle, thing), &value.head)? {
            return self.drop_long_note(shared, key);
        }
        self.drop_note(shared, circle, &thing)?;
        self.long_notes = true;
        self.put_row(shared, writer, key, value)
    }

    fn put_row<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        writer: &mut Writer,
        key: &Key,
        value: &Value,
    ) -> Result<(), Error> {
        let key = shared.rows.key(key)?;
        self.drop_pieces(shared, &key)?;
        let thing_key = match &value.body {
            Some(body) => Some(self.key_of(shared, writer, body.thing)?.1),
            None => None,
        };
        let body = value.body.as_ref().zip(thing_key.as_deref());
        let body = body.map(|(body, key)| (&body.thing, key, body.bytes.as_slice()));
        let sealed = shared.rows.seal(&key, &value.head, body, &mut writer.rng)?;
        if sealed.len() <= PIECE {
            self.changes.insert(key, Some(sealed));
            return Ok(());
        }
        for (number, piece) in sealed.chunks(PIECE).enumerate() {
            self.changes
                .insert(shared.rows.piece(&key, number), Some(piece.to_vec()));
        }
        self.changes
            .insert(key, Some(row::in_pieces(sealed.len(), &mut writer.rng)));
        self.pieces = true;
        Ok(())
    }

    fn delete<E: Engine>(&mut self, shared: &Shared<E>, key: &Key) -> Result<(), Error> {
        if let Some((circle, thing)) = things::noted(key) {
            self.drop_note(shared, circle, &thing)?;
            return self.drop_long_note(shared, key);
        }
        self.delete_row(shared, key)
    }

    fn delete_row<E: Engine>(&mut self, shared: &Shared<E>, key: &Key) -> Result<(), Error> {
        let key = shared.rows.key(key)?;
        self.drop_pieces(shared, &key)?;
        self.changes.insert(key, None);
        Ok(())
    }

    /// Returns where a thing lies and its key, and makes both where there is none.
    fn key_of<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        writer: &mut Writer,
        thing: ThingId,
    ) -> Result<(Place, Arc<ThingKey>), Error> {
        match self.keys.get(&thing) {
            Some(Some((place, key))) => return Ok((*place, Arc::clone(key))),
            Some(None) => {}
            None => {
                if let Some(known) = shared.thing_key(&thing)? {
                    return Ok(known);
                }
            }
        }
        let place = writer.next.ok_or(Error::Full)?;
        writer.next = place.next();
        let key = Arc::new(ThingKey::new(Secret::random(&mut writer.rng)));
        let row = self.key_row(shared, place)?;
        row.0.insert(place.slot, (thing, key.key.clone()));
        self.new_pages.insert(place.page);
        self.keys.insert(thing, Some((place, Arc::clone(&key))));
        Ok((place, key))
    }

    fn forget<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        writer: &mut Writer,
        thing: ThingId,
    ) -> Result<(), Error> {
        let place = if let Some(made) = self.keys.get(&thing) {
            made.as_ref().map(|(place, _)| *place)
        } else {
            let known = shared.place(&thing)?;
            self.turning.extend(known.map(|place| place.page));
            known
        };
        self.keys.insert(thing, None);
        let Some(place) = place else { return Ok(()) };
        self.key_row(shared, place)?.0.remove(&place.slot);
        // What other circles note of a thing of the same id stays, at another place.
        for (circle, note) in self.note_row(shared, place)?.take(place.slot) {
            if !self.note(shared, writer, (circle, thing), &note)? {
                let key = things::note_key(circle, &thing);
                self.long_notes = true;
                self.put_row(shared, writer, &key, &Value::from(note))?;
            }
        }
        Ok(())
    }

    /// Keeps a note, and says so, unless its row has no room for it.
    fn note<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        writer: &mut Writer,
        (circle, thing): (Circle, ThingId),
        note: &[u8],
    ) -> Result<bool, Error> {
        let (place, _) = self.key_of(shared, writer, thing)?;
        let row = self.note_row(shared, place)?;
        let before = row.0.insert((place.slot, circle), note.to_vec());
        if row.size() + SEALED <= MAX_ROW {
            return Ok(true);
        }
        match before {
            Some(before) => row.0.insert((place.slot, circle), before),
            None => row.0.remove(&(place.slot, circle)),
        };
        Ok(false)
    }

    fn drop_note<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        circle: Circle,
        thing: &ThingId,
    ) -> Result<(), Error> {
        let place = match self.keys.get(thing) {
            Some(made) => made.as_ref().map(|(place, _)| *place),
            None => shared.place(thing)?,
        };
        if let Some(place) = place {
            self.note_row(shared, place)?
                .0
                .remove(&(place.slot, circle));
        }
        Ok(())
    }

    fn drop_long_note<E: Engine>(&mut self, shared: &Shared<E>, key: &Key) -> Result<(), Error> {
        if self.long_notes || shared.has_long_notes() {
            self.delete_row(shared, key)?;
        }
        Ok(())
    }

    /// Returns the row of a place's key, to be changed.
    fn key_row<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        place: Place,
    ) -> Result<&mut KeyRow, Error> {
        let row = place.key_row();
        if !self.key_rows.contains_key(&row) {
            let keys = match shared.engine.get(&row)? {
                Some(value) => KeyRow::open(&row, &value, &shared.pages())?,
                None => Some(KeyRow::default()),
            };
            self.key_rows
                .insert(row.clone(), keys.ok_or_else(row::damaged)?);
        }
        self.key_rows.get_mut(&row).ok_or_else(row::damaged)
    }

    /// Returns the row of a place's notes, to be changed.
    fn note_row<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        place: Place,
    ) -> Result<&mut NoteRow, Error> {
        let row = place.note_row();
        if !self.note_rows.contains_key(&row) {
            let notes = shared.note_row(place)?.unwrap_or_default();
            self.note_rows.insert(row.clone(), notes);
        }
        self.note_rows.get_mut(&row).ok_or_else(row::damaged)
    }

    /// Removes the pieces of the row that was there before, if it was in pieces.
    fn drop_pieces<E: Engine>(&mut self, shared: &Shared<E>, key: &[u8]) -> Result<(), Error> {
        if !self.pieces && !shared.has_pieces() {
            return Ok(());
        }
        let before = match self.changes.get(key) {
            Some(change) => change.clone(),
            None => shared.engine.get(key)?,
        };
        let length = before.map_or(Ok(None), |value| row::length_in_pieces(&value))?;
        for number in 0..length.unwrap_or(0).div_ceil(PIECE) {
            self.changes.insert(shared.rows.piece(key, number), None);
        }
        Ok(())
    }
}
