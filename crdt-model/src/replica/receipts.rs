//! Receipts: each device says what it has erased because it was taken back, and its author sees how far
//! that is.
//!
//! ```text
//! a retract is obeyed    the body and its keys are gone, and a row says that a receipt is due
//! WAIT later             one record of the newest things, signed, to whoever is linked, and on from there
//! ```
//!
//! The record is written by a later input than the one that erased, whose changes are durable by then.
//! What comes within the wait shares one record, and nothing answers a record: so receipts end by
//! themselves.
//!
//! A record is full at some point, and then the oldest of what it names goes. So where much was taken back,
//! each device also notes with whom it came into step: who holds the same has obeyed the same retracts.

use super::Replica;
use super::rows::from_head;
use crate::bounded::List;
use crate::id::{DeviceId, PersonId, ThingId};
use crate::log::entry::Place;
use crate::log::record::{Kind as RecordKind, Payload};
use crate::replica::output::{Event, Outbox, Output};
use crate::replica::overview::{GoneFrom, Waiting};
use crate::store::Error;
use crate::sync::schedule::is_due;
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

/// What is erased within so long is told together.
const WAIT: Duration = Duration::from_secs(2);
/// The most things a record names: 4 KiB, which every device of a circle can pass to every other.
const MAX_THINGS: usize = 256;

/// What is to be told.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    /// The newest last; after a restart in any order.
    due: VecDeque<ThingId>,
    at: Option<Timestamp>,
    /// For each device that was in step with this one: the last entry of each of this person's devices then.
    held: BTreeMap<DeviceId, Held>,
}

/// The last entry of some devices.
type Held = Vec<(DeviceId, u64)>;

impl Receipts {
    /// When it is told.
    pub(super) fn wake(&self) -> Option<Timestamp> {
        self.at
    }
}

impl Replica {
    /// Returns how far something is gone that this person took back; `None` where it is not theirs, or they
    /// hear nothing of the circle any more.
    pub fn gone_from(&self, thing: &ThingId) -> Result<Option<GoneFrom>, Error> {
        let Some(roster) = self.roster().filter(|_| self.is_active()) else {
            return Ok(None);
        };
        if self.taken_back_by(thing)? != Some(self.me()) {
            return Ok(None);
        }
        let place = self.retracts.get(thing).copied();
        let mut gone = GoneFrom::default();
        let mut waiting: BTreeMap<PersonId, usize> = BTreeMap::new();
        for (id, device) in roster.active_devices() {
            gone.of += 1;
            if *id == self.device() || self.has_receipt(id, thing) || self.holds(id, place) {
                gone.from += 1;
            } else {
                *waiting.entry(device.person).or_default() += 1;
            }
        }
        let waiting = waiting.into_iter().map(|(person, computers)| Waiting {
            name: self.name_of(&person),
            me: person == self.me(),
            computers,
        });
        gone.waiting = waiting.collect();
        gone.waiting
            .sort_by(|a, b| (!a.me, &a.name).cmp(&(!b.me, &b.name)));
        Ok(Some(gone))
    }

    /// Returns what this person took back whose ids begin like this in hexadecimal: all of it, or two
    /// if there is more.
    pub fn taken_back_like(&self, start: &str) -> Result<Vec<ThingId>, Error> {
        let mut found = Vec::new();
        let things = self.retracts.keys();
        for thing in things.filter(|thing| thing.to_hex().starts_with(start)) {
            if self.taken_back_by(thing)? == Some(self.me()) {
                found.push(*thing);
            }
            if found.len() > 1 {
                break;
            }
        }
        Ok(found)
    }

    /// Returns who took their own words back; `None` where nobody did.
    pub(super) fn taken_back_by(&self, thing: &ThingId) -> Result<Option<PersonId>, Error> {
        if !self.retracts.contains_key(thing) {
            return Ok(None);
        }
        let retract = self.retract_of(thing)?;
        Ok(retract.and_then(|retract| retract.header.origin.map(|origin| origin.creator)))
    }

