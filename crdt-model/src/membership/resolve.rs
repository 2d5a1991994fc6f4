//! The resolver: from a set of acts to who belongs.
//!
//! R9: once more than half of those who belonged before a removal know of it, what the removed wrote beside
//! it and nobody built on is *dropped*: it does not count for anything, is not offered to anybody, and no
//! longer read when it comes. So they cannot fill others' disks. When somebody did build on it after
//! all, it counts again for what it is: void, or witnessed. So many know, that no counter-removal that
//! nobody has seen can win any more. That cannot be said while the removal lies on a fork, nor when so many do
//! not know it without something that strikes it, or what it rests on: what is dropped could tell which
//! of the two counts. Whether what strikes it counts now does not matter.

use super::act::Kind;
use super::ending::{Ending, Target};
use super::fork;
use super::graph::Graph;
use super::node::Node;
use super::past::Past;
use super::quarrel::{Quarrel, first_places};
use super::roll::{self, View};
use super::roster::{Removal, Roster, Standing};
use super::scope::Scope;
use super::voice;
use crate::id::{ActId, DeviceId, EntryId, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a set of acts resolves to.
#[derive(Clone, Debug)]
pub(super) struct Resolution {
    pub(super) roster: Arc<Roster>,
    /// The last act of each device, on the branch that counts.
    pub(super) tips: BTreeMap<DeviceId, (u64, ActId)>,
    /// The acts that do not count.
    pub(super) void: BTreeSet<ActId>,
    /// The acts this is about: all, less those that are dropped.
    pub(super) kept: Past,
    /// The removals that nothing puts in question.
    known: Arc<BTreeMap<ActId, Known>>,
    /// The removed of whom more than half of those who belonged before know it.
    pub(super) gone: BTreeSet<PersonId>,
}

/// Who knows of a removal.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Who is removed.
    person: PersonId,
    /// Who belonged before, whom it removes among them.
    before: BTreeSet<PersonId>,
    /// Of which people some act that stands knows all of it: of a removal by voices, each of them.
    by: BTreeSet<PersonId>,
}

impl Known {
    /// Whether more than half of those who belonged before know of it.
    fn by_most(&self) -> bool {
        2 * self.by.intersection(&self.before).count() > self.before.len()
    }
}

/// Resolves the acts within a past.
pub(super) fn resolve(graph: &Graph, within: &Past) -> Resolution {
    let all = resolve_all(graph, within);
    let kept = worth_keeping(graph, &all);
    if kept == all.kept {
        return all;
    }
    let mut resolution = resolve_all(graph, &kept);
    if !all.gone.is_subset(&resolution.gone) {
        // Somebody belongs because of that: then it was no tail.
        return Resolution {
            gone: BTreeSet::new(),
            ..all
        };
    }
    let dropped = graph.nodes().iter();
    let dropped = dropped.filter(|node| within.has(node.place) && !kept.has(node.place));
    resolution.void.extend(dropped.map(|node| node.id));
    resolution
}

/// Returns the acts without the tails that R9 drops.
fn worth_keeping(graph: &Graph, all: &Resolution) -> Past {
    let mut kept = all.kept.clone();
    if all.gone.is_empty() || all.void.is_empty() {
        return kept;
    }
    let mut built_on = BTreeSet::new();
    let nodes = graph.nodes().iter().rev();
    for node in nodes.filter(|node| all.kept.has(node.place)) {
        let worthless = all.gone.contains(&node.person()) && all.void.contains(&node.id);
        if worthless && !built_on.contains(&node.id) {
            kept.cut(node.place);
        } else {
            built_on.extend(node.act.parents());
        }
    }
    kept
}

