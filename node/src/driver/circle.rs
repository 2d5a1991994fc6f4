//! One circle as the driver holds it: its replica, its network, and what is under way between them.

use super::row::Row;
use super::{REOPEN_FIRST, REOPEN_LONGEST};
use crate::handle::Line;
use crate::network::{self, BeaconKeyId, Command, Events};
use circlet_model::address::Address;
use circlet_model::id::PersonId;
use circlet_model::replica::Replica;
use circlet_model::replica::input::{DialId, LinkId};
use circlet_model::replica::output::Output;
use circlet_model::store;
use circlet_model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// One circle.
pub(super) struct Circle {
    pub(super) row: Row,
    pub(super) replica: Result<Replica, store::Error>,
    /// Counts how often the replica was opened anew: outputs of an earlier one are not carried out.
    pub(super) generation: u64,
    pub(super) network: Option<network::Handle>,
    pub(super) events: Option<Events>,
    pub(super) links: BTreeSet<LinkId>,
    /// The network's number of a dial, and the replica's.
    pub(super) dials: BTreeMap<u64, DialId>,
    pub(super) dialled: u64,
    pub(super) wake: Option<Timestamp>,
    pub(super) retry: Option<Timestamp>,
    pub(super) listening: Vec<Address>,
    pub(super) refused: Vec<Address>,
    /// How many of the addresses it was asked to listen on may still work.
    pub(super) asked: usize,
    /// Whether it is still to come out where it listens.
    pub(super) unsettled: bool,
    pub(super) outage: Outage,
    /// Whom this member does not want to see.
    hidden: BTreeSet<PersonId>,
}

/// What is known of a network that ended by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outage {
    /// When it is opened again; `None` while it runs, or was never to run.
    pub(super) again: Option<Timestamp>,
    /// When it was opened last.
    opened: Option<Timestamp>,
    /// How often in a row it did not last.
    times: u32,
}

impl Outage {
    /// Notes that the network was opened.
    pub(super) fn over(&mut self, now: Timestamp) {
        self.again = None;
        self.opened = Some(now);
    }

    /// Notes that the network ended by itself, or did not start.
    fn begins(&mut self, now: Timestamp) {
        let lasted = self
            .opened
            .take()
            .is_some_and(|at| now.since(at) > REOPEN_LONGEST);
        self.times = if lasted { 0 } else { self.times };
        let wait = REOPEN_FIRST.saturating_mul(1 << self.times.min(16));
        self.times = self.times.saturating_add(1);
        self.again = Some(now.after(wait.min(REOPEN_LONGEST)));
    }
}

impl Circle {
    pub(super) fn new(row: Row, replica: Result<Replica, store::Error>) -> Self {
        Self {
            row,
            replica,
            generation: 0,
            network: None,
            events: None,
            links: BTreeSet::new(),
            dials: BTreeMap::new(),
            dialled: 0,
            wake: None,
            retry: None,
            listening: Vec::new(),
            refused: Vec::new(),
            asked: 0,
            unsettled: false,
            outage: Outage::default(),
            hidden: BTreeSet::new(),
        }
    }

    /// Shows nothing of these people from now on.
    pub(super) fn hide(&mut self, people: BTreeSet<PersonId>) {
        self.hidden = people;
        if let Ok(replica) = &mut self.replica {
            replica.hide(self.hidden.clone());
        }
    }

    /// Puts another replica in the place of this one, that shows no more than it did.
    pub(super) fn show(&mut self, replica: Result<Replica, store::Error>) {
        self.replica = replica;
        let hidden = std::mem::take(&mut self.hidden);
        self.hide(hidden);
    }

