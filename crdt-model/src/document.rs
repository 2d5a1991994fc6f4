//! A document: the Automerge history of one thing. The only user of Automerge.
//!
//! Most things are *registers*: a flat map from short keys to plain values. A change
//! sets or clears some keys; concurrent changes merge as Automerge says (the set with the greater
//! counter, then the greater device id, is shown; both stay in the history). What people write together
//! is a [`text`].
//!
//! ```text
//! on the wire   Change = postcard of { seq, start, time, deps, sets }       (canonical, with limits)
//! its id        hash("circlet 1 change", device, bytes of Change): what `deps` name
//! in memory     Automerge change: actor = the 32 bytes of the header's device, seq, start_op,
//!               commit time = milliseconds since 1970, deps, one op in the root for each set,
//!               no message, no extra bytes
//! ```
//!
//! The compact form is sent because Automerge's own is decoded before it can be bounded (a run of
//! 2^60 operations is a few bytes), can make Automerge panic, and repeats what the header says. Here
//! a change by somebody else's device cannot even be written down, what is outside the format never
//! reaches Automerge, and nothing that lasts depends on how a version of Automerge writes its bytes.
//!
//! A change counts when everything it builds on counts and it continues it properly; `history.rs` has
//! the rules. So a document depends only on the set of changes known, never on their order.

pub mod left;
pub mod text;

mod change;
mod history;
mod rebuilt;
mod splice;

use crate::bounded::{Bytes, Text, TooLong};
use crate::codec;
use crate::id::DeviceId;
use crate::time::Timestamp;
pub use change::Change;
use history::History;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text or byte string in a document, in bytes: a long story fits into one body.
pub const MAX_VALUE: usize = 64 * 1024;
/// The longest key, in bytes.
pub const MAX_KEY: usize = 32;
/// The most keys one change sets: more than any kind of thing has.
pub const MAX_SETS: usize = 64;
/// The most concurrent changes, or values, that one change continues: one for each device.
pub const MAX_DEPS: usize = 256;
/// The most changes of one document: bounds the time it takes to open.
pub const MAX_CHANGES: usize = 4096;
/// The largest number of a change or a set: Automerge counts in 32 bits.
const MAX_COUNT: u64 = u32::MAX as u64;
/// The latest moment a change can carry: Automerge's times are signed.
const MAX_TIME: u64 = i64::MAX as u64;

/// Why changes make no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Bytes that are no change.
    #[error("not a change: {0}")]
    Codec(#[from] codec::Error),
    /// A change whose numbers or lists cannot be.
    #[error("a change that cannot be")]
    IllFormed,
    /// More than a limit allows.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// No change among those known begins the document.
    #[error("nothing begins this document")]
    Empty,
    /// Checked changes did not go through Automerge: a mistake of this program.
    #[error("checked changes did not merge")]
    Merge,
}

/// A plain value. A later version that needs another type of value needs another kind of thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number from zero.
    Uint(u64),
    /// A whole number.
    Int(i64),
    /// Text, replaced as a whole.
    Text(Text<MAX_VALUE>),
    /// Bytes.
    Bytes(Bytes<MAX_VALUE>),
}

/// The changes of one thing and what they say together.
#[derive(Clone, Debug)]
pub struct Document {
    history: History,
    values: BTreeMap<String, Value>,
}

/// What a writer asks for: keys, each with a new value or `None` to clear it.
pub type Sets<'a> = &'a [(&'a str, Option<Value>)];

impl Value {
    /// Returns text as a value if it is not too long.
    pub fn text(text: &str) -> Result<Self, TooLong> {
        Ok(Self::Text(Text::new(text)?))
    }

    /// Returns bytes as a value if they are not too many.
    pub fn bytes(bytes: &[u8]) -> Result<Self, TooLong> {
        Ok(Self::Bytes(Bytes::new(bytes.to_vec())?))
    }
}

impl Document {
    /// Begins a document.
    pub fn begin(
        device: DeviceId,
        time: Timestamp,
        sets: Sets<'_>,
    ) -> Result<(Self, Change), Error> {
        let mut document = Self {
            history: History::default(),
            values: BTreeMap::new(),
        };
        let change = document.edit(device, time, sets)?.ok_or(Error::Empty)?;
        Ok((document, change))
    }

    /// Opens a document from all its known changes, in any order. Those that do not continue others
    /// properly, or whose past is not known yet, are kept and not shown.
    pub fn load(changes: impl IntoIterator<Item = Change>) -> Result<Self, Error> {
        let history = History::load(changes)?;
        let values = history.values()?;
        Ok(Self { history, values })
    }

    /// Adds changes.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) -> Result<(), Error> {
        let known = self.history.known().cloned().collect::<Vec<_>>();
        *self = Self::load(known.into_iter().chain(changes))?;
        Ok(())
    }

    /// Makes a change on top of everything shown, and applies it. `None` when it would change nothing.
    pub fn edit(
        &mut self,
        device: DeviceId,
        time: Timestamp,
        sets: Sets<'_>,
    ) -> Result<Option<Change>, Error> {
        let mut wanted = BTreeMap::new();
        for (key, value) in sets {
            if self.values.get(*key) != value.as_ref() {
                wanted.insert((*key).to_owned(), value.clone());
            }
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        let parts = self.history.next(device, time, wanted)?;
        if !parts.well_formed() {
            return Err(Error::IllFormed);
        }
        let change = Change { device, parts };
        let known = self.history.known().cloned().chain([change.clone()]);
        *self = Self::load(known.collect::<Vec<_>>())?;
        Ok(Some(change))
    }

    /// Returns the value shown for a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// Returns the text shown for a key, if it is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(Value::as_text)
    }

    /// Returns the bytes shown for a key, if they are bytes.
    pub fn bytes(&self, key: &str) -> Option<&[u8]> {
        self.values.get(key).and_then(Value::as_bytes)
    }

    /// Returns the number shown for a key, if it is one from zero.
    pub fn uint(&self, key: &str) -> Option<u64> {
        self.values.get(key).and_then(Value::as_uint)
    }

    /// Returns the document as a file that any Automerge opens.
    pub fn save(&self) -> Result<Vec<u8>, Error> {
        Ok(self.history.merge()?.save())
    }

    /// Returns when the document was begun, as its first device says.
    pub fn begun(&self) -> Timestamp {
        self.history
            .first()
            .map_or_else(Timestamp::default, |first| first.parts.time)
    }
}

impl Value {
    fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self {
            Some(bytes)
        } else {
            None
        }
    }

    fn as_uint(&self) -> Option<u64> {
        if let Self::Uint(number) = self {
            Some(*number)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
