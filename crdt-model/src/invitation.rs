//! The invite key: what a newcomer needs to find a circle and to prove that they were invited. Beside it
//! the circle card and the device key, for those who belong already, and the parts of the 24 words.
//!
//! ```text
//! base        = hash("circlet 1 invite", secret ‖ circle hint)
//! invite key  = derive("circlet 1 invite signing key", base), an Ed25519 key; its public half is the
//!               invite's id in the membership graph
//! box key     = derive("circlet 1 hello box, from an invite", base)
//! beacon key  = derive("circlet 1 beacon, from an invite", base, day)
//! kept secret = XChaCha20-Poly1305 of the secret, bound to (circle, invite id), under
//!               derive("circlet 1 invite secret, kept", commons key): 60 bytes
//! ```
//!
//! The circle hint is the first half of the circle's id. The text form is described in
//! `invitation/text.rs`.

mod card;
mod device;
mod part;
mod text;

pub use card::{AnyKey, Card, keys_in, papers_in};
pub use device::DeviceKey;
pub use part::{MAX_PARTS, MIN_NEEDED, Part};
pub use text::{Error, Group, KeyKind, MAX_TEXT};

use crate::address::Address;
use crate::bounded::Bytes;
use crate::codec;
use crate::id::{CircleId, InviteId};
use crate::key::{self, Rng, Secret, SigningKey};
use crate::secrecy::aead;
use crate::secrecy::epoch::EpochKey;
use crate::secrecy::hello::{BeaconKey, BoxKey};
use crate::time::Day;
use core::fmt;
use text::Parts;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The most addresses of one invite key.
pub const MAX_ADDRESSES: usize = 3;

const BASE: &str = "circlet 1 invite";
const SIGNING: &str = "circlet 1 invite signing key";
const BOX: &str = "circlet 1 hello box, from an invite";
const BEACON: &str = "circlet 1 beacon, from an invite";
const KEPT: &str = "circlet 1 invite secret, kept";

/// 16 secret bytes: who knows them may come in. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct InviteSecret(pub [u8; 16]);

/// What an invite key says.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteKey {
    circle_hint: [u8; 16],
    secret: InviteSecret,
    addresses: Vec<Address>,
}

impl InviteSecret {
    /// Returns a fresh secret.
    pub fn random(rng: &mut Rng<'_>) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl InviteKey {
    /// Returns the invite key to a circle, with as many of the addresses, in their order, as its text
    /// has room for.
    pub fn new(circle: CircleId, secret: InviteSecret, addresses: &[Address]) -> Self {
        let parts = Parts {
            kind: KeyKind::Invite,
            circle_hint: circle.hint(),
            secret: Some(secret.clone()),
            share: None,
            addresses: Vec::new(),
        };
        let Parts { addresses, .. } = parts.with_addresses(addresses);
        Self {
            circle_hint: circle.hint(),
            secret,
            addresses,
        }
    }

    /// Reads a key as a person typed or pasted it.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        match AnyKey::from_text(text)? {
            AnyKey::Invite(key) => Ok(key),
            other @ (AnyKey::Card(_) | AnyKey::Device(_)) => Err(Error::OtherKind(other.kind())),
        }
    }

    /// Returns the text to show, also as a QR code: it is as secret as the invite.
    pub fn to_text(&self) -> Zeroizing<String> {
        text::write(&Parts {
            kind: KeyKind::Invite,
            circle_hint: self.circle_hint,
            secret: Some(self.secret.clone()),
            share: None,
            addresses: self.addresses.clone(),
        })
    }

    /// Returns where somebody who can let the newcomer in was last.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Returns the part of the circle's id that it carries.
    pub fn hint(&self) -> [u8; 16] {
        self.circle_hint
    }

    /// Whether it leads to this circle.
    pub fn matches(&self, circle: CircleId) -> bool {
        self.circle_hint == circle.hint()
    }

    /// Returns the invite's id in the membership graph.
    pub fn invite(&self) -> InviteId {
        self.signing_key().invite()
    }

    /// Returns the key that proves to hold the invite.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_secret(&self.base().derive(SIGNING, b""))
    }

    /// Returns the key of hello frames between its holder and a member.
    pub fn box_key(&self) -> BoxKey {
        BoxKey(self.base().derive(BOX, b""))
    }

    /// Returns the key of a day's beacons between its holder and a member.
    pub fn beacon_key(&self, day: Day) -> BeaconKey {
        BeaconKey(self.base().derive(BEACON, &codec::encode(&day)))
    }

    fn base(&self) -> Secret {
        let bytes = Zeroizing::new([self.secret.0, self.circle_hint].concat());
        Secret(key::hash(BASE, &bytes))
    }
}

/// Seals an invite's secret for members, so that each can admit its holder and show it again.
pub fn seal_secret(
    commons: &EpochKey,
    circle: CircleId,
    secret: &InviteSecret,
    rng: &mut Rng<'_>,
) -> Bytes<128> {
    let invite = InviteKey::new(circle, secret.clone(), &[]).invite();
    let key = commons.secret().derive(KEPT, b"");
    let bound = codec::encode(&(circle, invite));
    let size = secret.0.len() + aead::OVERHEAD;
    // The size is the one it takes, and below the limit: there is nothing to go wrong.
    let sealed = aead::seal(&key, aead::nonce(rng), &bound, &secret.0, size);
    Bytes::new(sealed.unwrap_or_default()).unwrap_or_default()
}

/// Opens an invite's secret with the commons key it names; `None` when it is not that invite's.
pub fn open_secret(
    commons: &EpochKey,
    circle: CircleId,
    invite: InviteId,
    sealed: &[u8],
) -> Option<InviteSecret> {
    let key = commons.secret().derive(KEPT, b"");
    let bound = codec::encode(&(circle, invite));
    let opened = Zeroizing::new(aead::open(&key, &bound, sealed)?);
    let secret = InviteSecret(opened.as_slice().try_into().ok()?);
    let is_its = InviteKey::new(circle, secret.clone(), &[]).invite() == invite;
    is_its.then_some(secret)
}

impl fmt::Debug for InviteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteSecret(..)")
    }
}

impl fmt::Debug for InviteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteKey(..)")
    }
}

#[cfg(test)]
mod tests;
