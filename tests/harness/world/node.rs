//! One node of a world: a replica with a clock, a disk and keys, and how it starts, stops and crashes.

use super::World;
use super::wire::{What, address_of};
use crate::store::MemoryStore;
use circlet_model::key::SigningKey;
use circlet_model::replica::input::{Command, CommandId, Input};
use circlet_model::replica::output::{Event, Outbox, Output, Refusal, Reply};
use circlet_model::replica::{Identity, Replica};
use circlet_model::secrecy::kem;
use rand_chacha::ChaCha20Rng;

/// One node.
#[derive(Debug)]
pub struct Node {
    /// The name, for people.
    pub name: String,
    pub(super) identity: Identity,
    pub(super) store: MemoryStore,
    pub(super) replica: Option<Replica>,
    pub(super) rng: ChaCha20Rng,
    pub(super) wake: Option<u64>,
    pub(super) starts: u64,
    /// What the node's clock is off by, in milliseconds.
    pub skew: i64,
    /// What the replica said happened.
    pub events: Vec<Event>,
    /// How the next input ends, if not well.
    pub crash: Option<Crash>,
    pub(super) listening: Vec<[u8; 32]>,
    pub(super) hint: [u8; 16],
    /// How often it drew new keys because its disk was put back.
    pub renewals: usize,
}

/// How a node ends in the middle of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Before its changes were durable: none of the input has happened.
    Before,
    /// After its changes were durable, and so many of the things to do were done.
    After(usize),
}

impl Node {
    pub(super) fn new(
        name: &str,
        identity: Identity,
        store: MemoryStore,
        replica: Replica,
        rng: ChaCha20Rng,
    ) -> Self {
        Self {
            name: name.to_owned(),
            identity,
            store,
            hint: replica.hint(),
            replica: Some(replica),
            rng,
            wake: None,
            starts: 0,
            skew: 0,
            events: Vec::new(),
            crash: None,
            listening: Vec::new(),
            renewals: 0,
        }
    }
}

impl World {
    /// Stops a node: its links end, what it had not stored is gone.
    pub fn stop(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        node.replica = None;
        node.wake = None;
        node.crash = None;
        node.listening.clear();
        self.cut_off(index);
    }

    /// Starts a stopped node from its store.
    pub fn start(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        if node.replica.is_some() {
            return;
        }
        let reader = Box::new(node.store.clone());
        let replica = Replica::load(node.identity.clone(), reader, node.hint);
        node.replica = Some(replica.expect("the store is whole"));
        node.starts += 1;
        self.begin(index);
    }

    /// Whether a node runs.
    pub fn runs(&self, index: usize) -> bool {
        self.nodes[index].replica.is_some()
    }

    /// Puts another disk into a node: a restored backup.
    pub fn set_store(&mut self, index: usize, store: MemoryStore) {
        self.stop(index);
        let lost = std::mem::replace(&mut self.nodes[index].store, store);
        self.lost.push(lost);
    }

    /// Sets a node's clock, which the shell notices.
    pub fn set_clock(&mut self, index: usize, skew: i64) {
        self.nodes[index].skew = skew;
        self.input(index, Input::NetworkChanged);
        self.input(index, Input::Wake);
    }

    /// Hands any input to a node.
    pub fn feed(&mut self, index: usize, input: Input) {
        self.input(index, input);
    }

    pub(super) fn begin(&mut self, index: usize) {
        let addresses = vec![address_of(index)];
        self.input(index, Input::Reachable { addresses });
        self.input(index, Input::Wake);
    }

    pub(super) fn ask(&mut self, index: usize, command: Command) -> Option<Result<Reply, Refusal>> {
        let id = CommandId(0);
        let replies = self.input(index, Input::Command { id, command });
        replies.into_iter().next()
    }

    /// Hands an input to a node and carries out what it wants; returns the replies.
    pub(super) fn input(&mut self, index: usize, input: Input) -> Vec<Result<Reply, Refusal>> {
        let now = self.time(index);
        let node = &mut self.nodes[index];
        let Some(replica) = node.replica.as_mut() else {
            return Vec::new();
        };
        let mut out = Outbox::default();
        replica.handle(now, &mut node.rng, input, &mut out);
        if out.trouble.is_some() {
            return self.reload(index, out);
        }
        match node.crash.take() {
            None => self.carry_out(index, out, usize::MAX),
            Some(Crash::Before) => {
                self.stop(index);
                Vec::new()
            }
            Some(Crash::After(done)) => {
                let replies = self.carry_out(index, out, done);
                self.stop(index);
                replies
            }
        }
    }

    /// Loads a replica anew whose store could not be read; it stays stopped while the store fails.
    fn reload(&mut self, index: usize, out: Outbox) -> Vec<Result<Reply, Refusal>> {
        assert!(out.writes.is_empty(), "a part of an input was handed over");
        let replies = self.carry_out(index, out, usize::MAX);
        self.stop(index);
        let node = &self.nodes[index];
        let reader = Box::new(node.store.clone());
        if Replica::load(node.identity.clone(), reader, node.hint).is_ok() {
            self.start(index);
        }
        replies
    }

    pub(super) fn carry_out(
        &mut self,
        index: usize,
        out: Outbox,
        most: usize,
    ) -> Vec<Result<Reply, Refusal>> {
        self.nodes[index].store.apply(out.writes);
        let (mut replies, mut anew) = (Vec::new(), None);
        for output in out.outputs.into_iter().take(most) {
            match output {
                Output::Dial {
                    dial,
                    peer,
                    addresses,
                } => self.dial(index, dial, peer, &addresses),
                Output::Hello { link, frame } => self.send(index, link.0, true, frame),
                Output::Send { link, frame } => self.send(index, link.0, false, frame),
                Output::Close { link } => self.close(index, link.0),
                Output::Trust { link } => self.trust(index, link.0),
                Output::Wake { at } => {
                    let skew = self.nodes[index].skew;
                    let at = at.0.saturating_add_signed(-skew).max(self.now + 1);
                    let node = &mut self.nodes[index];
                    node.wake = Some(at);
                    let start = node.starts;
                    self.push(at, What::Wake { node: index, start });
                }
                Output::Reply { reply, .. } => replies.push(reply),
                Output::Event(event) => self.nodes[index].events.push(event),
                Output::Beacon { beacons } => self.beacon(index, &beacons),
                Output::Listen { keys } => self.nodes[index].listening = keys,
                Output::Known { .. } => {}
                output @ (Output::Renew | Output::Adopt { .. } | Output::Keep { .. }) => {
                    anew = Some(output);
                }
            }
        }
        match anew {
            Some(Output::Adopt { person, contacts }) => self.adopt(index, &person, contacts),
            Some(Output::Keep { kem }) => self.keep(index, kem),
            Some(_) => self.renew(index),
            None => {}
        }
        replies
    }
}

pub(super) fn identity(rng: &mut ChaCha20Rng) -> Identity {
    Identity {
        person: SigningKey::random(rng),
        device: SigningKey::random(rng),
        kem: kem::SecretKey::generate(kem::X25519, rng)
            .expect("a known suite")
            .into(),
        peer: SigningKey::random(rng),
    }
}
