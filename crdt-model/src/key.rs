//! Signing keys, secrets and hashes: thin, redacted wrappers around kept crates.

use crate::id::{DeviceId, InviteId, PeerId, PersonId};
use core::fmt;
use ed25519_dalek::{Signer as _, VerifyingKey};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The source of randomness that callers hand in.
pub type Rng<'a> = dyn CryptoRng + 'a;

/// 32 secret bytes: a root seed, an epoch key, a one-time secret. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub struct Secret(pub [u8; 32]);

/// An Ed25519 signing key (RFC 8032). Wiped when dropped. It lies in one place, wherever its owner is moved
/// to: a move leaves a copy behind that nobody wipes.
#[derive(Clone)]
pub struct SigningKey(Box<ed25519_dalek::SigningKey>);

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl Secret {
    /// Returns fresh secret bytes.
    pub fn random(rng: &mut Rng<'_>) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Derives another secret, told apart by `context` (BLAKE3 key derivation). `context` is a
    /// constant of the program; what varies goes into `salt`.
    pub fn derive(&self, context: &'static str, salt: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(&self.0);
        hasher.update(salt);
        Self(*hasher.finalize().as_bytes())
    }
}

impl SigningKey {
    /// Returns the key that this secret is.
    pub fn from_secret(secret: &Secret) -> Self {
        Self(Box::new(ed25519_dalek::SigningKey::from_bytes(&secret.0)))
    }

    /// Returns a fresh key.
    pub fn random(rng: &mut Rng<'_>) -> Self {
        Self::from_secret(&Secret::random(rng))
    }

    /// Returns the secret this key is made of, to be stored.
    pub fn to_secret(&self) -> Secret {
        Secret(self.0.to_bytes())
    }

    /// Returns the verifying key's bytes.
    pub fn verifying(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Returns the id of the device that holds this key.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.verifying())
    }

    /// Returns the id of the person whose key this is.
    pub fn person(&self) -> PersonId {
        PersonId(self.verifying())
    }

    /// Returns the id of the invite whose key this is.
    pub fn invite(&self) -> InviteId {
        InviteId(self.verifying())
    }

    /// Returns the transport identity whose key this is.
    pub fn peer(&self) -> PeerId {
        PeerId(self.verifying())
    }

    /// Signs a message that belongs to `domain`.
    pub fn sign(&self, domain: &'static str, message: &[u8]) -> Signature {
        Signature(self.0.sign(&in_domain(domain, message)).to_bytes())
    }
}

/// Checks a signature: the one verification function of the project, strict as in the
/// paper "Taming the many `EdDSA`s" (no small-order keys, no malleable signatures).
pub fn verify(key: &[u8; 32], domain: &'static str, message: &[u8], signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(key) else {
        return false;
    };
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(&in_domain(domain, message), &signature)
        .is_ok()
}

/// Returns the hash of some bytes in a domain of its own.
pub fn hash(domain: &'static str, bytes: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(domain);
    hasher.update(bytes);
    *hasher.finalize().as_bytes()
}

/// Signatures cover the hash of the message in its domain, so that none counts for another format.
fn in_domain(domain: &'static str, message: &[u8]) -> [u8; 32] {
    hash(domain, message)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl Default for Signature {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (left, right) = self.0.split_at(32);
        (
            <[u8; 32]>::try_from(left).unwrap_or_default(),
            <[u8; 32]>::try_from(right).unwrap_or_default(),
        )
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (left, right) = <([u8; 32], [u8; 32])>::deserialize(deserializer)?;
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(left.into_iter().chain(right)) {
            *to = from;
        }
        Ok(Self(bytes))
    }
}
