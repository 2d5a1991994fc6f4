//! Carrying out the sync session on each link. The order of messages is in [`crate::sync::session`].

use super::Replica;
use super::acts::Taken;
use super::entries::RunTaken;
use crate::bounded::List;
use crate::codec;
use crate::id::{ActId, DeviceId, Hash};
use crate::key::{self, Rng};
use crate::log::entry::Place;
use crate::log::frontier::Held;
use crate::log::run::{MAX_RUN, Run};
use crate::membership::graph::Graph;
use crate::membership::roster::Standing;
use crate::replica::input::LinkId;
use crate::replica::output::{Event, Outbox, Output};
use crate::store::Error;
use crate::sync::message::{Acts, Have, MAX_ACTS, Message, Open, VERSIONS};
use crate::sync::plan::{Plan, Step};
use crate::sync::session::{MAX_IN_FLIGHT, Session};
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of acts or bodies in one frame: well below the largest frame.
const FRAME_BYTES: usize = 160 * 1024;
/// The first wait before a session that rests out of step begins anew; it doubles each time.
const ANEW_WAIT: Duration = Duration::from_secs(1);
/// The domain of the digest.
const DIGEST: &str = "circlet 1 digest";

impl Replica {
    /// Handles a frame. A frame that is not in order ends the link.
    pub(super) fn frame(
        &mut self,
        id: LinkId,
        frame: &[u8],
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let Some(mut session) = self.links.get_mut(&id).and_then(|link| link.session.take()) else {
            return Ok(());
        };
        let good = match Message::from_frame(frame) {
            Ok(Some(message)) => self.message(id, &mut session, message, now, rng, out)?,
            Ok(None) => true,
            Err(_) => false,
        };
        if let Some(link) = self.links.get_mut(&id) {
            link.session = Some(session);
        }
        if !good {
            out.outputs.push(Output::Close { link: id });
        }
        Ok(())
    }

