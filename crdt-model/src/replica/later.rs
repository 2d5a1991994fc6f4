//! Keys that a peer asked for in vain: they are sent as soon as they can be.

use super::Replica;
use super::session::send;
use crate::bounded::List;
use crate::id::DeviceId;
use crate::key::Rng;
use crate::replica::input::LinkId;
use crate::replica::output::Outbox;
use crate::store::Error;
use crate::sync::message::{Keys, Message, Need};
use crate::sync::session::Unanswered;
use std::collections::BTreeSet;

/// The most keys of each sort that a peer asked for in vain and that are remembered: one request.
const MAX_UNANSWERED: usize = 256;

impl Replica {
    /// After every input: gives each peer what it asked for in vain and can be given now.
    pub(super) fn answer_later(
        &mut self,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let again = std::mem::take(&mut self.due.answer_again) || self.due.ask_again;
        if !again && self.fresh.is_empty() {
            return Ok(());
        }
        let fresh = self.fresh.iter().map(|(it, _)| (it.device, it.seq));
        let fresh: BTreeSet<_> = fresh.collect();
        let ids: Vec<LinkId> = self.links.keys().copied().collect();
        for id in ids {
            let session = self.links.get(&id).and_then(|link| link.session.as_ref());
            let Some(session) = session.filter(|session| self.may_see(session)) else {
                continue;
            };
            let waits = &session.unanswered;
            let need = waits.need(|place| again || fresh.contains(place));
            if need == Need::default() {
                continue;
            }
            let keys = self.answer_need(session.device, &need, rng)?;
            if keys == Keys::default() {
                continue;
            }
            if let Some(link) = self.links.get_mut(&id)
                && let Some(session) = link.session.as_mut()
            {
                session.unanswered.note(&need, &keys);
            }
            out.outputs.push(send(id, &Message::Keys(keys)));
        }
        Ok(())
    }
}

impl Unanswered {
    /// Notes what of a request was answered and what was not.
    pub(super) fn note(&mut self, need: &Need, keys: &Keys) {
        let room = MAX_UNANSWERED.saturating_sub(self.epochs.len());
        self.epochs.extend(need.epochs.iter().take(room));
        for id in keys.epochs.iter().flat_map(|(ids, _)| ids.iter()) {
            self.epochs.remove(id);
        }
        let room = MAX_UNANSWERED.saturating_sub(self.bodies.len());
        let bodies = need.bodies.iter().copied().zip(need.places.iter().copied());
        self.bodies.extend(bodies.take(room));
        for (id, _) in &keys.bodies {
            self.bodies.remove(id);
        }
    }

    /// Returns the request that is left: the epoch keys, and bodies at such places.
    fn need(&self, at: impl Fn(&(DeviceId, u64)) -> bool) -> Need {
        let bodies = self.bodies.iter().filter(|(_, place)| at(place));
        let (bodies, places) = bodies.map(|(id, place)| (*id, *place)).unzip();
        Need {
            epochs: List::new(self.epochs.iter().copied().collect()).unwrap_or_default(),
            bodies: List::new(bodies).unwrap_or_default(),
            places: List::new(places).unwrap_or_default(),
        }
    }
}