fn resolve_all(graph: &Graph, within: &Past) -> Resolution {
    let scope = Scope::new(graph, within);
    let quarrel = Quarrel::settle(&scope);
    let mut roster = Roster::default();
    let roles = voice::roles(&quarrel.settled);
    for node in scope.nodes.iter().filter(|node| quarrel.stands.has(node)) {
        roll::enter(&mut roster, graph, node, &quarrel);
        if let Some((person, role)) = roles.get(&node.id) {
            roll::set_role(&mut roster, graph, node, (person, *role), &quarrel);
        }
    }
    let mut known = BTreeMap::new();
    let nodes = scope.nodes.iter();
    let said: Vec<Ending<'_>> = nodes.filter_map(|node| Ending::said(node)).collect();
    for ending in &quarrel.settled {
        end(&mut roster, &quarrel, ending);
        known.extend(Some(ending.id()).zip(quarrel.known(ending, &said)));
    }
    close(&mut roster, &quarrel);
    roster.asked_out = voice::asked_out(&scope, &quarrel.stands, &roster);
    let void = scope.nodes.iter().filter(|node| !quarrel.stands.has(node));
    Resolution {
        tips: fork::tips(&scope, &quarrel.lost),
        void: void.map(|node| node.id).collect(),
        kept: within.clone(),
        gone: long_gone(&roster, &known),
        known: Arc::new(known),
        roster: Arc::new(roster),
    }
}

impl Resolution {
    /// Notes who belonged before a removal.
    pub(super) fn before_removal(
        &mut self,
        act: ActId,
        person: PersonId,
        before: BTreeSet<PersonId>,
    ) {
        let by = BTreeSet::new();
        let known = Known { person, before, by };
        Arc::make_mut(&mut self.known).insert(act, known);
    }

    /// Notes that the writer of an act knows everything, and finds out anew who is long gone. Returns whether
    /// nothing follows from it.
    pub(super) fn still_gone(&mut self, node: &Node) -> bool {
        let person = node.person();
        let told = self.known.values().all(|known| known.by.contains(&person));
        if told && node.lets_in().is_none() {
            return true;
        }
        for known in Arc::make_mut(&mut self.known).values_mut() {
            known.by.insert(person);
        }
        let gone = long_gone(&self.roster, &self.known);
        let same = gone == self.gone || self.void.is_empty();
        self.gone = gone;
        same
    }
}

fn long_gone(roster: &Roster, known: &BTreeMap<ActId, Known>) -> BTreeSet<PersonId> {
    let removals = known.values();
    let gone = removals.filter(|it| !roster.is_member(&it.person) && it.by_most());
    gone.map(|removal| removal.person).collect()
}

impl View for Quarrel<'_, '_> {
    fn within(&self) -> &Past {
        self.scope.within
    }

    fn lets_in(&self, node: &Node) -> bool {
        let person = node.lets_in();
        person.is_some_and(|person| self.stands.has(node) && self.after_ends_of(&person, node))
    }

    fn brings_in(&self, node: &Node) -> bool {
        let Some((person, device)) = node.brings_in() else {
            return false;
        };
        let mut ends = self.settled.iter();
        self.stands.has(node)
            && self.after_ends_of(&person, node)
            && !ends.any(|end| end.target == Target::Device(device) && !end.known_to(node))
    }

    fn is_lost(&self, node: &Node) -> bool {
        self.scope.on_branch(node, &self.lost)
    }
}

