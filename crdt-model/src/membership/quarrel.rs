//! Quarrels: which acts stand when some contradict each other.
//!
//! Endings are settled one after the other: first those that no open ending strikes. Where endings strike
//! each other in a ring, the one with the worst rank (R6) falls, until it is no ring any more. Forks
//! are decided when nothing else can be settled, so that a removed member's afterthoughts do
//! not count in them. What stands is then the smallest set in which everything is grounded, and
//! everything that is struck is vouched for by something that stands: nothing supports itself.

use super::ending::Ending;
use super::fork::{self, Fork};
use super::node::Node;
use super::ring::rings;
use super::scope::{Scope, Set};
use super::voice::{self, Matter};
use super::witness;
use crate::id::{InviteId, PersonId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The state of the quarrels in a scope, and at the end their outcome.
#[derive(Debug)]
pub(super) struct Quarrel<'s, 'a> {
    pub(super) scope: &'s Scope<'a>,
    /// The acts that count.
    pub(super) stands: Set,
    /// The endings that are in effect.
    pub(super) settled: Vec<Ending<'a>>,
    pub(super) forks: Vec<Fork<'a>>,
    /// Where branches that do not count begin: the chain, and the place in it.
    pub(super) lost: BTreeMap<usize, u32>,
    /// Acts whose ending is settled or fell.
    done: Set,
    /// Matters that voices settled, or that fell.
    done_by_voices: BTreeSet<Matter>,
    /// Forks that are not decided yet.
    open_forks: Vec<Fork<'a>>,
    /// Endings that lost a quarrel, whoever vouches for them.
    fallen: Set,
    /// Admissions beyond what an invite allows, and devices beyond what a person may have.
    beyond: Set,
}

/// An ending that is not settled yet.
struct Open<'a> {
    ending: Ending<'a>,
    matter: Option<Matter>,
}

impl<'s, 'a> Quarrel<'s, 'a> {
    /// Settles all quarrels.
    pub(super) fn settle(scope: &'s Scope<'a>) -> Self {
        let mut beyond = Set::default();
        loop {
            let mut quarrel = Self::begin(scope, beyond);
            while quarrel.step() {}
            // An admission that turns out to be one too many takes with it what rests on it. What is
            // beyond only grows, so this ends.
            beyond = quarrel.beyond.clone();
            if !quarrel.find_beyond(&mut beyond) {
                return quarrel;
            }
        }
    }

    fn begin(scope: &'s Scope<'a>, beyond: Set) -> Self {
        let forks = fork::find(scope);
        Self {
            scope,
            stands: Set::default(),
            settled: Vec::new(),
            open_forks: forks.clone(),
            forks,
            lost: BTreeMap::new(),
            done: Set::default(),
            done_by_voices: BTreeSet::new(),
            fallen: Set::default(),
            beyond,
        }
    }

    /// Settles what can be settled now. Returns whether there was anything.
    fn step(&mut self) -> bool {
        self.stand();
        if self.drop_fallen() {
            return true;
        }
        let open = self.open();
        if open.is_empty() {
            return self.decide_fork();
        }
        let field = self.field(&open);
        let strikes: Vec<Vec<bool>> = open
            .iter()
            .map(|one| self.reached(one, &open, &field, false))
            .collect();
        let rings = rings(&strikes);
        let free = self.free(&open, &field, &strikes, &rings);
        if free.is_empty() {
            return self.decide_fork();
        }
        // Those alone come first: whom they end is no witness in a ring.
        let (alone, quarrels): (Vec<_>, Vec<_>) = free.iter().partition(|ring| ring.len() == 1);
        let now = if alone.is_empty() { quarrels } else { alone };
        for ring in now {
            self.settle_ring(&open, &strikes, ring);
        }
        true
    }

