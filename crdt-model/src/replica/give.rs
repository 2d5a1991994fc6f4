//! Giving a peer what it lacks: what it holds, what is left, as much as its credit allows.

use super::Replica;
use super::retracts::DETACHED;
use super::session::send;
use crate::bounded::List;
use crate::id::{DeviceId, ThingId};
use crate::log::entry::Place;
use crate::log::frontier::Held;
use crate::log::run::{MAX_RUN, Run};
use crate::replica::input::LinkId;
use crate::replica::output::{Event, Outbox, Output};
use crate::store::Error;
use crate::sync::message::{Have, MAX_DETACHED, Message, SignedHeader};
use crate::sync::plan::{Plan, Step};
use crate::sync::schedule::is_due;
use crate::sync::session::Session;
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::BTreeMap;

/// How long an entry of somebody else's rests here before it is passed on: whoever shared it gives it to
/// everybody it is linked with, and most of them have said within this time that they hold it.
const PASS_ON_WAIT: Duration = Duration::from_millis(250);

/// The most bytes of acts or bodies in one frame: well below the largest frame.
const FRAME_BYTES: usize = 160 * 1024;

impl Replica {
    pub(super) fn tell_have(&mut self, id: LinkId, session: &mut Session, out: &mut Outbox) {
        let mut retracted = self.detached();
        retracted.truncate(MAX_DETACHED);
        let have = Have {
            held: self
                .frontier
                .to_held(|device, branch| self.whole(device, branch)),
            retracted: List::new(retracted).unwrap_or_default(),
        };
        out.outputs.push(send(id, &Message::Have(have)));
        session.have_sent = true;
    }

    pub(super) fn on_have(
        &mut self,
        id: LinkId,
        session: &mut Session,
        have: &Have,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        if !session.acts_in || !self.may_see(session) {
            return Ok(true);
        }
        // Before any entry: a header without a body says nothing without its retract.
        self.send_retracts(id, &self.detached(), &have.retracted, out)?;
        self.plan_for(session, &have.held)?;
        Ok(true)
    }

    pub(super) fn on_retracts(
        &mut self,
        session: &Session,
        retracts: Vec<SignedHeader>,
    ) -> Result<bool, Error> {
        if !session.acts_in || !self.may_see(session) {
            return Ok(true);
        }
        self.obey_detached(retracts)
    }

    /// Plans what a peer with this frontier lacks.
    fn plan_for(&self, session: &mut Session, held: &Held) -> Result<(), Error> {
        let mut plan = Plan::default();
        let mut holds = BTreeMap::new();
        for ((device, branch), chain) in self.frontier.chains() {
            let id_of = |seq| self.held_id(device, *branch, seq).ok().flatten();
            let theirs = held
                .matching(device, chain, self.frontier.forked(device), id_of)
                .unwrap_or_default();
            for range in chain.without(&theirs) {
                let newest = self.lamport_of(device, *branch, range.1)?;
                plan.add(*device, *branch, range, newest);
            }
            holds.insert((*device, *branch), theirs);
        }
        session.holds = Some(holds);
        let places = self
            .retracts
            .values()
            .filter(|place| place.branch != DETACHED);
        for place in places.filter(|place| !session.has(place)) {
            plan.add_retract(*place);
        }
        session.plan = plan;
        session.later = Plan::default();
        session.later_at = None;
        Ok(())
    }

    pub(super) fn lamport_of(&self, device: &DeviceId, branch: u8, seq: u64) -> Result<u64, Error> {
        let entry = self.rows.entry(&Place {
            device: *device,
            branch,
            seq,
        })?;
        Ok(entry.map_or(0, |entry| entry.header.header().lamport))
    }

    /// After every input: gives each peer what is new, and what is left as its credit allows.
    pub(super) fn pass_on(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        let fresh = std::mem::take(&mut self.fresh);
        let retracts = std::mem::take(&mut self.fresh_retracts);
        if !fresh.is_empty() || !retracts.is_empty() {
            out.outputs.push(Output::Event(Event::Content));
        }
        let ask_again = std::mem::take(&mut self.due.ask_again);
        let ids: Vec<LinkId> = self.links.keys().copied().collect();
        for id in ids {
            let Some(mut session) = self.links.get_mut(&id).and_then(|link| link.session.take())
            else {
                continue;
            };
            if ask_again {
                session.ask_anew(true);
            }
            let told = self.tell_retracts(id, &session, &retracts, out);
            let passed = told.and_then(|()| self.pass_on_to(id, &mut session, &fresh, now, out));
            if let Some(link) = self.links.get_mut(&id) {
                link.session = Some(session);
            }
            passed?;
        }
        Ok(())
    }

