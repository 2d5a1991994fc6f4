//! Voices: what members who are no keepers can do together.
//!
//! A voice counts once more than half of those who belonged, as far as the voices together knew, have said
//! the same. Voices are taken in order, and as soon as there are enough the matter is settled: people
//! who join later do not unsettle it. A voice speaks about the membership and role that the person had;
//! it does not count again after they came back or a keeper decided otherwise.

use super::act::{Kind, Role};
use super::ending::{Ending, Target};
use super::node::Node;
use super::past::Past;
use super::scope::{Scope, Set};
use crate::id::{ActId, PersonId};
use std::collections::{BTreeMap, BTreeSet};

/// What voices are about, and since when.
pub(super) type Matter = (Target, Option<(u64, ActId)>);

/// Returns the matters for which enough voices stand.
pub(super) fn enough<'a>(
    scope: &Scope<'a>,
    stands: &Set,
    settled: &[Ending<'a>],
) -> Vec<(Matter, Ending<'a>)> {
    let mut matters: BTreeMap<Matter, Vec<&'a Node>> = BTreeMap::new();
    let decided = decided_roles(scope);
    for node in &scope.nodes {
        if !node.verdict.direct && stands.has(node) {
            let target = if let Kind::Remove { person, .. } = node.kind() {
                Target::Removed(*person)
            } else if let Kind::SetRole { person, role } = node.kind() {
                Target::Role(*person, *role)
            } else {
                continue;
            };
            matters
                .entry((target, since(scope, &decided, target, node)))
                .or_default()
                .push(node);
        }
    }
    matters
        .into_iter()
        .filter_map(|(matter, voices)| {
            let acts = majority(scope, stands, settled, &voices)?;
            Some((matter, Ending::new(matter.0, acts, true)))
        })
        .collect()
}

/// The roles that keepers gave.
fn decided_roles<'a>(scope: &Scope<'a>) -> BTreeMap<PersonId, Vec<&'a Node>> {
    let mut decided: BTreeMap<PersonId, Vec<&'a Node>> = BTreeMap::new();
    for node in scope.nodes.iter().filter(|node| node.verdict.direct) {
        if let Kind::SetRole { person, .. } = node.kind() {
            decided.entry(*person).or_default().push(node);
        }
    }
    decided
}

/// The last thing a voice knew that decided on the person's membership or role.
fn since(
    scope: &Scope<'_>,
    decided: &BTreeMap<PersonId, Vec<&Node>>,
    target: Target,
    voice: &Node,
) -> Option<(u64, ActId)> {
    let (Target::Removed(person) | Target::Role(person, _)) = target else {
        return None;
    };
    let roles = decided.get(&person).into_iter().flatten().copied();
    scope
        .introductions(&person)
        .chain(roles)
        .filter(|act| voice.past.has(act.place))
        .map(Node::order)
        .max()
}

/// The first voices that are more than half, one for each person.
fn majority<'a>(
    scope: &Scope<'a>,
    stands: &Set,
    settled: &[Ending<'a>],
    voices: &[&'a Node],
) -> Option<Vec<&'a Node>> {
    let mut said = BTreeSet::new();
    let mut acts = Vec::new();
    let mut joint = Past::default();
    for voice in voices {
        if !said.insert(voice.person()) {
            continue;
        }
        acts.push(*voice);
        joint.join(&voice.past);
        joint.add(voice.place);
        if 2 * said.len() > members(scope, stands, settled, &joint) {
            return Some(acts);
        }
    }
    None
}

/// How many belonged, as far as these acts say.
fn members(scope: &Scope<'_>, stands: &Set, settled: &[Ending<'_>], joint: &Past) -> usize {
    let people = scope.graph.by.people.keys();
    people
        .filter(|person| {
            let ends: Vec<_> = ends_of(settled, person)
                .filter(|end| end.acts.iter().all(|act| joint.has(act.place)))
                .collect();
            scope.introductions(person).any(|came| {
                joint.has(came.place)
                    && stands.has(came)
                    && ends.iter().all(|end| end.known_to(came))
            })
        })
        .count()
}

/// Returns what ended a person's membership.
pub(super) fn ends_of<'e, 'a>(
    settled: &'e [Ending<'a>],
    person: &PersonId,
) -> impl Iterator<Item = &'e Ending<'a>> {
    settled
        .iter()
        .filter(move |end| end.ends_person().as_ref() == Some(person))
}

/// Returns the role that voices gave, by the last of them.
pub(super) fn roles(settled: &[Ending<'_>]) -> BTreeMap<ActId, (PersonId, Role)> {
    let voiced = settled.iter().filter(|ending| ending.voices);
    voiced
        .filter_map(|ending| {
            let Target::Role(person, role) = ending.target else {
                return None;
            };
            Some((ending.acts.last()?.id, (person, role)))
        })
        .collect()
}
