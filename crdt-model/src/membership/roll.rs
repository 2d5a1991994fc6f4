//! The roll: from what stands and who is gone to the roster.
//!
//! Acts are taken in one order, by depth and then by id. One that comes after everything else is simply
//! added to the roster before it; `Resolution::extend` says for which acts that is the whole truth.

use super::act::{History, Kind, Mark, Newcomer, Role};
use super::graph::Graph;
use super::node::Node;
use super::past::Past;
use super::resolve::{Resolution, cut};
use super::roster::{Device, Epoch, InviteState, Person, Removal, Roster, Standing};
use crate::id::{DeviceId, EpochId, PersonId};
use crate::secrecy::kem::PublicKey as KemKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the roll needs to know about the acts it is made from.
pub(super) trait View {
    /// The acts it is made from.
    fn within(&self) -> &Past;
    /// Whether an act that lets a person in does so to this day: it stands, and has every end of their
    /// membership behind it.
    fn lets_in(&self, node: &Node) -> bool;
    /// Whether an act that brings a device in does so to this day.
    fn brings_in(&self, node: &Node) -> bool;
    /// Whether an act is on a branch of a fork that does not count.
    fn is_lost(&self, node: &Node) -> bool;
    /// Whether the act knows everything.
    fn is_latest(&self) -> bool {
        false
    }
}

/// The view of an act that knows everything: nothing has ended since.
struct Latest(Past);

impl View for Latest {
    fn within(&self) -> &Past {
        &self.0
    }
    fn lets_in(&self, _: &Node) -> bool {
        true
    }
    fn brings_in(&self, _: &Node) -> bool {
        true
    }
    fn is_lost(&self, _: &Node) -> bool {
        false
    }
    fn is_latest(&self) -> bool {
        true
    }
}

impl Resolution {
    /// Adds an act that comes after all the others. Returns whether that could be done in place; if
    /// not, this resolution must not be used any more.
    pub(super) fn extend(&mut self, graph: &Graph, node: &Node) -> bool {
        let in_place = match node.kind() {
            Kind::Found { .. } | Kind::RemoveDevice { .. } | Kind::Leave { .. } => false,
            Kind::Remove { person, .. } => {
                node.verdict.direct && self.ends_simply(graph, node, person)
            }
            Kind::SetRole { .. } => node.verdict.direct && self.roster.asked_out.is_empty(),
            Kind::Admit { .. } | Kind::AddDevice { .. } => begins(graph, node),
            Kind::Invite(_)
            | Kind::RevokeInvite { .. }
            | Kind::Epoch { .. }
            | Kind::Share { .. }
            | Kind::Ack { .. }
            | Kind::Rekey { .. }
            | Kind::SetRules { .. } => true,
        };
        if !in_place || self.kept != node.past {
            return false;
        }
        self.kept.add(node.place);
        if let Kind::Remove { person, .. } = node.kind() {
            self.remove(graph, node, *person);
        }
        let roster = Arc::make_mut(&mut self.roster);
        enter(roster, graph, node, &Latest(self.kept.clone()));
        for removal in roster.removals.values_mut() {
            removal.known_by.insert(node.person());
        }
        let act = node.act.act();
        self.tips.insert(act.device, (act.seq, node.id));
        self.still_gone(node)
    }

    /// Whether a removal that knows everything only ends a membership that began once: it strikes nothing
    /// then. No fork and no asking may hang on it, and nothing may put it in question (R9): nothing that fell,
    /// and no word that its writer should go, which takes others to count.
    fn ends_simply(&self, graph: &Graph, node: &Node, person: &PersonId) -> bool {
        let forked = self
            .roster
            .devices
            .get(&node.device())
            .is_none_or(|it| it.forked);
        let came = graph.by.people.get(person).map_or(0, Vec::len);
        let writer = node.person();
        let doubted = graph
            .nodes()
            .iter()
            .any(|node| matches!(node.kind(), Kind::Remove { person, .. } if *person == writer));
        let simple = self.void.is_empty() && self.roster.asked_out.is_empty();
        came == 1 && !forked && !doubted && simple
    }