    fn tell_retracts(
        &self,
        id: LinkId,
        session: &Session,
        retracts: &[ThingId],
        out: &mut Outbox,
    ) -> Result<(), Error> {
        if session.holds.is_none() || !self.may_see(session) {
            return Ok(());
        }
        self.send_retracts(id, retracts, &[], out)
    }

    fn pass_on_to(
        &mut self,
        id: LinkId,
        session: &mut Session,
        fresh: &[(Place, u64)],
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        if session.acts_given.is_some() && self.may_see(session) {
            self.push_acts(id, session, out)?;
        }
        if session.holds.is_none() || !self.may_see(session) {
            return Ok(());
        }
        for (place, newest) in fresh {
            let Place {
                device,
                branch,
                seq,
            } = *place;
            if session.has(place) || !self.frontier.holds(&device, branch, seq) {
                continue;
            }
            if device == self.device() {
                session.plan.add(device, branch, (seq, seq), *newest);
            } else {
                session.later.add(device, branch, (seq, seq), *newest);
                session.later_at.get_or_insert(now.after(PASS_ON_WAIT));
            }
        }
        if session.later_at.is_some_and(|at| is_due(at, now)) {
            session.plan_later();
        }
        self.pump(id, session, out)?;
        if session.their_digest.is_some() {
            self.ask_for_keys(id, session, out)?;
        }
        self.tell_end(id, session, now, out);
        Ok(())
    }

    /// Pushes acts that were attached since the last time.
    pub(super) fn push_acts(
        &self,
        id: LinkId,
        session: &mut Session,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let (Some(graph), Some(given)) = (self.graph.as_ref(), session.acts_given) else {
            return Ok(());
        };
        let new: Vec<_> = graph
            .iter()
            .skip(given)
            .map(crate::membership::act::VerifiedAct::id)
            .filter(|act| !session.acts_theirs.remove(act))
            .collect();
        session.acts_given = Some(graph.len());
        self.send_acts(id, session, new, out)
    }

    /// Sends as many runs as the peer's credit allows.
    pub(super) fn pump(
        &self,
        id: LinkId,
        session: &mut Session,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        while session.has_credit() {
            let Some((sent, run)) = self.next_run(&mut session.plan)? else {
                return Ok(());
            };
            session.note(sent);
            let frame = Message::Run(run).to_frame();
            session.in_flight.push_back((sent, frame.len()));
            out.outputs.push(Output::Send { link: id, frame });
        }
        Ok(())
    }

    /// Takes the next run off a plan: as much as fits into a frame.
    pub(super) fn next_run(&self, plan: &mut Plan) -> Result<Option<(Step, Run)>, Error> {
        while let Some(step) = plan.next(MAX_RUN as u64) {
            let Some((sent, run)) = self.pack(step)? else {
                continue;
            };
            if sent.low > step.low {
                let rest = Step {
                    high: sent.low - 1,
                    ..step
                };
                let newest = self.lamport_of(&step.device, step.branch, rest.high)?;
                plan.put_back(rest, newest);
            } else if step.low > 1 {
                let newest = self.lamport_of(&step.device, step.branch, step.low - 1)?;
                plan.set_newest(step.device, step.branch, newest);
            }
            return Ok(Some((sent, run)));
        }
        Ok(None)
    }

    /// Packs as much of a step as fits into a frame, from its newest entry down.
    fn pack(&self, step: Step) -> Result<Option<(Step, Run)>, Error> {
        let person = self
            .roster()
            .and_then(|roster| roster.person_of(&step.device));
        let entries = self
            .rows
            .entries(&step.device, step.branch, (step.low, step.high))?;
        let mut bytes = 0;
        let mut fitting: Vec<_> = entries
            .into_iter()
            .enumerate()
            .take_while(|(index, entry)| {
                bytes += 512 + entry.body.as_ref().map_or(0, Vec::len);
                *index == 0 || bytes <= FRAME_BYTES
            })
            .map(|(_, entry)| entry)
            .collect();
        fitting.reverse();
        let low = fitting
            .first()
            .map_or(step.high, |entry| entry.header.header().seq);
        let run = person.and_then(|person| Run::pack(&fitting, person));
        Ok(run.map(|run| (Step { low, ..step }, run)))
    }

    /// When nothing is left to send, says so, with the digest, whenever the digest is new.
    fn tell_end(&mut self, id: LinkId, session: &mut Session, now: Timestamp, out: &mut Outbox) {
        if !session.rests() || !session.have_sent {
            return;
        }
        let digest = self.digest();
        if session.told != Some(digest) {
            session.told = Some(digest);
            out.outputs.push(send(id, &Message::End(digest)));
            if session.in_step(&digest) {
                session.anew = 0;
                session.anew_at = None;
                self.came_into_step(session.device, now, out);
            }
        }
    }
}
