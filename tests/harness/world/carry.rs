//! What is carried by hand in a world: bundles from one node to another, and backups.

use super::{Node, World, node};
use crate::store::MemoryStore;
use circlet_model::bounded::List;
use circlet_model::codec;
use circlet_model::id::{CircleId, DeviceId};
use circlet_model::log::chain::Interval;
use circlet_model::log::record::{Payload, Record, SignedRecord, VERSION};
use circlet_model::replica::input::Command;
use circlet_model::replica::output::{Carried, Outbox, Reply};
use circlet_model::replica::transcript::Purpose;
use circlet_model::replica::{Identity, Replica};
use circlet_model::store::Space;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng};
use std::collections::BTreeMap;

/// How often what could not be taken yet comes once more.
const PASSES: usize = 3;

impl World {
    /// Returns the pieces of a node's transcript.
    pub fn transcript(&mut self, index: usize, purpose: Purpose) -> Vec<Vec<u8>> {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let replica = self.replica(index).expect("the node runs");
        let mut transcript = replica.transcript(purpose).expect("the store is whole");
        let mut pieces = Vec::new();
        while let Some(piece) = replica
            .next_piece(&mut transcript, &mut rng)
            .expect("the store is whole")
        {
            pieces.push(piece);
        }
        pieces
    }

    /// Takes pieces in at a node, as often as it takes; returns how many acts and entries were new.
    pub fn carry(&mut self, index: usize, pieces: &[Vec<u8>]) -> u64 {
        let mut new = 0;
        for _ in 0..PASSES {
            let carried = self.carry_once(index, pieces);
            assert!(!carried.bad, "an honest piece was refused");
            new += carried.new;
            if !carried.again || carried.new == 0 {
                break;
            }
        }
        new
    }

    /// Takes pieces in at a node once.
    pub fn carry_once(&mut self, index: usize, pieces: &[Vec<u8>]) -> Carried {
        let pieces = pieces.to_vec();
        match self.command(index, Command::Carry { pieces }) {
            Ok(Reply::Carried(carried)) => carried,
            other => panic!("a bundle was refused: {other:?}"),
        }
    }

    /// Returns a record of a node's device that says which entries it holds.
    pub fn says_what_it_holds(&self, index: usize) -> SignedRecord {
        let node = &self.nodes[index];
        let mut held: BTreeMap<DeviceId, Vec<Interval>> = BTreeMap::new();
        for (key, value) in node.store.rows() {
            // The rows of chains: device, branch, intervals.
            if key.space == Space::Meta && key.order.first() == Some(&2) {
                let (device, _, intervals): (DeviceId, u8, Vec<Interval>) =
                    codec::decode(&value.head).expect("a chain's row");
                held.entry(device).or_default().extend(intervals);
            }
        }
        let held = held
            .into_iter()
            .map(|(device, intervals)| (device, List::new(intervals).expect("few pieces")));
        let record = Record {
            version: VERSION,
            circle: self.overview(index).circle.expect("it is in its circle"),
            device: node.identity.device.device(),
            seq: 1_000,
            at: self.time(index),
            payload: Payload::Frontier {
                held: List::new(held.collect()).expect("few devices"),
            },
        };
        record.sign(&node.identity.device)
    }

    /// Adds a node that restores a backup of another one's person, and finds members by these cards.
    pub fn restore(
        &mut self,
        of: usize,
        circle: CircleId,
        pieces: &[Vec<u8>],
        contacts: &[&str],
    ) -> usize {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let identity = Identity {
            person: self.nodes[of].identity.person.clone(),
            ..node::identity(&mut rng)
        };
        let name = self.nodes[of].name.clone();
        let contacts = contacts.iter().map(ToString::to_string).collect();
        let (now, store) = (self.time(of), MemoryStore::default());
        let reader = Box::new(store.clone());
        let mut out = Outbox::default();
        let replica = Replica::restore(identity.clone(), reader, circle, contacts, &mut out);
        let mut replica = replica.expect("the store is whole");
        store.apply(std::mem::take(&mut out.writes));
        for some in pieces.chunks(3) {
            let taken = replica.take_backup(some, now, &mut rng, &mut out);
            assert!(!taken.expect("the store is whole").bad);
            store.apply(std::mem::take(&mut out.writes));
        }
        replica
            .end_restoring(now, &mut out)
            .expect("the store is whole");
        store.apply(std::mem::take(&mut out.writes));
        let reader = Box::new(store.clone());
        let replica = Replica::load(identity.clone(), reader, circle.hint());
        let replica = replica.expect("the store is whole");
        self.settle(
            Node::new(&name, identity, store, replica, rng),
            Outbox::default(),
        )
    }
}
