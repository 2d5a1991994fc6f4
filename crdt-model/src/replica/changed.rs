//! What follows when the roster changed: cuts, acks, links that end, whom to dial.

use super::dial::MAX_HEARD;
use super::session::send;
use super::{Replica, Target};
use crate::bounded::List;
use crate::id::{ActId, DeviceId, PeerId};
use crate::log::record::Payload;
use crate::membership::act::{Kind, MAX_HEADS, VerifiedAct};
use crate::membership::graph::Graph;
use crate::replica::input::LinkId;
use crate::replica::output::{Event, Outbox, Output};
use crate::store::Error;
use crate::sync::message::{MAX_TIPS, Message, Open, VERSIONS};
use crate::sync::session::Session;
use crate::time::Timestamp;

impl Replica {
    /// What follows from new acts: cuts, acks, links, dials.
    pub(super) fn roster_changed(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        self.roster_grew(true, now, out)
    }

    /// What follows from new acts of which there may be more to come: a part of them may cut where `all` of
    /// them do not.
    pub(super) fn roster_grew(
        &mut self,
        all: bool,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        if all {
            self.cut(now, out)?;
        }
        self.open_more();
        self.ack_removals(now);
        if all {
            self.keep_what_keepers_knew(now)?;
        }
        self.close_strangers(out)?;
        self.plan_dials(now, out);
        out.outputs.push(Output::Event(Event::Members));
        Ok(())
    }

    /// Takes words out of view and puts words back, as the cuts say.
    pub(super) fn cut(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        if self.apply_cuts(now)? {
            out.outputs.push(Output::Event(Event::Content));
        }
        Ok(())
    }

    /// Says of each removal once that this person knows of it.
    fn ack_removals(&mut self, now: Timestamp) {
        let (me, active) = (self.me(), self.is_active());
        let Some(roster) = self.roster().filter(|_| active) else {
            return;
        };
        let unknown = roster
            .removals
            .iter()
            .filter(|(act, removal)| !removal.known_by.contains(&me) && !self.acked.contains(*act));
        let unknown: Vec<ActId> = unknown.map(|(act, _)| *act).take(MAX_HEADS).collect();
        if unknown.is_empty() {
            return;
        }
        self.acked.extend(unknown.iter().copied());
        if let Ok(removals) = List::new(unknown) {
            self.act(Kind::Ack { removals }, now);
        }
    }

    /// Ends the links to devices that no longer belong. The act that ended it is the last thing they
    /// hear: nobody is dropped without a word.
    fn close_strangers(&mut self, out: &mut Outbox) -> Result<(), Error> {
        let Some(graph) = self.graph.as_ref() else {
            return Ok(());
        };
        for (id, link) in &self.links {
            let session = link.session.as_ref();
            let Some(session) = session.filter(|session| self.has_gone(session)) else {
                continue;
            };
            if let Some(given) = session.acts_given {
                let last = graph.iter().skip(given).map(VerifiedAct::id).collect();
                self.send_acts(*id, session, last, out)?;
            }
            self.part_from(*id, session.device, out);
        }
        Ok(())
    }

    /// Returns the transport keys of the members' devices, as their records say.
    fn known_peers(&self) -> Vec<PeerId> {
        let Some(roster) = self.roster() else {
            return Vec::new();
        };
        let active = self
            .records
            .values()
            .filter(|signed| roster.is_active(&signed.record.device));
        let peers = active.filter_map(|signed| match &signed.record.payload {
            Payload::Addresses { peer, .. } => Some(*peer),
            Payload::Frontier { .. } | Payload::Erasures { .. } => None,
        });
        peers.collect()
    }

    /// Whether the device of a session no longer belongs, or turned out never to have belonged.
    pub(super) fn has_gone(&self, session: &Session) -> bool {
        let known = self
            .roster()
            .and_then(|roster| roster.devices.get(&session.device));
        // One that is not known is on its way in until its acts are here, and not any longer.
        known.map_or(session.acts_in, |known| !known.active)
    }

    /// Ends a link; the last word is what is held of the other side's own acts.
    pub(super) fn part_from(&self, id: LinkId, device: DeviceId, out: &mut Outbox) {
        let mut tips = self.graph.as_ref().map(Graph::tips).unwrap_or_default();
        tips.retain(|tip| tip.device == device);
        tips.truncate(MAX_TIPS);
        let open = Open {
            answers: true,
            versions: VERSIONS,
            tips: List::new(tips).unwrap_or_default(),
            records: List::default(),
        };
        out.outputs.push(send(id, &Message::Open(open)));
        out.outputs.push(Output::Close { link: id });
    }

    /// Sets whom to dial: members' devices, or the invite's addresses.
    pub(super) fn plan_dials(&mut self, now: Timestamp, out: &mut Outbox) {
        let mut targets = Vec::new();
        if self.way_in().is_some() || self.state.phase.is_arriving() {
            targets.push(Target::Invite);
        }
        if self.has_a_say() {
            let me = self.device();
            let known = self
                .records
                .keys()
                .filter(|(_, kind)| *kind == crate::log::record::Kind::Addresses);
            let known: Vec<DeviceId> = known.map(|(device, _)| *device).collect();
            let roster = self.roster();
            let active = |device: &DeviceId| roster.is_some_and(|roster| roster.is_active(device));
            targets.extend(
                known
                    .into_iter()
                    .filter(|d| *d != me && active(d))
                    .map(Target::Device),
            );
        }
        let heard = self.schedule.targets().chain(self.dials.values());
        let heard: Vec<Target> = heard
            .filter(|target| matches!(target, Target::Heard { .. }))
            .take(MAX_HEARD)
            .cloned()
            .collect();
        targets.extend(heard);
        self.schedule.set_targets(targets);
        out.outputs.push(Output::Known {
            peers: self.known_peers(),
        });
        self.listen_for_beacons(now, out);
    }
}
