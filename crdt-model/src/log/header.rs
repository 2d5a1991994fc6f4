//! A header: the signed, lasting part of an entry.
//!
//! ```text
//! entry id  = hash("circlet 1 entry", canonical bytes of Header)
//! signature = Ed25519 by the header's device over ("circlet 1 entry signature", entry id)
//! thing id  = first 16 bytes of hash("circlet 1 thing", circle, creator, nonce)
//! ```
//!
//! The sealed body travels beside it and can be erased; `body` is the hash of the sealed bytes, never
//! of the text. A device's entries form a chain by `seq` and `prev`; `heads` and `lamport` never go
//! back along it.

use crate::bounded::List;
use crate::codec;
use crate::id::{ActId, CircleId, DeviceId, EntryId, EpochId, Hash, PersonId, ThingId};
use crate::key::{self, Signature, SigningKey};
use crate::time::Day;
use serde::{Deserialize, Serialize};

/// The version of the header format.
pub const VERSION: u8 = 1;
/// Suite 1: BLAKE3, Ed25519, XChaCha20-Poly1305.
pub const SUITE: u8 = 1;
/// The most entries one entry builds on.
pub const MAX_DEPS: usize = 16;
/// The most membership heads a header names.
pub const MAX_HEADS: usize = 16;
/// The largest lamport time that counts: nobody can push it to where it cannot grow.
pub const MAX_LAMPORT: u64 = 1 << 62;

const ID: &str = "circlet 1 entry";
const SIGNATURE: &str = "circlet 1 entry signature";
const THING: &str = "circlet 1 thing";

/// What members see of an entry for as long as the circle lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`VERSION`].
    pub version: u8,
    /// [`SUITE`].
    pub suite: u8,
    /// The circle it belongs to.
    pub circle: CircleId,
    /// The device that wrote it.
    pub device: DeviceId,
    /// Its place in the device's chain, from 1.
    pub seq: u64,
    /// The entry before it in the chain; zero for the first.
    pub prev: EntryId,
    /// One more than the largest lamport time the device had seen.
    pub lamport: u64,
    /// The heads of the membership graph as the device knew it, in ascending order.
    pub heads: List<ActId, MAX_HEADS>,
    /// The entries of the same thing that it builds on, in ascending order.
    pub deps: List<EntryId, MAX_DEPS>,
    /// The thing it is about.
    pub thing: ThingId,
    /// Who made the thing and how its id came about: in a thing's first header and in every retract.
    pub origin: Option<Origin>,
    /// What it does.
    pub action: Action,
    /// For whom the body is sealed.
    pub audience: Audience,
    /// Which of the epoch's keys seals the body.
    pub class: KeyClass,
    /// The key that seals the body; zero in a retract.
    pub epoch: EpochId,
    /// The day after which the thing fades; zero = never.
    pub expires: Day,
    /// The length of the sealed body in bytes: a size bucket; zero in a retract.
    pub size: u32,
    /// The hash of the sealed body; zero in a retract.
    pub body: Hash,
}

/// Who made a thing, and the nonce in its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The person.
    pub creator: PersonId,
    /// 16 random bytes.
    pub nonce: [u8; 16],
}

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Its body carries changes of the thing.
    Write,
    /// Takes the thing back. No body.
    Retract,
}

/// For whom a body is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// Everyone who holds the epoch's key.
    Circle,
    /// The devices of one person, by their KEM keys, inside the same kind of body.
    Sealed,
}

/// The two keys of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyClass {
    /// Agreement, settings, profiles, toolbox, gatherings: every member gets all of them.
    Commons,
    /// Stories and responses: older ones as the invite's history says.
    Stories,
}

/// A header that is known to be its device's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedHeader {
    header: Header,
    id: EntryId,
}

impl Origin {
    /// Returns the id of the thing this makes.
    pub fn thing(&self, circle: CircleId) -> ThingId {
        let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            key::hash(THING, &codec::encode(&(circle, self.creator, self.nonce)));
        ThingId(id)
    }
}

impl Header {
    /// Returns the id: the hash of the canonical bytes.
    pub fn id(&self) -> EntryId {
        EntryId(key::hash(ID, &codec::encode(self)))
    }

    /// Signs the header with its device's key.
    pub fn sign(&self, device: &SigningKey) -> Signature {
        sign(device, &self.id())
    }

    /// Checks the device's signature over the id.
    pub fn signed_by_device(&self, signature: &Signature) -> bool {
        signed(&self.device, &self.id(), signature)
    }

    /// Returns the bytes that the body's seal is bound to: everything but the body's own hash.
    pub fn associated(&self) -> Vec<u8> {
        codec::encode(&Self {
            body: Hash::default(),
            ..self.clone()
        })
    }

    /// Whether lists, numbers and the parts of a retract or a write fit together. An authentic entry
    /// that is not well formed keeps its place in the chain and means nothing.
    pub fn well_formed(&self) -> bool {
        let versions = (self.version, self.suite) == (VERSION, SUITE);
        let chain = self.seq > 0 && (self.prev == EntryId::default()) == (self.seq == 1);
        let order = self
            .heads
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a < b))
            && self
                .deps
                .windows(2)
                .all(|pair| matches!(pair, [a, b] if a < b));
        let origin = self
            .origin
            .is_none_or(|origin| origin.thing(self.circle) == self.thing);
        let empty = self.size == 0 && self.body == Hash::default();
        let action = match self.action {
            Action::Write => !empty && (self.origin.is_some() || !self.deps.is_empty()),
            Action::Retract => empty && self.origin.is_some() && self.epoch == EpochId::default(),
        };
        versions && chain && order && origin && action && self.lamport <= MAX_LAMPORT
    }
}

/// Signs the id of an entry with its device's key.
pub fn sign(device: &SigningKey, entry: &EntryId) -> Signature {
    device.sign(SIGNATURE, &entry.0)
}

/// Checks a device's signature over the id of an entry: all it takes where the entry is not at hand.
pub fn signed(device: &DeviceId, entry: &EntryId, signature: &Signature) -> bool {
    key::verify(&device.0, SIGNATURE, &entry.0, signature)
}

impl VerifiedHeader {
    /// Vouches for a header that was checked by its signature, by a link from a verified one, or by
    /// the membership graph. Only a run does so.
    pub(crate) fn authentic(header: Header, id: EntryId) -> Self {
        Self { header, id }
    }

    /// Takes a header back from this device's own store, where only verified ones are kept, or from
    /// its own pen.
    pub fn trusted(header: Header) -> Self {
        let id = header.id();
        Self { header, id }
    }

    /// Returns the header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the entry's id.
    pub fn id(&self) -> EntryId {
        self.id
    }
}
