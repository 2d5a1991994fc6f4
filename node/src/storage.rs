//! The store: an engine that keeps rows of bytes, and the vault that keeps the model's rows in it.
//!
//! ```text
//! model rows  ──►  Vault (what is sealed under which key)  ──►  Engine (sled, or memory)
//! ```
//!
//! What the engine sees. Every first byte is a table of its own, and none is ever reused:
//!
//! ```text
//! 0..=11  space ‖ owner, hashed with a key (16) ‖ order     a row of the model (`vault::row`)
//! 0xF0    page (4) ‖ part (1)                               what is noted of 16 things
//! 0xF1    page (4) ‖ part (1)                               64 at-rest keys, under their page key
//! 0xF2    row, hashed with a key (16) ‖ number (2)          a piece of a row that is too large
//! 0xFE    "size"                                            how large the store was when last looked through (`compact`)
//! 0xFF    "format"                                          the version of all this, in clear
//! ```

mod compact;
#[cfg(test)]
mod conformance;
mod memory;
mod migrate;
mod sled;
mod vault;

pub use circlet_model::store::Error;
pub use compact::compact;
pub(crate) use compact::wait_until_closed;
pub use memory::Memory;
pub use sled::Sled;
pub use vault::Vault;

use crate::home::Home;
use crate::keystore::{self, Secret, fresh_rng};
use std::io;

/// Opens the store of a home, or starts it. The caller holds the home's lock.
pub fn open(home: &Home, master: &Secret) -> Result<Vault<Sled>, Error> {
    Vault::open(compact::open(home)?, home.pages(), master, fresh_rng()?)
}

/// The longest value of one row of an engine.
///
/// sled 0.34.7 writes a leaf of its tree, 17 rows and now and then a few more, as one message, and
/// any message above 128 KiB to a file of its own that it never syncs: a power cut then loses rows
/// that were flushed. With rows this small, 28 of them fit with the longest keys.
pub const MAX_ROW: usize = 4 * 1024;

/// A change to one row of an engine: a value to set, or `None` to remove the row.
pub type Change = (Vec<u8>, Option<Vec<u8>>);

/// Rows of an engine: key and value.
pub type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// A range of an engine's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first key (included).
    pub from: Vec<u8>,
    /// Where to stop (not included); `None` = at the end of all rows.
    pub to: Option<Vec<u8>>,
    /// Whether to return the last rows first.
    pub backwards: bool,
    /// At most this many rows.
    pub limit: usize,
}

/// What keeps rows of bytes, ordered by key.
///
/// Any number of readers may read beside one writer. A batch is seen whole or not at all, by
/// readers and after any crash.
pub trait Engine: Send + Sync + 'static {
    /// Returns the value of a row.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
    /// Returns the rows of a range, in order; none where it ends before it begins.
    fn scan(&self, range: &Range) -> Result<Rows, Error>;
    /// Applies changes together. They are visible now, and durable after the next flush.
    /// Each row is named at most once, and no value is longer than [`MAX_ROW`].
    fn write(&self, changes: Vec<Change>) -> Result<(), Error>;
    /// Makes everything that was written survive a power cut.
    fn flush(&self) -> Result<(), Error>;
    /// Gives back the room of what is gone, where that is worth the time. The caller sees to it that
    /// nobody writes meanwhile.
    fn shrink(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl From<keystore::Error> for Error {
    fn from(error: keystore::Error) -> Self {
        match error {
            keystore::Error::Full => Self::Full,
            keystore::Error::Newer(version) => Self::Newer(version),
            keystore::Error::Damaged(what) => Self::Damaged(what.to_owned()),
            keystore::Error::Io(kind) => Self::Io(kind.to_string()),
            keystore::Error::Missing
            | keystore::Error::Exists
            | keystore::Error::NeedsPassphrase
            | keystore::Error::WrongPassphrase
            | keystore::Error::WrongSeed
            | keystore::Error::NoMemory => Self::Io(error.to_string()),
        }
    }
}

/// Says what an error of the operating system means for the store.
fn io_error(error: &io::Error) -> Error {
    keystore::Error::from(io::Error::from(error.kind())).into()
}
