//! The beacon's packet: a random nonce (24 bytes), then XChaCha20-Poly1305 over the payload's length
//! (1 byte), the payload and zeros up to 192 bytes; associated data `circlet beacon 1`.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// The longest payload.
pub const MAX_PAYLOAD: usize = PLAIN - 1;

/// The size of every packet.
pub const PACKET: usize = NONCE + PLAIN + TAG;

/// What is sealed.
const PLAIN: usize = 192;

/// The nonce of `XChaCha20`.
pub(super) const NONCE: usize = 24;

/// Poly1305's tag.
const TAG: usize = 16;

/// What this key is used for, and the version.
const PURPOSE: &[u8] = b"circlet beacon 1";

/// Why a beacon could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The payload does not fit.
    #[error("a beacon above the limit")]
    TooLong,
    /// The system gave no randomness.
    #[error("no randomness")]
    Randomness,
}

/// Seals a payload.
pub fn seal(key: &[u8; 32], payload: &[u8]) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| Error::Randomness)?;
    let length = u8::try_from(payload.len()).map_err(|_| Error::TooLong)?;
    if payload.len() > MAX_PAYLOAD {
        return Err(Error::TooLong);
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN));
    plain.push(length);
    plain.extend(payload);
    plain.resize(PLAIN, 0);
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: &plain,
                aad: PURPOSE,
            },
        )
        .map_err(|_| Error::TooLong)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens a packet; `None` if it is not one or another key's.
pub fn open(key: &[u8; 32], packet: &[u8]) -> Option<Vec<u8>> {
    if packet.len() != PACKET {
        return None;
    }
    let (nonce, sealed) = packet.split_first_chunk::<NONCE>()?;
    let plain = XChaCha20Poly1305::new(key.into())
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: sealed,
                aad: PURPOSE,
            },
        )
        .ok()?;
    let (length, rest) = plain.split_first()?;
    rest.get(..usize::from(*length)).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn payloads_lead_back_at_one_size(
            key: [u8; 32],
            other: [u8; 32],
            payload in vec(any::<u8>(), 0..=MAX_PAYLOAD),
        ) {
            let packet = seal(&key, &payload).unwrap();
            prop_assert_eq!(packet.len(), PACKET);
            prop_assert_eq!(open(&key, &packet), Some(payload));
            prop_assume!(key != other);
            prop_assert_eq!(open(&other, &packet), None);
        }

        #[test]
        fn any_bytes_are_refused(
            key: [u8; 32],
            packet in prop_oneof![vec(any::<u8>(), 0..300), vec(any::<u8>(), PACKET)],
        ) {
            prop_assert_eq!(open(&key, &packet), None);
        }

        #[test]
        fn a_changed_packet_is_refused(key: [u8; 32], at in 0..PACKET, bit in 0..8) {
            let mut packet = seal(&key, b"here").unwrap();
            packet[at] ^= 1_u8 << bit;
            prop_assert_eq!(open(&key, &packet), None);
        }
    }

    #[test]
    fn a_payload_above_the_limit_is_refused() {
        assert!(matches!(
            seal(&[1; 32], &[0; MAX_PAYLOAD + 1]),
            Err(Error::TooLong)
        ));
        assert!(matches!(seal(&[1; 32], &[0; 300]), Err(Error::TooLong)));
    }
}
