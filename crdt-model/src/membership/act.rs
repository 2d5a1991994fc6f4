//! An act: one signed operation of the membership graph, and its bytes.
//!
//! ```text
//! act id    = hash("circlet 1 act", canonical bytes of Act)
//! signature = Ed25519 by the act's device over ("circlet 1 act signature", act id)
//! ```
//!
//! A device's acts form a chain: `seq` counts from 1, `prev` is the id before it. `heads` are the acts
//! that nobody had built on yet when the device wrote this one, so that `prev` and `heads` together
//! reach everything it knew: its causal past.

use crate::bounded::{Bytes, List, Text};
use crate::id::{ActId, CircleId, DeviceId, EntryId, EpochId, Hash, InviteId, PersonId};
use crate::key::Signature;
use crate::secrecy::kem::PublicKey as KemKey;
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

mod check;

pub use check::circle_id;

/// The version of the act format.
pub const VERSION: u8 = 1;
/// The only suite of version 1: BLAKE3, Ed25519. (The suite of a KEM key stands beside the key.)
pub const SUITE: u8 = 1;
/// The largest act in bytes: a share of 1,024 keys fits.
pub const MAX_ACT: usize = 48 * 1024;
/// The most heads an act names. More are joined by an ack first.
pub const MAX_HEADS: usize = 16;
/// The most devices a list of an act names: 64 people with 4 each.
pub const MAX_DEVICES: usize = 256;
/// The longest name of a person, in bytes of UTF-8.
pub const MAX_NAME: usize = 64;

/// One operation on who belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
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
    /// The act before it in the chain; zero for the first.
    pub prev: ActId,
    /// The other acts that it knew and nobody had built on, in ascending order.
    pub heads: List<ActId, MAX_HEADS>,
    /// The day by the writer's clock: for people, and for the age of keys. Never decides who belongs.
    pub day: Day,
    /// What it does.
    pub kind: Kind,
}

/// What an act does. The order is on the wire: only append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Begins the circle; its writer is the first keeper.
    Found {
        /// Makes the circle's id, together with the founder's device.
        nonce: [u8; 32],
        /// The founder.
        founder: Newcomer,
        /// How the circle decides.
        rules: Rules,
    },
    /// Lets holders of a secret be admitted.
    Invite(Invite),
    /// Ends an invite.
    RevokeInvite {
        /// Which.
        invite: InviteId,
    },
    /// Lets a newcomer in. Any member may write it for a holder of an open invite.
    Admit {
        /// The invite they hold.
        invite: InviteId,
        /// Who they are.
        newcomer: Newcomer,
        /// The invite key's signature over the newcomer.
        proof: Signature,
        /// The entries before which nothing is open to them: what the admitting device held, or
        /// older as the invite's history allows. A device that is not named is open from its first.
        since: List<Mark, MAX_DEVICES>,
    },
    /// Adds a device of the writer's person; or, written by the new device itself, brings a person
    /// back with the key that the recovery words derive.
    AddDevice {
        /// The new device and its proof.
        device: NewDevice,
        /// The person key's signature; needed when the new device writes the act itself.
        certificate: Option<Signature>,
    },
    /// Ends a device of the writer's person.
    RemoveDevice {
        /// Which.
        device: DeviceId,
        /// The last entry of it that counts; `None` = nothing of it.
        cut: Option<Cut>,
    },
    /// Gives a person a role. From a member who is no keeper it is a voice: it counts once more than
    /// half of the members have said the same.
    SetRole {
        /// Whose.
        person: PersonId,
        /// Which.
        role: Role,
    },
    /// Removes a person. From a member who is no keeper it is a voice, as above.
    Remove {
        /// Whom.
        person: PersonId,
        /// For each of their devices the last entry that counts; a device not named has none.
        cut: List<Cut, MAX_DEVICES>,
    },
    /// The writer's person goes.
    Leave {
        /// For each of their devices the last entry that counts.
        cut: List<Cut, MAX_DEVICES>,
    },
    /// Mints the keys of a new epoch.
    Epoch {
        /// Commits to the commons key.
        commons: EpochId,
        /// Commits to the stories key.
        stories: EpochId,
        /// The devices both keys are wrapped to, in ascending order, the writer's own among them.
        to: List<DeviceId, MAX_DEVICES>,
        /// Hash of the wrap table.
        table: Hash,
    },
    /// Gives keys of earlier epochs to a device that lacks them.
    Share {
        /// Whom.
        to: DeviceId,
        /// Which keys, in the order they are wrapped.
        keys: List<EpochId, 1024>,
        /// Hash of the one-row wrap table.
        table: Hash,
    },
    /// Says "I have seen these removals": it is their witness, and what "8 of 9 know" shows.
    Ack {
        /// Which; empty when the act only joins heads.
        removals: List<ActId, MAX_HEADS>,
    },
    /// Replaces the writer's KEM key.
    Rekey {
        /// The new one.
        kem: KemKey,
    },
    /// Changes how the circle decides. For keepers.
    SetRules {
        /// The new rules.
        rules: Rules,
    },
}