    fn remove(&mut self, graph: &Graph, node: &Node, person: PersonId) {
        let members = self.roster.members().map(|(id, _)| *id).collect();
        self.before_removal(node.id, person, members);
        let roster = Arc::make_mut(&mut self.roster);
        if let Some(gone) = roster.people.get_mut(&person) {
            gone.standing = Standing::Removed(node.id);
            // A role that was given ends with the membership that it was given to.
            let came = graph
                .node(&gone.admitted)
                .and_then(|came| came.verdict.grant);
            gone.role = came.map_or(Role::Keeper, |grant| grant.role);
        }
        let devices = roster
            .devices
            .iter_mut()
            .filter(|(_, it)| it.person == person);
        for (id, device) in devices {
            device.active = false;
            device.cut = device.cut.max(cut(node, id));
        }
        roster
            .invites
            .values_mut()
            .for_each(|invite| invite.revoked = true);
        let known_by = BTreeSet::new();
        roster
            .removals
            .insert(node.id, Removal { person, known_by });
    }
}

/// Enters one act into the roster. Removals and voices are not entered here.
pub(super) fn enter(roster: &mut Roster, graph: &Graph, node: &Node, view: &impl View) {
    match node.kind() {
        Kind::Found { founder, rules, .. } => {
            enter_founder(roster, node, founder, view);
            if !view.is_lost(node) {
                roster.rules = *rules;
                let device = (founder.device, &founder.kem);
                enter_device(roster, node, founder.person, device, view.brings_in(node));
            }
        }
        Kind::Invite(invite) => {
            roster
                .invites
                .entry(invite.invite)
                .or_insert_with(|| InviteState {
                    invite: invite.clone(),
                    made: node.id,
                    by: node.person(),
                    used_by: BTreeSet::new(),
                    revoked: false,
                });
        }
        Kind::Admit {
            newcomer, since, ..
        } => enter_newcomer(roster, node, newcomer, since, view),
        Kind::AddDevice { device, .. } => {
            let active = view.brings_in(node);
            enter_device(
                roster,
                node,
                device.person,
                (device.device, &device.kem),
                active,
            );
        }
        Kind::SetRole { person, role } => {
            if node.verdict.direct {
                set_role(roster, graph, node, (person, *role), view);
            }
        }
        Kind::Epoch {
            commons, stories, ..
        } => enter_epoch(roster, graph, node, (*commons, *stories), view),
        Kind::Share { to, keys, .. } => enter_share(roster, graph, *to, keys),
        Kind::Rekey { kem } => enter_rekey(roster, node, kem, view),
        Kind::SetRules { rules } => roster.rules = *rules,
        Kind::RevokeInvite { invite } => {
            if let Some(state) = roster.invites.get_mut(invite) {
                state.revoked = true;
            }
        }
        Kind::RemoveDevice { .. } | Kind::Remove { .. } | Kind::Leave { .. } | Kind::Ack { .. } => {
        }
    }
}

/// Gives a person a role, if the act knows of a membership of theirs that lasts.
pub(super) fn set_role(
    roster: &mut Roster,
    graph: &Graph,
    node: &Node,
    (person, role): (&PersonId, Role),
    view: &impl View,
) {
    let introductions = graph.by.people.get(person).into_iter().flatten();
    let knows = introductions
        .filter(|introduction| node.past.has(introduction.place))
        .any(|introduction| view.lets_in(introduction));
    if knows && let Some(person) = roster.people.get_mut(person) {
        person.role = role;
    }
}

fn enter_founder(roster: &mut Roster, node: &Node, founder: &Newcomer, view: &impl View) {
    let person = Person {
        name: founder.name.to_string(),
        role: Role::Keeper,
        standing: standing(view.lets_in(node), node),
        admitted: node.id,
        since: node.act.act().day,
        invite: None,
        history: History::All,
        open_after: BTreeMap::new(),
    };
    roster.people.entry(founder.person).or_insert(person);
}

fn enter_newcomer(
    roster: &mut Roster,
    node: &Node,
    newcomer: &Newcomer,
    since: &[Mark],
    view: &impl View,
) {
    let Some(grant) = node.verdict.grant else {
        return;
    };
    if let Some(invite) = roster.invites.get_mut(&grant.invite) {
        invite.used_by.insert(newcomer.person);
    }
    let mut person = Person {
        name: newcomer.name.to_string(),
        role: grant.role,
        standing: standing(view.lets_in(node), node),
        admitted: node.id,
        since: node.act.act().day,
        invite: Some(grant.invite),
        history: grant.history,
        open_after: open_after(grant.history, since),
    };
    match roster.people.get_mut(&newcomer.person) {
        None => {
            roster.people.insert(newcomer.person, person);
        }
        Some(known) => {
            let both = narrower(&known.open_after, &person.open_after);
            if known.standing != Standing::Active {
                core::mem::swap(known, &mut person);
            }
            known.open_after = both;
        }
    }
    let device = (newcomer.device, &newcomer.kem);
    enter_device(roster, node, newcomer.person, device, view.brings_in(node));
}

