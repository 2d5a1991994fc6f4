//! An engine whose disk misbehaves as told: writes that fail, half of them applied all the same, flushes
//! that fail, reads that fail, and a power cut that keeps only some of what was not flushed.

use circlet_node::storage::{Change, Engine, Error, Range, Rows};
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happens to one call in so many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Odds {
    /// A read fails.
    pub(crate) read: u32,
    /// A write or a flush fails.
    pub(crate) write: u32,
    /// The power goes at a write or a flush.
    pub(crate) cut: u32,
}

impl Odds {
    /// Nothing goes wrong.
    pub(crate) const NONE: Self = Self {
        read: 0,
        write: 0,
        cut: 0,
    };
}

/// The engine. Clones share their rows.
#[derive(Clone)]
pub(crate) struct Faulty(Arc<Mutex<Disk>>);

struct Disk {
    rng: ChaCha8Rng,
    odds: Odds,
    /// What a power cut leaves.
    durable: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What is written and not flushed, in its order.
    unflushed: Vec<Vec<Change>>,
    /// What readers see.
    seen: BTreeMap<Vec<u8>, Vec<u8>>,
    off: bool,
}

impl Faulty {
    pub(crate) fn new(rng: ChaCha8Rng) -> Self {
        Self(Arc::new(Mutex::new(Disk {
            rng,
            odds: Odds::NONE,
            durable: BTreeMap::new(),
            unflushed: Vec::new(),
            seen: BTreeMap::new(),
            off: false,
        })))
    }

    /// Says how often what goes wrong from now on.
    pub(crate) fn set(&self, odds: Odds) {
        self.disk().odds = odds;
    }

    /// Says whether the power is gone.
    pub(crate) fn is_off(&self) -> bool {
        self.disk().off
    }

    /// Cuts the power, unless it is gone, and gives it back.
    pub(crate) fn restart(&self) {
        let mut disk = self.disk();
        if !disk.off {
            disk.cut();
        }
        disk.off = false;
        disk.seen = disk.durable.clone();
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    fn happens(&mut self, one_in: u32) -> bool {
        one_in != 0 && self.rng.next_u32().is_multiple_of(one_in)
    }

    /// The log of an engine is cut anywhere behind what was flushed; what is torn there counts as never
    /// written, with all that came after it.
    fn cut(&mut self) {
        let most = self.unflushed.len() as u32 + 1;
        let kept = (self.rng.next_u32() % most) as usize;
        for changes in std::mem::take(&mut self.unflushed).drain(..kept) {
            apply(&mut self.durable, changes);
        }
        self.off = true;
    }

    fn read(&mut self) -> Result<(), Error> {
        let odds = self.odds.read;
        if self.off || self.happens(odds) {
            return Err(Error::Io("made to fail".to_owned()));
        }
        Ok(())
    }

    /// Fails like a disk that is full, read-only, or breaks; or goes right.
    fn write(&mut self) -> Result<(), Error> {
        let odds = self.odds;
        if self.off {
            return Err(Error::Io("the power is gone".to_owned()));
        }
        if self.happens(odds.cut) {
            self.cut();
            return Err(Error::Io("the power is gone".to_owned()));
        }
        if self.happens(odds.write) {
            return Err(match self.rng.next_u32() % 2 {
                0 => Error::Full,
                _ => Error::Io("made to fail".to_owned()),
            });
        }
        Ok(())
    }
}

impl Engine for Faulty {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut disk = self.disk();
        disk.read()?;
        Ok(disk.seen.get(key).cloned())
    }

    fn scan(&self, range: &Range) -> Result<Rows, Error> {
        let mut disk = self.disk();
        disk.read()?;
        let end = range
            .to
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let from = Bound::Included(range.from.as_slice());
        if range.to.as_ref().is_some_and(|to| *to <= range.from) {
            return Ok(Rows::new());
        }
        let found = disk.seen.range::<[u8], _>((from, end));
        let mut rows: Rows = found
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if range.backwards {
            rows.reverse();
        }
        rows.truncate(range.limit);
        Ok(rows)
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), Error> {
        let mut disk = self.disk();
        let went = disk.write();
        // What fails may have been applied all the same, whole; what a full disk refused was not.
        let applied = match &went {
            Ok(()) => true,
            Err(Error::Io(_)) if !disk.off => disk.happens(2),
            Err(_) => false,
        };
        if applied {
            disk.unflushed.push(changes.clone());
            apply(&mut disk.seen, changes);
        }
        went
    }

    fn flush(&self) -> Result<(), Error> {
        let mut disk = self.disk();
        disk.write()?;
        let Disk {
            durable, unflushed, ..
        } = &mut *disk;
        for changes in unflushed.drain(..) {
            apply(durable, changes);
        }
        Ok(())
    }
}

fn apply(rows: &mut BTreeMap<Vec<u8>, Vec<u8>>, changes: Vec<Change>) {
    for (key, value) in changes {
        match value {
            Some(value) => rows.insert(key, value),
            None => rows.remove(&key),
        };
    }
}
