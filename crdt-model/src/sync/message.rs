//! What two members' replicas say to each other once each knows the other's device.
//!
//! ```text
//! frame = kind (1 byte) ‖ canonical bytes of the message, at most 256 KiB in all
//! ```
//!
//! A frame of a kind that is not known here is skipped: a later version may say more.

use crate::bounded::List;
use crate::codec;
use crate::id::{ActId, DeviceId, EntryId, EpochId, Hash, ThingId};
use crate::key::{Secret, Signature};
use crate::log::frontier::Held;
use crate::log::header::Header;
use crate::log::record::{Kind as RecordKind, SignedRecord};
use crate::log::run::Run;
use crate::membership::act::SignedAct;
use crate::membership::graph::Tip;
use crate::secrecy::wrap::{Row, Table};
use serde::{Deserialize, Serialize};

/// The versions of the sync protocol spoken here: lowest and highest.
pub const VERSIONS: (u16, u16) = (1, 1);
/// The most last acts of devices in one message: a device that forked more often tells of its last ones.
pub const MAX_TIPS: usize = 2048;
/// The most acts in one frame.
pub const MAX_ACTS: usize = 512;
/// The most retracts in one frame: well below the largest frame.
pub const MAX_RETRACTS: usize = 64;
/// The most retracts outside the chains: as many as one message can name.
pub const MAX_DETACHED: usize = 2048;

/// A header and its device's signature.
pub type SignedHeader = (Header, Signature);

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Begins the session, and begins it anew: which acts and records are held.
    Open(Open),
    /// Acts that the other side lacks, in causal order.
    Acts(Acts),
    /// All acts have been sent; the membership is in hand.
    ActsEnd,
    /// Which entries are held.
    Have(Have),
    /// Entries that the other side lacks.
    Run(Run),
    /// So many runs were stored durably.
    Stored(u32),
    /// Nothing is left to send, as far as is known here; and what is held, as a digest.
    End(Hash),
    /// Records that the other side lacks.
    Records(List<SignedRecord, 256>),
    /// Keys that are missing here.
    Need(Need),
    /// Keys that were asked for.
    Keys(Keys),
    /// Retracts outside the chains that the other side lacks.
    Retracts(List<SignedHeader, MAX_RETRACTS>),
}

/// The first message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The lowest and highest version spoken.
    pub versions: (u16, u16),
    /// Whether this answers an `Open` of the other side: then it wants no answer itself.
    pub answers: bool,
    /// The frontier of acts.
    pub tips: List<Tip, MAX_TIPS>,
    /// The records held.
    pub records: List<(DeviceId, RecordKind, u64), 1024>,
}

/// Acts with the wrap rows that the receiver needs, and those that it carries on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acts {
    /// The acts.
    pub acts: List<SignedAct, MAX_ACTS>,
    /// Of epochs and shares, among them or sent before: parts of their tables.
    pub tables: List<(ActId, Table), MAX_ACTS>,
}

/// The frontier of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Have {
    /// What is held.
    pub held: Held,
    /// Things taken back by entries outside the frontier: after their author was removed.
    pub retracted: List<ThingId, MAX_DETACHED>,
}

/// What cannot be opened here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Epoch keys.
    pub epochs: List<EpochId, 256>,
    /// Single bodies.
    pub bodies: List<EntryId, 256>,
    /// Where those bodies are: device and sequence number, in the same order.
    pub places: List<(DeviceId, u64), 256>,
}

/// What opens it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Epoch keys, wrapped to the device that asked: ids in order, and one row.
    pub epochs: Option<(List<EpochId, 256>, Row)>,
    /// Keys of single bodies.
    pub bodies: List<(EntryId, Secret), 256>,
}

impl Message {
    /// Returns the frame.
    pub fn to_frame(&self) -> Vec<u8> {
        let (kind, bytes) = match self {
            Self::Open(open) => (1, codec::encode(open)),
            Self::Acts(acts) => (2, codec::encode(acts)),
            Self::ActsEnd => (3, Vec::new()),
            Self::Have(have) => (4, codec::encode(have)),
            Self::Run(run) => (5, codec::encode(run)),
            Self::Stored(count) => (6, codec::encode(count)),
            Self::End(digest) => (7, codec::encode(digest)),
            Self::Records(records) => (8, codec::encode(records)),
            Self::Need(need) => (9, codec::encode(need)),
            Self::Keys(keys) => (10, codec::encode(keys)),
            Self::Retracts(retracts) => (11, codec::encode(retracts)),
        };
        [&[kind], bytes.as_slice()].concat()
    }

    /// Reads a frame; `None` when its kind is not known here.
    pub fn from_frame(frame: &[u8]) -> Result<Option<Self>, codec::Error> {
        let (kind, bytes) = frame.split_first().ok_or(codec::Error::Malformed)?;
        Ok(Some(match kind {
            1 => Self::Open(codec::decode(bytes)?),
            2 => Self::Acts(codec::decode(bytes)?),
            3 if bytes.is_empty() => Self::ActsEnd,
            3 => return Err(codec::Error::Malformed),
            4 => Self::Have(codec::decode(bytes)?),
            5 => Self::Run(codec::decode(bytes)?),
            6 => Self::Stored(codec::decode(bytes)?),
            7 => Self::End(codec::decode(bytes)?),
            8 => Self::Records(codec::decode(bytes)?),
            9 => Self::Need(codec::decode(bytes)?),
            10 => Self::Keys(codec::decode(bytes)?),
            11 => Self::Retracts(codec::decode(bytes)?),
            _ => return Ok(None),
        }))
    }
}
