//! Carrying out the sync session on each link. The order of messages is in [`crate::sync::session`].

use super::Replica;
use super::acts::Taken;
use super::entries::RunTaken;
use crate::bounded::List;
use crate::codec;
use crate::id::{DeviceId, Hash};
use crate::key::Rng;
use crate::log::record::SignedRecord;
use crate::membership::act::VerifiedAct;
use crate::membership::graph::Graph;
use crate::replica::input::LinkId;
use crate::replica::output::{Event, Outbox, Output};
use crate::store::Error;
use crate::sync::message::{Acts, MAX_TIPS, Message, Open, VERSIONS};
use crate::sync::plan::Step;
use crate::sync::session::Session;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The most bytes of records in one frame: well below the largest frame.
const FRAME_BYTES: usize = 80 * 1024;
/// The most records in one frame.
const MAX_RECORDS: usize = 256;
/// A minute, in milliseconds.
const MINUTE: u64 = 60_000;

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
            Ok(Some(message)) => self.message(id, &mut session, message, now, rng, out),
            Ok(None) => Ok(true),
            Err(_) => Ok(false),
        };
        if let Some(link) = self.links.get_mut(&id) {
            link.session = Some(session);
        }
        if !matches!(good, Ok(true)) {
            out.outputs.push(Output::Close { link: id });
        }
        good.map(|_| ())
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
            Message::Open(open) => {
                self.farewell_heard(&open.tips, now, out);
                self.on_open(id, session, open, out)
            }
            Message::Acts(acts) => self.on_acts(id, session, acts, now, out),
            Message::ActsEnd => self.on_acts_end(id, session, now, rng, out),
            Message::Have(have) => self.on_have(id, session, &have, out),
            Message::Retracts(retracts) => self.on_retracts(session, retracts.into_inner()),
            Message::Run(run) => {
                let before = self.fresh.len();
                let taken = self.take_run(run, now)?;
                for (place, _) in self.fresh.iter().skip(before) {
                    session.note(Step::one(place));
                }
                out.outputs.push(send(id, &Message::Stored(1)));
                if matches!(taken, RunTaken::Early | RunTaken::Moved) {
                    self.open_anew(id, session, out);
                }
                if taken == RunTaken::Unvouched {
                    session.rest_out_of_step(now);
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
            Message::Records(records) => Ok(self.on_records(records.into_inner(), now, out)),
            Message::Need(need) => {
                if self.may_see(session) {
                    let keys = self.answer_need(session.device, &need, rng)?;
                    session.unanswered.note(&need, &keys);
                    out.outputs.push(send(id, &Message::Keys(keys)));
                    self.give_rows(id, session.device, &need.epochs, out)?;
                }
                Ok(true)
            }
            Message::Keys(keys) => {
                if self.take_keys(keys, &session.asked, now)? {
                    out.outputs.push(Output::Event(Event::Content));
                }
                self.forget_way_in(now, out);
                self.ask_for_keys(id, session, out)?;
                Ok(true)
            }
        }
    }

    pub(super) fn open_message(&self, answers: bool) -> Message {
        let tips = self.graph.as_ref().map(|it| it.tips_within(MAX_TIPS));
        let records = self
            .records
            .iter()
            .map(|((device, kind), signed)| (*device, *kind, signed.record.seq));
        Message::Open(Open {
            answers,
            versions: VERSIONS,
            tips: List::new(tips.unwrap_or_default()).unwrap_or_default(),
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
        if open.answers && !session.awaits_open {
            return Ok(true);
        }
        if !open.answers {
            // Whatever was sent before may have come too early to be heard: said again, it is not.
            session.reset();
            out.outputs.push(send(id, &self.open_message(true)));
        }
        session.awaits_open = false;
        session.their_open = Some(open);
        self.give_acts(id, session, out)?;
        Ok(true)
    }

    /// Begins the exchange anew.
    pub(super) fn open_anew(&mut self, id: LinkId, session: &mut Session, out: &mut Outbox) {
        if !session.awaits_open {
            session.reset();
            session.awaits_open = true;
            out.outputs.push(send(id, &self.open_message(false)));
        }
    }

    /// Whether the other side may see acts and entries: it belongs, or a member vouched for it and
    /// nothing here says otherwise.
    pub(super) fn may_see(&self, session: &Session) -> bool {
        let roster = self.roster();
        let known = roster.and_then(|roster| roster.devices.get(&session.device));
        known.map_or(session.vouched, |device| device.active)
    }

    /// Sends the acts that the other side lacks, as soon as it may see them.
    pub(super) fn give_acts(
        &mut self,
        id: LinkId,
        session: &mut Session,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        if !self.may_see(session) || self.is_to_arrive() {
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
                    .map(VerifiedAct::id)
                    .collect()
            })
            .unwrap_or_default();
        self.send_acts(id, session, missing, out)?;
        session.acts_given = Some(self.graph.as_ref().map_or(0, Graph::len));
        let known: BTreeSet<_> = open.records.iter().copied().collect();
        // Who does not belong says its acts and nothing else.
        let says = self.is_active();
        let newer = self.records.iter().filter(|((device, kind), signed)| {
            let seq = signed.record.seq;
            says && !known
                .iter()
                .any(|(d, k, s)| d == device && k == kind && *s >= seq)
        });
        let newer: Vec<_> = newer.map(|(_, signed)| signed.clone()).collect();
        send_records(id, newer, out);
        out.outputs.push(send(id, &Message::ActsEnd));
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
        let (mut new, mut early, mut bad) = (false, false, false);
        for (act, taken) in self.take_acts(&acts.acts) {
            match taken {
                Taken::New => {
                    new = true;
                    session.acts_theirs.insert(act);
                }
                Taken::Nothing => {}
                Taken::Early => early = true,
                Taken::Bad => bad = true,
            }
        }
        for (act, table) in acts.tables.into_inner() {
            self.take_table(act, &table)?;
        }
        self.finish_return(now, out);
        if new {
            self.roster_grew(session.acts_in, now, out)?;
            if self.has_gone(session) {
                self.cut(now, out)?;
                self.part_from(id, session.device, out);
                return Ok(true);
            }
            self.give_acts(id, session, out)?;
        }
        self.try_sealed(now, out)?;
        if early {
            self.open_anew(id, session, out);
        }
        Ok(!bad)
    }

    fn on_acts_end(
        &mut self,
        id: LinkId,
        session: &mut Session,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        self.cut(now, out)?;
        self.arrive(now, out)?;
        self.give_acts(id, session, out)?;
        let belongs = self
            .roster()
            .is_some_and(|roster| roster.is_active(&session.device));
        if !self.is_active() {
            // Whoever left said so with its acts; the other side ends the link.
            return Ok(belongs && self.answers_members());
        }
        if !belongs {
            self.part_from(id, session.device, out);
            return Ok(true);
        }
        self.become_member(now, out);
        self.finish_return(now, out);
        self.forget_way_in(now, out);
        if let Some(record) = self.publish_addresses(now) {
            self.pass_records(std::slice::from_ref(&record), out);
            let records = List::new(vec![record]).unwrap_or_default();
            out.outputs.push(send(id, &Message::Records(records)));
        }
        session.acts_in = true;
        if let Some(target) = self.links.get(&id).and_then(|link| link.target.clone()) {
            self.schedule.settled(&target);
        }
        self.share_keys(session.device, now, rng);
        self.push_acts(id, session, out)?;
        self.tell_have(id, session, out);
        Ok(true)
    }

    fn on_end(
        &mut self,
        id: LinkId,
        session: &mut Session,
        digest: Hash,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<bool, Error> {
        if session.their_digest.replace(digest) != Some(digest) {
            session.ask_for_more(self.rows.sealed);
        }
        self.ask_for_keys(id, session, out)?;
        if session.have_sent {
            self.lift_veil(out)?;
        }
        let mine = self.digest();
        if digest == mine {
            session.holds_later();
        }
        if session.in_step(&mine) {
            session.anew = 0;
            session.anew_at = None;
            self.came_into_step(session.device, now, out);
        } else {
            session.rest_out_of_step(now);
        }
        Ok(true)
    }

    /// Notes that a session came into step. Every story leads to it, so it is stored once a minute.
    pub(super) fn came_into_step(&mut self, with: DeviceId, now: Timestamp, out: &mut Outbox) {
        let before = self.state.last_in_step.replace(now);
        if before.map(|before| before.0 / MINUTE) != Some(now.0 / MINUTE) {
            self.save_state();
        }
        self.owe_nothing();
        self.note_held(with);
        out.outputs.push(Output::Event(Event::Connections));
    }
}

pub(super) fn send(link: LinkId, message: &Message) -> Output {
    Output::Send {
        link,
        frame: message.to_frame(),
    }
}

/// Sends records in frames of a bounded size.
pub(super) fn send_records(link: LinkId, records: Vec<SignedRecord>, out: &mut Outbox) {
    let (mut some, mut bytes) = (Vec::new(), 0);
    let mut flush = |some: &mut Vec<SignedRecord>| {
        let records = List::new(std::mem::take(some)).unwrap_or_default();
        out.outputs.push(send(link, &Message::Records(records)));
    };
    for record in records {
        bytes += codec::encode(&record).len();
        some.push(record);
        if bytes > FRAME_BYTES || some.len() == MAX_RECORDS {
            flush(&mut some);
            bytes = 0;
        }
    }
    if !some.is_empty() {
        flush(&mut some);
    }
}
