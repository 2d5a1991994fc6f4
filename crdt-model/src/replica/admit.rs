//! Letting newcomers in: what their invite allows, whom to ask first, what they get.

use super::Replica;
use crate::bounded::List;
use crate::id::{DeviceId, InviteId, PeerId, PersonId};
use crate::key::{Rng, Signature};
use crate::log::frontier::MAX_BRANCHES;
use crate::membership::act::{History, Kind, Mark, Mode, Newcomer};
use crate::membership::roster::Standing;
use crate::replica::input::LinkId;
use crate::replica::output::{Event, JoinEnd, Outbox, Output};
use crate::replica::overview::Knock;
use crate::store::Error;
use crate::sync::hello::Answer;
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// At most this many people may wait for a welcome: more are told to come back.
const MAX_KNOCKS: usize = 64;
/// How many more than an invite lets in may wait on it: who holds it cannot crowd out the others.
const MORE_KNOCKS: usize = 4;

/// Somebody who waits for a welcome, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) invite: InviteId,
    pub(super) newcomer: Newcomer,
    pub(super) proof: Signature,
}

impl Replica {
    /// Returns the people who knocked, also those who cannot be let in any more.
    pub fn knocks(&self) -> Vec<Knock> {
        let waiting = self.knocked().into_iter();
        waiting.map(|waiting| self.knock(&waiting)).collect()
    }

    /// Returns the people who wait for a welcome, but for those who were put aside here.
    pub fn waiting(&self, now: Timestamp) -> Vec<Knock> {
        self.waiting_where(false, now)
    }

    pub(super) fn waiting_where(&self, aside: bool, now: Timestamp) -> Vec<Knock> {
        let mut waiting = self.knocked();
        waiting.retain(|waiting| {
            self.is_aside(waiting) == Ok(aside) && self.still_waits(waiting, now)
        });
        waiting.iter().map(|waiting| self.knock(waiting)).collect()
    }

    fn knocked(&self) -> Vec<Waiting> {
        let rows = self.rows.scan(&self.rows.meta_scan(5)).unwrap_or_default();
        rows.iter()
            .filter_map(|(_, row)| super::rows::from_head(row).ok())
            .collect()
    }

    fn knock(&self, waiting: &Waiting) -> Knock {
        Knock {
            person: waiting.newcomer.person,
            name: waiting.newcomer.name.to_string(),
            invite: waiting.invite,
            words: self.words_of_newcomer(&waiting.newcomer),
        }
    }

