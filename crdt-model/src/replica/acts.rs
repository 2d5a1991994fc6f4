//! Writing acts, taking in others' acts, and what follows when the roster changes.

use super::Replica;
use super::state::Phase;
use crate::bounded::List;
use crate::id::ActId;
use crate::membership::act::{Act, Kind, MAX_HEADS, SUITE, SignedAct, VERSION, VerifiedAct};
use crate::membership::graph::{Graph, Insert, Tip};
use crate::membership::roster::{Roster, Standing};
use crate::replica::output::{Event, Outbox, Output};
use crate::store::Error;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// What became of an act that came from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is new and attached.
    New,
    /// It was there, or is not worth keeping.
    Nothing,
    /// Acts before it are missing.
    Early,
    /// It is not in order: whoever sent it did not check it.
    Bad,
}

impl Replica {
    /// Writes an act of this device. `None` when the graph refuses it: it is not this device's to do.
    pub(super) fn act(&mut self, kind: Kind, now: Timestamp) -> Option<ActId> {
        self.join_heads(now);
        let graph = self.graph.as_ref()?;
        let (seq, prev) = graph.next(&self.device());
        let mut heads = graph.heads();
        heads.retain(|head| *head != prev);
        let act = Act {
            version: VERSION,
            suite: SUITE,
            circle: self.state.circle?,
            device: self.device(),
            seq,
            prev,
            heads: List::new(heads).ok()?,
            day: now.day(),
            kind,
        };
        let verified = act.sign(&self.identity.device);
        let id = verified.id();
        matches!(self.attach(verified), Taken::New).then_some(id)
    }

    /// While there are more heads than an act can name, joins some of them.
    pub(super) fn join_heads(&mut self, now: Timestamp) {
        loop {
            let Some(graph) = self.graph.as_ref() else {
                return;
            };
            let heads = graph.heads();
            // A header names its device's own last act among the others.
            if heads.len() <= MAX_HEADS || !self.build_on(heads, now) {
                return;
            }
        }
    }

    /// Writes an act that says nothing and builds on some of these, in ascending order. Returns whether it
    /// could.
    fn build_on(&mut self, acts: Vec<ActId>, now: Timestamp) -> bool {
        let Some(graph) = self.graph.as_ref().filter(|_| self.is_active()) else {
            return false;
        };
        let (seq, prev) = graph.next(&self.device());
        let others = acts.into_iter().filter(|act| *act != prev);
        let some = others.take(MAX_HEADS).collect();
        let (Some(circle), Ok(heads)) = (self.state.circle, List::new(some)) else {
            return false;
        };
        let kind = Kind::Ack {
            removals: List::default(),
        };
        let (version, suite, device) = (VERSION, SUITE, self.device());
        let act = Act {
            version,
            suite,
            circle,
            device,
            seq,
            prev,
            heads,
            day: now.day(),
            kind,
        };
        self.attach(act.sign(&self.identity.device)) == Taken::New
    }

    /// Builds on dropped acts (R9) that the circle's settings rest on, or a keeper's taking back of what another
    /// made: so everybody gets them, and the same counts everywhere.
    pub(super) fn keep_what_keepers_knew(&mut self, now: Timestamp) -> Result<(), Error> {
        if !self.graph.as_ref().is_some_and(Graph::drops_any) {
            return Ok(());
        }
        let mut dropped = BTreeSet::new();
        let settings = self.places_of_settings()?.into_iter();
        for place in settings.chain(self.taken_back_by_keepers()) {
            let entry = self.rows.entry(&place)?;
            let entry = entry.filter(|entry| !self.is_own_retract(entry.header.header()));
            let graph = self.graph.as_ref();
            let is_dropped =
                |act: &&ActId| graph.is_some_and(|graph| graph.contains(act) && !graph.keeps(act));
            if let Some(entry) = entry {
                let heads = entry.header.header().heads.iter();
                dropped.extend(heads.filter(is_dropped).copied());
            }
        }
        if !dropped.is_empty() {
            self.build_on(dropped.into_iter().collect(), now);
        }
        Ok(())
    }

    /// Takes in acts that somebody sent, each after what it builds on. A late one on which another builds is
    /// taken after all (R9). Returns what became of each that was not there.
    pub(super) fn take_acts(&mut self, acts: &[SignedAct]) -> Vec<(ActId, Taken)> {
        let mut taken = self.take_each(acts);
        let early = taken.iter().any(|(_, taken)| *taken == Taken::Early);
        let graph = self.graph.as_mut().filter(|_| early);
        if graph.is_some_and(|graph| graph.want_below(acts)) {
            taken.retain(|(_, taken)| *taken != Taken::Early);
            taken.extend(self.take_each(acts));
        }
        taken
    }

    fn take_each(&mut self, acts: &[SignedAct]) -> Vec<(ActId, Taken)> {
        let taken = acts
            .iter()
            .map(|signed| (signed.act.id(), self.take_act(signed.clone())));
        taken.collect()
    }

    /// Takes in an act that somebody sent.
    pub(super) fn take_act(&mut self, signed: SignedAct) -> Taken {
        let Some(circle) = self.state.circle else {
            return Taken::Bad;
        };
        if self
            .graph
            .as_ref()
            .is_some_and(|graph| graph.contains(&signed.act.id()))
        {
            return Taken::Nothing;
        }
        if self
            .graph
            .as_ref()
            .is_some_and(|graph| graph.is_late(&signed.act.id(), &signed.act.device))
        {
            return Taken::Nothing;
        }
        let own = signed.act.device == self.device();
        let taken = match signed.verify(circle) {
            Ok(verified) => self.attach(verified),
            Err(_) => Taken::Bad,
        };
        if own && taken == Taken::New {
            self.heard_of_itself();
        }
        taken
    }

