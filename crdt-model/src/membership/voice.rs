//! Voices: what members who are no keepers can do together.
//!
//! A voice counts once more than half of those who belonged have said the same: those the voices together
//! knew of, and those whom their authors knew of by whatever they wrote beside. (Without the latter, two
//! from the beginning could outvote a circle that has grown since, by devices that were silent all the
//! time.) Voices are taken in order, and as soon as there are enough the matter is settled: people
//! who join later do not unsettle it. A voice speaks about the membership and role that the person
//! had; it does not count again after they came back or a keeper decided otherwise.
//!
//! R8: where a circle of four keepers or more asks for two of them, a keeper's act is a voice too, and two
//! keepers are enough. From the first on the person is *asked out*: no key goes to them, until
//! the second, or until another keeper says that they stay.

use super::act::{Kind, Role};
use super::ending::{Ending, Target};
use super::node::Node;
use super::roster::Roster;
use super::scope::{Scope, Set};
use crate::id::{ActId, PersonId};
use std::collections::{BTreeMap, BTreeSet};

/// How many keepers are enough where one is not.
const KEEPERS: usize = 2;

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
            let ending = majority(scope, stands, settled, matter.0, &voices)?;
            Some((matter, ending))
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

/// The first voices that are more than half, one for each person, or two keepers.
fn majority<'a>(
    scope: &Scope<'a>,
    stands: &Set,
    settled: &[Ending<'a>],
    target: Target,
    voices: &[&'a Node],
) -> Option<Ending<'a>> {
    let (mut said, mut keepers) = (BTreeSet::new(), BTreeSet::new());
    let mut acts = Vec::new();
    for voice in voices {
        let person = voice.person();
        let first = said.insert(person);
        let keeper = voice.verdict.by_role && keepers.insert(person);
        if !first && !keeper {
            continue;
        }
        acts.push(*voice);
        let joint = Ending::new(target, acts.clone(), true);
        if keepers.len() >= KEEPERS
            || (2 * said.len() > members(scope, stands, settled, &joint, false).len()
                && 2 * said.len() > members(scope, stands, settled, &joint, true).len())
        {
            return Some(joint);
        }
    }
    None
}

/// Who belonged, as far as these acts say; with `all`, as far as their authors knew beside them.
pub(super) fn members(
    scope: &Scope<'_>,
    stands: &Set,
    settled: &[Ending<'_>],
    joint: &Ending<'_>,
    all: bool,
) -> BTreeSet<PersonId> {
    let mut known = joint.past.clone();
    if all {
        let authors = joint.authors();
        let own = scope
            .nodes
            .iter()
            .filter(|node| authors.contains(&node.person()));
        for beside in own.filter(|node| stands.has(node) && !joint.known_to(node)) {
            known.join(&beside.past);
        }
    }
    let people = scope.graph.by.people.keys().copied();
    people
        .filter(|person| {
            let ends: Vec<_> = ends_of(settled, person)
                .filter(|end| end.acts.iter().all(|act| known.has(act.place)))
                .collect();
            scope.introductions(person).any(|came| {
                known.has(came.place)
                    && stands.has(came)
                    && ends.iter().all(|end| end.known_to(came))
            })
        })
        .collect()
}

/// R8: who is asked out: an active keeper's last request stands, and no other keeper who knew of it has
/// given the person a role since. One request a keeper: nobody empties a circle alone.
pub(super) fn asked_out(scope: &Scope<'_>, stands: &Set, roster: &Roster) -> BTreeSet<PersonId> {
    let mut asked: BTreeMap<PersonId, (&Node, PersonId)> = BTreeMap::new();
    for node in scope.nodes.iter().filter(|node| stands.has(node)) {
        if let Kind::Remove { person, .. } = node.kind()
            && node.verdict.by_role
            && !node.verdict.direct
        {
            asked.insert(node.person(), (node, *person));
        }
    }
    let decided = decided_roles(scope);
    let answered = |act: &Node, whom: &PersonId| {
        let roles = decided.get(whom).into_iter().flatten().copied();
        let stay = roles.filter(|role| ![*whom, act.person()].contains(&role.person()));
        let mut since = stay.chain(scope.introductions(whom));
        since.any(|since| stands.has(since) && since.past.has(act.place))
    };
    asked
        .values()
        .filter(|(act, whom)| roster.is_keeper(&act.person()) && !answered(act, whom))
        .map(|(_, whom)| *whom)
        .filter(|whom| roster.is_member(whom))
        .collect()
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
