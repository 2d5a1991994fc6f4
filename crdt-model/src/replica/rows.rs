//! The replica's rows in the store: their addresses, and what this input has already changed of them.

use super::fading::Lines;
use super::feed::Fresh;
use crate::codec;
use crate::id::{DeviceId, ThingId};
use crate::log::entry::{Entry, Place};
use crate::log::run::MAX_RUN;
use crate::store::{Batch, Error, Key, Reader, Rows as Found, Scan, Space, Value, Write};
use core::cell::RefCell;
use core::fmt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Read access with the changes of the current input laid over it.
pub(crate) struct Rows {
    reader: Box<dyn Reader>,
    hint: [u8; 16],
    /// Where in `writes` the last change of each row stands.
    changed: BTreeMap<Key, usize>,
    writes: Batch,
    /// How many entries could not be opened, since this was opened.
    pub(super) sealed: u64,
    /// What the current input shows.
    pub(super) fresh: Fresh,
    /// What the current input notes as fading.
    pub(super) fading: Lines,
    /// The first error of the store in this input.
    trouble: RefCell<Option<Error>>,
    /// Whether an input met one: from then on memory may say what no row does.
    broken: bool,
}

impl Rows {
    pub(crate) fn new(reader: Box<dyn Reader>, hint: [u8; 16]) -> Self {
        Self {
            reader,
            hint,
            changed: BTreeMap::new(),
            writes: Batch::new(),
            sealed: 0,
            fresh: Fresh::default(),
            fading: Lines::default(),
            trouble: RefCell::new(None),
            broken: false,
        }
    }

    /// Begins an input: what could not be read since the last one was only looked at.
    pub(crate) fn begin(&mut self) {
        if !self.broken {
            *self.trouble.get_mut() = None;
        }
    }

    /// Takes the changes of the current input, to be applied by the shell; none once the store could
    /// not be read.
    pub(crate) fn take(&mut self) -> Result<Batch, Error> {
        for (under, lamport, head) in self.fresh.take() {
            self.put(self.time_key(under, lamport, &head), head);
        }
        for (first, head) in self.fading.take() {
            self.put(self.fading_key(first, &head), head);
        }
        self.changed.clear();
        let writes = std::mem::take(&mut self.writes);
        match self.trouble.get_mut() {
            Some(error) => {
                self.broken = true;
                Err(error.clone())
            }
            None => Ok(writes),
        }
    }

    /// Notes that what is in memory may not be what is stored.
    pub(crate) fn note_trouble(&self, error: &Error) {
        self.trouble
            .borrow_mut()
            .get_or_insert_with(|| error.clone());
    }

    fn noted<T>(&self, read: Result<T, Error>) -> Result<T, Error> {
        read.inspect_err(|error| self.note_trouble(error))
    }

    pub(crate) fn hint(&self) -> [u8; 16] {
        self.hint
    }

    /// Hides a name, so that it can stand in the order of a row.
    pub(crate) fn tag(&self, name: &[u8]) -> [u8; 16] {
        self.reader.tag(name)
    }

    pub(crate) fn get(&self, key: &Key) -> Result<Option<Value>, Error> {
        match self.changed.get(key) {
            Some(at) => Ok(self.changed_to(*at).cloned()),
            None => self.noted(self.reader.get(key)),
        }
    }

    pub(crate) fn put(&mut self, key: Key, value: impl Into<Value>) {
        self.changed.insert(key.clone(), self.writes.len());
        self.writes.push(Write::Put(key, value.into()));
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.changed.insert(key.clone(), self.writes.len());
        self.writes.push(Write::Delete(key));
    }

    /// Destroys the at-rest key of a thing. Rows with its bodies are put anew without them.
    pub(crate) fn forget(&mut self, thing: ThingId) {
        self.writes.push(Write::Forget(thing));
    }

    /// Returns the rows of a range, the current input's changes included.
    pub(crate) fn scan(&self, scan: &Scan) -> Result<Found, Error> {
        let inside = |key: &&Key| {
            key.space == scan.space
                && key.owner == scan.owner
                && key.order >= scan.from
                && scan.to.as_ref().is_none_or(|to| &key.order < to)
        };
        let changed: Vec<_> = self.changed.iter().filter(|(key, _)| inside(key)).collect();
        if changed.is_empty() {
            return self.noted(self.reader.scan(scan));
        }
        let wide = Scan {
            limit: scan.limit.saturating_add(changed.len()),
            ..scan.clone()
        };
        let found = self.noted(self.reader.scan(&wide))?;
        let mut rows: BTreeMap<Vec<u8>, Value> = found.into_iter().collect();
        for (key, at) in changed {
            match self.changed_to(*at) {
                Some(value) => rows.insert(key.order.clone(), value.clone()),
                None => rows.remove(&key.order),
            };
        }
        let rows = rows.into_iter();
        Ok(if scan.backwards {
            rows.rev().take(scan.limit).collect()
        } else {
            rows.take(scan.limit).collect()
        })
    }

    /// Returns what a change made of its row; `None` = nothing is left.
    fn changed_to(&self, at: usize) -> Option<&Value> {
        match self.writes.get(at) {
            Some(Write::Put(_, value)) => Some(value),
            Some(Write::Delete(_) | Write::Forget(_)) | None => None,
        }
    }

    /// Reads a row that is a value of this program's own.
    pub(crate) fn load<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Error> {
        let read = self.get(key)?.map(|value| from_head(&value));
        self.noted(read.transpose())
    }

    /// Writes such a row.
    pub(crate) fn save<T: Serialize>(&mut self, key: Key, value: &T) {
        self.put(key, codec::encode(value));
    }

    pub(crate) fn entry(&self, place: &Place) -> Result<Option<Entry>, Error> {
        let read = self.get(&place.key(&self.hint))?.map(Entry::from_value);
        self.noted(read.transpose())
    }

    /// Returns the entries `low..=high` of a chain, the newest first, until `most` bytes are reached.
    pub(crate) fn entries(
        &self,
        device: &DeviceId,
        branch: u8,
        (low, high): (u64, u64),
    ) -> Result<Vec<Entry>, Error> {
        let scan = Scan {
            space: Space::Log,
            owner: Place::owner(&self.hint, device, branch),
            from: low.to_be_bytes().to_vec(),
            to: Some(high.saturating_add(1).to_be_bytes().to_vec()),
            backwards: true,
            limit: usize::MAX,
        };
        let found = self.scan(&scan)?.into_iter();
        self.noted(found.map(|(_, value)| Entry::from_value(value)).collect())
    }

    /// Returns the newest entries among `low..=high` of a chain, the newest first: at most a page, so that
    /// a big chain is never in memory.
    pub(crate) fn page(
        &self,
        device: &DeviceId,
        branch: u8,
        (low, high): (u64, u64),
    ) -> Result<Vec<Entry>, Error> {
        let lowest = high.saturating_sub(MAX_RUN as u64 - 1).max(low);
        self.entries(device, branch, (lowest, high))
    }

    pub(crate) fn put_entry(&mut self, place: &Place, entry: &Entry) {
        self.put(place.key(&self.hint), entry.to_value());
    }
}

/// Reads the lasting part of a row of this program's own.
pub(crate) fn from_head<T: DeserializeOwned>(value: &Value) -> Result<T, Error> {
    postcard::from_bytes(&value.head).map_err(|_| Error::Damaged("a row does not decode".into()))
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("writes", &self.writes.len())
            .finish_non_exhaustive()
    }
}
