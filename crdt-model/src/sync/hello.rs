//! What a dialler says before anybody knows who it is, and the answer.
//!
//! Both are sealed (see `secrecy::hello`): under a key of the circle by members, under the invite's
//! key by newcomers, under a key of their person by those who come back, under a device key by a
//! computer that is to become another device of a person. Bound to both peer ids by the seal and by the device's signature, so that nobody
//! can say it again in another's place.

use crate::bounded::List;
use crate::codec;
use crate::id::{CircleId, DeviceId, InviteId, PeerId, ThingId};
use crate::key::{self, Signature, SigningKey};
use crate::membership::act::{NewDevice, Newcomer, SignedAct};
use crate::replica::output::JoinEnd;
use crate::secrecy::kem::{PublicKey as KemKey, Sealed};
use crate::sync::message::SignedHeader;
use serde::{Deserialize, Serialize};

/// The most introductions a member shows: one for each person between it and somebody known.
pub const MAX_VOUCHERS: usize = 16;
/// The most retracts that a hello tells of: it stays within one frame.
pub const MAX_TOLD: usize = 8;

const LINK: &str = "circlet 1 link";

/// What a dialler says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hello {
    /// "I hold an invite."
    Join {
        /// Which.
        invite: InviteId,
        /// Who wants to join.
        newcomer: Newcomer,
        /// The invite key's signature over the newcomer.
        proof: Signature,
        /// The device's signature over this link.
        binding: Signature,
    },
    /// "I am a member's device."
    Member {
        /// Which.
        device: DeviceId,
        /// Its signature over this link.
        binding: Signature,
        /// The act that brought the device in, the act that brought in that one's writer, and so on:
        /// for members who have not heard of it.
        vouchers: List<SignedAct, MAX_VOUCHERS>,
        /// What it took back and no member is known to have heard of: counts even if it no longer
        /// belongs.
        retracts: List<SignedHeader, MAX_TOLD>,
    },
    /// "I am a new device of somebody who belongs."
    Return {
        /// The device, and whose.
        device: NewDevice,
        /// The person key's signature over the device.
        certificate: Signature,
        /// The device's signature over this link.
        binding: Signature,
    },
    /// "I hold a device key: make me a device of whoever made it."
    Link {
        /// Which device.
        device: DeviceId,
        /// Where to seal what it is given.
        kem: KemKey,
        /// The device's signature over this link.
        binding: Signature,
    },
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// "So am I; let us sync."
    Member {
        /// The circle, for a newcomer who has only its hint.
        circle: CircleId,
        /// Which device.
        device: DeviceId,
        /// Its signature over this link.
        binding: Signature,
    },
    /// "Somebody has to say welcome first."
    Wait,
    /// "This invite lets nobody in any more."
    End(JoinEnd),
    /// "What you took back is gone here; there is nothing else to say."
    Took(List<ThingId, MAX_TOLD>),
    /// "You are the one I meant: this is the secret of our person key in this circle", sealed to the
    /// device. With it, the device comes back by itself.
    Linked(Sealed),
}

/// Signs "this peer id is mine, and I am talking to that one".
pub fn bind(device: &SigningKey, hint: &[u8; 16], mine: PeerId, theirs: PeerId) -> Signature {
    device.sign(LINK, &link(hint, mine, theirs))
}

/// Checks what [`bind`] signed on the other side.
pub fn bound(
    device: DeviceId,
    hint: &[u8; 16],
    theirs: PeerId,
    mine: PeerId,
    binding: &Signature,
) -> bool {
    key::verify(&device.0, LINK, &link(hint, theirs, mine), binding)
}

fn link(hint: &[u8; 16], from: PeerId, to: PeerId) -> Vec<u8> {
    codec::encode(&(hint, from, to))
}
