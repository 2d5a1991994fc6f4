//! Devices of a world: nodes that come back with a person key, are linked, or go on with new keys.

use super::{Node, World, node};
use crate::store::MemoryStore;
use circlet_model::invitation::{AnyKey, DeviceKey};
use circlet_model::key::{Secret, SigningKey};
use circlet_model::replica::input::{Command, Input};
use circlet_model::replica::output::{Outbox, Reply};
use circlet_model::replica::{Identity, Replica};
use circlet_model::secrecy::kem;
use circlet_model::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng};

impl World {
    /// Adds a node by which the person of another comes back, with these cards and keys.
    pub fn come_back(&mut self, of: usize, contacts: &[&str]) -> usize {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let identity = Identity {
            person: self.nodes[of].identity.person.clone(),
            ..node::identity(&mut rng)
        };
        let name = self.nodes[of].name.clone();
        self.return_as(&name, (identity, rng), contacts)
    }

    fn return_as(
        &mut self,
        name: &str,
        (identity, rng): (Identity, ChaCha20Rng),
        contacts: &[&str],
    ) -> usize {
        let hint = AnyKey::from_text(contacts[0]).expect("a key").hint();
        let contacts = contacts.iter().map(ToString::to_string).collect();
        let (now, store, mut out) = (
            Timestamp(self.now),
            MemoryStore::default(),
            Outbox::default(),
        );
        let reader = Box::new(store.clone());
        let replica = Replica::come_back(identity.clone(), reader, hint, contacts, now, &mut out);
        let replica = replica.expect("the store is whole");
        self.settle(Node::new(name, identity, store, replica, rng), out)
    }

    /// Adds a node whose person the circle does not know, and who has its card.
    pub fn come_back_as_stranger(&mut self, card: &str) -> usize {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let identity = node::identity(&mut rng);
        self.return_as("Eve", (identity, rng), &[card])
    }

    /// Adds a node that is to become a device of whoever made this key.
    pub fn link(&mut self, key: &str) -> usize {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let identity = node::identity(&mut rng);
        let (now, store, mut out) = (
            Timestamp(self.now),
            MemoryStore::default(),
            Outbox::default(),
        );
        let reader = Box::new(store.clone());
        let replica = Replica::link(identity.clone(), reader, &device_key(key), now, &mut out);
        self.settle(Node::new("", identity, store, replica, rng), out)
    }

    /// Makes a device key at a node.
    pub fn device_key(&mut self, index: usize) -> String {
        match self.command(index, Command::AddDevice) {
            Ok(Reply::DeviceKey { key, .. }) => key,
            other => panic!("a device key was refused: {other:?}"),
        }
    }

    /// Returns the card that a node shows.
    pub fn card(&self, index: usize) -> String {
        let replica = self.replica(index).expect("the node runs");
        replica.card().to_text()
    }

    /// Returns the KEM keys that a node keeps.
    pub fn kem(&self, index: usize) -> kem::Keys {
        self.nodes[index].identity.kem.clone()
    }

    /// Puts other KEM keys into a node: those of a restored backup.
    pub fn set_kem(&mut self, index: usize, kem: kem::Keys) {
        self.stop(index);
        self.nodes[index].identity.kem = kem;
    }

    /// Draws new keys for a node, as its replica asked, and opens it anew with them.
    pub(super) fn renew(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        node.identity = Identity {
            person: node.identity.person.clone(),
            ..node::identity(&mut node.rng)
        };
        node.renewals += 1;
        self.stop(index);
        self.start(index);
    }

    /// Keeps the KEM keys that a node's replica asked for, and says so.
    pub(super) fn keep(&mut self, index: usize, kem: kem::Keys) {
        self.nodes[index].identity.kem = kem.clone();
        self.input(index, Input::Kept { kem });
    }

    /// Keeps the person key that a node was given, and lets it come back with it.
    pub(super) fn adopt(&mut self, index: usize, person: &Secret, contacts: Vec<String>) {
        let now = self.time(index);
        self.stop(index);
        let node = &mut self.nodes[index];
        node.identity.person = SigningKey::from_secret(person);
        let reader = Box::new(node.store.clone());
        let (identity, hint, mut out) = (node.identity.clone(), node.hint, Outbox::default());
        let replica = Replica::come_back(identity, reader, hint, contacts, now, &mut out);
        node.replica = Some(replica.expect("the store is whole"));
        node.starts += 1;
        self.carry_out(index, out, usize::MAX);
        self.begin(index);
    }

    pub(super) fn settle(&mut self, node: Node, out: Outbox) -> usize {
        self.nodes.push(node);
        self.groups.push(0);
        let index = self.nodes.len() - 1;
        self.carry_out(index, out, usize::MAX);
        self.begin(index);
        index
    }
}

fn device_key(text: &str) -> DeviceKey {
    match AnyKey::from_text(text) {
        Ok(AnyKey::Device(key)) => key,
        other => panic!("not a device key: {other:?}"),
    }
}
