//! A 32-byte key that wipes itself, and the two things done with it: derive another, seal bytes.

use super::Error;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// How many bytes a nonce has: enough to draw them at random for every sealing.
pub(crate) const NONCE: usize = 24;

/// How many bytes sealing adds, besides the nonce.
pub(crate) const TAG: usize = 16;

/// A key. Wiped when dropped, never shown. It lies in one place, wherever its owner is moved to: a move
/// leaves a copy behind that nobody wipes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(Box<[u8; Self::SIZE]>);

impl Secret {
    /// The size in bytes.
    pub const SIZE: usize = 32;

    /// Draws a fresh key.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Self::empty();
        rng.fill_bytes(secret.0.as_mut_slice());
        secret
    }

    /// Derives a key for one use; the context names the use and is never shared by two.
    #[must_use]
    pub fn derive(&self, context: &'static str) -> Self {
        blake3::derive_key(context, self.0.as_slice()).into()
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    /// Reads a key from exactly its bytes.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self::empty();
        let fits = bytes.len() == Self::SIZE;
        fits.then(|| {
            secret.0.copy_from_slice(bytes);
            secret
        })
    }

    /// Gives the bytes to somebody who fills them in.
    pub(super) fn fill_with<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self::empty();
        fill(secret.0.as_mut_slice())?;
        Ok(secret)
    }

    fn empty() -> Self {
        Self(Box::new([0; Self::SIZE]))
    }

    /// Appends the sealed bytes and the tag to `out`. The nonce is new for every call on one key.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE],
        context: &[u8],
        plain: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let start = out.len();
        out.reserve(plain.iter().map(|part| part.len()).sum::<usize>() + TAG);
        for part in plain {
            out.extend_from_slice(part);
        }
        let tail = out.get_mut(start..).unwrap_or_default();
        let tag = XChaCha20Poly1305::new(self.as_bytes().into())
            .encrypt_inout_detached(nonce.into(), context, tail.into())
            .map_err(|_| Error::Damaged("too many bytes to seal"))?;
        out.extend_from_slice(&tag);
        Ok(())
    }

    /// Opens what [`Secret::seal`] appended; `None` if key, nonce, context or bytes are others.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        context: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let (sealed, tag) = sealed.split_last_chunk::<TAG>()?;
        let mut plain = sealed.to_vec();
        let opened = XChaCha20Poly1305::new(self.as_bytes().into()).decrypt_inout_detached(
            nonce.into(),
            context,
            plain.as_mut_slice().into(),
            &Tag::from(*tag),
        );
        opened.ok().map(|()| plain)
    }
}

impl From<[u8; Self::SIZE]> for Secret {
    fn from(mut bytes: [u8; Self::SIZE]) -> Self {
        let mut secret = Self::empty();
        secret.0.copy_from_slice(&bytes);
        bytes.zeroize();
        secret
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_as_it_was_sealed() {
        let secret = Secret::from([7; 32]);
        let mut sealed = vec![9];
        secret
            .seal(&[1; NONCE], b"here", &[b"two ", b"parts"], &mut sealed)
            .unwrap();
        assert_eq!(sealed.len(), 1 + 9 + TAG);
        let sealed = &sealed[1..];
        assert_eq!(
            secret.open(&[1; NONCE], b"here", sealed).unwrap(),
            b"two parts"
        );
        assert!(secret.open(&[2; NONCE], b"here", sealed).is_none());
        assert!(secret.open(&[1; NONCE], b"there", sealed).is_none());
        assert!(
            Secret::from([8; 32])
                .open(&[1; NONCE], b"here", sealed)
                .is_none()
        );
        for length in 0..sealed.len() {
            assert!(
                secret
                    .open(&[1; NONCE], b"here", &sealed[..length])
                    .is_none()
            );
        }
    }

    #[test]
    fn nothing_is_shown() {
        assert_eq!(format!("{:?}", Secret::from([7; 32])), "Secret(..)");
    }
}
