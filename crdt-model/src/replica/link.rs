//! Links: who is there, and when a session begins.

use super::Replica;
use crate::address::Address;
use crate::codec;
use crate::id::{DeviceId, PeerId};
use crate::key::Rng;
use crate::log::record::{Payload, SignedRecord};
use crate::replica::input::{DialId, LinkId};
use crate::replica::output::{Event, Outbox, Output};
use crate::secrecy::hello::{BoxKey, Direction, seal_hello};
use crate::sync::schedule::is_due;
use crate::sync::session::Session;
use crate::time::Timestamp;

/// One link.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) peer: PeerId,
    pub(super) dialled: bool,
    /// Where the other side is, if this side dialled.
    pub(super) address: Option<Address>,
    pub(super) target: Option<Target>,
    pub(super) session: Option<Session>,
    /// The key that our hello was sealed with: the answer's too.
    pub(super) hello: Option<BoxKey>,
}

/// Whom to dial.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A member's device, by its address record.
    Device(DeviceId),
    /// Whoever answers at the addresses of the invite being used.
    Invite,
    /// Whoever sent a beacon: under the circle's key, or under an invite's.
    Heard {
        peer: PeerId,
        addresses: Vec<Address>,
        member: bool,
    },
}

impl Replica {
    pub(super) fn link_up(
        &mut self,
        id: LinkId,
        peer: PeerId,
        (dial, address): (Option<DialId>, Option<Address>),
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) {
        let target = dial.and_then(|dial| self.dials.remove(&dial));
        if let Some(target) = &target {
            self.schedule.linked(target);
        }
        let dialled = target.is_some();
        let heard = target.clone();
        self.links.insert(
            id,
            Link {
                peer,
                dialled,
                address,
                target,
                session: None,
                hello: None,
            },
        );
        if let Some(device) = self.device_at(peer) {
            self.begin_session(id, peer, device, false, out);
        }
        // Who dials says hello, because the other side may not know it yet. Who is dialled says nothing
        // to strangers, unless it is looking for somebody to let it in; and to such a one a member has
        // nothing to say but the answer.
        let to_newcomer = matches!(heard, Some(Target::Heard { member: false, .. }));
        let joining = self.is_on_its_way();
        let as_newcomer = joining || heard == Some(Target::Invite);
        let tries = heard.map_or(0, |target| self.schedule.tries(&target));
        if ((dialled && !to_newcomer) || joining)
            && let Some((key, hello)) = self.own_hello(peer, as_newcomer, tries)
        {
            let route = self.route(peer, dialled, Direction::Call);
            if let Some(frame) = seal_hello(&key, route, &codec::encode(&hello), rng) {
                if let Some(link) = self.links.get_mut(&id) {
                    link.hello = Some(key);
                }
                out.outputs.push(Output::Hello { link: id, frame });
                self.told_some();
            }
        }
    }

    pub(super) fn link_down(
        &mut self,
        id: LinkId,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) {
        let Some(link) = self.links.remove(&id) else {
            return;
        };
        if let Some(target) = link.target {
            self.schedule.failed(&target, now, rng);
            if let Some(at) = self.asks_again(now) {
                self.schedule.sooner(&target, at);
            }
        }
        if let Some(session) = link.session {
            // A beacon, an invite or the other side may have led here: the device is looked for all
            // the same.
            if session.acts_in && !self.has_session_with(&session.device) {
                self.schedule
                    .lost(&Target::Device(session.device), now, rng);
            }
            if session.acts_in {
                self.note_met(session, now);
            }
            out.outputs.push(Output::Event(Event::Connections));
        }
    }

    fn has_session_with(&self, device: &DeviceId) -> bool {
        let mut sessions = self.links.values().filter_map(|link| link.session.as_ref());
        sessions.any(|it| it.device == *device)
    }

    /// Returns the device that an address record binds to a peer id, if it belongs. `None` when several
    /// claim it: then only a hello shows who it is.
    pub(super) fn device_at(&self, peer: PeerId) -> Option<DeviceId> {
        let roster = self.roster().filter(|_| self.answers_members())?;
        let claims = |signed: &SignedRecord| {
            let payload = &signed.record.payload;
            matches!(payload, Payload::Addresses { peer: theirs, .. } if *theirs == peer)
        };
        let mut bound = self
            .records
            .iter()
            .filter(|((device, _), signed)| roster.is_active(device) && claims(signed))
            .map(|((device, _), _)| *device);
        bound.next().filter(|_| bound.next().is_none())
    }

    pub(super) fn begin_session(
        &mut self,
        id: LinkId,
        peer: PeerId,
        device: DeviceId,
        vouched: bool,
        out: &mut Outbox,
    ) {
        let frame = self.open_message(false).to_frame();
        let Some(link) = self
            .links
            .get_mut(&id)
            .filter(|link| link.session.is_none())
        else {
            return;
        };
        let mut session = Session::new(peer, device, vouched);
        session.awaits_open = true;
        link.session = Some(session);
        if let Some(heard @ Target::Heard { .. }) = &link.target {
            self.schedule.remove(heard);
            link.target = None;
        }
        out.outputs.push(Output::Trust { link: id });
        out.outputs.push(Output::Send { link: id, frame });
        out.outputs.push(Output::Event(Event::Connections));
    }

    /// Begins anew the sessions that have rested out of step for their wait.
    pub(super) fn renew_sessions(&mut self, now: Timestamp, out: &mut Outbox) {
        let digest = self.digest();
        let due: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, link)| {
                link.session
                    .as_ref()
                    .is_some_and(|s| s.anew_at.is_some_and(|at| is_due(at, now)))
            })
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            let Some(mut session) = self.links.get_mut(&id).and_then(|link| link.session.take())
            else {
                continue;
            };
            session.anew_at = None;
            if session.in_step(&digest) {
                // What was still under way when the digests met has arrived meanwhile.
                self.came_into_step(session.device, now, out);
            } else {
                session.anew += 1;
                session.ask_anew(true);
                self.open_anew(id, &mut session, out);
            }
            if let Some(link) = self.links.get_mut(&id) {
                link.session = Some(session);
            }
        }
    }
}
