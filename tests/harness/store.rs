//! A store in memory with the contract of the real one: batches are whole or not at all, and a body is
//! readable only while its thing's key exists.

use circlet_model::id::ThingId;
use circlet_model::store::{Batch, Error, Key, Reader, Rows, Scan, Value, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows in memory; clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    rows: Arc<Mutex<Inner>>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    rows: BTreeMap<Key, Value>,
    failing: bool,
    /// How many reads still go right; `None` = all of them.
    left: Option<usize>,
    forgotten: BTreeSet<ThingId>,
}

impl MemoryStore {
    /// Applies a batch.
    pub fn apply(&self, batch: Batch) {
        let mut inner = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for write in batch {
            match write {
                Write::Put(key, value) => {
                    inner.rows.insert(key, value);
                }
                Write::Delete(key) => {
                    inner.rows.remove(&key);
                }
                Write::Forget(thing) => {
                    inner.forgotten.insert(thing);
                    for value in inner.rows.values_mut() {
                        if value.body.as_ref().is_some_and(|body| body.thing == thing) {
                            value.body = None;
                        }
                    }
                }
            }
        }
    }

    /// Returns a copy of everything: a backup, or a disk to be rolled back to.
    pub fn copy(&self) -> Self {
        let inner = self
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Self {
            rows: Arc::new(Mutex::new(inner)),
        }
    }

    /// Makes reads go wrong, or right again.
    pub fn fail(&self, failing: bool) {
        let mut inner = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.failing, inner.left) = (failing, None);
    }

    /// Makes reads go wrong after so many.
    pub fn fail_after(&self, reads: usize) {
        let mut inner = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        inner.left = Some(reads);
    }

    /// Returns every row.
    pub fn rows(&self) -> Vec<(Key, Value)> {
        let inner = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        inner
            .rows
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

impl Inner {
    fn read(&mut self) -> Result<(), Error> {
        let left = self.left.unwrap_or(usize::MAX);
        if self.failing || left == 0 {
            return Err(Error::Io("made to fail".into()));
        }
        self.left = self.left.map(|left| left - 1);
        Ok(())
    }
}

impl Reader for MemoryStore {
    fn get(&self, key: &Key) -> Result<Option<Value>, Error> {
        let mut inner = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        inner.read()?;
        Ok(inner.rows.get(key).cloned())
    }

    fn scan(&self, scan: &Scan) -> Result<Rows, Error> {
        let mut inner = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        inner.read()?;
        let from = Key::new(scan.space, scan.owner.clone(), scan.from.clone());
        let inside = inner
            .rows
            .range(from..)
            .take_while(|(key, _)| key.space == scan.space && key.owner == scan.owner)
            .filter(|(key, _)| scan.to.as_ref().is_none_or(|to| &key.order < to))
            .map(|(key, value)| (key.order.clone(), value.clone()));
        let mut rows: Rows = inside.collect();
        if scan.backwards {
            rows.reverse();
        }
        rows.truncate(scan.limit);
        Ok(rows)
    }

    fn tag(&self, name: &[u8]) -> [u8; 16] {
        let mut tag = [0; 16];
        tag.copy_from_slice(&circlet_model::key::hash("circlet tests: tags", name)[..16]);
        tag
    }
}
