//! R5 and R6: who provably saw something first.
//!
//! A witness to an act is a person, independent of those who quarrel and a member before the quarrel,
//! one of whose acts has the act in its past and not the other side. Persons are counted, not devices, and
//! only acts that stand: what a removed member adds afterwards proves nothing.

use super::act::Kind;
use super::ending::Ending;
use super::node::Node;
use super::past::Past;
use super::scope::{Scope, Set};
use crate::id::{ActId, PersonId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What witnesses are asked.
pub(super) struct Question<'q> {
    /// What they saw.
    pub(super) seen: &'q Node,
    /// Whether an act knows the other side.
    pub(super) other: &'q dyn Fn(&Node) -> bool,
    /// They were members in the light of all of this. `None`: whenever they joined.
    pub(super) before: Option<&'q Past>,
    /// Who does not count: the parties.
    pub(super) parties: &'q BTreeSet<PersonId>,
}

/// Returns the people who answer yes.
pub(super) fn witnesses(
    scope: &Scope<'_>,
    stands: &Set,
    question: &Question<'_>,
) -> BTreeSet<PersonId> {
    let mut people = BTreeSet::new();
    for (_, chain, count) in scope.chains() {
        let acts = chain.nodes.get(..count).unwrap_or_default();
        let first = acts.partition_point(|act| !act.past.has(question.seen.place));
        let saw = acts.iter().skip(first);
        for act in saw.take_while(|act| !(question.other)(act)) {
            let person = act.person();
            if stands.has(act)
                && !question.parties.contains(&person)
                && was_member(scope, stands, &person, question.before)
            {
                people.insert(person);
                break;
            }
        }
    }
    people
}

/// R5: whether somebody saw an act before the ending that strikes it.
pub(super) fn spared(scope: &Scope<'_>, stands: &Set, ending: &Ending<'_>, node: &Node) -> bool {
    if ending.known_to(node) {
        return false;
    }
    let mut before = node.past.clone();
    for act in &ending.acts {
        before.meet(&act.past);
    }
    let mut parties = ending.authors();
    parties.extend(ending.ends_person());
    parties.insert(node.person());
    if let Kind::Admit { newcomer, .. } = node.kind() {
        parties.insert(newcomer.person);
    }
    let question = Question {
        seen: node,
        other: &|act| ending.known_to(act),
        before: Some(&before),
        parties: &parties,
    };
    !witnesses(scope, stands, &question).is_empty()
}

/// Of rival admissions, who saw which person's first: independent members from before all of them.
pub(super) fn saw_first(
    scope: &Scope<'_>,
    stands: &Set,
    rivals: &[(PersonId, &Node)],
) -> BTreeMap<PersonId, BTreeSet<PersonId>> {
    let mut parties = BTreeSet::new();
    let mut before: Option<Past> = None;
    for (newcomer, act) in rivals {
        parties.extend([*newcomer, act.person()]);
        meet(&mut before, act);
    }
    let mut seen: BTreeMap<PersonId, BTreeSet<PersonId>> = BTreeMap::new();
    for (_, chain, count) in scope.chains() {
        let acts = chain.nodes.get(..count).unwrap_or_default();
        let after = |act: &Node, rival: &Node| act.past.has(rival.place);
        let first = acts.partition_point(|act| !rivals.iter().any(|(_, rival)| after(act, rival)));
        let Some(act) = acts.iter().skip(first).find(|act| stands.has(act)) else {
            continue;
        };
        let known = rivals.iter().filter(|(_, rival)| after(act, rival));
        let known: BTreeSet<PersonId> = known.map(|(person, _)| *person).collect();
        let person = act.person();
        if let (Some(only), 1) = (known.first(), known.len())
            && !parties.contains(&person)
            && was_member(scope, stands, &person, before.as_ref())
        {
            seen.entry(*only).or_default().insert(person);
        }
    }
    seen
}

/// Witnesses from before all; witnesses from before this; when the author came; the id.
pub(super) type Rank = (Reverse<usize>, Reverse<usize>, Vec<(u64, ActId)>, ActId);

/// R6: the rank of an ending among those it quarrels with; the smallest wins. More witnesses first, then
/// more of those who saw it first and belonged when it was written, then the longer membership, then the
/// smaller id. Voices are witnesses of their own. (Without the second, a founder with a device that was
/// silent from the beginning could date a removal back to before anybody was a member.)
pub(super) fn rank(
    scope: &Scope<'_>,
    stands: &Set,
    ending: &Ending<'_>,
    opponents: &[&Ending<'_>],
) -> Rank {
    let mut parties = ending.authors();
    let own = if ending.voices {
        ending.authors()
    } else {
        BTreeSet::new()
    };
    let mut before: Option<Past> = None;
    for side in opponents.iter().copied().chain([ending]) {
        parties.extend(side.authors());
        for act in &side.acts {
            meet(&mut before, act);
        }
    }
    let count = |before: Option<&Past>| {
        let mut people = own.clone();
        for act in &ending.acts {
            let question = Question {
                seen: act,
                other: &|act| opponents.iter().any(|other| other.known_to(act)),
                before,
                parties: &parties,
            };
            people.extend(witnesses(scope, stands, &question));
        }
        Reverse(people.len())
    };
    (
        count(before.as_ref()),
        count(Some(&ending.past)),
        seniority(scope, ending),
        ending.id(),
    )
}

/// Keeps what is also in an act's past.
pub(super) fn meet(before: &mut Option<Past>, act: &Node) {
    match before {
        Some(before) => before.meet(&act.past),
        None => *before = Some(act.past.clone()),
    }
}

/// When the author came, then when the device did.
fn seniority(scope: &Scope<'_>, ending: &Ending<'_>) -> Vec<(u64, ActId)> {
    let came = |act: &&Node| {
        let author = act.person();
        let introductions = scope.introductions(&author);
        let known = introductions.filter(|came| act.past.has(came.place) || came.id == act.id);
        let person = known.map(Node::order).min();
        let device = scope
            .grounds(act)
            .and_then(|acts| acts.map(Node::order).min());
        person.into_iter().chain(device).collect()
    };
    ending.acts.iter().map(came).min().unwrap_or_default()
}

pub(super) fn was_member(
    scope: &Scope<'_>,
    stands: &Set,
    person: &PersonId,
    before: Option<&Past>,
) -> bool {
    let Some(before) = before else {
        return true;
    };
    scope
        .introductions(person)
        .any(|came| before.has(came.place) && stands.has(came))
}
