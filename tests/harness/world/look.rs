//! What the nodes of a world show.

use super::{Node, World};
use crate::store::MemoryStore;
use circlet_model::codec;
use circlet_model::id::PersonId;
use circlet_model::log::entry::Place;
use circlet_model::replica::Replica;
use circlet_model::replica::overview::{Overview, StoryLine};
use circlet_model::store::{Reader as _, Space, Value};
use circlet_model::time::Timestamp;
use std::collections::BTreeSet;

impl World {
    /// Returns what a running node would show of its circle.
    pub fn overview(&self, index: usize) -> Overview {
        self.running(index).overview()
    }

    /// Returns the stories a running node shows, the newest first.
    pub fn stories(&self, index: usize) -> Vec<StoryLine> {
        let stories = self.running(index).stories(usize::MAX, self.time(index));
        stories.expect("the store is whole")
    }

    /// Returns the texts of the stories a running node shows, the newest first.
    pub fn texts(&self, index: usize) -> Vec<String> {
        let stories = self.stories(index).into_iter();
        stories.map(|story| story.text).collect()
    }

    /// Returns who belongs, as far as a node knows; nobody if it is off.
    pub fn members(&self, index: usize) -> BTreeSet<PersonId> {
        let overview = self.replica(index).map(Replica::overview);
        let members = overview
            .map(|overview| overview.members)
            .unwrap_or_default();
        members.into_iter().map(|member| member.person).collect()
    }

    /// Returns a node's person.
    pub fn person(&self, index: usize) -> PersonId {
        self.nodes[index].identity.person.person()
    }

    /// Returns how many entries a node may read and cannot open, though their bodies are there.
    pub fn sealed(&self, index: usize) -> usize {
        let node = &self.nodes[index];
        let waits = |row: &Value| {
            let place: Place = codec::decode(&row.head).expect("a place");
            let row = node.store.get(&place.key(&node.hint)).expect("a store");
            row.is_some_and(|row| row.body.is_some())
        };
        let rows = node.store.rows();
        let sealed = rows.iter().filter(|(key, _)| key.space == Space::Sealed);
        sealed.filter(|(_, row)| waits(row)).count()
    }

    /// Returns whether any row of a node's disk holds the body of a thing.
    pub fn keeps_body(&self, index: usize, thing: circlet_model::id::ThingId) -> bool {
        let rows = self.nodes[index].store.rows();
        rows.iter()
            .any(|(_, value)| value.body.as_ref().is_some_and(|body| body.thing == thing))
    }

    /// Returns a node's replica, if it runs.
    pub fn replica(&self, index: usize) -> Option<&Replica> {
        self.nodes[index].replica.as_ref()
    }

    /// Returns a node.
    pub fn node(&mut self, index: usize) -> &mut Node {
        &mut self.nodes[index]
    }

    /// Returns how many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns a node's store.
    pub fn store(&self, index: usize) -> MemoryStore {
        self.nodes[index].store.clone()
    }

    /// Returns the time by a node's clock.
    pub fn time(&self, index: usize) -> Timestamp {
        Timestamp(self.now.saturating_add_signed(self.nodes[index].skew))
    }

    /// Returns how much time passed since the beginning, in milliseconds.
    pub fn passed(&self) -> u64 {
        self.now - super::BEGINNING
    }

    fn running(&self, index: usize) -> &Replica {
        self.replica(index).expect("the node runs")
    }
}
