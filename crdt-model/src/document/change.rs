//! One change: what of it travels, and when its numbers and lists can be.

use super::splice::{self, MAX_SPLICES, Splice};
use super::{Error, MAX_COUNT, MAX_DEPS, MAX_KEY, MAX_SETS, MAX_TIME, Value};
use crate::bounded::{List, Text};
use crate::codec;
use crate::id::{DeviceId, Hash};
use crate::key;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

const CHANGE: &str = "circlet 1 change";
const TEXT_CHANGE: &str = "circlet 1 text change";

/// One change by one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub(super) device: DeviceId,
    pub(super) parts: Parts,
}

/// What of a change travels, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// The change's place among the device's changes of this document, from 1.
    pub(super) seq: u64,
    /// The number of its first step: one more than the greatest it builds on.
    pub(super) start: u64,
    /// When the device says it was made.
    pub(super) time: Timestamp,
    /// The ids of the changes it builds on, in ascending order.
    pub(super) deps: List<Hash, MAX_DEPS>,
    /// What it does.
    pub(super) does: Does,
}

/// What a change does. Which of the two follows from the kind of thing, and does not travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Sets keys, in ascending order.
    Sets(List<Set, MAX_SETS>),
    /// Puts characters into the text and takes some out.
    Splices(List<Splice, MAX_SPLICES>),
}

/// One key, set or cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Set {
    pub(super) key: Text<MAX_KEY>,
    pub(super) value: Option<Value>,
    /// The earlier sets of the key that this one takes the place of, in ascending order.
    pub(super) over: List<SetId, MAX_DEPS>,
}

/// A step of some change: its number and its device. Automerge's operation id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SetId(pub(super) u64, pub(super) DeviceId);

impl Change {
    /// Reads a change of registers that came in a body whose header names this device.
    pub fn decode(bytes: &[u8], device: DeviceId) -> Result<Self, Error> {
        let (seq, start, time, deps, sets) = codec::decode(bytes)?;
        let does = Does::Sets(sets);
        Self::checked(device, (seq, start, time, deps, does))
    }

    /// Reads a change of a text that came in such a body.
    pub fn decode_text(bytes: &[u8], device: DeviceId) -> Result<Self, Error> {
        let (seq, start, time, deps, splices) = codec::decode(bytes)?;
        let does = Does::Splices(splices);
        Self::checked(device, (seq, start, time, deps, does))
    }

    /// Returns the bytes that travel in a body.
    pub fn encode(&self) -> Vec<u8> {
        self.parts.encode()
    }

    /// Returns the bytes that it sets a key to, if it sets them.
    pub fn bytes(&self, key: &str) -> Option<&[u8]> {
        let set = self.parts.sets().iter().find(|set| &*set.key == key)?;
        set.value.as_ref().and_then(Value::as_bytes)
    }

    /// Returns the device that made it.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Returns its id.
    pub(super) fn id(&self) -> Hash {
        let domain = match self.parts.does {
            Does::Sets(_) => CHANGE,
            Does::Splices(_) => TEXT_CHANGE,
        };
        let bytes = [self.device.0.as_slice(), &self.encode()].concat();
        Hash(key::hash(domain, &bytes))
    }

    fn checked(
        device: DeviceId,
        (seq, start, time, deps, does): (u64, u64, Timestamp, List<Hash, MAX_DEPS>, Does),
    ) -> Result<Self, Error> {
        let parts = Parts {
            seq,
            start,
            time,
            deps,
            does,
        };
        if !parts.well_formed() {
            return Err(Error::IllFormed);
        }
        Ok(Self { device, parts })
    }
}

impl Parts {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (seq, start, time, deps) = (self.seq, self.start, self.time, &self.deps);
        match &self.does {
            Does::Sets(sets) => codec::encode(&(seq, start, time, deps, sets)),
            Does::Splices(splices) => codec::encode(&(seq, start, time, deps, splices)),
        }
    }

    /// Returns how many steps it has: each is one operation of Automerge.
    pub(super) fn steps(&self) -> u64 {
        match &self.does {
            Does::Sets(sets) => sets.len() as u64,
            Does::Splices(splices) => splices.iter().map(Splice::steps).sum(),
        }
    }

    /// Returns the keys that it sets.
    pub(super) fn sets(&self) -> &[Set] {
        match &self.does {
            Does::Sets(sets) => sets,
            Does::Splices(_) => &[],
        }
    }

    /// Whether numbers fit Automerge's and lists are in their one order.
    pub(super) fn well_formed(&self) -> bool {
        let fits = match &self.does {
            Does::Sets(sets) => self.fit(sets),
            Does::Splices(splices) => splice::fit(splices, self.start),
        };
        let steps = self.steps();
        (1..=MAX_COUNT).contains(&self.seq)
            && self.start > 0
            && steps > 0
            && self.start.saturating_add(steps) <= MAX_COUNT
            && self.time.0 <= MAX_TIME
            && ascending(&self.deps)
            && fits
    }

    fn fit(&self, sets: &[Set]) -> bool {
        let before = |over: &SetId| over.0 > 0 && over.0 < self.start;
        let fits =
            |set: &Set| !set.key.is_empty() && ascending(&set.over) && set.over.iter().all(before);
        let in_order = |pair: &[Set]| matches!(pair, [a, b] if a.key < b.key);
        sets.iter().all(fits) && sets.windows(2).all(in_order)
    }
}

fn ascending<T: Ord>(list: &[T]) -> bool {
    list.windows(2).all(|pair| matches!(pair, [a, b] if a < b))
}