    fn message(
        &mut self,
        id: LinkId,
        session: &mut Session,
        message: Message,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        match message {
            Message::Open(open) => self.on_open(id, session, open, out),
            Message::Acts(acts) => self.on_acts(id, session, acts, now, out),
            Message::ActsEnd => self.on_acts_end(id, session, now, rng, out),
            Message::Have(have) => self.on_have(session, have),
            Message::Run(run) => {
                let before = self.fresh.len();
                let taken = self.take_run(run, now)?;
                for place in self.fresh.iter().skip(before) {
                    session.note(Step::one(place));
                }
                out.outputs.push(send(id, &Message::Stored(1)));
                if taken == RunTaken::Early {
                    self.open_anew(id, session, out);
                }
                Ok(taken != RunTaken::Bad)
            }
            Message::Stored(count) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                session
                    .in_flight
                    .drain(..count.min(session.in_flight.len()));
                Ok(true)
            }
            Message::End(digest) => self.on_end(id, session, digest, now, out),
            Message::Records(records) => self.on_records(records.into_inner(), now, out),
            Message::Need(need) => {
                if self.may_see(session) {
                    let keys = self.answer_need(session.device, &need, rng)?;
                    out.outputs.push(send(id, &Message::Keys(keys)));
                }
                Ok(true)
            }
            Message::Keys(keys) => {
                if self.take_keys(keys, now)? {
                    out.outputs.push(Output::Event(Event::Content));
                    self.ask_for_keys(id, session, out)?;
                }
                Ok(true)
            }
        }
    }

    pub(super) fn open_message(&self) -> Message {
        let tips = self.graph.as_ref().map(Graph::tips).unwrap_or_default();
        let records = self
            .records
            .iter()
            .map(|((device, kind), signed)| (*device, *kind, signed.record.seq));
        Message::Open(Open {
            versions: VERSIONS,
            tips: List::new(tips).unwrap_or_default(),
            records: List::new(records.take(1024).collect()).unwrap_or_default(),
        })
    }

    fn on_open(
        &mut self,
        id: LinkId,
        session: &mut Session,
        open: Open,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        if open.versions.0 > VERSIONS.1 || open.versions.1 < VERSIONS.0 {
            return Ok(false);
        }
        let asked_first = !session.awaits_open;
        session.reset();
        session.awaits_open = false;
        session.their_open = Some(open);
        if asked_first {
            out.outputs.push(send(id, &self.open_message()));
        }
        self.give_acts(id, session, out)?;
        Ok(true)
    }

    /// Begins the exchange anew.
    fn open_anew(&mut self, id: LinkId, session: &mut Session, out: &mut Outbox) {
        if !session.awaits_open {
            session.reset();
            session.awaits_open = true;
            out.outputs.push(send(id, &self.open_message()));
        }
    }

    /// Whether the other side may see acts and entries: it belongs, or a member vouched for it and
    /// nothing here says otherwise.
    fn may_see(&self, session: &Session) -> bool {
        let roster = self.roster();
        let known = roster.and_then(|roster| roster.devices.get(&session.device));
        known.map_or(session.vouched, |device| device.active)
    }

    /// Sends the acts that the other side lacks, as soon as it may see them.
    fn give_acts(
        &mut self,
        id: LinkId,
        session: &mut Session,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        if !self.may_see(session) {
            return Ok(());
        }
        let Some(open) = session.their_open.take() else {
            return Ok(());
        };
        let graph = self.graph.as_ref();
        let missing: Vec<_> = graph
            .map(|graph| {
                graph
                    .missing_for(&open.tips)
                    .into_iter()
                    .map(|act| act.id())
                    .collect()
            })
            .unwrap_or_default();
        self.send_acts(id, session, missing, out)?;
        session.acts_given = Some(self.graph.as_ref().map_or(0, Graph::len));
        let known: BTreeSet<_> = open.records.iter().copied().collect();
        let newer = self.records.iter().filter(|((device, kind), signed)| {
            let seq = signed.record.seq;
            !known
                .iter()
                .any(|(d, k, s)| d == device && k == kind && *s >= seq)
        });
        let newer: Vec<_> = newer.map(|(_, signed)| signed.clone()).collect();
        for some in newer.chunks(32) {
            let records = List::new(some.to_vec()).unwrap_or_default();
            out.outputs.push(send(id, &Message::Records(records)));
        }
        out.outputs.push(send(id, &Message::ActsEnd));
        Ok(())
    }

    fn send_acts(
        &self,
        id: LinkId,
        session: &Session,
        missing: Vec<ActId>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let Some(graph) = self.graph.as_ref() else {
            return Ok(());
        };
        let (mut acts, mut tables, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut flush = |acts: &mut Vec<_>, tables: &mut Vec<_>| {
            let message = Acts {
                acts: List::new(std::mem::take(acts)).unwrap_or_default(),
                tables: List::new(std::mem::take(tables)).unwrap_or_default(),
            };
            out.outputs.push(send(id, &Message::Acts(message)));
        };
        for act_id in missing {
            let Some(act) = graph.get(&act_id) else {
                continue;
            };
            bytes += codec::encode(act.signed()).len();
            acts.push(act.signed().clone());
            if let Some(table) = self.table_for(&act_id, &session.device)? {
                bytes += codec::encode(&table).len();
                tables.push((act_id, table));
            }
            if bytes > FRAME_BYTES || acts.len() == MAX_ACTS {
                flush(&mut acts, &mut tables);
                bytes = 0;
            }
        }
        if !acts.is_empty() {
            flush(&mut acts, &mut tables);
        }
        Ok(())
    }

    fn on_acts(
        &mut self,
        id: LinkId,
        session: &mut Session,
        acts: Acts,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        let (mut new, mut early) = (false, false);
        for signed in acts.acts.into_inner() {
            let act = signed.act.id();
            match self.take_act(signed) {
                Taken::New => {
                    new = true;
                    session.acts_theirs.insert(act);
                }
                Taken::Nothing => {}
                Taken::Early => early = true,
                Taken::Bad => return Ok(false),
            }
        }
        for (act, table) in acts.tables.into_inner() {
            self.take_table(act, &table);
        }
        if new {
            self.roster_changed(now, out)?;
            if self.open_sealed(now)? {
                out.outputs.push(Output::Event(Event::Content));
            }
            self.give_acts(id, session, out)?;
        }
        if early {
            self.open_anew(id, session, out);
        }
        Ok(true)
    }

    fn on_acts_end(
        &mut self,
        id: LinkId,
        session: &mut Session,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        session.acts_in = true;
        self.give_acts(id, session, out)?;
        let belongs = self
            .roster()
            .is_some_and(|roster| roster.is_active(&session.device));
        if !belongs || !self.is_active() {
            return Ok(false);
        }
        self.publish_addresses(now);
        self.share_keys(session.device, now, rng);
        self.push_acts(id, session, out)?;
        self.tell_have(id, session, out);
        Ok(true)
    }

    fn tell_have(&mut self, id: LinkId, session: &mut Session, out: &mut Outbox) {
        let have = Have {
            held: self.frontier.to_held(),
            retracted: List::default(),
        };
        out.outputs.push(send(id, &Message::Have(have)));
        session.have_sent = true;
    }

    fn on_have(&mut self, session: &mut Session, have: Have) -> Result<bool, Error> {
        if !session.acts_in || !self.may_see(session) {
            return Ok(true);
        }
        self.plan_for(session, &have.held)?;
        Ok(true)
    }

    /// Plans what a peer with this frontier lacks.
    fn plan_for(&self, session: &mut Session, held: &Held) -> Result<(), Error> {
        let mut plan = Plan::default();
        let mut holds = BTreeMap::new();
        for ((device, branch), chain) in self.frontier.chains() {
            let id_of = |seq| self.held_id(device, *branch, seq).ok().flatten();
            let theirs = held.matching(device, chain, id_of).unwrap_or_default();
            for range in chain.without(&theirs) {
                let newest = self.lamport_of(device, *branch, range.1)?;
                plan.add(*device, *branch, range, newest);
            }
            holds.insert((*device, *branch), theirs);
        }
        session.holds = Some(holds);
        for place in self.retracts.values().filter(|place| !session.has(place)) {
            plan.add_retract(*place);
        }
        session.plan = plan;
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

    fn on_end(
        &mut self,
        id: LinkId,
        session: &mut Session,
        digest: Hash,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        session.their_digest = Some(digest);
        self.ask_for_keys(id, session, out)?;
        let mine = self.digest();
        if session.in_step(&mine) {
            session.anew = 0;
            session.anew_at = None;
            self.state.last_in_step = Some(now);
            self.save_state();
            out.outputs.push(Output::Event(Event::Connections));
        } else {
            let wait = ANEW_WAIT.saturating_mul(1 << session.anew.min(10));
            session.anew_at = Some(now.after(wait));
        }
        Ok(true)
    }

    fn ask_for_keys(
        &mut self,
        id: LinkId,
        session: &mut Session,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let need = self.need(&session.asked)?;
        if !need.epochs.is_empty() || !need.bodies.is_empty() {
            session.asked.extend(need.epochs.iter().map(|id| id.0));
            session.asked.extend(need.bodies.iter().map(|id| id.0));
            out.outputs.push(send(id, &Message::Need(need)));
        }
        Ok(())
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
                    .is_some_and(|s| s.anew_at.is_some_and(|at| at <= now))
            })
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            let Some(mut session) = self.links.get_mut(&id).and_then(|link| link.session.take())
            else {
                continue;
            };
            session.anew_at = None;
            if !session.in_step(&digest) {
                session.anew += 1;
                session.asked.clear();
                self.open_anew(id, &mut session, out);
            }
            if let Some(link) = self.links.get_mut(&id) {
                link.session = Some(session);
            }
        }
    }

    /// After every input: gives each peer what is new, and what is left as its credit allows.
    pub(super) fn pass_on(
        &mut self,
        now: Timestamp,
        _rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let fresh = std::mem::take(&mut self.fresh);
        if !fresh.is_empty() {
            out.outputs.push(Output::Event(Event::Content));
        }
        let ids: Vec<LinkId> = self.links.keys().copied().collect();
        for id in ids {
            let Some(mut session) = self.links.get_mut(&id).and_then(|link| link.session.take())
            else {
                continue;
            };
            let passed = self.pass_on_to(id, &mut session, &fresh, now, out);
            if let Some(link) = self.links.get_mut(&id) {
                link.session = Some(session);
            }
            passed?;
        }
        Ok(())
    }

    fn pass_on_to(
        &mut self,
        id: LinkId,
        session: &mut Session,
        fresh: &[Place],
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        if session.acts_given.is_some() && self.may_see(session) {
            self.push_acts(id, session, out)?;
        }
        if session.holds.is_none() || !self.may_see(session) {
            return Ok(());
        }
        for place in fresh {
            let Place {
                device,
                branch,
                seq,
            } = *place;
            if !session.has(place) && self.frontier.holds(&device, branch, seq) {
                let newest = self.lamport_of(&device, branch, seq)?;
                session.plan.add(device, branch, (seq, seq), newest);
            }
        }
        self.pump(id, session, out)?;
        self.tell_end(id, session, now, out);
        Ok(())
    }

    /// Pushes acts that were attached since the last time.
    fn push_acts(&self, id: LinkId, session: &mut Session, out: &mut Outbox) -> Result<(), Error> {
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
    fn pump(&self, id: LinkId, session: &mut Session, out: &mut Outbox) -> Result<(), Error> {
        while session.in_flight.len() < MAX_IN_FLIGHT {
            let Some(step) = session.plan.next(MAX_RUN as u64) else {
                return Ok(());
            };
            let Some((sent, run)) = self.pack(step)? else {
                continue;
            };
            if sent.low > step.low {
                let rest = Step {
                    high: sent.low - 1,
                    ..step
                };
                let newest = self.lamport_of(&step.device, step.branch, rest.high)?;
                session.plan.put_back(rest, newest);
            } else if step.low > 1 {
                let newest = self.lamport_of(&step.device, step.branch, step.low - 1)?;
                session.plan.set_newest(step.device, step.branch, newest);
            }
            session.note(sent);
            session.in_flight.push_back(sent);
            out.outputs.push(send(id, &Message::Run(run)));
        }
        Ok(())
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
                self.state.last_in_step = Some(now);
                self.save_state();
                out.outputs.push(Output::Event(Event::Connections));
            }
        }
    }

    /// Returns the digest of what is held: equal on two nodes exactly when they hold the same.
    pub(super) fn digest(&mut self) -> Hash {
        if let Some(digest) = self.digest {
            return digest;
        }
        let digest = self.compute_digest();
        self.digest = Some(digest);
        digest
    }

    pub(super) fn compute_digest(&self) -> Hash {
        let circle = self.state.circle.unwrap_or_default();
        let (heads, people) = match &self.graph {
            Some(graph) => {
                let people = graph.roster().people.iter();
                let standing = people.map(|(id, person)| (*id, number(person.standing)));
                (graph.heads(), standing.collect::<Vec<_>>())
            }
            None => Default::default(),
        };
        let mut chains: Vec<_> = self
            .frontier
            .chains()
            .map(|((device, _), chain)| (*device, chain.intervals().to_vec()))
            .collect();
        chains.sort_by_key(|(device, intervals)| (*device, intervals.last().map(|last| last.top)));
        let retracts: Vec<_> = self.retracts.keys().copied().collect();
        Hash(key::hash(
            DIGEST,
            &codec::encode(&(circle, heads, people, chains, retracts)),
        ))
    }
}

pub(super) fn send(link: LinkId, message: &Message) -> Output {
    Output::Send {
        link,
        frame: message.to_frame(),
    }
}

/// A standing as a number and the act behind it, for the digest.
fn number(standing: Standing) -> (u8, ActId) {
    match standing {
        Standing::Active => (0, ActId::default()),
        Standing::Left(act) => (1, act),
        Standing::Removed(act) => (2, act),
    }
}
