//! The only (de)serialiser: postcard, with a size limit and exactly one encoding for each value.
//!
//! Postcard's varints allow longer forms of the same number. What is hashed and signed must have one
//! form only, so [`decode`] encodes again what it read and refuses bytes that differ.

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest frame between two nodes, and the largest value of any format, in bytes.
pub const MAX_FRAME: usize = 256 * 1024;

/// How many bytes an encoding begins with room for: a header with its signature, so that most never
/// move while they grow.
const ROOM: usize = 384;

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
    postcard::to_extend(value, Vec::with_capacity(ROOM)).unwrap_or_default()
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
    match postcard::serialize_with_flavor(&value, Same(bytes)) {
        Ok(true) => Ok(value),
        Ok(false) | Err(_) => Err(Error::NotCanonical),
    }
}

/// Encodes without keeping anything: compares with the bytes that should come out.
struct Same<'a>(&'a [u8]);

impl Flavor for Same<'_> {
    type Output = bool;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        let rest = self.0.strip_prefix(bytes);
        self.0 = rest.ok_or(postcard::Error::SerializeBufferFull)?;
        Ok(())
    }

    fn finalize(self) -> postcard::Result<bool> {
        Ok(self.0.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EntryId;

    type Sample = (u64, EntryId, Vec<u16>, String);

    #[test]
    fn a_value_comes_back_from_its_own_bytes_and_from_no_others() {
        let value: Sample = (300, EntryId([7; 32]), vec![1, 2, 7000], "text".repeat(200));
        let bytes = encode(&value);
        assert_eq!(decode::<Sample>(&bytes), Ok(value));
        for length in 0..bytes.len() {
            assert_eq!(decode::<Sample>(&bytes[..length]), Err(Error::Malformed));
        }
        let more = [bytes.as_slice(), &[0]].concat();
        assert_eq!(decode::<Sample>(&more), Err(Error::Malformed));
    }

    #[test]
    fn a_longer_form_of_the_same_number_is_refused() {
        assert_eq!(decode::<u64>(&[5]), Ok(5));
        assert_eq!(decode::<u64>(&[0x85, 0]), Err(Error::NotCanonical));
        assert_eq!(decode::<(u64, u8)>(&[0x85, 0, 1]), Err(Error::NotCanonical));
        assert_eq!(decode::<(u8, u64)>(&[1, 0x85, 0]), Err(Error::NotCanonical));
        assert_eq!(decode::<()>(&[]), Ok(()));
        let long = vec![0; MAX_FRAME + 1];
        assert_eq!(decode::<u8>(&long), Err(Error::TooLarge(MAX_FRAME)));
    }
}
