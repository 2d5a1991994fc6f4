//! Whom this replica tries to reach, and how it lets others find it.

use super::session::send_records;
use super::{Replica, Target};
use crate::address::Address;
use crate::bounded::List;
use crate::codec;
use crate::id::{DeviceId, PeerId};
use crate::invitation::InviteKey;
use crate::key::Rng;
use crate::log::record::{
    Kind as RecordKind, MAX_ADDRESSES, Payload, Record, SignedRecord, VERSION, prove_peer,
};
use crate::replica::input::DialId;
use crate::replica::output::{Outbox, Output};
use crate::secrecy::hello::BeaconKey;
use crate::sync::schedule::is_due;
use crate::time::{Day, Timestamp};
use core::time::Duration;
use std::cmp::Reverse;
use std::net::IpAddr;

/// How many bursts of beacons follow a start or a change of the network.
const BURSTS: u32 = 5;
/// The wait between the first two bursts; it doubles.
const BURST_WAIT: Duration = Duration::from_secs(2);
/// While a join is pending, a burst at least this often.
const PENDING_WAIT: Duration = Duration::from_mins(1);

/// The newest epochs whose beacons are heard: members who were away send under an older one.
const HEARD_EPOCHS: usize = 4;
/// The open invites whose beacons are heard.
const HEARD_INVITES: usize = 12;
/// At most this many senders of beacons are kept in mind: anybody on the local network can be one who
/// holds a key.
pub(super) const MAX_HEARD: usize = 16;
/// At most this many addresses of one sender: its own, and what a change of networks adds.
const MAX_HEARD_OF_ONE: usize = 4;
/// A sender who could not be reached so often in a row is forgotten until the next beacon.
const HEARD_TRIES: u32 = 6;
/// The largest record taken in, in bytes.
const MAX_RECORD: usize = 16 * 1024;

/// What a beacon says: who, and at which ports of the address it comes from.
type Beacon = (PeerId, List<Address, 4>);

impl Replica {
    pub(super) fn wake(&mut self, now: Timestamp, out: &mut Outbox) {
        self.farewell_heard(&[], now, out);
        self.go_on_as_new(now, out);
        if self.dials.is_empty() && self.links.is_empty() {
            self.plan_dials(now, out);
        }
        self.renew_sessions(now, out);
        self.send_beacons(now, out);
    }

    pub(super) fn dial_failed(&mut self, dial: DialId, now: Timestamp, rng: &mut Rng<'_>) {
        if let Some(target) = self.dials.remove(&dial) {
            self.schedule.failed(&target, now, rng);
            let was_heard = matches!(target, Target::Heard { .. });
            if was_heard && self.schedule.tries(&target) >= HEARD_TRIES {
                self.schedule.remove(&target);
            }
        }
    }

    pub(super) fn network_changed(&mut self, now: Timestamp) {
        self.schedule.hurry_all(now);
        // The clock may have been set back.
        let sessions = self
            .links
            .values_mut()
            .filter_map(|link| link.session.as_mut());
        for at in sessions.filter_map(|session| session.anew_at.as_mut()) {
            *at = now.min(*at);
        }
        self.beacons_sent = 0;
        self.beacon_at = now;
    }

    pub(super) fn reachable(&mut self, addresses: Vec<Address>, now: Timestamp, out: &mut Outbox) {
        self.reachable = addresses;
        if let Some(record) = self.publish_addresses(now) {
            self.pass_records(&[record], out);
        }
        self.plan_dials(now, out);
        self.network_changed(now);
    }

    /// Writes this device's address record anew if it no longer holds, or was not written today: by it the
    /// others know what day it is.
    pub(super) fn publish_addresses(&mut self, now: Timestamp) -> Option<SignedRecord> {
        let circle = self.state.circle.filter(|_| self.is_active())?;
        let addresses: Vec<Address> = self.reachable.iter().copied().take(MAX_ADDRESSES).collect();
        let payload = Payload::Addresses {
            peer: self.peer(),
            proof: prove_peer(&self.identity.peer, circle, self.device()),
            addresses: List::new(addresses).ok()?,
            always_on: false,
        };
        let key = (self.device(), RecordKind::Addresses);
        let holds =
            |old: &SignedRecord| old.record.payload == payload && old.record.at.day() == now.day();
        if self.records.get(&key).is_some_and(holds) {
            return None;
        }
        self.write_record(payload, now)
    }

    /// Writes a record of this device's, in place of the last of its kind.
    pub(super) fn write_record(
        &mut self,
        payload: Payload,
        now: Timestamp,
    ) -> Option<SignedRecord> {
        let circle = self.state.circle.filter(|_| self.is_active())?;
        let old = self.records.get(&(self.device(), payload.kind()));
        let seq = old
            .map_or(0, |old| old.record.seq)
            .max(self.state.record_seq)
            + 1;
        self.state.record_seq = seq;
        self.save_state();
        let (version, device) = (VERSION, self.device());
        let record = Record {
            version,
            circle,
            device,
            seq,
            at: now,
            payload,
        };
        let signed = record.sign(&self.identity.device);
        self.keep_record(signed.clone());
        Some(signed)
    }