    /// Returns when it wants to be woken next.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        match (self.retry, self.wake) {
            (Some(retry), _) => Some(retry),
            (None, wake) => wake,
        }
    }

    /// Says whether it is known where it listens.
    pub(super) fn settled(&self) -> bool {
        !self.unsettled
    }

    /// Notes that its network ended by itself, or did not start; returns the links that ended with it.
    pub(super) fn network_ended(&mut self, now: Timestamp) -> BTreeSet<LinkId> {
        self.network = None;
        self.events = None;
        self.listening.clear();
        self.refused.clear();
        self.unsettled = false;
        self.outage.begins(now);
        std::mem::take(&mut self.links)
    }

    /// Puts another replica in the place of this one; returns the links that have to be closed.
    pub(super) fn replace(&mut self, replica: Result<Replica, store::Error>) -> BTreeSet<LinkId> {
        self.show(replica);
        self.generation += 1;
        self.dials.clear();
        self.wake = None;
        std::mem::take(&mut self.links)
    }

    /// Puts a replica from the store in the place of one that was ahead of it, and pauses.
    pub(super) fn reload(
        &mut self,
        replica: Result<Replica, store::Error>,
        retry: Option<Timestamp>,
    ) -> BTreeSet<LinkId> {
        self.retry = retry;
        self.replace(replica)
    }

    /// Goes on after a pause, once the store takes changes again.
    pub(super) fn resume(&mut self) {
        if let Some(retry) = self.retry.take() {
            self.wake = Some(self.wake.map_or(retry, |wake| wake.min(retry)));
        }
    }

    /// Does what an output asks for, as far as it lies here; returns what the network has to do.
    pub(super) fn obey(&mut self, output: Output) -> Vec<Command> {
        match output {
            Output::Dial { .. } if self.network.is_none() && self.outage.again.is_none() => {
                Vec::new()
            }
            Output::Dial {
                dial,
                peer,
                addresses,
            } => {
                self.dialled += 1;
                self.dials.insert(self.dialled, dial);
                let dial = DialId(self.dialled);
                vec![Command::Dial {
                    dial,
                    peer,
                    addresses,
                }]
            }
            Output::Hello { link, frame } => vec![Command::Hello { link, frame }],
            Output::Trust { link } => vec![Command::Trust { link }],
            Output::Known { peers } => vec![Command::Known { peers }],
            Output::Send { link, frame } => vec![Command::Send { link, frame }],
            Output::Close { link } => vec![Command::Close { link }],
            Output::Beacon { beacons } => beacons.into_iter().map(beacon).collect(),
            Output::Listen { keys } => {
                let named = keys.into_iter().enumerate();
                let named = named.map(|(id, key)| (BeaconKeyId(id as u64), Zeroizing::new(key)));
                vec![Command::BeaconKeys {
                    keys: named.collect(),
                }]
            }
            Output::Wake { at } => {
                self.wake = Some(at);
                Vec::new()
            }
            Output::Event(event) => {
                tracing::debug!(?event, "a replica reports");
                Vec::new()
            }
            // Carried out by the driver itself.
            Output::Reply { .. } | Output::Renew | Output::Adopt { .. } | Output::Keep { .. } => {
                Vec::new()
            }
        }
    }

    pub(super) fn line(&self) -> Line<'_> {
        Line {
            hint: self.row.hint,
            replica: self.replica.as_ref(),
            listening: &self.listening,
            refused: &self.refused,
            paused: self.retry.is_some(),
            cut_off: self.outage.again.is_some(),
        }
    }
}

fn beacon((key, payload): ([u8; 32], Vec<u8>)) -> Command {
    let key = Zeroizing::new(key);
    Command::Beacon { key, payload }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn waits_for_a_network_double_and_begin_anew_when_one_lasted() {
        let now = Timestamp(1_000);
        let mut outage = Outage::default();
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            outage.over(now);
            assert_eq!(outage.again, None);
            outage.begins(now);
            assert_eq!(outage.again, Some(now.after(Duration::from_secs(wait))));
        }
        outage.over(now);
        let later = now.after(REOPEN_LONGEST + Duration::from_millis(1));
        outage.begins(later);
        assert_eq!(outage.again, Some(later.after(REOPEN_FIRST)));
    }
}
