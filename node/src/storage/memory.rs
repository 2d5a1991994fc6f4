//! Rows in memory: for tests, the simulator and benchmarks of everything above.

use super::{Change, Engine, Error, Range, Rows};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

/// An engine without a disk. Clones share their rows, so that a test can "reopen" them.
#[derive(Clone, Default)]
pub struct Memory {
    rows: Arc<RwLock<BTreeMap<Vec<u8>, Vec<u8>>>>,
}

impl Engine for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self
            .rows
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned())
    }

    fn scan(&self, range: &Range) -> Result<Rows, Error> {
        if range.to.as_ref().is_some_and(|to| *to <= range.from) {
            return Ok(Rows::new());
        }
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let end = range
            .to
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let found = rows.range::<[u8], _>((Bound::Included(range.from.as_slice()), end));
        let copied = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        Ok(if range.backwards {
            found.rev().take(range.limit).map(copied).collect()
        } else {
            found.take(range.limit).map(copied).collect()
        })
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), Error> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in changes {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conforms() {
        super::super::conformance::check(Memory::default, |engine| engine);
    }
}
