//! XChaCha20-Poly1305 over padded bytes: what bodies, hello frames and small secrets have in common.
//!
//! ```text
//! padded = length (u32, little endian) ‖ bytes ‖ zeros
//! sealed = nonce (24) ‖ XChaCha20-Poly1305(padded) ‖ tag (16)
//! ```

use crate::key::{Rng, Secret};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// The length of a nonce.
pub(crate) const NONCE: usize = 24;
/// What sealing adds: nonce, tag and the length of the plaintext.
pub(crate) const OVERHEAD: usize = NONCE + 16 + 4;

/// Returns a fresh nonce. 24 random bytes do not meet twice.
pub(crate) fn nonce(rng: &mut Rng<'_>) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    nonce
}

/// Seals `plaintext` so that the result has `size` bytes; `None` when it does not fit.
pub(crate) fn seal(
    key: &Secret,
    nonce: [u8; NONCE],
    associated: &[u8],
    plaintext: &[u8],
    size: usize,
) -> Option<Vec<u8>> {
    let zeros = size.checked_sub(plaintext.len().checked_add(OVERHEAD)?)?;
    let length = u32::try_from(plaintext.len()).ok()?;
    let mut padded = Zeroizing::new(Vec::with_capacity(size));
    padded.extend(length.to_le_bytes());
    padded.extend(plaintext);
    padded.extend(core::iter::repeat_n(0, zeros));
    let payload = Payload {
        msg: &padded,
        aad: associated,
    };
    let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).ok()?;
    Some([&nonce[..], &sealed].concat())
}

/// Opens what [`seal`] made under the same key and associated bytes, in its one form.
pub(crate) fn open(key: &Secret, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload {
        msg: sealed,
        aad: associated,
    };
    let padded = cipher(key).decrypt(&XNonce::from(*nonce), payload).ok()?;
    let padded = Zeroizing::new(padded);
    let (length, rest) = padded.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (plaintext, zeros) = rest.split_at_checked(length)?;
    zeros
        .iter()
        .all(|byte| *byte == 0)
        .then(|| plaintext.to_vec())
}

fn cipher(key: &Secret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key.0.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_nothing_else(
            plaintext in proptest::collection::vec(any::<u8>(), 0..300),
            zeros in 0_usize..100,
            flip in any::<proptest::sample::Index>(),
        ) {
            let key = Secret([7; 32]);
            let size = plaintext.len() + OVERHEAD + zeros;
            let sealed = seal(&key, [1; 24], b"bound", &plaintext, size).unwrap();
            prop_assert_eq!(sealed.len(), size);
            prop_assert_eq!(open(&key, b"bound", &sealed), Some(plaintext));
            prop_assert_eq!(open(&key, b"other", &sealed), None);
            prop_assert_eq!(open(&Secret([8; 32]), b"bound", &sealed), None);
            let mut changed = sealed.clone();
            changed[flip.index(size)] ^= 1;
            prop_assert_eq!(open(&key, b"bound", &changed), None);
            prop_assert_eq!(open(&key, b"bound", &sealed[..flip.index(size)]), None);
        }
    }

    #[test]
    fn what_does_not_fit_is_not_sealed() {
        assert_eq!(
            seal(&Secret([7; 32]), [1; 24], b"", b"four", OVERHEAD + 3),
            None
        );
    }

    #[test]
    fn a_length_beyond_the_end_or_a_tail_that_is_not_zero_is_refused() {
        let key = Secret([7; 32]);
        for padded in [
            &[9, 0, 0, 0, 1][..],
            &[0, 0, 0, 0, 1],
            &[0, 0, 0],
            &[255; 8],
        ] {
            let sealed = cipher(&key)
                .encrypt(&XNonce::from([1; 24]), padded)
                .unwrap();
            assert_eq!(open(&key, b"", &[&[1; 24][..], &sealed].concat()), None);
        }
    }
}
