//! Sealed bodies: an entry's plaintext under its epoch's key, in a size bucket.
//!
//! ```text
//! body       = commitment (32) ‖ nonce (24) ‖ XChaCha20-Poly1305(body key, nonce, associated, padded)
//! padded     = length (u32, little endian) ‖ plaintext ‖ zeros
//! body key   = derive("circlet 1 body key", epoch key, nonce ‖ associated)
//! commitment = hash("circlet 1 body key commitment", body key)
//! ```
//!
//! The associated bytes are the header's ([`crate::log::header::Header::associated`]), which name the
//! size: [`sealed_size`] says it before sealing. Sizes are rounded up as in Padmé (the PURBs paper,
//! Nikitin et al. 2019): at most 12 % more, and few distinct sizes; nothing is smaller than
//! [`MIN_BODY`], so that a gesture and a short response look alike. Each body has a key of its own, so
//! that one can be opened to a newcomer without giving them the epoch. The key is of one header and no
//! other: who repeats a nonce under a header of their own learns nothing of the older body. An AEAD
//! alone opens under more than one key; with the commitment there is one key, and one text.

use crate::key::{self, Rng, Secret};
use crate::secrecy::aead::{self, NONCE, OVERHEAD};
use crate::secrecy::epoch::EpochKey;

/// The smallest sealed body in bytes.
pub const MIN_BODY: usize = 256;
/// The largest sealed body in bytes.
pub const MAX_BODY: usize = 128 * 1024;
/// The longest plaintext of a body in bytes.
pub const MAX_PLAINTEXT: usize = MAX_BODY - ADDED;

/// The length of the commitment to the key: finding two keys for one takes 2^128 steps.
const COMMITMENT: usize = 32;
/// What sealing adds.
const ADDED: usize = COMMITMENT + OVERHEAD;

const BODY: &str = "circlet 1 body key";
const COMMITS: &str = "circlet 1 body key commitment";

/// The key of one single body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyKey(pub Secret);

/// Why a body could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The plaintext is longer than a body can be.
    #[error("longer than the {MAX_PLAINTEXT} bytes of one body")]
    TooLong,
    /// More devices than a note has slots, or none.
    #[error("a note goes to one to four devices")]
    Devices,
    /// Another key, another header, another size, or changed on the way.
    #[error("the body does not open with this key")]
    Closed,
}

/// Returns the length of the sealed body for a plaintext of this length.
pub fn sealed_size(plaintext: usize) -> Option<usize> {
    if plaintext > MAX_PLAINTEXT {
        return None;
    }
    Some(bucket(plaintext + ADDED).max(MIN_BODY))
}

/// Returns the key of the body with this nonce, under the header with these associated bytes.
pub fn body_key(epoch: &EpochKey, nonce: &[u8; NONCE], associated: &[u8]) -> BodyKey {
    let salt = [nonce.as_slice(), associated].concat();
    BodyKey(epoch.secret().derive(BODY, &salt))
}

/// Returns the key of a sealed body, if that opens it.
pub fn key_of(epoch: &EpochKey, associated: &[u8], sealed: &[u8]) -> Option<BodyKey> {
    let key = body_key(epoch, nonce_of(sealed)?, associated);
    open_with(&key, associated, sealed).is_ok().then_some(key)
}

/// Seals a body, bound to its header's associated bytes.
pub fn seal(
    epoch: &EpochKey,
    associated: &[u8],
    plaintext: &[u8],
    rng: &mut Rng<'_>,
) -> Result<Vec<u8>, Error> {
    let nonce = aead::nonce(rng);
    let key = body_key(epoch, &nonce, associated);
    seal_with(&key, nonce, associated, plaintext)
}

/// Opens a body with its epoch's key.
pub fn open(epoch: &EpochKey, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let nonce = nonce_of(sealed).ok_or(Error::Closed)?;
    open_with(&body_key(epoch, nonce, associated), associated, sealed)
}

/// Opens a body with its own key.
pub fn open_with(key: &BodyKey, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
    if sealed.len() > MAX_BODY {
        return Err(Error::Closed);
    }
    let (committed, rest) = sealed.split_first_chunk().ok_or(Error::Closed)?;
    if *committed != commitment(key) {
        return Err(Error::Closed);
    }
    let plaintext = aead::open(&key.0, associated, rest).ok_or(Error::Closed)?;
    let in_its_bucket = sealed_size(plaintext.len()) == Some(sealed.len());
    if in_its_bucket {
        Ok(plaintext)
    } else {
        Err(Error::Closed)
    }
}

/// Seals under a body's own key.
pub(crate) fn seal_with(
    key: &BodyKey,
    nonce: [u8; NONCE],
    associated: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let size = sealed_size(plaintext.len()).ok_or(Error::TooLong)?;
    let size = size - COMMITMENT;
    let sealed = aead::seal(&key.0, nonce, associated, plaintext, size).ok_or(Error::TooLong)?;
    Ok([&commitment(key)[..], &sealed].concat())
}

fn nonce_of(sealed: &[u8]) -> Option<&[u8; NONCE]> {
    let (_, rest) = sealed.split_first_chunk::<COMMITMENT>()?;
    rest.first_chunk()
}

fn commitment(key: &BodyKey) -> [u8; COMMITMENT] {
    key::hash(COMMITS, &key.0.0)
}

