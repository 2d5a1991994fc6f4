//! One circle on this device: the pure state machine that the shell feeds and obeys.
//!
//! Every input goes through [`Replica::handle`]. What it changes lands in the outbox's batch, what it
//! wants done behind it. The shell makes the batch durable before it carries out the rest, and handles
//! no other input in between that could read an older store. If the batch cannot be written, the shell
//! throws this replica away and loads it again: nothing of the input has happened.

mod acts;
mod addresses;
mod admit;
mod agreed;
mod agreements;
mod anew;
mod aside;
mod beyond;
mod branches;
mod changed;
mod commands;
mod devices;
mod dial;
mod digest;
mod due;
mod edit;
mod entries;
mod fading;
mod feed;
mod gestures;
mod give;
mod grants;
mod heard;
mod hello;
mod hidden;
pub mod input;
mod keepers;
mod keys;
mod later;
mod link;
mod linking;
mod names;
mod need;
mod notes;
pub mod output;
pub mod overview;
mod owed;
mod own;
mod parting;
mod people;
mod pieces;
mod quiet;
mod receipts;
mod rekey;
mod retracts;
mod rows;
mod session;
mod settled;
mod show;
mod state;
mod tables;
mod things;
mod touch;
pub mod transcript;
mod vouching;
mod write;

use crate::address::Address;
use crate::id::{CircleId, DeviceId, Hash, PeerId, PersonId, ThingId};
use crate::invitation::InviteKey;
use crate::key::{Rng, SigningKey};
use crate::log::entry::Place;
use crate::log::frontier::Frontier;
use crate::log::record::{Kind as RecordKind, SignedRecord};
use crate::membership::graph::Graph;
use crate::secrecy::epoch::Ring;
use crate::secrecy::kem;
use crate::store::{self, Reader};
use crate::sync::schedule::Schedule;
use crate::time::{Day, Timestamp};
use due::Due;
use input::{DialId, Input, LinkId};
use link::{Link, Target};
use output::{Event, Outbox, Output};
use rows::Rows;
use state::{Phase, State};
use std::collections::{BTreeMap, BTreeSet};

/// The keys of this device in one circle. The shell keeps them outside the store.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The person key, derived from the root seed and the circle's hint.
    pub person: SigningKey,
    /// The device key.
    pub device: SigningKey,
    /// The device's KEM keys: the one it goes by, and those it is about to let go of.
    pub kem: kem::Keys,
    /// The transport key, whose public half is the device's peer id.
    pub peer: SigningKey,
}

/// One circle on this device.
#[derive(Debug)]
pub struct Replica {
    identity: Identity,
    rows: Rows,
    state: State,
    graph: Option<Graph>,
    ring: Ring,
    frontier: Frontier,
    /// What is kept of devices beyond their cuts, out of view.
    beyond: BTreeMap<DeviceId, beyond::Beyond>,
    /// For each device the first entry that leaves out what the one below it knew.
    went_back: BTreeMap<DeviceId, u64>,
    retracts: BTreeMap<ThingId, Place>,
    /// What this device took back and no member is known to have heard of.
    owed: BTreeSet<ThingId>,
    /// The last of it that was told in a hello.
    owed_after: Option<ThingId>,
    /// Things whose bodies were gone where their headers came from, and whose retracts are not here.
    missing: BTreeSet<ThingId>,
    names: names::Names,
    agreements: agreements::Agreements,
    records: BTreeMap<(DeviceId, RecordKind), SignedRecord>,
    reachable: Vec<Address>,
    links: BTreeMap<LinkId, Link>,
    /// What is known of devices with which no session stands any more.
    met: BTreeMap<DeviceId, touch::Met>,
    dials: BTreeMap<DialId, Target>,
    schedule: Schedule<Target>,
    next_dial: u64,
    beacon_at: Timestamp,
    beacons_sent: u32,
    digest: Option<Hash>,
    due: Due,
    fading: fading::Fading,
    receipts: receipts::Receipts,
    /// The day whose beacon keys are listened for.
    listening: Day,
    /// How many of them are the circle's own.
    own_beacons: usize,
    /// Entries stored by this input and their lamport times, to be passed on when it is done.
    fresh: Vec<(Place, u64)>,
    /// Things taken back by this input outside the chains, likewise.
    fresh_retracts: Vec<ThingId>,
    acked: BTreeSet<crate::id::ActId>,
    /// Whether the shell was asked for new keys since it opened this replica.
    renewing: bool,
    /// The day on which this device's KEM keys were last looked at, in touch with somebody.
    tended: Day,
    /// The last entry of each device that is closed to this person, before the acts of this input.
    closed: BTreeMap<DeviceId, u64>,
    /// Where the join was ended since this node started: others are asked first.
    ended_at: BTreeSet<Address>,
    /// Whom this person does not want to see: see `hidden`.
    hidden: BTreeSet<PersonId>,
}

