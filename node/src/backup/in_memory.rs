//! Where a backup is loaded: a store on a disk, or rows in memory that are only looked at.

use circlet_model::store::{self, Batch, Key, Reader, Rows, Scan, Value, Write};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Where rows are kept.
pub(super) trait Shelf {
    /// Returns a reader of them.
    fn reader(&self) -> Box<dyn Reader>;
    /// Applies a batch.
    fn write(&self, batch: Batch) -> Result<(), store::Error>;
}

/// Rows that are only looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct InMemory {
    rows: Arc<RwLock<BTreeMap<Key, Value>>>,
}

impl Shelf for InMemory {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }

    fn write(&self, batch: Batch) -> Result<(), store::Error> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for write in batch {
            match write {
                Write::Put(key, value) => drop(rows.insert(key, value)),
                Write::Delete(key) => drop(rows.remove(&key)),
                // Its rows are put anew without it.
                Write::Forget(_) => {}
            }
        }
        Ok(())
    }
}

impl Reader for InMemory {
    fn get(&self, key: &Key) -> Result<Option<Value>, store::Error> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.get(key).cloned())
    }

    fn scan(&self, scan: &Scan) -> Result<Rows, store::Error> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let from = Key::new(scan.space, scan.owner.clone(), scan.from.clone());
        let found = rows.range(from..).take_while(|(key, _)| {
            let before = scan.to.as_ref().is_none_or(|to| key.order < *to);
            key.space == scan.space && key.owner == scan.owner && before
        });
        let found = found.map(|(key, value)| (key.order.clone(), value.clone()));
        Ok(if scan.backwards {
            let all: Rows = found.collect();
            all.into_iter().rev().take(scan.limit).collect()
        } else {
            found.take(scan.limit).collect()
        })
    }

    fn tag(&self, name: &[u8]) -> [u8; 16] {
        let hash = blake3::hash(name);
        hash.as_bytes().first_chunk().copied().unwrap_or_default()
    }
}
