//! What a batch of the model means for the engine: worked out first, so that it is one batch there.

use super::super::{Change, Engine, Error};
use super::row::{self, PIECE};
use super::things::{self, Place, ThingKey};
use super::{Shared, Writer};
use crate::keystore::{Pages, Secret};
use circlet_model::id::ThingId;
use circlet_model::store::{Key, Value, Write};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A batch in the making.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What becomes of each row of the engine.
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// The keys that this batch makes (`Some`) or destroys (`None`).
    keys: HashMap<ThingId, Option<(Place, Arc<ThingKey>)>>,
    /// The pages that lose a key that was there before.
    turning: BTreeSet<u32>,
    /// Whether any row is cut into pieces.
    pub(super) pieces: bool,
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
                Write::Delete(key) => {
                    let key = shared.rows.key(&key)?;
                    plan.drop_pieces(shared, &key)?;
                    plan.changes.insert(key, None);
                }
                Write::Forget(thing) => plan.forget(shared, thing)?,
            }
        }
        Ok(plan)
    }

    /// Returns the pages that new keys lie in.
    pub(super) fn new_pages(&self) -> BTreeSet<u32> {
        self.keys
            .values()
            .flatten()
            .map(|(place, _)| place.page)
            .collect()
    }

    /// Returns the pages that have to turn.
    pub(super) fn turning(&self) -> &BTreeSet<u32> {
        &self.turning
    }

    /// Returns which keys this batch makes or destroys.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&ThingId, Option<&Arc<ThingKey>>)> {
        self.keys
            .iter()
            .map(|(thing, made)| (thing, made.as_ref().map(|(_, key)| key)))
    }

    /// Hands over the engine's batch, with every key in it sealed under its page's newest key.
    pub(super) fn changes<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        pages: &Pages,
        writer: &mut Writer,
    ) -> Result<Vec<Change>, Error> {
        let mut changes = std::mem::take(&mut self.changes);
        for page in &self.turning {
            for (row, value) in shared.engine.scan(&things::page_range(*page))? {
                if changes.contains_key(&row) {
                    continue;
                }
                let place = Place::from_row(&row)?;
                let key = things::open(&value, place, pages)?.ok_or_else(row::damaged)?;
                changes.extend([things::seal(&key, place, pages, &mut writer.rng)?]);
            }
        }
        for (place, key) in self.keys.values().flatten() {
            changes.extend([things::seal(&key.key, *place, pages, &mut writer.rng)?]);
        }
        Ok(changes.into_iter().collect())
    }

    fn put<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        writer: &mut Writer,
        key: &Key,
        value: &Value,
    ) -> Result<(), Error> {
        let key = shared.rows.key(key)?;
        self.drop_pieces(shared, &key)?;
        let thing_key = match &value.body {
            Some(body) => Some(self.key_of(shared, writer, body.thing)?),
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

    /// Returns the key for a thing's body, and makes one where there is none.
    fn key_of<E: Engine>(
        &mut self,
        shared: &Shared<E>,
        writer: &mut Writer,
        thing: ThingId,
    ) -> Result<Arc<ThingKey>, Error> {
        match self.keys.get(&thing) {
            Some(Some((_, key))) => return Ok(Arc::clone(key)),
            Some(None) => {}
            None => {
                if let Some(key) = shared.thing_key(&thing)? {
                    return Ok(key);
                }
            }
        }
        let place = writer.next.ok_or(Error::Full)?;
        writer.next = place.next();
        let key = Arc::new(ThingKey::new(Secret::random(&mut writer.rng)));
        self.changes
            .insert(shared.rows.place(&thing), Some(place.encode()));
        self.keys.insert(thing, Some((place, Arc::clone(&key))));
        Ok(key)
    }

    fn forget<E: Engine>(&mut self, shared: &Shared<E>, thing: ThingId) -> Result<(), Error> {
        let row = shared.rows.place(&thing);
        let known = self.keys.contains_key(&thing);
        if let Some(value) = shared.engine.get(&row)?.filter(|_| !known) {
            let place = Place::decode(&value)?;
            self.turning.insert(place.page);
            self.changes.insert(place.row(), None);
        }
        self.changes.insert(row, None);
        self.keys.insert(thing, None);
        Ok(())
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
