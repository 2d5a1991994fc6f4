//! What the nodes of a world show.

use super::{Node, World};
use crate::store::MemoryStore;
use circlet_model::codec;
use circlet_model::content::settings::Settings;
use circlet_model::id::{PersonId, ThingId};
use circlet_model::log::entry::{Entry, Place};
use circlet_model::replica::Replica;
use circlet_model::replica::overview::{Overview, StoryLine};
use circlet_model::store::{Key, Reader as _, Space, Value};
use circlet_model::time::{Day, Timestamp};
use std::collections::BTreeSet;

/// The kind of the rows that hold epoch keys, see "Storage".
const EPOCH_KEY: u8 = 3;

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

    /// Returns what the circle has settled, as far as a running node knows and can read.
    pub fn settings(&self, index: usize) -> Option<Settings> {
        let settings = self.replica(index)?.settings(self.time(index));
        settings.ok().flatten()
    }

    /// Returns a node's person.
    pub fn person(&self, index: usize) -> PersonId {
        self.nodes[index].identity.person.person()
    }

    /// Returns how many entries a node may read and does not show, though their bodies are there. Those do
    /// not count whose key was on a disk that was taken out, and is on no other.
    pub fn sealed(&self, index: usize) -> usize {
        let node = &self.nodes[index];
        let stories = self.stories(index);
        let responses = stories.iter().flat_map(|story| &story.responses);
        let mut shown: BTreeSet<ThingId> = responses.map(|line| line.thing).collect();
        shown.extend(stories.iter().map(|story| story.thing));
        let waits = |row: &Value| {
            let place: Place = codec::decode(&row.head).expect("a place");
            let row = node.store.get(&place.key(&node.hint)).expect("a store");
            let entry = row.map(|row| Entry::from_value(row).expect("an entry"));
            entry.is_some_and(|entry| {
                let thing = entry.header.header().thing;
                let here = entry.body.is_some() && !shown.contains(&thing);
                here && !self.is_lost(node.hint, &entry)
            })
        };
        let rows = node.store.rows();
        let sealed = rows.iter().filter(|(key, _)| key.space == Space::Sealed);
        sealed.filter(|(_, row)| waits(row)).count()
    }

    /// Whether the keys of an entry were on a disk that was taken out, and are on none any more.
    fn is_lost(&self, hint: [u8; 16], entry: &Entry) -> bool {
        let opens = |store: &MemoryStore| {
            let tag = store.tag(&entry.header.header().epoch.0);
            let epoch = [&[EPOCH_KEY], tag.as_slice()];
            let epoch = Key::new(Space::Meta, hint, epoch.concat());
            let grant = Key::new(Space::Grants, [hint.as_slice(), &entry.id().0].concat(), []);
            let mut keys = [epoch, grant].into_iter();
            keys.any(|key| store.get(&key).expect("a store").is_some())
        };
        let held = self.nodes.iter().any(|node| opens(&node.store));
        !held && self.lost.iter().any(opens)
    }

    /// Returns whether any row of a node's disk holds the body of a thing.
    pub fn keeps_body(&self, index: usize, thing: ThingId) -> bool {
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

    /// Returns the day on which the world began.
    pub fn first_day(&self) -> Day {
        Timestamp(super::BEGINNING).day()
    }

    fn running(&self, index: usize) -> &Replica {
        self.replica(index).expect("the node runs")
    }
}
