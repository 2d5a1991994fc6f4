//! Where each thing lies, in memory, and the keys used last.
//!
//! A look-up table in the engine would be written at a random place for every thing: half the time and
//! a fifth of the disk of taking in a circle. In memory it takes about 40 bytes a thing, and is read
//! from the rows of keys when the store is opened: 1,600 rows for 100,000 things. One thread reads them
//! and the other opens them: only the one that opens the home ever has a key on its stack.

use super::super::{Engine, Error, Rows, io_error};
use super::row::damaged;
use super::things::{Place, ThingKey, keys_from, page_of, places_of, things_of};
use crate::keystore::Pages;
use circlet_model::id::ThingId;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How many keys are kept in memory: those of the newest pages of the feed and then some, 100 KiB.
const CACHED: usize = 1024;

/// How many rows of keys are read at once.
const ROWS_AT_ONCE: usize = 64;

/// How many such batches may wait to be opened.
const WAITING: usize = 16;

/// Where each thing lies.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) places: HashMap<ThingId, Place>,
    /// Whether a write failed, so that it is not known what lies where.
    pub(super) stale: bool,
    /// The rows of keys that do not open: the first place of each.
    pub(super) damaged: Vec<Place>,
}

impl Index {
    /// Reads where everything lies; returns the last place taken too. Of a row that is damaged all
    /// places count as taken.
    pub(super) fn load(
        engine: &impl Engine,
        pages: &Pages,
    ) -> Result<(Self, Option<Place>), Error> {
        thread::scope(|threads| {
            let (sender, batches) = sync_channel(WAITING);
            let reader = thread::Builder::new().name("circlet-index".to_owned());
            let reader = reader.spawn_scoped(threads, move || read(engine, &sender));
            reader.map_err(|error| io_error(&error))?;
            Self::of(&batches, pages)
        })
    }

    /// Opens the rows of keys as they come, up to a batch without any.
    fn of(
        batches: &Receiver<Result<Rows, Error>>,
        pages: &Pages,
    ) -> Result<(Self, Option<Place>), Error> {
        let (mut index, mut last, mut others) = (Self::default(), None, false);
        loop {
            // A reader that ended without a word has met a fault of its own.
            let rows = batches.recv().map_err(|_| Error::Stopped)??;
            if rows.is_empty() {
                // Not one opens, and they stand under page keys that are not here.
                let none = others && index.places.is_empty();
                return if none {
                    Err(damaged())
                } else {
                    Ok((index, last))
                };
            }
            for (row, value) in &rows {
                let page = page_of(row)?;
                let opened = things_of(row, value, pages);
                others |= matches!(opened, Ok(None));
                let Ok(Some(things)) = opened else {
                    let (first, end) = places_of(row)?;
                    index.damaged.push(first);
                    last = Some(end);
                    continue;
                };
                for (slot, thing) in things {
                    let place = Place { page, slot };
                    index.places.insert(thing, place);
                    last = last.max(Some(place));
                }
            }
        }
    }
}

/// Reads the rows of keys and hands them over, up to a batch without any.
fn read(engine: &impl Engine, batches: &SyncSender<Result<Rows, Error>>) {
    let mut from = None;
    loop {
        let rows = engine.scan(&keys_from(from.take(), ROWS_AT_ONCE));
        let last = rows.as_ref().ok().and_then(|rows| rows.last());
        // The next key there can be.
        from = last.map(|(row, _)| [row.as_slice(), &[0]].concat());
        if batches.send(rows).is_err() || from.is_none() {
            return;
        }
    }
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
    use crate::keystore::Secret;

    fn key(number: u8) -> Arc<ThingKey> {
        Arc::new(ThingKey::new(Secret::from([number; 32])))
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
