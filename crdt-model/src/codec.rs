//! The only (de)serialiser: postcard, with a size limit and exactly one encoding for each value.
//!
//! Postcard's varints allow longer forms of the same number. What is hashed and signed must have one
//! form only, so [`decode`] encodes again what it read and refuses bytes that differ.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest frame between two nodes, and the largest value of any format, in bytes.
pub const MAX_FRAME: usize = 256 * 1024;

/// Why bytes are not a value of the expected format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More bytes than the format allows.
    #[error("larger than the {0} bytes allowed")]
    TooLarge(usize),
    /// Not a value of this format, or cut short.
    #[error("not in the expected format")]
    Malformed,
    /// A value, but not in its one canonical form.
    #[error("not in canonical form")]
    NotCanonical,
    /// Written by a version this one does not know.
    #[error("version {0} is not known here")]
    Version(u8),
}

/// Returns the canonical bytes of a value.
///
/// Encoding into memory has no way to go wrong for the types of this crate: no maps, no floats, no
/// sequences of unknown length. Should a type break that, its bytes are empty and never decode.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap_or_default()
}

/// Reads a value from at most [`MAX_FRAME`] bytes in canonical form, with nothing left over.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if bytes.len() > MAX_FRAME {
        return Err(Error::TooLarge(MAX_FRAME));
    }
    let (value, rest) = postcard::take_from_bytes::<T>(bytes).map_err(|_| Error::Malformed)?;
    if !rest.is_empty() {
        return Err(Error::Malformed);
    }
    if encode(&value) != bytes {
        return Err(Error::NotCanonical);
    }
    Ok(value)
}
