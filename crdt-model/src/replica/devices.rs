//! A person's devices: coming back with the person key, going on after a rollback, taking one out.
//!
//! A new device that holds the person key brings itself in. It says so in a hello, sealed under a key
//! that follows from the person's id, which only members know; a member who knows the person as one who
//! belongs gives it the acts; it writes `AddDevice` itself, with the person key's certificate, over all
//! that it has just learnt; and the member, hearing of that act, shares the keys the person may have.
//! Until a key has come it says the same hello to whomever it meets: nobody else could open another.
//!
//! A device whose disk was put back has no past of its own to be trusted: once it is given an act or an
//! entry of its own that it does not hold, and has been told where the others are, it asks the shell
//! for new keys, and goes on with them in the same way, only that it holds the acts and mostly keys
//! already. What the old device wrote, on either branch, stays its person's.

use super::Replica;
use super::acts::Taken;
use super::rows::Rows;
use super::state::{Phase, State};
use crate::address::Address;
use crate::bounded::List;
use crate::id::{ActId, DeviceId, PeerId};
use crate::invitation::{AnyKey, Card};
use crate::key::{Rng, Signature};
use crate::log::record::{Kind as RecordKind, Payload};
use crate::membership::act::{Act, Kind, MAX_HEADS, NewDevice, SUITE, VERSION};
use crate::membership::roster::{Roster, Standing};
use crate::replica::Identity;
use crate::replica::input::LinkId;
use crate::replica::output::{Event, JoinEnd, Outbox, Output, Refusal, Reply};
use crate::replica::overview::DeviceLine;
use crate::secrecy::hello::BoxKey;
use crate::store::{Error, Reader};
use crate::sync::hello::{Answer, Hello};
use crate::time::{Day, Timestamp};
use std::cmp::Reverse;

/// The most cards and keys that are kept to come back by.
const MAX_CONTACTS: usize = 8;
/// The most people whose box keys are tried on a hello: this one, then those who belong come first.
const MAX_PEOPLE: usize = 64;