    /// Takes in records that somebody sent, and passes on those that are new.
    pub(super) fn on_records(
        &mut self,
        records: Vec<SignedRecord>,
        now: Timestamp,
        out: &mut Outbox,
    ) -> bool {
        let Some(circle) = self.state.circle else {
            return false;
        };
        let mut new = Vec::new();
        for signed in records {
            let (device, kind) = (signed.record.device, signed.record.kind());
            let known = self
                .records
                .get(&(device, kind))
                .map_or(0, |old| old.record.seq);
            let belongs = self
                .roster()
                .is_some_and(|roster| roster.is_active(&device));
            if !belongs || signed.record.seq <= known {
                continue;
            }
            if codec::encode(&signed).len() > MAX_RECORD || !signed.verify(circle) {
                return false;
            }
            if device == self.device() {
                // A record of this device from before it was restored. Its own no longer counts: with the
                // next session it is said again, newer.
                self.state.record_seq = self.state.record_seq.max(signed.record.seq);
                self.records.remove(&(device, kind));
                continue;
            }
            self.keep_record(signed.clone());
            new.push(signed);
        }
        if !new.is_empty() {
            self.forget_way_in(now, out);
            self.plan_dials(now, out);
            self.pass_records(&new, out);
        }
        true
    }

    fn keep_record(&mut self, signed: SignedRecord) {
        let (device, kind) = (signed.record.device, signed.record.kind());
        self.rows.save(self.rows.record_key(&device, kind), &signed);
        self.hear_day(device, signed.record.at.day());
        self.records.insert((device, kind), signed);
    }

    /// Passes records on to everybody but the peer whose message is being handled.
    pub(super) fn pass_records(&self, records: &[SignedRecord], out: &mut Outbox) {
        for (id, link) in &self.links {
            let session = link.session.as_ref();
            if session.is_some_and(|session| session.acts_given.is_some()) {
                send_records(*id, records.to_vec(), out);
            }
        }
    }

    /// Dials whoever is due.
    pub(super) fn dial_due(&mut self, now: Timestamp, out: &mut Outbox) {
        for target in self.schedule.due(now) {
            let (peer, addresses) = match &target {
                Target::Device(device) => self.addresses_of(device),
                Target::Invite => (None, self.next_invite_addresses()),
                Target::Heard {
                    peer, addresses, ..
                } => (Some(*peer), addresses.clone()),
            };
            let dial = DialId(self.next_dial);
            self.next_dial += 1;
            self.dials.insert(dial, target);
            out.outputs.push(Output::Dial {
                dial,
                peer,
                addresses,
            });
        }
    }

    fn addresses_of(&self, device: &DeviceId) -> (Option<PeerId>, Vec<Address>) {
        let record = self.records.get(&(*device, RecordKind::Addresses));
        match record.map(|signed| &signed.record.payload) {
            Some(Payload::Addresses {
                peer, addresses, ..
            }) => (Some(*peer), addresses.to_vec()),
            _ => (None, Vec::new()),
        }
    }

    /// Returns the invite's addresses, without those where the join was ended until all were asked.
    fn next_invite_addresses(&mut self) -> Vec<Address> {
        let all = self.invite_addresses();
        let ended = |address: &&Address| self.ended_at.contains(address);
        if all.iter().all(|address| ended(&address)) {
            self.ended_at.clear();
        }
        let ended = |address: &Address| self.ended_at.contains(address);
        all.into_iter().filter(|address| !ended(address)).collect()
    }

    fn invite_addresses(&self) -> Vec<Address> {
        let key = self
            .way_in()
            .and_then(|(text, _)| InviteKey::from_text(text).ok());
        let addresses = key.map(|key| key.addresses().to_vec());
        addresses.unwrap_or_else(|| self.contact_addresses())
    }

    pub(super) fn ask_to_wake(&mut self, now: Timestamp, out: &mut Outbox) {
        let sessions = self
            .links
            .values()
            .filter_map(|link| link.session.as_ref()?.anew_at);
        let beacons = self.beacons_wanted().then_some(self.beacon_at);
        let soon = now.after(Duration::from_millis(1));
        let tomorrow = Day(now.day().0.saturating_add(1)).start();
        let later = self
            .links
            .values()
            .filter_map(|link| link.session.as_ref()?.later_at);
        let times = self.schedule.next().into_iter().chain([tomorrow]);
        let times = times
            .chain(later)
            .chain(self.fading.wake())
            .chain(self.receipts.wake())
            .chain(self.due.anew_at);
        // A target may be due while there is no room for it: then an ending dial or link wakes us.
        let times = times.filter(|at| *at > now);
        let pending = sessions.chain(beacons).map(|at| at.max(soon));
        if let Some(at) = times.chain(pending).min() {
            out.outputs.push(Output::Wake { at });
        }
    }