    /// Computes what stands under the endings that are settled and the branches that are lost.
    fn stand(&mut self) {
        self.stands = Set::default();
        let mut waiting: Vec<(&'a Node, Vec<usize>)> = Vec::new();
        for node in &self.scope.nodes {
            let lost = node.brings_in().is_none() && self.scope.on_branch(node, &self.lost);
            if !lost && !self.fallen.has(node) && !self.beyond.has(node) {
                let endings = self.settled.iter().enumerate();
                let struck = endings.filter(|(_, ending)| ending.strikes(self.scope, node));
                waiting.push((node, struck.map(|(at, _)| at).collect()));
            }
        }
        loop {
            let before = waiting.len();
            let mut still = Vec::new();
            for (node, struck) in waiting {
                let grounded = self
                    .scope
                    .grounds(node)
                    .is_none_or(|mut grounds| grounds.any(|ground| self.stands.has(ground)));
                let mut endings = struck.iter().filter_map(|at| self.settled.get(*at));
                let spared = |ending| witness::spared(self.scope, &self.stands, ending, node);
                if grounded && endings.all(spared) {
                    self.stands.add(node);
                } else {
                    still.push((node, struck));
                }
            }
            if still.len() == before {
                return;
            }
            waiting = still;
        }
    }

    /// Takes back a settled ending whose act does not stand after what was settled since.
    fn drop_fallen(&mut self) -> bool {
        let before = self.settled.len();
        let stands = &self.stands;
        self.settled
            .retain(|ending| ending.voices || ending.acts.iter().all(|act| stands.has(act)));
        self.settled.len() < before
    }

    /// Returns the endings that stand and are not settled.
    fn open(&self) -> Vec<Open<'a>> {
        let nodes = self.scope.nodes.iter();
        let single = nodes
            .filter(|node| self.stands.has(node) && !self.done.has(node))
            .filter_map(|node| Ending::of(node));
        let voiced = voice::enough(self.scope, &self.stands, &self.settled);
        single
            .map(|ending| Open {
                ending,
                matter: None,
            })
            .chain(voiced.into_iter().filter_map(|(matter, ending)| {
                (!self.done_by_voices.contains(&matter)).then_some(Open {
                    ending,
                    matter: Some(matter),
                })
            }))
            .collect()
    }

