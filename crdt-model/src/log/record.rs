//! A record: signed by a device, only the newest of each kind counts, no history.
//!
//! ```text
//! signature = Ed25519 by the device over ("circlet 1 record", canonical bytes without signature)
//! proof     = Ed25519 by the transport key over ("circlet 1 peer of a device", circle, device)
//! ```
//!
//! The proof is in an address record: without it a member could claim another's peer id, and what is
//! said to that one would count as said to them.

use crate::address::Address;
use crate::bounded::List;
use crate::codec;
use crate::id::{CircleId, DeviceId, PeerId, ThingId};
use crate::key::{self, Signature, SigningKey};
use crate::log::chain::Interval;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the record format.
pub const VERSION: u8 = 1;
/// The most addresses a device publishes.
pub const MAX_ADDRESSES: usize = 8;

const SIGNATURE: &str = "circlet 1 record";
const PEER: &str = "circlet 1 peer of a device";

/// What a device says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub version: u8,
    /// The circle it belongs to.
    pub circle: CircleId,
    /// The device that says it.
    pub device: DeviceId,
    /// Larger replaces smaller.
    pub seq: u64,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// What it says.
    pub payload: Payload,
}

/// What a record says. The order is on the wire: only append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    /// Where the device can be reached.
    Addresses {
        /// Its transport key: this is what binds it to the device.
        peer: PeerId,
        /// The transport key's own signature, see [`prove_peer`].
        proof: Signature,
        /// Where, best first.
        addresses: List<Address, MAX_ADDRESSES>,
        /// Whether it is meant to be always on.
        always_on: bool,
    },
    /// Which entries the device holds.
    Frontier {
        /// For each device the intervals.
        held: List<(DeviceId, List<Interval, 64>), 512>,
    },
    /// What the device has erased because it was taken back, the newest last.
    Erasures {
        /// The things.
        things: List<ThingId, 2048>,
    },
}

/// The kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// [`Payload::Addresses`].
    Addresses,
    /// [`Payload::Frontier`].
    Frontier,
    /// [`Payload::Erasures`].
    Erasures,
}

/// A record and its device's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRecord {
    /// The record.
    pub record: Record,
    /// The device's signature.
    pub signature: Signature,
}

impl Record {
    /// Signs the record.
    pub fn sign(self, device: &SigningKey) -> SignedRecord {
        let signature = device.sign(SIGNATURE, &codec::encode(&self));
        SignedRecord {
            record: self,
            signature,
        }
    }

    /// Returns its kind.
    pub fn kind(&self) -> Kind {
        self.payload.kind()
    }
}

/// Returns a transport key's signature that it is a device's in a circle.
pub fn prove_peer(peer: &SigningKey, circle: CircleId, device: DeviceId) -> Signature {
    peer.sign(PEER, &codec::encode(&(circle, device)))
}

impl Payload {
    /// Returns its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Addresses { .. } => Kind::Addresses,
            Self::Frontier { .. } => Kind::Frontier,
            Self::Erasures { .. } => Kind::Erasures,
        }
    }

    /// Checks the transport key's signature, where there is one.
    fn is_proven(&self, circle: CircleId, device: DeviceId) -> bool {
        match self {
            Self::Addresses { peer, proof, .. } => {
                key::verify(&peer.0, PEER, &codec::encode(&(circle, device)), proof)
            }
            Self::Frontier { .. } | Self::Erasures { .. } => true,
        }
    }
}

impl SignedRecord {
    /// Checks version, circle and signatures.
    pub fn verify(&self, circle: CircleId) -> bool {
        let record = &self.record;
        record.version == VERSION
            && record.circle == circle
            && record.payload.is_proven(circle, record.device)
            && key::verify(
                &record.device.0,
                SIGNATURE,
                &codec::encode(record),
                &self.signature,
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Secret;

    #[test]
    fn nobody_claims_a_peer_id_that_is_not_theirs() {
        let key = |seed| SigningKey::from_secret(&Secret([seed; 32]));
        let (mine, theirs, peer) = (key(1), key(2), key(3));
        let circle = CircleId([4; 32]);
        let record = |proof| {
            let payload = Payload::Addresses {
                peer: peer.peer(),
                proof,
                addresses: List::default(),
                always_on: false,
            };
            let record = Record {
                version: VERSION,
                circle,
                device: mine.device(),
                seq: 1,
                at: Timestamp(1),
                payload,
            };
            record.sign(&mine)
        };
        let proof = |by, circle, device| record(prove_peer(by, circle, device)).verify(circle);
        assert!(proof(&peer, circle, mine.device()));
        assert!(!proof(&mine, circle, mine.device()));
        assert!(!proof(&peer, circle, theirs.device()));
        assert!(!record(prove_peer(&peer, CircleId([5; 32]), mine.device())).verify(circle));
    }
}