    /// Lets somebody in who knocked. `None` when nobody of that key waits, or their invite has ended.
    pub(super) fn welcome(
        &mut self,
        person: PersonId,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<Option<()>, Error> {
        let key = self.rows.knock_key(&person);
        let Some(waiting) = self.rows.load::<Waiting>(&key)? else {
            return Ok(None);
        };
        if self
            .invite_ends(&waiting.invite, &waiting.newcomer, now)
            .is_some()
        {
            self.forget_knock(&person);
            return Ok(None);
        }
        let admitted = self.admit(waiting.invite, waiting.newcomer, waiting.proof, now, rng)?;
        if admitted.is_some() {
            self.forget_knock(&person);
        }
        Ok(admitted)
    }

    fn forget_knock(&mut self, person: &PersonId) {
        self.rows.delete(self.rows.knock_key(person));
        self.rows.delete(self.rows.aside_key(person));
    }

    /// Answers somebody who holds an invite.
    pub(super) fn let_in(
        &mut self,
        id: LinkId,
        peer: PeerId,
        (invite, newcomer, proof): (InviteId, Newcomer, Signature),
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Option<Answer>, Error> {
        let in_order =
            newcomer.verify(self.hint()) && newcomer.proven_by(self.hint(), invite, &proof);
        if !in_order {
            return Ok(None);
        }
        if !self.is_active() {
            // Nobody comes in by somebody who has gone; without a word they would wait for ever.
            return Ok(self.has_been().then_some(Answer::End(JoinEnd::Revoked)));
        }
        let device = newcomer.device;
        let here = self
            .roster()
            .and_then(|roster| roster.devices.get(&device))
            .map(|d| d.active);
        match here {
            Some(true) => {}
            Some(false) => return Ok(Some(Answer::End(JoinEnd::Revoked))),
            None if self.belongs(&newcomer.person) => {
                return Ok(Some(Answer::End(JoinEnd::PersonBelongs)));
            }
            None => {
                if let Some(end) = self.invite_ends(&invite, &newcomer, now) {
                    return Ok(Some(Answer::End(end)));
                }
                if self.knocking(&invite) {
                    self.note_knock(
                        &Waiting {
                            invite,
                            newcomer,
                            proof,
                        },
                        now,
                        out,
                    )?;
                    return Ok(Some(Answer::Wait));
                }
                if self.admit(invite, newcomer, proof, now, rng)?.is_none() {
                    // Not this device's to do: another member's may.
                    return Ok(None);
                }
                self.roster_changed(now, out)?;
            }
        }
        let answer = self.membership_answer(peer);
        self.begin_session(id, peer, device, false, out);
        Ok(answer)
    }

    /// Returns why an invite admits nobody any more.
    fn invite_ends(
        &self,
        invite: &InviteId,
        newcomer: &Newcomer,
        now: Timestamp,
    ) -> Option<JoinEnd> {
        let Some(state) = self.roster().and_then(|roster| roster.invites.get(invite)) else {
            return Some(JoinEnd::Unknown);
        };
        let again = state.used_by.contains(&newcomer.person);
        if state.revoked {
            Some(JoinEnd::Revoked)
        } else if state.invite.expires <= now {
            Some(JoinEnd::Expired)
        } else if !again && state.used_by.len() >= usize::from(state.invite.uses) {
            Some(JoinEnd::UsedUp)
        } else {
            None
        }
    }

    fn knocking(&self, invite: &InviteId) -> bool {
        let state = self.roster().and_then(|roster| roster.invites.get(invite));
        state.is_some_and(|state| state.invite.mode == Mode::Knock)
    }

    pub(super) fn note_knock(
        &mut self,
        waiting: &Waiting,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let key = self.rows.knock_key(&waiting.newcomer.person);
        let known: Option<Waiting> = self.rows.load(&key)?;
        if let Some(known) = known.filter(|known| self.still_waits(known, now)) {
            // Who knocks again may have lost the keys of the first time: the last ones count.
            if known.newcomer != waiting.newcomer {
                self.rows.save(key, waiting);
            }
            return self.knocks_again(waiting, now, out);
        }
        let (mut all, mut same) = (0, 0);
        for other in self.knocked() {
            if !self.still_waits(&other, now) {
                self.forget_knock(&other.newcomer.person);
            } else if !self.is_aside(&other)? {
                all += 1;
                same += usize::from(other.invite == waiting.invite);
            }
        }
        let invites = self.roster().map(|roster| &roster.invites);
        let uses = invites
            .and_then(|invites| invites.get(&waiting.invite))
            .map_or(0, |state| usize::from(state.invite.uses));
        if all < MAX_KNOCKS && same < uses + MORE_KNOCKS {
            self.rows.save(key, waiting);
            out.outputs.push(Output::Event(Event::Knocked));
        }
        Ok(())
    }

    fn belongs(&self, person: &PersonId) -> bool {
        let known = self.roster().and_then(|roster| roster.people.get(person));
        known.is_some_and(|person| person.standing == Standing::Active)
    }

    /// Whether somebody who knocked can still be let in, and has not been.
    pub(super) fn still_waits(&self, waiting: &Waiting, now: Timestamp) -> bool {
        let person = &waiting.newcomer.person;
        let member = self.belongs(person);
        let ends = self.invite_ends(&waiting.invite, &waiting.newcomer, now);
        !member && ends.is_none()
    }

    /// Admits a newcomer: the act, a new epoch unless they may read everything, and the keys they may
    /// have.
    pub(super) fn admit(
        &mut self,
        invite: InviteId,
        newcomer: Newcomer,
        proof: Signature,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<Option<()>, Error> {
        let Some(state) = self.roster().and_then(|roster| roster.invites.get(&invite)) else {
            return Ok(None);
        };
        let history = state.invite.history;
        let since = match history {
            History::All => Vec::new(),
            History::FromNow => self.marks(None)?,
            History::Days30 => self.marks(Some(now.day().minus(30)))?,
        };
        let Ok(since) = List::new(since) else {
            return Ok(None);
        };
        let device = newcomer.device;
        let kind = Kind::Admit {
            invite,
            newcomer,
            proof,
            since,
        };
        if self.act(kind, now).is_none() {
            return Ok(None);
        }
        if history != History::All {
            self.mint(now, rng);
        }
        self.share_keys(device, now, rng);
        Ok(Some(()))
    }

    /// Returns for each device the last entry, or the last one written before a day: of all branches, and
    /// also beyond a cut, so that nothing older opens that is put back one day.
    fn marks(&self, before: Option<Day>) -> Result<Vec<Mark>, Error> {
        let mut marks: BTreeMap<DeviceId, u64> = BTreeMap::new();
        let held = self.frontier.chains().map(|((device, _), _)| *device);
        let held: BTreeSet<DeviceId> = held.chain(self.beyond.keys().copied()).collect();
        for device in held {
            for branch in 0..MAX_BRANCHES {
                let chain = self.kept(&device, branch);
                let seq = match (chain.last(), before) {
                    (None, _) => 0,
                    (Some(last), None) => last.high,
                    (Some(_), Some(day)) => {
                        self.last_before((&device, branch), chain.intervals(), day)?
                    }
                };
                let mark = marks.entry(device).or_default();
                *mark = seq.max(*mark);
            }
        }
        let marks = marks.into_iter().filter(|(_, seq)| *seq > 0);
        Ok(marks.map(|(device, seq)| Mark { device, seq }).collect())
    }
}
