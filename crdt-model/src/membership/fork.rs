//! R3: two acts with one place in a device's chain.
//!
//! The branch that more witnesses saw first stays. Where the members of before cannot tell, because there
//! were none or none wrote, everybody who ever saw only one branch is asked, then the smaller id
//! decides. The other branches are void, but for the people and devices they brought in: otherwise
//! a founder could fork their second act and put out everybody who joined after it.

use super::node::Node;
use super::past::Past;
use super::scope::{Scope, Set};
use super::witness::{self, Question};
use crate::id::{ActId, DeviceId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Acts of one device that follow the same act.
#[derive(Clone, Debug)]
pub(super) struct Fork<'a> {
    pub(super) device: DeviceId,
    /// The first act of each branch, in order.
    pub(super) branches: Vec<&'a Node>,
}

/// Finds the forks in scope, in order.
pub(super) fn find<'a>(scope: &Scope<'a>) -> Vec<Fork<'a>> {
    let mut children: BTreeMap<(DeviceId, Option<_>), Vec<&'a Node>> = BTreeMap::new();
    for (_, chain, _) in scope.chains() {
        if let Some(first) = chain.nodes.first() {
            let siblings = children.entry((chain.device, chain.parent)).or_default();
            siblings.push(first);
        }
    }
    let mut forks = Vec::new();
    for ((device, parent), mut branches) in children {
        if let Some(parent) = parent
            && let Some(chain) = scope.graph.chains().get(parent.chain)
            && let Some(next) = chain.nodes.get(parent.at as usize + 1)
            && scope.within.has(next.place)
        {
            branches.push(next);
        }
        if branches.len() > 1 {
            branches.sort_unstable_by_key(|node| node.order());
            forks.push(Fork { device, branches });
        }
    }
    forks.sort_unstable_by_key(|fork| fork.branches.first().map(|node| node.order()));
    forks
}

impl<'a> Fork<'a> {
    /// Returns the branch that stays.
    pub(super) fn choose(&self, scope: &Scope<'_>, stands: &Set) -> Option<&'a Node> {
        let mut before: Option<Past> = None;
        for branch in &self.branches {
            witness::meet(&mut before, branch);
        }
        let parties: BTreeSet<_> = self.branches.iter().map(|node| node.person()).collect();
        let rank = |branch: &&Node| {
            let count = |before| {
                let question = Question {
                    seen: branch,
                    other: &|act| {
                        let mut others = self.branches.iter().filter(|act| act.id != branch.id);
                        others.any(|other| act.knows(other))
                    },
                    before,
                    parties: &parties,
                };
                Reverse(witness::witnesses(scope, stands, &question).len())
            };
            (count(before.as_ref()), count(None), branch.id)
        };
        self.branches.iter().copied().min_by_key(rank)
    }
}

/// Returns each device's last act on the branch that counts. `lost` holds the places of the first acts
/// of the other branches.
pub(super) fn tips(
    scope: &Scope<'_>,
    lost: &BTreeMap<usize, u32>,
) -> BTreeMap<DeviceId, (u64, ActId)> {
    let mut tips: BTreeMap<DeviceId, (u64, ActId)> = BTreeMap::new();
    for (number, chain, count) in scope.chains() {
        let end = lost
            .get(&number)
            .map_or(count, |first| count.min(*first as usize));
        let end = end.checked_sub(1).and_then(|at| chain.nodes.get(at));
        let Some(end) = end.filter(|end| !scope.on_branch(end, lost)) else {
            continue;
        };
        let tip = (end.act.act().seq, end.id);
        let longest = tips.entry(chain.device).or_insert(tip);
        *longest = (*longest).max(tip);
    }
    tips
}
