//! The replica's own row, and how everything is read back from the store.

use super::retracts::Stored;
use super::rows::from_head;
use super::{Replica, Rows};
use crate::id::CircleId;
use crate::key::Secret;
use crate::log::chain::{Chain, Interval};
use crate::log::record::SignedRecord;
use crate::membership::act::{SignedAct, VerifiedAct};
use crate::membership::graph::{Graph, Insert};
use crate::replica::output::JoinEnd;
use crate::secrecy::epoch::EpochKey;
use crate::store::{Error, Scan, Space};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is not in the graph, the entries or the records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The circle, once it is known in full.
    pub(crate) circle: Option<CircleId>,
    /// How far this device is in it.
    pub(crate) phase: Phase,
    /// The number of the last record written.
    pub(crate) record_seq: u64,
    /// When a session last came into step.
    pub(crate) last_in_step: Option<Timestamp>,
    /// The invite key's text and the name it was used under, until whoever let this device in can be
    /// found without it. After a join that one member ended too: another may have let this device in.
    pub(crate) way_in: Option<(String, String)>,
    /// This person left, and until then nobody who stays may have heard of it.
    pub(crate) farewell_until: Option<Timestamp>,
    /// Others hold something of this device's own making that was not here: an older state of this
    /// computer was put back. It has to go on as a new device.
    pub(crate) superseded: bool,
}

/// How far this device is in the circle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// In it, or once in it: the roster says which.
    #[default]
    Member,
    /// Joining by this key, under this name.
    Joining {
        /// The invite key's text.
        key: String,
        /// The name.
        name: String,
    },
    /// As before, and somebody has to say welcome first.
    Knocking {
        /// The invite key's text.
        key: String,
        /// The name.
        name: String,
    },
    /// The key lets nobody in any more.
    Ended(JoinEnd),
    /// Coming back as a new device of a person who belongs: looking for a member by these cards and
    /// keys, and then until a member has given it the circle's keys.
    Returning {
        /// Texts of circle cards, invite keys or device keys.
        contacts: Vec<String>,
    },
    /// Waiting to be made a device of whoever made this device key.
    Linking {
        /// The device key's text.
        key: String,
        /// Whether the other device has this one's keys, and waits for the four words.
        met: bool,
    },
}

impl State {
    /// Returns the invite key's text and the name while this device may still be let in: also after one
    /// member ended the join, because another may have let it in, or will.
    pub(crate) fn joining(&self) -> Option<(&str, &str)> {
        let way_in = self.way_in.as_ref();
        let ended = way_in.filter(|_| matches!(self.phase, Phase::Ended(_)));
        let ended = ended.map(|(key, name)| (key.as_str(), name.as_str()));
        self.phase.joining().or(ended)
    }
}

impl Phase {
    /// Returns the invite key's text and the name while a join is under way.
    pub(crate) fn joining(&self) -> Option<(&str, &str)> {
        match self {
            Self::Joining { key, name } | Self::Knocking { key, name } => Some((key, name)),
            Self::Member | Self::Ended(_) | Self::Returning { .. } | Self::Linking { .. } => None,
        }
    }

    /// Whether this device is still on its way in.
    pub(crate) fn is_arriving(&self) -> bool {
        !matches!(self, Self::Member | Self::Ended(_))
    }
}

impl Replica {
    pub(super) fn save_state(&mut self) {
        self.rows.save(self.rows.state_key(), &self.state);
    }

    /// Reads everything that is kept in memory.
    pub(super) fn load_rows(&mut self) -> Result<(), Error> {
        let missing = || Error::Damaged("the circle's state is missing".into());
        self.state = self
            .rows
            .load(&self.rows.state_key())?
            .ok_or_else(missing)?;
        if let Some(circle) = self.state.circle {
            self.graph = Some(load_graph(&self.rows, circle)?);
            self.closed = self.closed();
        }
        for (_, value) in self.rows.scan(&self.rows.meta_scan(2))? {
            let (device, branch, intervals): (_, _, Vec<Interval>) = from_head(&value)?;
            let chain = Chain::new(intervals).ok_or_else(|| damaged("a chain's intervals"))?;
            self.frontier.set(device, branch, chain);
        }
        for (_, value) in self.rows.scan(&self.rows.meta_scan(3))? {
            let secret: Secret = from_head(&value)?;
            let key = EpochKey::from_secret(secret);
            if !self.ring.insert(key.id(), key) {
                return Err(damaged("an epoch key"));
            }
        }
        self.load_fading()?;
        self.load_receipts()?;
        self.load_beyond()?;
        self.due.anew = !self.beyond.is_empty();
        self.load_went_back()?;
        self.load_names()?;
        self.load_agreements()?;
        // Something may wait for acts since before, or for keys that came just before the end.
        self.due.acts_awaited = true;
        self.due.keys_came = true;
        for (_, value) in self.rows.scan(&self.rows.meta_scan(6))? {
            self.owed.insert(from_head(&value)?);
        }
        for (_, value) in self
            .rows
            .scan(&Scan::all(Space::Records, self.rows.hint()))?
        {
            let record: SignedRecord = from_head(&value)?;
            self.hear_day(record.record.device, record.record.at.day());
            self.records
                .insert((record.record.device, record.record.kind()), record);
        }
        for (_, value) in self
            .rows
            .scan(&Scan::all(Space::Retracts, self.rows.hint()))?
        {
            let retract: Stored = from_head(&value)?;
            self.retracts.insert(retract.thing, retract.place);
        }
        Ok(())
    }
}

fn load_graph(rows: &Rows, circle: CircleId) -> Result<Graph, Error> {
    let mut graph = Graph::new(circle);
    for (_, value) in rows.scan(&Scan::all(Space::Acts, rows.hint()))? {
        let signed: SignedAct = from_head(&value)?;
        if !matches!(graph.insert(VerifiedAct::trusted(signed)), Insert::Attached) {
            return Err(damaged("the membership graph"));
        }
    }
    Ok(graph)
}

fn damaged(what: &str) -> Error {
    Error::Damaged(format!("{what} does not fit"))
}