impl Quarrel<'_, '_> {
    /// Who knows of a removal; `None` where something puts it in question.
    fn known(&self, ending: &Ending<'_>, said: &[Ending<'_>]) -> Option<Known> {
        let Target::Removed(person) = ending.target else {
            return None;
        };
        let branches = self.forks.iter().flat_map(|fork| &fork.branches);
        let places = first_places(branches.map(|act| (act.place.chain, act.place.at)));
        let mut acts = ending.acts.iter();
        if acts.any(|act| self.scope.on_branch(act, &places)) {
            return None;
        }
        let mut before = voice::members(self.scope, &self.stands, &self.settled, ending, false);
        before.insert(person);
        let known = |without: Option<&Ending<'_>>| Known {
            person,
            before: before.clone(),
            by: self.who_knows(ending, without),
        };
        let shakes = |by: &&Ending<'_>| ending.acts.iter().any(|act| by.shakes(self.scope, act));
        let mut disputes = said.iter().filter(shakes);
        disputes
            .all(|by| known(Some(by)).by_most())
            .then(|| known(None))
    }

    /// Who knew of the whole of an ending, without another one.
    fn who_knows(&self, ending: &Ending<'_>, without: Option<&Ending<'_>>) -> BTreeSet<PersonId> {
        let standing = self.scope.nodes.iter();
        let standing = standing.filter(|node| self.stands.has(node) && ending.known_to(node));
        let knew = standing.filter(|node| without.is_none_or(|other| !other.known_to(node)));
        knew.map(|node| node.person()).collect()
    }

    fn after_ends_of(&self, person: &PersonId, node: &Node) -> bool {
        voice::ends_of(&self.settled, person).all(|end| end.known_to(node))
    }
}

/// Enters what an ending ends.
///
/// Whoever is removed, and whoever holds a device that is, could read the secrets of all invites.
fn end(roster: &mut Roster, quarrel: &Quarrel<'_, '_>, ending: &Ending<'_>) {
    let scope = quarrel.scope;
    match ending.target {
        Target::Removed(person) => {
            for act in &ending.acts {
                let standing = scope.nodes.iter().filter(|node| quarrel.stands.has(node));
                let knowing = standing.filter(|node| node.knows(act));
                let known_by = knowing.map(|node| node.person()).collect();
                roster.removals.insert(act.id, Removal { person, known_by });
            }
        }
        Target::Device(_) => {}
        Target::Left(_) | Target::Role(..) | Target::Invite(_) => return,
    }
    for state in roster.invites.values_mut() {
        let made = scope.graph.node(&state.made);
        state.revoked |= !made.is_some_and(|made| ending.known_to(made));
    }
}

/// Says of everybody who no longer belongs by which act, and up to where their entries count.
fn close(roster: &mut Roster, quarrel: &Quarrel<'_, '_>) {
    for (id, person) in &mut roster.people {
        if person.standing != Standing::Active {
            let ends = || voice::ends_of(&quarrel.settled, id);
            let removed = ends().filter(|end| matches!(end.target, Target::Removed(_)));
            person.standing = match (removed.map(Ending::id).min(), ends().map(Ending::id).min()) {
                (Some(act), _) => Standing::Removed(act),
                (None, Some(act)) => Standing::Left(act),
                (None, None) => person.standing,
            };
        }
    }
    let forked: BTreeSet<DeviceId> = quarrel.forks.iter().map(|fork| fork.device).collect();
    for (id, device) in &mut roster.devices {
        device.forked = forked.contains(id);
        if !device.active {
            let ends = quarrel.settled.iter().filter(|end| {
                end.ends_person() == Some(device.person) || end.target == Target::Device(*id)
            });
            let acts = ends.flat_map(|end| &end.acts);
            device.cut = acts.filter_map(|act| cut(act, id)).max();
        }
    }
    date_epochs(roster, quarrel);
}

/// K3: an epoch that does not know of a KEM key in use is outdated.
fn date_epochs(roster: &mut Roster, quarrel: &Quarrel<'_, '_>) {
    let standing = quarrel.scope.nodes.iter().copied();
    let rekeyed = standing
        .filter(|node| matches!(node.kind(), Kind::Rekey { .. }) && quarrel.stands.has(node));
    for rekeyed in rekeyed {
        for (act, epoch) in &mut roster.epochs {
            let minted = quarrel.scope.graph.node(act);
            epoch.outdated |= !minted.is_some_and(|minted| minted.knows(rekeyed));
        }
    }
}

/// Returns the last entry of a device that counts after an ending.
pub(super) fn cut(act: &Node, of: &DeviceId) -> Option<(u64, EntryId)> {
    let cuts = act.cuts().iter().filter(|cut| cut.device == *of);
    cuts.map(|cut| (cut.seq, cut.entry)).max()
}