/// What every beginning needs.
#[expect(missing_debug_implementations, reason = "a store has nothing to show")]
pub struct Start<'a> {
    /// This device's keys in the circle.
    pub identity: Identity,
    /// What the person wants to be called there.
    pub name: &'a str,
    /// The store.
    pub reader: Box<dyn Reader>,
}

impl Replica {
    /// Founds a circle. Its id comes from the nonce and the device's key, see
    /// [`circle_id`](crate::membership::act::circle_id). `None` when a name is not one.
    pub fn found(
        start: Start<'_>,
        circle_name: &str,
        nonce: [u8; 32],
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Option<Self> {
        let circle = crate::membership::act::circle_id(&nonce, start.identity.device.device());
        let mut replica = Self::empty(start.identity, Rows::new(start.reader, circle.hint()));
        replica.state = State {
            circle: Some(circle),
            phase: Phase::Member,
            ..State::default()
        };
        replica.graph = Some(Graph::new(circle));
        replica
            .write_founding(start.name, circle_name, nonce, now, rng)
            .ok()?;
        replica.save_state();
        replica.finish(now, out);
        Some(replica)
    }

    /// Begins to join by an invite key. `None` when the name is not one.
    pub fn join(
        start: Start<'_>,
        key: &InviteKey,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Option<Self> {
        let name = crate::content::clean_name::<64>(start.name).ok()?;
        let mut replica = Self::empty(start.identity, Rows::new(start.reader, key.hint()));
        replica.state = State {
            phase: Phase::Joining {
                key: key.to_text().to_string(),
                name: name.to_string(),
            },
            ..State::default()
        };
        replica.save_state();
        replica.plan_dials(now, out);
        replica.finish(now, out);
        Some(replica)
    }

    /// Opens the replica of a circle, by its hint, from the store.
    pub fn load(
        identity: Identity,
        reader: Box<dyn Reader>,
        hint: [u8; 16],
    ) -> Result<Self, store::Error> {
        let mut replica = Self::empty(identity, Rows::new(reader, hint));
        replica.load_rows()?;
        Ok(replica)
    }

    /// Handles one input. Whatever the input is, it never panics; bytes from others that are not in
    /// order close their link.
    ///
    /// Where the store cannot be read, nothing is handed over but the [trouble](Outbox::trouble), and
    /// the refusal of a command.
    pub fn handle(&mut self, now: Timestamp, rng: &mut Rng<'_>, input: Input, out: &mut Outbox) {
        let asked = if let Input::Command { id, .. } = &input {
            Some(*id)
        } else {
            None
        };
        self.rows.begin();
        let mut own = Outbox::default();
        let taken = self.take(now, rng, input, &mut own);
        let taken = taken.and_then(|()| self.tend(now, rng, &mut own));
        if let Err(error) = taken.and_then(|()| self.answer_later(rng, &mut own)) {
            self.rows.note_trouble(&error);
        }
        self.tell_receipts(now, &mut own);
        self.finish(now, &mut own);
        if own.trouble.is_some() {
            let refused = |id| Output::Reply {
                id,
                reply: Err(output::Refusal::Store),
            };
            own.outputs = asked.map(refused).into_iter().collect();
            own.outputs.push(Output::Event(Event::StoreTrouble));
        }
        out.writes.append(&mut own.writes);
        out.outputs.append(&mut own.outputs);
        out.trouble = out.trouble.take().or(own.trouble);
    }

    fn take(
        &mut self,
        now: Timestamp,
        rng: &mut Rng<'_>,
        input: Input,
        out: &mut Outbox,
    ) -> Result<(), store::Error> {
        match input {
            Input::Wake => {
                self.wake(now, out);
                self.cut(now, out)?;
                self.let_go(now)?;
                self.try_sealed(now, out)
            }
            Input::LinkUp {
                link,
                peer,
                dial,
                address,
            } => {
                self.link_up(link, peer, (dial, address), rng, out);
                Ok(())
            }
            Input::Hello { link, frame } => self.hello(link, &frame, now, rng, out),
            Input::Frame { link, frame } => self.frame(link, &frame, now, rng, out),
            Input::LinkDown { link } => {
                self.link_down(link, now, rng, out);
                Ok(())
            }
            Input::DialFailed { dial } => {
                self.dial_failed(dial, now, rng);
                Ok(())
            }
            Input::Reachable { addresses } => {
                self.reachable(addresses, now, out);
                Ok(())
            }
            Input::NetworkChanged => {
                self.network_changed(now);
                Ok(())
            }
            Input::BeaconHeard { key, payload, from } => {
                self.beacon_heard(key, &payload, from, now);
                Ok(())
            }
            Input::Kept { kem } => self.keys_kept(kem, now, out),
            Input::Command { id, command } => {
                let reply = self.command(command, now, rng, out);
                out.outputs.push(Output::Reply { id, reply });
                Ok(())
            }
        }
    }

    /// Returns the circle; `None` until a join has heard from a member.
    pub fn circle(&self) -> Option<CircleId> {
        self.state.circle
    }

    /// Returns the first half of the circle's id: known from the beginning.
    pub fn hint(&self) -> [u8; 16] {
        self.rows.hint()
    }

    /// Returns this device's person.
    pub fn me(&self) -> PersonId {
        self.identity.person.person()
    }

    fn empty(identity: Identity, rows: Rows) -> Self {
        Self {
            identity,
            rows,
            state: State::default(),
            graph: None,
            ring: Ring::default(),
            frontier: Frontier::default(),
            beyond: BTreeMap::new(),
            went_back: BTreeMap::new(),
            retracts: BTreeMap::new(),
            owed: BTreeSet::new(),
            owed_after: None,
            missing: BTreeSet::new(),
            names: names::Names::new(),
            agreements: agreements::Agreements::new(),
            records: BTreeMap::new(),
            reachable: Vec::new(),
            links: BTreeMap::new(),
            met: BTreeMap::new(),
            dials: BTreeMap::new(),
            schedule: Schedule::default(),
            next_dial: 0,
            beacon_at: Timestamp::default(),
            beacons_sent: 0,
            digest: None,
            due: Due::default(),
            fading: fading::Fading::default(),
            receipts: receipts::Receipts::default(),
            listening: Day::default(),
            own_beacons: 0,
            fresh: Vec::new(),
            fresh_retracts: Vec::new(),
            acked: BTreeSet::new(),
            renewing: false,
            tended: Day::default(),
            closed: BTreeMap::new(),
            ended_at: BTreeSet::new(),
            hidden: BTreeSet::new(),
        }
    }

    fn device(&self) -> DeviceId {
        self.identity.device.device()
    }

    fn peer(&self) -> PeerId {
        self.identity.peer.peer()
    }

    /// Ends every input the same way: passes on what is new, plans the next dials, hands over the
    /// changes.
    fn finish(&mut self, now: Timestamp, out: &mut Outbox) {
        self.plan_without_cut();
        if let Err(error) = self.pass_on(now, out) {
            self.rows.note_trouble(&error);
        }
        if self.listening != now.day() {
            self.listen_for_beacons(now, out);
        }
        self.ask_for_keys_of_its_own(out);
        self.dial_due(now, out);
        self.ask_to_wake(now, out);
        match self.rows.take() {
            Ok(writes) => out.writes.extend(writes),
            Err(error) => out.trouble = Some(error),
        }
    }
}

#[cfg(test)]
mod tests;