    pub(super) fn attach(&mut self, act: VerifiedAct) -> Taken {
        let Some(graph) = self.graph.as_mut() else {
            return Taken::Bad;
        };
        let index = graph.len();
        let (id, signed) = (act.id(), act.signed().clone());
        match graph.insert(act) {
            Insert::Attached => {
                self.rows.save(self.rows.act_key(index), &signed);
                self.digest = None;
                self.hear_day(signed.act.device, signed.act.day);
                self.due.keys_came |= std::mem::take(&mut self.due.acts_awaited);
                self.due.keys_came |= self.due.awaited.remove(&id);
                self.due.ask_again |= moves_keys(&signed.act.kind);
                self.due.anew |= !self.beyond.is_empty();
                Taken::New
            }
            Insert::Known | Insert::Refused(_) => Taken::Nothing,
            Insert::Missing(_) => Taken::Early,
        }
    }

    pub(super) fn roster(&self) -> Option<&Roster> {
        self.graph.as_ref().map(Graph::roster)
    }

    pub(super) fn is_active(&self) -> bool {
        self.roster()
            .is_some_and(|roster| roster.is_active(&self.device()))
    }

    /// Whether this device has something to say to the circle: it belongs, or it left or took something
    /// back and nobody who stays is known to know.
    pub(super) fn has_a_say(&self) -> bool {
        self.is_active() || self.state.farewell_until.is_some() || !self.owed.is_empty()
    }

    /// Notes that somebody holds this device's farewell.
    pub(super) fn farewell_heard(&mut self, tips: &[Tip], now: Timestamp, out: &mut Outbox) {
        let Some(until) = self.state.farewell_until else {
            return;
        };
        let last = self
            .graph
            .as_ref()
            .map(|graph| graph.next(&self.device()).1);
        if until <= now || tips.iter().any(|tip| Some(tip.act) == last) {
            self.state.farewell_until = None;
            self.save_state();
            self.plan_dials(now, out);
        }
    }

    /// Whether this device was in and is not any more: also where its person's admission turned out not
    /// to count, or where it alone was taken out.
    pub(super) fn has_been(&self) -> bool {
        let gone = matches!(
            self.standing(),
            Some(Standing::Left(_) | Standing::Removed(_))
        );
        !self.is_active() && (gone || self.state.phase == Phase::Member)
    }

    /// Returns this device's person's standing; `None` before the join is complete.
    pub(super) fn standing(&self) -> Option<Standing> {
        self.roster()?
            .people
            .get(&self.me())
            .map(|person| person.standing)
    }

    /// Completes a join, once the membership is in hand.
    pub(super) fn become_member(&mut self, now: Timestamp, out: &mut Outbox) {
        let joined = self
            .state
            .joining()
            .map(|(key, name)| (key.to_owned(), name.to_owned()));
        if let Some(way_in) = joined.filter(|_| self.is_active()) {
            self.state.phase = Phase::Member;
            self.state.way_in = Some(way_in);
            self.save_state();
            self.plan_dials(now, out);
            out.outputs.push(Output::Event(Event::Joined));
        }
    }

    /// Returns the invite key's text and the name while this device needs them: to be let in, and
    /// until it knows where to find whoever let it in. Otherwise a crash of that member at the wrong
    /// moment would leave the two without a way to each other.
    pub(super) fn way_in(&self) -> Option<(&str, &str)> {
        let kept = self.state.way_in.as_ref();
        let kept = kept.map(|(key, name)| (key.as_str(), name.as_str()));
        self.state.phase.joining().or(kept)
    }

    /// Lets go of the invite key once it is not needed any more: this device can say hello to members
    /// who do not know it, and whoever let it in can be found.
    pub(super) fn forget_way_in(&mut self, now: Timestamp, out: &mut Outbox) {
        let inside = self.state.phase == Phase::Member && self.shares_a_key();
        if self.state.way_in.is_none() || !inside {
            return;
        }
        let Some(graph) = self.graph.as_ref() else {
            return;
        };
        let added = graph
            .roster()
            .devices
            .get(&self.device())
            .map(|device| device.added);
        let by = added
            .and_then(|act| graph.get(&act))
            .map(|act| act.act().device);
        let found = by.is_none_or(|by| {
            !graph.roster().is_active(&by)
                || self
                    .records
                    .contains_key(&(by, crate::log::record::Kind::Addresses))
        });
        if found {
            self.state.way_in = None;
            self.save_state();
            self.plan_dials(now, out);
        }
    }
}

/// Whether others may give keys after an act that they could not give before.
fn moves_keys(kind: &Kind) -> bool {
    match kind {
        Kind::Ack { .. }
        | Kind::Invite(_)
        | Kind::RevokeInvite { .. }
        | Kind::SetRules { .. }
        | Kind::Leave { .. } => false,
        Kind::Found { .. }
        | Kind::Admit { .. }
        | Kind::AddDevice { .. }
        | Kind::RemoveDevice { .. }
        | Kind::SetRole { .. }
        | Kind::Remove { .. }
        | Kind::Epoch { .. }
        | Kind::Share { .. }
        | Kind::Rekey { .. } => true,
    }
}