/// A person whose every introduction has ended gets their true standing when the removals are entered.
fn standing(active: bool, node: &Node) -> Standing {
    if active {
        Standing::Active
    } else {
        Standing::Left(node.id)
    }
}

fn open_after(history: History, since: &[Mark]) -> BTreeMap<DeviceId, u64> {
    let mut marks = BTreeMap::new();
    if history != History::All {
        for mark in since {
            let seq = marks.entry(mark.device).or_insert(mark.seq);
            *seq = (*seq).min(mark.seq);
        }
    }
    marks
}

/// What is closed after two admissions: only what both close.
fn narrower(
    one: &BTreeMap<DeviceId, u64>,
    other: &BTreeMap<DeviceId, u64>,
) -> BTreeMap<DeviceId, u64> {
    one.iter()
        .filter_map(|(device, seq)| Some((*device, *seq.min(other.get(device)?))))
        .collect()
}

/// A device belongs to the person who brought it in first; nobody else can bring it in again.
fn enter_device(
    roster: &mut Roster,
    node: &Node,
    person: PersonId,
    (device, kem): (DeviceId, &KemKey),
    active: bool,
) {
    let known = roster.devices.entry(device).or_insert_with(|| Device {
        person,
        kem: kem.clone(),
        added: node.id,
        active,
        cut: None,
        forked: false,
    });
    if known.person == person {
        known.active |= active;
    }
}

fn enter_epoch(
    roster: &mut Roster,
    graph: &Graph,
    node: &Node,
    (commons, stories): (EpochId, EpochId),
    view: &impl View,
) {
    let epoch = Epoch {
        commons,
        stories,
        by: node.device(),
        day: node.act.act().day,
        depth: node.depth,
        commons_to: recipients(graph, commons, view.within()),
        stories_to: recipients(graph, stories, view.within()),
        outdated: false,
    };
    // Whoever names a key that is already in use adds to those who have it.
    for known in roster.epochs.values_mut() {
        if known.commons == commons {
            known.commons_to.clone_from(&epoch.commons_to);
        }
        if known.stories == stories {
            known.stories_to.clone_from(&epoch.stories_to);
        }
    }
    roster.epochs.insert(node.id, epoch);
}

/// An act that knows everything outdates all epochs; otherwise `resolve` says which.
fn enter_rekey(roster: &mut Roster, node: &Node, kem: &KemKey, view: &impl View) {
    if let Some(device) = roster.devices.get_mut(&node.device()) {
        device.kem = kem.clone();
    }
    if view.is_latest() {
        roster
            .epochs
            .values_mut()
            .for_each(|epoch| epoch.outdated = true);
    }
}

/// Whether no other act brings the same device in: of several, one counts.
fn begins(graph: &Graph, node: &Node) -> bool {
    let brought = node
        .brings_in()
        .and_then(|(_, device)| graph.by.devices.get(&device));
    brought.is_none_or(|acts| acts.len() <= 1)
}

fn enter_share(roster: &mut Roster, graph: &Graph, to: DeviceId, keys: &[EpochId]) {
    for key in keys {
        for act in graph.by.keys.get(key).into_iter().flatten() {
            let Some(epoch) = roster.epochs.get_mut(&act.id) else {
                continue;
            };
            if epoch.commons == *key {
                epoch.commons_to.insert(to);
            }
            if epoch.stories == *key {
                epoch.stories_to.insert(to);
            }
        }
    }
}

/// Everybody who was given a key, by acts that stand or not: what counts is who has it.
fn recipients(graph: &Graph, key: EpochId, within: &Past) -> BTreeSet<DeviceId> {
    let mut all = BTreeSet::new();
    let acts = graph.by.keys.get(&key).into_iter().flatten();
    for act in acts.filter(|act| within.has(act.place)) {
        if let Kind::Epoch { to, .. } = act.kind() {
            all.extend(to.iter().copied());
        } else if let Kind::Share { to, .. } = act.kind() {
            all.insert(*to);
        }
    }
    all
}
