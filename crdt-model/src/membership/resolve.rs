//! The resolver: from a set of acts to who belongs.

use super::graph::{Graph, Node};
use super::past::Past;
use super::roll::{self, View};
use super::roster::Roster;
use crate::id::{ActId, DeviceId};
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
}

struct All(Past);

impl View for All {
    fn within(&self) -> &Past {
        &self.0
    }
    fn lets_in(&self, _: &Node) -> bool {
        true
    }
    fn brings_in(&self, _: &Node) -> bool {
        true
    }
}

/// Resolves the acts within a past.
pub(super) fn resolve(graph: &Graph, within: &Past) -> Resolution {
    let mut nodes: Vec<_> = graph
        .nodes()
        .iter()
        .filter(|node| within.has(node.place))
        .collect();
    nodes.sort_unstable_by_key(|node| node.order());
    let view = All(within.clone());
    let mut roster = Roster::default();
    let mut tips = BTreeMap::new();
    for node in nodes {
        roll::enter(&mut roster, graph, node, &view);
        let act = node.act.act();
        tips.insert(act.device, (act.seq, node.id));
    }
    Resolution {
        roster: Arc::new(roster),
        tips,
        void: BTreeSet::new(),
    }
}