impl Replica {
    /// Begins to come back to the circle with this hint as a new device of the identity's person, or
    /// goes on doing so with more to find a member by: the texts of circle cards and keys.
    pub fn come_back(
        identity: Identity,
        reader: Box<dyn Reader>,
        hint: [u8; 16],
        contacts: Vec<String>,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Self, Error> {
        let mut replica = Self::empty(identity, Rows::new(reader, hint));
        if replica.rows.get(&replica.rows.state_key())?.is_some() {
            replica.load_rows()?;
        } else {
            replica.state = State::default();
        }
        let mut known = contacts;
        if let Phase::Returning { contacts } = &replica.state.phase {
            known.extend(contacts.iter().cloned());
        }
        let mut contacts: Vec<String> = Vec::new();
        for contact in known {
            if !contacts.contains(&contact) && contacts.len() < MAX_CONTACTS {
                contacts.push(contact);
            }
        }
        replica.state.phase = Phase::Returning { contacts };
        replica.save_state();
        replica.plan_dials(now, out);
        replica.finish(now, out);
        Ok(replica)
    }

    /// Returns the circle card: where other members were last, and then this device.
    pub fn card(&self) -> Card {
        let mut records: Vec<_> = self
            .records
            .values()
            .filter(|signed| signed.record.kind() == RecordKind::Addresses)
            .filter(|signed| signed.record.device != self.device())
            .filter(|signed| {
                self.roster()
                    .is_some_and(|roster| roster.is_active(&signed.record.device))
            })
            .collect();
        records.sort_by_key(|signed| Reverse(signed.record.at));
        let lists = records.iter().map(|signed| match &signed.record.payload {
            Payload::Addresses { addresses, .. } => addresses.to_vec(),
            Payload::Frontier { .. } | Payload::Erasures { .. } => Vec::new(),
        });
        let lists: Vec<Vec<Address>> = lists.chain([self.reachable.clone()]).collect();
        let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
        // The best address of each, then the second best: the more people, the better.
        let mixed = (0..longest).flat_map(|at| lists.iter().filter_map(move |list| list.get(at)));
        let mixed: Vec<Address> = mixed.copied().collect();
        Card::new(self.hint(), &mixed)
    }

    /// Returns this person's devices, this computer first.
    pub fn devices(&self) -> Vec<DeviceLine> {
        let (Some(graph), me) = (self.graph.as_ref(), self.device()) else {
            return Vec::new();
        };
        let mine = graph.roster().devices.iter();
        let mine = mine.filter(|(_, device)| device.person == self.me());
        let mut lines: Vec<DeviceLine> = mine
            .map(|(id, device)| DeviceLine {
                device: *id,
                here: *id == me,
                since: graph
                    .get(&device.added)
                    .map_or(Day::default(), |act| act.act().day),
                active: device.active,
            })
            .collect();
        lines.sort_by_key(|line| (!line.here, !line.active, line.since, line.device));
        lines
    }

    /// Who wants to join belongs already: this device holds the same person key, so it comes back.
    pub(super) fn join_becomes_return(&mut self, now: Timestamp, out: &mut Outbox) {
        if let Some((key, _)) = self.state.joining() {
            self.state.phase = Phase::Returning {
                contacts: vec![key.to_owned()],
            };
            self.state.way_in = None;
            self.save_state();
            self.plan_dials(now, out);
        }
    }

    /// Notes that others hold something of this device's making that was not here.
    pub(super) fn heard_of_itself(&mut self) {
        if !self.state.superseded {
            self.state.superseded = true;
            self.save_state();
        }
    }

    /// Asks the shell, once for each opening, for new keys where this device's are worn out: as soon as
    /// it has been told where the others are. As a new device it is known to nobody, so it has to find
    /// them.
    pub(super) fn ask_for_keys_of_its_own(&mut self, out: &mut Outbox) {
        let known = self
            .roster()
            .is_some_and(|roster| roster.is_active(&self.device()));
        if self.state.superseded && known && !self.renewing && self.is_told() {
            self.renewing = true;
            out.outputs.push(Output::Renew);
        }
    }

    /// Whether a peer has given its acts and records, and none is about to.
    fn is_told(&self) -> bool {
        let sessions = self.links.values().filter_map(|link| link.session.as_ref());
        let mut sessions = sessions.peekable();
        sessions.peek().is_some() && sessions.all(|session| session.acts_in)
    }

    /// Brings this device in where its person belongs and it is not known: the shell has drawn new keys
    /// for it.
    pub(super) fn go_on_as_new(&mut self, now: Timestamp, out: &mut Outbox) {
        let roster = self.roster();
        let known = roster.is_none_or(|roster| roster.devices.contains_key(&self.device()));
        if known || self.state.phase != Phase::Member || self.standing() != Some(Standing::Active) {
            return;
        }
        if self.bring_in(now).is_none() {
            return;
        }
        self.publish_addresses(now);
        if self.roster_changed(now, out).is_err() {
            out.outputs.push(Output::Event(Event::StoreTrouble));
        }
    }

    /// Whether this device is still on its way in, as a newcomer or as a further device.
    pub(super) fn is_on_its_way(&self) -> bool {
        self.state.joining().is_some() || self.state.phase.is_arriving()
    }

    /// A member says that this device cannot come back, or not by this device key.
    pub(super) fn return_ended(&mut self, end: JoinEnd, now: Timestamp, out: &mut Outbox) {
        let returning = matches!(
            self.state.phase,
            Phase::Returning { .. } | Phase::Linking { .. }
        );
        if returning && !self.is_active() {
            self.state.phase = Phase::Ended(end);
            self.save_state();
            self.plan_dials(now, out);
            out.outputs.push(Output::Event(Event::JoinEnded(end)));
        }
    }

    /// Whether this device is on its way back and has not written itself in yet: it has nothing to tell
    /// before that.
    pub(super) fn is_to_arrive(&self) -> bool {
        matches!(self.state.phase, Phase::Returning { .. }) && !self.is_active()
    }

    /// On the way back, once the acts are in hand: brings this device in, or sees that it cannot come.
    pub(super) fn arrive(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        if !self.is_to_arrive() {
            return Ok(());
        }
        let known = self
            .roster()
            .is_some_and(|roster| roster.devices.contains_key(&self.device()));
        let end = match self.standing() {
            Some(Standing::Removed(_)) => JoinEnd::PersonRemoved,
            Some(Standing::Left(_)) => JoinEnd::PersonLeft,
            Some(Standing::Active) if known => JoinEnd::DeviceRemoved,
            Some(Standing::Active) if self.has_many_devices() => JoinEnd::TooManyDevices,
            Some(Standing::Active) => {
                self.bring_in(now);
                return self.roster_changed(now, out);
            }
            None => return Ok(()),
        };
        self.state.phase = Phase::Ended(end);
        self.save_state();
        out.outputs.push(Output::Event(Event::JoinEnded(end)));
        Ok(())
    }

    /// Completes the way back, once a member gave this device the circle's keys.
    pub(super) fn finish_return(&mut self, now: Timestamp, out: &mut Outbox) {
        let given = self.roster().is_some_and(|roster| {
            let mut epochs = roster.epochs.values();
            epochs.any(|epoch| self.ring.holds(&epoch.commons))
        });
        if matches!(self.state.phase, Phase::Returning { .. }) && self.is_active() && given {
            self.state.phase = Phase::Member;
            self.save_state();
            self.plan_dials(now, out);
            out.outputs.push(Output::Event(Event::Joined));
        }
    }

    /// Writes the act that brings this device in: its first, over everything that it knows.
    fn bring_in(&mut self, now: Timestamp) -> Option<ActId> {
        let graph = self.graph.as_ref()?;
        let mut heads = graph.heads();
        // More than fit are joined later. The newest know the most.
        heads.sort_by_key(|head| Reverse(graph.depth(head)));
        heads.truncate(MAX_HEADS);
        heads.sort_unstable();
        let (device, certificate) = self.new_device();
        let act = Act {
            version: VERSION,
            suite: SUITE,
            circle: self.state.circle?,
            device: self.device(),
            seq: 1,
            prev: ActId::default(),
            heads: List::new(heads).ok()?,
            day: now.day(),
            kind: Kind::AddDevice {
                device,
                certificate: Some(certificate),
            },
        };
        let verified = act.sign(&self.identity.device);
        let id = verified.id();
        if self.attach(verified) != Taken::New {
            return None;
        }
        // Its keys are fresh.
        self.state.superseded = false;
        self.save_state();
        Some(id)
    }

    fn new_device(&self) -> (NewDevice, Signature) {
        let (hint, keys) = (self.hint(), &self.identity);
        let kem = keys.kem.public().clone();
        let device = NewDevice::sign_for(hint, self.me(), &keys.device, kem);
        let certificate = device.certify_for(hint, &keys.person);
        (device, certificate)
    }

    /// Returns what a device on its way in says that is no newcomer's.
    pub(super) fn arrival_hello(&self, binding: Signature) -> Option<(BoxKey, Hello)> {
        match &self.state.phase {
            Phase::Returning { .. } => {
                let (device, certificate) = self.new_device();
                let hello = Hello::Return {
                    device,
                    certificate,
                    binding,
                };
                Some((BoxKey::of_person(self.me(), &self.hint()), hello))
            }
            Phase::Linking { key, .. } => self.link_hello(key, binding),
            Phase::Member | Phase::Joining { .. } | Phase::Knocking { .. } | Phase::Ended(_) => {
                None
            }
        }
    }

    /// Returns the box keys of the people, this one first, then those who belong: who no longer does is
    /// told so.
    pub(super) fn person_keys(&self, roster: &Roster) -> Vec<BoxKey> {
        let mut people: Vec<_> = roster.people.iter().collect();
        people.sort_by_key(|(id, person)| (**id != self.me(), person.standing != Standing::Active));
        let people = people.into_iter().take(MAX_PEOPLE);
        people
            .map(|(id, _)| BoxKey::of_person(*id, &self.hint()))
            .collect()
    }

    /// Answers a device that its person's key brings back.
    pub(super) fn welcome_back(
        &mut self,
        id: LinkId,
        peer: PeerId,
        (device, certificate): (&NewDevice, &Signature),
        out: &mut Outbox,
    ) -> Option<Answer> {
        let hint = self.hint();
        if !device.verify(hint) || !device.certified(hint, certificate) {
            return None;
        }
        let roster = self.roster()?;
        match roster.people.get(&device.person)?.standing {
            Standing::Active => {}
            Standing::Left(_) => return Some(Answer::End(JoinEnd::PersonLeft)),
            Standing::Removed(_) => return Some(Answer::End(JoinEnd::PersonRemoved)),
        }
        let vouched = match roster.devices.get(&device.device) {
            None => true,
            Some(known) if known.person != device.person => return None,
            Some(known) if known.active => false,
            Some(_) => return Some(Answer::End(JoinEnd::DeviceRemoved)),
        };
        let answer = self.membership_answer(peer)?;
        self.begin_session(id, peer, device.device, vouched, out);
        Some(answer)
    }

    pub(super) fn contact_addresses(&self) -> Vec<Address> {
        let mut addresses = Vec::new();
        for contact in self.contacts() {
            addresses.extend_from_slice(contact.addresses());
        }
        addresses
    }

    pub(super) fn contact_beacons(&self, day: Day) -> Vec<[u8; 32]> {
        let contacts = self.contacts();
        let keys = contacts.iter().filter_map(|key| key.beacon_key(day));
        keys.map(|key| key.0.0).collect()
    }

    fn contacts(&self) -> Vec<AnyKey> {
        let texts = match &self.state.phase {
            Phase::Returning { contacts } => contacts.as_slice(),
            Phase::Linking { key, .. } => std::slice::from_ref(key),
            Phase::Member | Phase::Joining { .. } | Phase::Knocking { .. } | Phase::Ended(_) => &[],
        };
        let keys = texts.iter().map(|text| AnyKey::from_text(text).ok());
        keys.flatten().collect()
    }

    /// Whether this person belongs, and this device does not any more.
    pub(super) fn was_taken_out(&self) -> bool {
        let roster = self.roster();
        let known = roster.and_then(|roster| roster.devices.get(&self.device()));
        known.is_some_and(|device| !device.active)
    }

    /// Takes out another device of this person, and mints keys that it does not get.
    pub(super) fn remove_device(
        &mut self,
        device: DeviceId,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        let known = self
            .devices()
            .into_iter()
            .find(|line| line.device == device);
        let known = known.ok_or(Refusal::NotFound)?;
        if known.here {
            return Err(Refusal::NotAllowed);
        }
        if !known.active {
            return Ok(Reply::Done);
        }
        let cut = self.cuts_of(&[device])?.into_iter().next();
        self.act(Kind::RemoveDevice { device, cut }, now)
            .ok_or(Refusal::NotAllowed)?;
        self.mint(now, rng);
        self.roster_changed(now, out)?;
        Ok(Reply::Done)
    }
}
