//! What the model asks of a store: rows with an ordered address, read now, written as one batch.
//!
//! The model reads through [`Reader`] while it handles an input, and hands every change back as a
//! [`Batch`] in its outbox. The shell applies the batch before it handles the next input, and makes
//! it durable before it carries out anything else in the same outbox.
//!
//! A row's address has three parts, so that a shell can hide what the address says and still scan:
//!
//! ```text
//! space  (1 byte)   which table
//! owner  (any)      whose rows: looked up exactly, never ordered     -> may be stored as a keyed hash
//! order  (any)      big-endian numbers or ids: ordered within owner  -> stored as it is
//! ```

use crate::id::ThingId;

/// Which table a row belongs to. The numbers are on disk: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// The shell's own rows: circles, joins under way, settings. Never touched by the model.
    Home = 0,
    /// Small rows of one circle's replica: its state, frontier, keys.
    Meta = 1,
    /// Acts of the membership graph; order = position of arrival.
    Acts = 2,
    /// Wrap rows beside the graph; order = act id, device id.
    Wraps = 3,
    /// Entries; owner = circle, device, branch; order = sequence number.
    Log = 4,
    /// Things; order = thing id.
    Things = 5,
    /// The feed; order = lamport, device, thing.
    Time = 6,
    /// Records; order = device, kind.
    Records = 7,
    /// Entries whose body cannot be opened yet; order = device, sequence number.
    Sealed = 8,
    /// Keys of single bodies, granted to a newcomer; order = entry id.
    Grants = 9,
    /// Things taken back; order = thing id.
    Retracts = 10,
    /// What stays on this computer: drafts, mutes.
    Local = 11,
}

/// The address of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The table.
    pub space: Space,
    /// Whose row: matched exactly. At most 255 bytes.
    pub owner: Vec<u8>,
    /// Where in the owner's rows: compared as bytes. At most 255 bytes.
    pub order: Vec<u8>,
}

impl Key {
    /// Returns the address of a row.
    pub fn new(space: Space, owner: impl Into<Vec<u8>>, order: impl Into<Vec<u8>>) -> Self {
        Self {
            space,
            owner: owner.into(),
            order: order.into(),
        }
    }
}

/// A row. At most 64 KiB in all; larger bodies are cut into chunks by the shell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// What stays when the thing is erased.
    pub head: Vec<u8>,
    /// What goes when the thing is erased.
    pub body: Option<Body>,
}

/// The part of a row that is kept under a thing's own at-rest key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The thing whose key seals it.
    pub thing: ThingId,
    /// The bytes. Reading gives them back only while the thing's key exists.
    pub bytes: Vec<u8>,
}

impl From<Vec<u8>> for Value {
    fn from(head: Vec<u8>) -> Self {
        Self { head, body: None }
    }
}

/// One change to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Sets a row.
    Put(Key, Value),
    /// Removes a row, if it is there.
    Delete(Key),
    /// Destroys the at-rest key of a thing, so that no body kept under it opens again.
    Forget(ThingId),
}

/// Changes that are applied together or not at all, in order.
pub type Batch = Vec<Write>;

/// A range of one owner's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The table.
    pub space: Space,
    /// Whose rows.
    pub owner: Vec<u8>,
    /// The first order to return (included); empty = from the start.
    pub from: Vec<u8>,
    /// Where to stop (not included); `None` = to the end.
    pub to: Option<Vec<u8>>,
    /// Whether to return the last rows first.
    pub backwards: bool,
    /// At most this many rows.
    pub limit: usize,
}

impl Scan {
    /// Returns a scan over all rows of an owner.
    pub fn all(space: Space, owner: impl Into<Vec<u8>>) -> Self {
        Self {
            space,
            owner: owner.into(),
            from: Vec::new(),
            to: None,
            backwards: false,
            limit: usize::MAX,
        }
    }
}

/// The rows a scan found: the order part of each address, and the row.
pub type Rows = Vec<(Vec<u8>, Value)>;

/// Read access to the store.
pub trait Reader: Send {
    /// Returns a row, or `None` when there is none.
    fn get(&self, key: &Key) -> Result<Option<Value>, Error>;
    /// Returns the rows of a range, in order.
    fn scan(&self, scan: &Scan) -> Result<Rows, Error>;
}

/// Why the store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The disk has no room left.
    #[error("the disk is full")]
    Full,
    /// The operating system refused or failed.
    #[error("the store cannot be reached: {0}")]
    Io(String),
    /// After an error of the disk, the store does nothing any more until it is opened again.
    #[error("the store has stopped after an error of the disk")]
    Stopped,
    /// A row is there but does not open or decode.
    #[error("a row of the store is damaged: {0}")]
    Damaged(String),
    /// The store was written by a newer version.
    #[error("the store was written by a newer version of Circlet ({0})")]
    Newer(u32),
}