    fn beacons_wanted(&self) -> bool {
        let pending = self.state.phase.is_arriving();
        let wanted = self.is_active() || self.state.joining().is_some();
        pending || (self.beacons_sent < BURSTS && wanted)
    }

    fn send_beacons(&mut self, now: Timestamp, out: &mut Outbox) {
        if !is_due(self.beacon_at, now) || !self.beacons_wanted() {
            return;
        }
        self.beacons_sent = self.beacons_sent.saturating_add(1);
        let wait = BURST_WAIT
            .saturating_mul(1 << self.beacons_sent.min(8))
            .min(PENDING_WAIT);
        self.beacon_at = now.after(wait);
        let ports: Vec<Address> = self.reachable.iter().copied().take(4).collect();
        let Ok(ports) = List::new(ports) else { return };
        let beacon: Beacon = (self.peer(), ports);
        let payload = codec::encode(&beacon);
        let keys = self.beacon_keys(now).0.into_iter().take(1);
        let beacons: Vec<_> = keys.map(|key| (key, payload.clone())).collect();
        if !beacons.is_empty() && !self.reachable.is_empty() {
            out.outputs.push(Output::Beacon { beacons });
        }
        self.listen_for_beacons(now, out);
    }

    /// Returns the keys of today's beacons, the one to send with first: of the pending invite, or of
    /// the circle's newest epochs and then its open invites. Says how many are the circle's own.
    fn beacon_keys(&self, now: Timestamp) -> (Vec<[u8; 32]>, usize) {
        let day = now.day();
        if let Some((text, _)) = self.state.joining() {
            let key = InviteKey::from_text(text).ok();
            let keys = key.map(|key| key.beacon_key(day).0.0);
            return (keys.into_iter().collect(), 0);
        }
        if self.state.phase.is_arriving() {
            return (self.contact_beacons(day), 0);
        }
        let (Some(roster), Some(circle)) = (self.roster(), self.state.circle) else {
            return (Vec::new(), 0);
        };
        let mut epochs: Vec<_> = roster.epochs.values().collect();
        epochs.sort_by_key(|epoch| Reverse(epoch.depth));
        let commons = epochs
            .iter()
            .filter_map(|epoch| self.ring.get(&epoch.commons));
        let mut keys: Vec<[u8; 32]> = commons
            .take(HEARD_EPOCHS)
            .map(|key| BeaconKey::of_epoch(key, day).0.0)
            .collect();
        let own = keys.len();
        let open = roster
            .invites
            .values()
            .filter(|state| Self::invite_is_open(state, now));
        let invites = open.filter_map(|state| {
            let secret = self.invite_secret(&state.invite)?;
            Some(InviteKey::new(circle, secret, &[]).beacon_key(day).0.0)
        });
        keys.extend(invites.take(HEARD_INVITES));
        keys.extend(self.offered_beacon(now));
        (keys, own)
    }

    pub(super) fn listen_for_beacons(&mut self, now: Timestamp, out: &mut Outbox) {
        self.listening = now.day();
        let (keys, own) = self.beacon_keys(now);
        self.own_beacons = own;
        if !keys.is_empty() {
            out.outputs.push(Output::Listen { keys });
        }
    }

    /// Whether one more sender of a beacon is kept in mind. Whoever recorded a beacon can send it again
    /// from any number of addresses that are not its own.
    fn hears_more(&self, from: PeerId) -> bool {
        let (mut all, mut same) = (0, 0);
        for target in self.schedule.targets() {
            if let Target::Heard { peer, .. } = target {
                all += 1;
                same += usize::from(*peer == from);
            }
        }
        all < MAX_HEARD && same < MAX_HEARD_OF_ONE
    }

    pub(super) fn beacon_heard(
        &mut self,
        key: usize,
        payload: &[u8],
        from: IpAddr,
        now: Timestamp,
    ) {
        let Ok((peer, ports)) = codec::decode::<Beacon>(payload) else {
            return;
        };
        let linked = self.links.values().any(|link| link.peer == peer);
        if peer == self.peer() || linked {
            return;
        }
        if let Some(device) = self.device_at(peer) {
            self.schedule.hurry(&Target::Device(device), now);
        }
        let here = ports
            .iter()
            .filter(|address| address.ip().is_ipv4() == from.is_ipv4());
        let addresses: Vec<Address> = here
            .map(|address| Address::new(address.transport(), from, address.port()))
            .collect();
        if !addresses.is_empty() && self.hears_more(peer) {
            let member = key < self.own_beacons;
            self.schedule.add(
                Target::Heard {
                    peer,
                    addresses,
                    member,
                },
                now,
            );
        }
    }
}