    /// Notes that a device holds the same as this one, where receipts alone do not say enough any more.
    pub(super) fn note_held(&mut self, with: DeviceId) {
        if self.retracts.len() <= MAX_THINGS {
            return;
        }
        let roster = self.roster();
        let mine = |device| roster.and_then(|roster| roster.person_of(device)) == Some(self.me());
        let chains = self.frontier.chains();
        let chains = chains.filter(|((device, branch), _)| *branch == 0 && mine(device));
        let held: Held = chains
            .filter_map(|((device, _), chain)| match chain.intervals() {
                [whole] if whole.low == 1 => Some((*device, whole.high)),
                _ => None,
            })
            .collect();
        if self.receipts.held.get(&with) != Some(&held) {
            self.rows.save(self.rows.held_key(&with), &(with, &held));
            self.receipts.held.insert(with, held);
        }
    }

    /// Whether a device is known to hold what lies at a place.
    fn holds(&self, device: &DeviceId, place: Option<Place>) -> bool {
        let held = self.receipts.held.get(device);
        let (Some(held), Some(place)) = (held, place) else {
            return false;
        };
        let of = |(device, last): &(DeviceId, u64)| place.device == *device && place.seq <= *last;
        place.branch == 0 && held.iter().any(of)
    }

    /// Notes that a receipt is due.
    pub(super) fn owe_receipt(&mut self, thing: ThingId) {
        self.rows.save(self.rows.receipt_key(&thing), &thing);
        self.receipts.due.push_back(thing);
        if self.receipts.due.len() > MAX_THINGS
            && let Some(thing) = self.receipts.due.pop_front()
        {
            self.rows.delete(self.rows.receipt_key(&thing));
        }
    }

    /// Once the wait is over, says what was erased.
    pub(super) fn tell_receipts(&mut self, now: Timestamp, out: &mut Outbox) {
        let never = || self.own_receipts().is_none() && !self.retracts.is_empty();
        if !self.is_active() || (self.receipts.due.is_empty() && !never()) {
            self.receipts.at = None;
        } else if let Some(at) = self.receipts.at {
            if is_due(at, now) {
                self.receipts.at = None;
                self.write_receipts(now, out);
            }
        } else {
            self.receipts.at = Some(now.after(WAIT));
        }
    }

    /// Reads back what is to be told.
    pub(super) fn load_receipts(&mut self) -> Result<(), Error> {
        for (_, value) in self.rows.scan(&self.rows.meta_scan(11))? {
            self.receipts.due.push_back(from_head(&value)?);
        }
        for (_, value) in self.rows.scan(&self.rows.meta_scan(14))? {
            let (device, held) = from_head(&value)?;
            self.receipts.held.insert(device, held);
        }
        Ok(())
    }

    fn write_receipts(&mut self, now: Timestamp, out: &mut Outbox) {
        let due = core::mem::take(&mut self.receipts.due);
        for thing in &due {
            self.rows.delete(self.rows.receipt_key(thing));
        }
        // A device that has none yet, because it is new here, says what it knows.
        let before = self.own_receipts().map(<[ThingId]>::to_vec);
        let before = before.unwrap_or_else(|| self.retracts.keys().copied().collect());
        let before = before.into_iter().filter(|thing| !due.contains(thing));
        let mut things: Vec<ThingId> = before.chain(due.iter().copied()).collect();
        things.retain(|thing| self.retracts.contains_key(thing));
        let things = things.split_off(things.len().saturating_sub(MAX_THINGS));
        let things = List::new(things).unwrap_or_default();
        if let Some(record) = self.write_record(Payload::Erasures { things }, now) {
            self.pass_records(&[record], out);
            out.outputs.push(Output::Event(Event::Content));
        }
    }

    fn own_receipts(&self) -> Option<&[ThingId]> {
        self.receipts_of(&self.device())
    }

    fn has_receipt(&self, device: &DeviceId, thing: &ThingId) -> bool {
        let things = self.receipts_of(device);
        things.is_some_and(|things| things.contains(thing))
    }

    fn receipts_of(&self, device: &DeviceId) -> Option<&[ThingId]> {
        let record = self.records.get(&(*device, RecordKind::Erasures))?;
        match &record.record.payload {
            Payload::Erasures { things } => Some(things),
            Payload::Addresses { .. } | Payload::Frontier { .. } => None,
        }
    }
}