/// Padmé: keeps as many leading bits of the length as it takes to write the length of the length.
fn bucket(length: usize) -> usize {
    let Some(exponent) = length.checked_ilog2().filter(|exponent| *exponent > 0) else {
        return length;
    };
    let kept = exponent.ilog2() + 1;
    let step = 1_usize << (exponent - kept);
    length.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EpochId;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;
    use std::collections::BTreeSet;

    fn epoch() -> EpochKey {
        EpochKey::from_secret(Secret([5; 32]))
    }

    fn rng(seed: u8) -> ChaCha20Rng {
        ChaCha20Rng::from_seed([seed; 32])
    }

    proptest! {
        #[test]
        fn a_body_leads_back_with_the_epoch_key_and_with_its_own(
            plaintext in proptest::collection::vec(any::<u8>(), 0..2000),
            seed in any::<u8>(),
        ) {
            let sealed = seal(&epoch(), b"header", &plaintext, &mut rng(seed)).unwrap();
            prop_assert_eq!(Some(sealed.len()), sealed_size(plaintext.len()));
            prop_assert_eq!(open(&epoch(), b"header", &sealed), Ok(plaintext.clone()));
            let own = key_of(&epoch(), b"header", &sealed).unwrap();
            prop_assert_eq!(open_with(&own, b"header", &sealed), Ok(plaintext.clone()));
            prop_assert_eq!(open(&epoch(), b"another", &sealed), Err(Error::Closed));
            let other = EpochKey::from_secret(Secret([6; 32]));
            prop_assert_eq!(open(&other, b"header", &sealed), Err(Error::Closed));
            let another = seal(&epoch(), b"header", b"", &mut rng(seed ^ 1)).unwrap();
            prop_assert_eq!(open_with(&own, b"header", &another), Err(Error::Closed));
            // The same nonce under another header: another key.
            let copied = seal(&epoch(), b"another", &plaintext, &mut rng(seed)).unwrap();
            prop_assert_eq!(nonce_of(&copied), nonce_of(&sealed));
            prop_assert_eq!(open_with(&own, b"another", &copied), Err(Error::Closed));
            prop_assert_eq!(key_of(&epoch(), b"another", &sealed), None);
        }

        #[test]
        fn sizes_grow_with_the_length_by_an_eighth_at_most(length in 0..=MAX_PLAINTEXT) {
            let size = sealed_size(length).unwrap();
            prop_assert!(size >= length + ADDED && size <= MAX_BODY);
            prop_assert!(size == MIN_BODY || size - length - ADDED <= (length + ADDED) / 8);
            prop_assert!(sealed_size(length.saturating_sub(1)).unwrap() <= size);
        }

        #[test]
        fn any_bytes_are_opened_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(open(&epoch(), b"", &bytes), Err(Error::Closed));
        }
    }

    #[test]
    fn a_gesture_and_a_short_response_look_alike() {
        assert_eq!(sealed_size(0), Some(MIN_BODY));
        assert_eq!(sealed_size(MIN_BODY - ADDED), Some(MIN_BODY));
        assert_eq!(sealed_size(MIN_BODY - ADDED + 1), Some(272));
    }

    #[test]
    fn there_are_few_sizes_and_a_largest() {
        let sizes: BTreeSet<_> = (0..=MAX_PLAINTEXT).filter_map(sealed_size).collect();
        assert_eq!((sizes.len(), sizes.last()), (161, Some(&MAX_BODY)));
        assert_eq!(sealed_size(MAX_PLAINTEXT + 1), None);
        assert_eq!(sealed_size(usize::MAX), None);
        let long = vec![0; MAX_PLAINTEXT + 1];
        assert_eq!(seal(&epoch(), b"", &long, &mut rng(1)), Err(Error::TooLong));
        assert!(seal(&epoch(), b"", &long[1..], &mut rng(1)).is_ok());
    }

    #[test]
    fn a_body_in_the_wrong_bucket_is_refused() {
        let key = BodyKey(Secret([1; 32]));
        for (size, opens) in [(512, false), (MIN_BODY, true)] {
            let sealed = aead::seal(&key.0, [1; 24], b"", b"words", size - COMMITMENT).unwrap();
            let sealed = [&commitment(&key)[..], &sealed].concat();
            assert_eq!(open_with(&key, b"", &sealed).is_ok(), opens);
        }
    }

    #[test]
    fn a_body_is_committed_to_one_key() {
        let (key, other) = (BodyKey(Secret([1; 32])), BodyKey(Secret([2; 32])));
        let sealed = seal_with(&key, [1; 24], b"", b"words").unwrap();
        let rest = &sealed[COMMITMENT..];
        // A body that both keys would open has one commitment.
        let theirs = [&commitment(&other)[..], rest].concat();
        assert_eq!(open_with(&key, b"", &theirs), Err(Error::Closed));
        assert_eq!(open_with(&key, b"", rest), Err(Error::Closed));
        assert!(open_with(&key, b"", &sealed).is_ok());
    }

    #[test]
    fn vectors() {
        assert_eq!(
            EpochId(body_key(&epoch(), &[7; 24], b"header").0.0).to_hex(),
            "c891ce8f7efa2c4390daeaeae1a5244124b37ebc111df70f26295988ba9dd59b"
        );
        let key = body_key(&epoch(), &[7; 24], b"header");
        let sealed = seal_with(&key, [7; 24], b"header", b"words");
        assert_eq!(
            EpochId(key::hash("circlet 1 test", &sealed.unwrap())).to_hex(),
            "9cb64632cfb7fd95f70003dd265e894ec2b8aa5871d3ae9b1bf187f28c0d66dd"
        );
    }
}