/// A person who comes in with their first device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newcomer {
    /// The person key.
    pub person: PersonId,
    /// The device key.
    pub device: DeviceId,
    /// The device's KEM key.
    pub kem: KemKey,
    /// What they want to be called. Their profile can change it later.
    pub name: Text<MAX_NAME>,
    /// The person key's signature over all of the above.
    pub by_person: Signature,
    /// The device key's signature over all of the above.
    pub by_device: Signature,
}

/// A further device of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDevice {
    /// Whose.
    pub person: PersonId,
    /// The device key.
    pub device: DeviceId,
    /// The device's KEM key.
    pub kem: KemKey,
    /// The device key's signature over all of the above.
    pub by_device: Signature,
}

/// What an invite allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The verifying key derived from the secret.
    pub invite: InviteId,
    /// The role a newcomer gets.
    pub role: Role,
    /// How many people it admits.
    pub uses: u16,
    /// When it ends, by the admitting member's clock.
    pub expires: Timestamp,
    /// Whether a member has to say welcome first.
    pub mode: Mode,
    /// What the newcomer may read of the time before.
    pub history: History,
    /// The secret, sealed for members under `epoch`'s commons key.
    pub sealed: Bytes<128>,
    /// The commons key that seals it.
    pub epoch: EpochId,
}

/// How a circle decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Only keepers invite and admit.
    pub keepers_invite: bool,
    /// With four keepers or more, a removal takes two of them.
    pub quorum: bool,
}

/// What a person may do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Role {
    /// Share, answer, invite.
    #[default]
    Member,
    /// Also remove members and change settings.
    Keeper,
}

/// Whether an invite's holder comes in at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Any member's node admits them.
    #[default]
    Open,
    /// A member says welcome first.
    Knock,
}

/// What a newcomer may read of the time before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum History {
    /// Nothing.
    #[default]
    FromNow,
    /// The last 30 days.
    Days30,
    /// Everything.
    All,
}

/// The last entry of a device that counts after a removal. It carries the device's own signature, so
/// that whoever removes somebody cannot put an entry in their mouth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Which device.
    pub device: DeviceId,
    /// The sequence number of the entry: an anchor, one whose own signature is held.
    pub seq: u64,
    /// Its id.
    pub entry: EntryId,
    /// The device's signature over it.
    pub signature: Signature,
}

/// A place in a device's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Which device.
    pub device: DeviceId,
    /// The sequence number after which entries are open.
    pub seq: u64,
}

/// An act and its device's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedAct {
    /// The act.
    pub act: Act,
    /// The device's signature over the act's id.
    pub signature: Signature,
}

/// A signed act whose form and signatures hold. Whether it counts is the resolver's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAct {
    signed: SignedAct,
    id: ActId,
}

/// Why an act is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a version or suite this one knows.
    #[error("the act has version {0}, suite {1}")]
    Version(u8, u8),
    /// Of another circle.
    #[error("the act belongs to another circle")]
    Circle,
    /// A list is out of order, a number out of range, or it is too large.
    #[error("the act is not well formed")]
    Form,
    /// A signature in it or over it does not hold.
    #[error("a signature of the act does not hold")]
    Signature,
}
