//! A scope: the acts that one resolution looks at, in their one order, and simple questions about them.

use super::act::Kind;
use super::graph::{Chain, Graph};
use super::node::Node;
use super::past::{Past, Place};
use crate::id::PersonId;
use std::collections::BTreeMap;

/// The acts within a past.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) graph: &'a Graph,
    pub(super) within: &'a Past,
    /// By depth, then id: each after what it builds on.
    pub(super) nodes: Vec<&'a Node>,
}

/// A set of acts, by their number on this replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(Vec<bool>);

impl<'a> Scope<'a> {
    pub(super) fn new(graph: &'a Graph, within: &'a Past) -> Self {
        let all = graph.nodes().iter().map(|node| &**node);
        let mut nodes: Vec<&Node> = all.filter(|node| within.has(node.place)).collect();
        nodes.sort_unstable_by_key(|node| node.order());
        Self {
            graph,
            within,
            nodes,
        }
    }

    /// Returns the acts of which one has to stand so that this one can: what brought its device in, or,
    /// for a device that brings itself in, what let its person in. `None`: it needs none.
    pub(super) fn grounds(&self, node: &Node) -> Option<impl Iterator<Item = &'a Node>> {
        if matches!(node.kind(), Kind::Found { .. }) {
            return None;
        }
        let by = &self.graph.by;
        let acts = match node.brings_in() {
            Some((person, device)) if device == node.device() => by.people.get(&person),
            _ => by.devices.get(&node.device()),
        };
        let past = &node.past;
        let acts = acts.into_iter().flatten().map(|act| &**act);
        Some(
            acts.filter(move |act| past.has(act.place))
                .collect::<Vec<_>>()
                .into_iter(),
        )
    }

    /// Returns the acts that let a person in.
    pub(super) fn introductions(&self, person: &PersonId) -> impl Iterator<Item = &'a Node> {
        let acts = self.graph.by.people.get(person).into_iter().flatten();
        acts.map(|act| &**act)
            .filter(|act| self.within.has(act.place))
    }

    /// Returns the chains with what is in scope of each.
    pub(super) fn chains(&self) -> impl Iterator<Item = (usize, &'a Chain, usize)> {
        let chains = self.graph.chains().iter().enumerate();
        chains
            .map(|(number, chain)| (number, chain, self.within.of(number) as usize))
            .filter(|(_, _, count)| *count > 0)
    }

    /// Returns whether an act is on one of these branches, each given by its first act's place.
    pub(super) fn on_branch(&self, node: &Node, branches: &BTreeMap<usize, u32>) -> bool {
        let mut at = Some(node.place);
        while let Some(place) = at {
            if branches
                .get(&place.chain)
                .is_some_and(|first| place.at >= *first)
            {
                return true;
            }
            at = self.parent(place);
        }
        false
    }

    fn parent(&self, place: Place) -> Option<Place> {
        self.graph.chains().get(place.chain)?.parent
    }
}

impl Set {
    pub(super) fn has(&self, node: &Node) -> bool {
        self.0.get(node.number).copied().unwrap_or(false)
    }

    /// Adds an act and returns whether it is new.
    pub(super) fn add(&mut self, node: &Node) -> bool {
        if self.0.len() <= node.number {
            self.0.resize(node.number + 1, false);
        }
        self.0
            .get_mut(node.number)
            .is_some_and(|slot| !core::mem::replace(slot, true))
    }
}
