//! Links: who is there, and when a session begins.

use super::{Link, Replica, Target};
use crate::address::Address;
use crate::codec;
use crate::id::{DeviceId, PeerId};
use crate::key::Rng;
use crate::log::record::{Kind as RecordKind, Payload};
use crate::replica::input::{DialId, LinkId};
use crate::replica::output::{Event, Outbox, Output};
use crate::secrecy::hello::{Direction, seal_hello};
use crate::store::Error;
use crate::sync::session::Session;
use crate::time::Timestamp;

impl Replica {
    pub(super) fn link_up(
        &mut self,
        id: LinkId,
        peer: PeerId,
        dial: Option<DialId>,
        _address: Option<Address>,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let target = dial.and_then(|dial| self.dials.remove(&dial));
        if let Some(target) = &target {
            self.schedule.linked(target);
        }
        let dialled = target.is_some();
        self.links.insert(
            id,
            Link {
                peer,
                dialled,
                target,
                session: None,
                hello: None,
            },
        );
        if let Some(device) = self.device_at(peer) {
            self.begin_session(id, peer, device, false, out);
        }
        // Who dials says hello, because the other side may not know it yet. Who is dialled says nothing
        // to strangers, unless it is looking for somebody to let it in.
        if (dialled || self.state.phase.joining().is_some())
            && let Some((key, hello)) = self.own_hello(peer)
        {
            let route = self.route(peer, dialled, Direction::Call);
            if let Some(frame) = seal_hello(&key, route, &codec::encode(&hello), rng) {
                if let Some(link) = self.links.get_mut(&id) {
                    link.hello = Some(key);
                }
                out.outputs.push(Output::Hello { link: id, frame });
            }
        }
        Ok(())
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
        }
        if link.session.is_some() {
            out.outputs.push(Output::Event(Event::Connections));
        }
    }

    /// Returns the device that an address record binds to a peer id, if it belongs.
    pub(super) fn device_at(&self, peer: PeerId) -> Option<DeviceId> {
        let roster = self.roster()?;
        let bound = self.records.iter().find(|((device, kind), signed)| {
            *kind == RecordKind::Addresses
                && roster.is_active(device)
                && matches!(&signed.record.payload, Payload::Addresses { peer: theirs, .. } if *theirs == peer)
        });
        bound
            .map(|((device, _), _)| *device)
            .filter(|_| self.has_a_say())
    }

    pub(super) fn begin_session(
        &mut self,
        id: LinkId,
        peer: PeerId,
        device: DeviceId,
        vouched: bool,
        out: &mut Outbox,
    ) {
        let frame = self.open_message().to_frame();
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
        if matches!(link.target, Some(Target::Heard(..))) {
            link.target = None;
        }
        out.outputs.push(Output::Trust { link: id });
        out.outputs.push(Output::Send { link: id, frame });
        out.outputs.push(Output::Event(Event::Connections));
    }
}