    /// Returns what can be reached: introductions, and the acts of the open endings.
    fn field(&self, open: &[Open<'a>]) -> Vec<&'a Node> {
        if open.len() < 2 {
            return Vec::new();
        }
        let mut acts = Set::default();
        for act in open.iter().flat_map(|one| &one.ending.acts) {
            acts.add(act);
        }
        let nodes = self.scope.nodes.iter().copied();
        nodes
            .filter(|node| node.brings_in().is_some() || acts.has(node))
            .collect()
    }

    /// Returns which open endings one reaches: itself struck, or resting on an introduction that is.
    /// With `spare`, what is vouched for is not reached.
    fn reached(
        &self,
        by: &Open<'a>,
        open: &[Open<'a>],
        field: &[&'a Node],
        spare: bool,
    ) -> Vec<bool> {
        let by = &by.ending;
        if by.past.len() == self.scope.nodes.len() {
            return vec![false; open.len()];
        }
        let strikes = |node: &Node| {
            by.strikes(self.scope, node)
                && !(spare && witness::spared(self.scope, &self.stands, by, node))
        };
        let mut reached = Set::default();
        for node in field.iter().copied() {
            let ungrounded = || {
                let Some(grounds) = self.scope.grounds(node) else {
                    return false;
                };
                let mut grounds = grounds.peekable();
                grounds.peek().is_some() && grounds.all(|ground| reached.has(ground))
            };
            if strikes(node) || ungrounded() {
                reached.add(node);
            }
        }
        open.iter()
            .map(|one| one.ending.acts.iter().any(|act| reached.has(act)))
            .collect()
    }

    /// Returns the rings (most are a single ending) that nothing open outside them reaches and no
    /// undecided fork holds up.
    fn free(
        &self,
        open: &[Open<'a>],
        field: &[&'a Node],
        strikes: &[Vec<bool>],
        rings: &[Vec<usize>],
    ) -> Vec<Vec<usize>> {
        let mut held: Vec<bool> = open.iter().map(|one| self.on_open_fork(one)).collect();
        for ring in rings {
            for at in ring {
                let outside = |to: &usize| !ring.contains(to);
                let row = strikes.get(*at).map(Vec::as_slice).unwrap_or_default();
                let struck = row.iter().enumerate().filter(|(_, struck)| **struck);
                let struck: Vec<usize> = struck.map(|(to, _)| to).filter(outside).collect();
                let Some(by) = open.get(*at).filter(|_| !struck.is_empty()) else {
                    continue;
                };
                let unspared = self.reached(by, open, field, true);
                for to in struck {
                    if unspared.get(to) == Some(&true)
                        && let Some(held) = held.get_mut(to)
                    {
                        *held = true;
                    }
                }
            }
        }
        let free = |ring: &&Vec<usize>| !ring.iter().any(|at| held.get(*at) == Some(&true));
        rings.iter().filter(free).cloned().collect()
    }

    fn on_open_fork(&self, one: &Open<'a>) -> bool {
        let branches = self.open_forks.iter().flat_map(|fork| &fork.branches);
        let branches = branches.map(|branch| (branch.place.chain, branch.place.at));
        let branches = first_places(branches);
        let mut acts = one.ending.acts.iter();
        acts.any(|act| self.scope.on_branch(act, &branches))
    }

    /// Settles an ending. Of a ring, the worst falls: it is struck by one that is better. (Were the best to
    /// fell all that it quarrels with, somebody removed could save themselves by closing a ring
    /// with an act that nobody has seen.)
    fn settle_ring(&mut self, open: &[Open<'a>], strikes: &[Vec<bool>], ring: &[usize]) {
        let struck = |by: usize, to: usize| strikes.get(by).and_then(|row| row.get(to));
        let opponents = |one: usize| -> Vec<&Ending<'a>> {
            let others = ring.iter().filter(|other| {
                **other != one
                    && (struck(one, **other) == Some(&true) || struck(**other, one) == Some(&true))
            });
            let others = others.filter_map(|other| open.get(*other));
            others.map(|other| &other.ending).collect()
        };
        let members = ring.iter().filter_map(|at| Some((*at, open.get(*at)?)));
        let worst = members.max_by_key(|(at, one)| {
            witness::rank(self.scope, &self.stands, &one.ending, &opponents(*at))
        });
        let Some((_, one)) = worst else {
            return;
        };
        self.finish(one);
        if ring.len() == 1 {
            self.settled.push(one.ending.clone());
        } else if one.matter.is_none() {
            for act in &one.ending.acts {
                self.fallen.add(act);
            }
        }
    }

    fn finish(&mut self, one: &Open<'a>) {
        match one.matter {
            Some(matter) => {
                self.done_by_voices.insert(matter);
            }
            None => {
                for act in &one.ending.acts {
                    self.done.add(act);
                }
            }
        }
    }

    /// Decides the first fork that is open. Returns whether there was one.
    fn decide_fork(&mut self) -> bool {
        if self.open_forks.is_empty() {
            return false;
        }
        let fork = self.open_forks.remove(0);
        let stays = fork.choose(self.scope, &self.stands).map(|act| act.id);
        let lost = fork.branches.iter().filter(|act| Some(act.id) != stays);
        let places = lost.map(|act| (act.place.chain, act.place.at));
        let known = self.lost.iter().map(|(chain, at)| (*chain, *at));
        self.lost = first_places(known.chain(places));
        true
    }

    /// Finds standing admissions beyond what their invite allows: those of one invite at a time, as
    /// others may rest on them. Then devices beyond what a person may have.
    fn find_beyond(&self, beyond: &mut Set) -> bool {
        let mut used: BTreeMap<InviteId, Vec<(PersonId, &'a Node)>> = BTreeMap::new();
        for node in self.scope.nodes.iter().filter(|node| self.stands.has(node)) {
            if let (Some(person), Some(grant)) = (node.lets_in(), node.verdict.grant) {
                used.entry(grant.invite).or_default().push((person, node));
            }
        }
        let over = used.values().map(|rivals| self.too_many(rivals));
        let over =
            over.filter_map(|many| Some((many.iter().map(|node| node.order()).min()?, many)));
        let Some((_, first)) = over.min_by_key(|(order, _)| *order) else {
            return self.find_crowd(beyond);
        };
        first.iter().fold(false, |new, node| beyond.add(node) | new)
    }

    /// Returns which of an invite's admissions are too many; one person admitted twice is one use. Whom
    /// more members saw first stays, then who is on a branch that counts, then the earlier. Otherwise
    /// an admission that is dated back would put out somebody who came long ago.
    fn too_many(&self, rivals: &[(PersonId, &'a Node)]) -> Vec<&'a Node> {
        let people: BTreeSet<PersonId> = rivals.iter().map(|(person, _)| *person).collect();
        let uses = |node: &Node| {
            node.verdict
                .grant
                .map_or(0, |grant| usize::from(grant.uses))
        };
        if rivals.iter().all(|(_, node)| people.len() <= uses(node)) {
            return Vec::new();
        }
        let seen = witness::saw_first(self.scope, &self.stands, rivals);
        let mut ranked = rivals.to_vec();
        ranked.sort_by_cached_key(|(person, node)| {
            let witnesses = seen.get(person).map_or(0, BTreeSet::len);
            let lost = self.scope.on_branch(node, &self.lost);
            (Reverse(witnesses), lost, node.order())
        });
        let mut stay = BTreeSet::new();
        ranked.retain(|(person, node)| {
            let free = stay.contains(person) || stay.len() < uses(node);
            if free {
                stay.insert(*person);
            }
            !free
        });
        ranked.into_iter().map(|(_, node)| node).collect()
    }
}

/// Keeps the first place of each chain.
pub(super) fn first_places(places: impl Iterator<Item = (usize, u32)>) -> BTreeMap<usize, u32> {
    let mut first = BTreeMap::new();
    for (chain, at) in places {
        let known = first.entry(chain).or_insert(at);
        *known = at.min(*known);
    }
    first
}
