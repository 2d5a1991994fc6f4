//! A world: nodes with clocks and disks, a network with latency, loss and partitions, one queue of
//! events. The same seed gives the same world, event by event.

use crate::store::MemoryStore;
use circlet_model::address::{Address, Transport};
use circlet_model::content::clean_text;
use circlet_model::content::story::{Ask, Story};
use circlet_model::id::PeerId;
use circlet_model::invitation::InviteKey;
use circlet_model::key::SigningKey;
use circlet_model::membership::act::{History, Mode};
use circlet_model::replica::input::{Command, CommandId, DialId, Input, LinkId};
use circlet_model::replica::output::{Event, Outbox, Output, Refusal, Reply};
use circlet_model::replica::overview::Overview;
use circlet_model::replica::{Identity, Replica, Start};
use circlet_model::secrecy::kem;
use circlet_model::time::Timestamp;
use core::time::Duration;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng};
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, Ipv4Addr};

/// When the world begins: any day will do.
const BEGINNING: u64 = 1_790_000_000_000;

/// Everything there is.
#[derive(Debug)]
pub struct World {
    now: u64,
    rng: ChaCha20Rng,
    nodes: Vec<Node>,
    queue: BinaryHeap<Queued>,
    queued: u64,
    links: BTreeMap<u64, Wire>,
    next_link: u64,
    /// Groups that cannot reach each other; nodes of one number can.
    groups: Vec<usize>,
    /// The shortest and longest time a frame takes, in milliseconds.
    pub latency: (u64, u64),
    /// The chance in 10,000 that a frame takes its link down.
    pub resets: u64,
    /// How many frames and bytes went over the wires.
    pub traffic: (u64, u64),
}

/// One node.
#[derive(Debug)]
pub struct Node {
    /// The name, for people.
    pub name: String,
    identity: Identity,
    store: MemoryStore,
    replica: Option<Replica>,
    rng: ChaCha20Rng,
    wake: Option<u64>,
    starts: u64,
    /// What the node's clock is off by, in milliseconds.
    pub skew: i64,
    /// What the replica said happened.
    pub events: Vec<Event>,
    hint: [u8; 16],
}

/// One end of a link at each node.
#[derive(Clone, Copy, Debug)]
struct Wire {
    ends: [(usize, u64); 2],
    /// When the last frame in each direction arrives: frames keep their order.
    last: [u64; 2],
}

#[derive(Debug, PartialEq, Eq)]
struct Queued {
    at: u64,
    order: u64,
    what: What,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    Wake {
        node: usize,
        start: u64,
    },
    Dialled {
        from: usize,
        start: u64,
        dial: DialId,
        to: Option<usize>,
        address: Option<Address>,
    },
    Frame {
        link: u64,
        to: usize,
        start: u64,
        hello: bool,
        frame: Vec<u8>,
    },
    Down {
        link: u64,
        to: usize,
        start: u64,
    },
}

impl World {
    /// Returns an empty world.
    pub fn new(seed: u64) -> Self {
        Self {
            now: BEGINNING,
            rng: ChaCha20Rng::seed_from_u64(seed),
            nodes: Vec::new(),
            queue: BinaryHeap::new(),
            queued: 0,
            links: BTreeMap::new(),
            next_link: 0,
            groups: Vec::new(),
            latency: (5, 80),
            resets: 0,
            traffic: (0, 0),
        }
    }

    /// Adds a node whose person founds a circle.
    pub fn found(&mut self, name: &str) -> usize {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let identity = identity(&mut rng);
        let store = MemoryStore::default();
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let start = Start {
            identity: identity.clone(),
            name,
            reader: Box::new(store.clone()),
        };
        let mut out = Outbox::default();
        let replica = Replica::found(
            start,
            "Tuesday",
            nonce,
            Timestamp(self.now),
            &mut rng,
            &mut out,
        );
        self.add(name, identity, store, replica, rng, out)
    }

    /// Adds a node whose person joins by a key.
    pub fn join(&mut self, name: &str, key: &str) -> usize {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let identity = identity(&mut rng);
        let store = MemoryStore::default();
        let key = InviteKey::from_text(key).expect("the key was just made");
        let start = Start {
            identity: identity.clone(),
            name,
            reader: Box::new(store.clone()),
        };
        let mut out = Outbox::default();
        let replica = Replica::join(start, &key, Timestamp(self.now), &mut out);
        self.add(name, identity, store, replica, rng, out)
    }

    fn add(
        &mut self,
        name: &str,
        identity: Identity,
        store: MemoryStore,
        replica: Option<Replica>,
        rng: ChaCha20Rng,
        out: Outbox,
    ) -> usize {
        let replica = replica.expect("names are good");
        let hint = replica.hint();
        let node = Node {
            name: name.to_owned(),
            identity,
            store,
            replica: Some(replica),
            rng,
            wake: None,
            starts: 0,
            skew: 0,
            events: Vec::new(),
            hint,
        };
        self.nodes.push(node);
        self.groups.push(0);
        let index = self.nodes.len() - 1;
        self.carry_out(index, out);
        self.begin(index);
        index
    }

    fn begin(&mut self, index: usize) {
        let address = address_of(index);
        self.input(
            index,
            Input::Reachable {
                addresses: vec![address],
            },
        );
        self.input(index, Input::Wake);
    }

    /// Stops a node: its links end, what it had not stored is gone.
    pub fn stop(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        node.replica = None;
        node.wake = None;
        let gone: Vec<u64> = self
            .links
            .iter()
            .filter(|(_, wire)| {
                wire.ends
                    .iter()
                    .any(|(end, start)| *end == index && *start == node.starts)
            })
            .map(|(link, _)| *link)
            .collect();
        for link in gone {
            self.cut(link);
        }
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

    /// Puts each node into a group; only nodes of one group reach each other.
    pub fn partition(&mut self, groups: &[usize]) {
        self.groups = groups.to_vec();
        let apart: Vec<u64> = self
            .links
            .iter()
            .filter(|(_, wire)| {
                let [(a, _), (b, _)] = wire.ends;
                self.groups[a] != self.groups[b]
            })
            .map(|(link, _)| *link)
            .collect();
        for link in apart {
            self.cut(link);
        }
        for index in 0..self.nodes.len() {
            if self.runs(index) {
                self.input(index, Input::NetworkChanged);
            }
        }
    }

    /// Lets everybody reach everybody.
    pub fn heal(&mut self) {
        let groups = vec![0; self.nodes.len()];
        self.partition(&groups);
    }

    /// Carries out a command at a node.
    pub fn command(&mut self, index: usize, command: Command) -> Result<Reply, Refusal> {
        let id = CommandId(0);
        let replies = self.input(index, Input::Command { id, command });
        replies
            .into_iter()
            .next()
            .expect("every command is answered")
    }

    /// Makes an invite and returns its key.
    pub fn invite(&mut self, index: usize, uses: u16, history: History) -> String {
        let expires = Duration::from_secs(7 * 24 * 3600);
        let command = Command::Invite {
            uses,
            expires,
            mode: Mode::Open,
            history,
        };
        match self.command(index, command) {
            Ok(Reply::Invited { key, .. }) => key,
            other => panic!("an invite was refused: {other:?}"),
        }
    }

    /// Shares a story and returns what came of it.
    pub fn share(&mut self, index: usize, text: &str) -> Result<Reply, Refusal> {
        let story = Story {
            text: clean_text(text).expect("good text"),
            ask: Ask::Listen,
            note: None,
            replaces: None,
            written: Timestamp(self.now),
        };
        self.command(index, Command::Share { story })
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time.as_millis() as u64;
        while let Some(queued) = self.queue.peek() {
            if queued.at > until {
                break;
            }
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// Handles the next event; returns whether there was one.
    pub fn step(&mut self) -> bool {
        let Some(Queued { at, what, .. }) = self.queue.pop() else {
            return false;
        };
        self.now = self.now.max(at);
        match what {
            What::Wake { node, start } => {
                let current = &mut self.nodes[node];
                if current.starts == start && current.replica.is_some() && current.wake == Some(at)
                {
                    current.wake = None;
                    self.input(node, Input::Wake);
                }
            }
            What::Dialled {
                from,
                start,
                dial,
                to,
                address,
            } => {
                self.dialled(from, start, dial, to, address);
            }
            What::Frame {
                link,
                to,
                start,
                hello,
                frame,
            } => {
                let alive = self.links.contains_key(&link) && self.is(to, start);
                if alive {
                    let link = LinkId(link);
                    let input = if hello {
                        Input::Hello { link, frame }
                    } else {
                        Input::Frame { link, frame }
                    };
                    self.input(to, input);
                }
            }
            What::Down { link, to, start } => {
                if self.is(to, start) {
                    self.input(to, Input::LinkDown { link: LinkId(link) });
                }
            }
        }
        true
    }

    /// Returns what a node would show of its circle.
    pub fn overview(&self, index: usize) -> Overview {
        self.nodes[index]
            .replica
            .as_ref()
            .expect("the node runs")
            .overview()
    }

    /// Returns the texts of the stories a node shows, the newest first.
    pub fn texts(&self, index: usize) -> Vec<String> {
        let replica = self.nodes[index].replica.as_ref().expect("the node runs");
        let stories = replica
            .stories(usize::MAX, self.time(index))
            .expect("the store is whole");
        stories.into_iter().map(|story| story.text).collect()
    }

    /// Returns a node's replica.
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

    /// Puts another disk into a stopped node.
    pub fn set_store(&mut self, index: usize, store: MemoryStore) {
        self.nodes[index].store = store;
    }

    fn time(&self, index: usize) -> Timestamp {
        Timestamp(self.now.saturating_add_signed(self.nodes[index].skew))
    }

    fn is(&self, index: usize, start: u64) -> bool {
        let node = &self.nodes[index];
        node.starts == start && node.replica.is_some()
    }

    /// Hands an input to a node.
    pub fn feed(&mut self, index: usize, input: Input) {
        self.input(index, input);
    }

    /// Hands an input to a node and carries out what it wants; returns the replies.
    fn input(&mut self, index: usize, input: Input) -> Vec<Result<Reply, Refusal>> {
        let now = self.time(index);
        let node = &mut self.nodes[index];
        let Some(replica) = node.replica.as_mut() else {
            return Vec::new();
        };
        let mut out = Outbox::default();
        replica.handle(now, &mut node.rng, input, &mut out);
        self.carry_out(index, out)
    }

    fn carry_out(&mut self, index: usize, out: Outbox) -> Vec<Result<Reply, Refusal>> {
        self.nodes[index].store.apply(out.writes);
        let mut replies = Vec::new();
        for output in out.outputs {
            match output {
                Output::Dial {
                    dial,
                    peer,
                    addresses,
                } => {
                    self.dial(index, dial, peer, &addresses);
                }
                Output::Hello { link, frame } => self.send(index, link.0, true, frame),
                Output::Send { link, frame } => self.send(index, link.0, false, frame),
                Output::Close { link } => self.close(index, link.0),
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
                Output::Trust { .. }
                | Output::Known { .. }
                | Output::Beacon { .. }
                | Output::Listen { .. } => {}
            }
        }
        replies
    }

    fn dial(&mut self, from: usize, dial: DialId, peer: Option<PeerId>, addresses: &[Address]) {
        let found = (0..self.nodes.len()).find(|index| {
            let here = addresses.contains(&address_of(*index));
            let right = peer.is_none_or(|peer| peer == self.nodes[*index].identity.peer.peer());
            let reached = self.groups[*index] == self.groups[from] && self.runs(*index);
            here && right && reached && *index != from
        });
        let reached = found;
        let wait = if reached.is_some() {
            2 * self.latency()
        } else {
            3000
        };
        let start = self.nodes[from].starts;
        let address = found.map(address_of);
        let what = What::Dialled {
            from,
            start,
            dial,
            to: reached,
            address,
        };
        self.push(self.now + wait, what);
    }

    fn dialled(
        &mut self,
        from: usize,
        start: u64,
        dial: DialId,
        to: Option<usize>,
        address: Option<Address>,
    ) {
        if !self.is(from, start) {
            return;
        }
        let reached = to.filter(|to| self.groups[*to] == self.groups[from] && self.runs(*to));
        let Some(to) = reached else {
            self.input(from, Input::DialFailed { dial });
            return;
        };
        let link = self.next_link;
        self.next_link += 1;
        let ends = [(from, start), (to, self.nodes[to].starts)];
        self.links.insert(
            link,
            Wire {
                ends,
                last: [self.now; 2],
            },
        );
        let peers = [from, to].map(|index| self.nodes[index].identity.peer.peer());
        let id = LinkId(link);
        self.input(
            from,
            Input::LinkUp {
                link: id,
                peer: peers[1],
                dial: Some(dial),
                address,
            },
        );
        self.input(
            to,
            Input::LinkUp {
                link: id,
                peer: peers[0],
                dial: None,
                address: None,
            },
        );
    }

    fn send(&mut self, from: usize, link: u64, hello: bool, frame: Vec<u8>) {
        let latency = self.latency();
        let reset = self.resets > 0 && self.rng.next_u64() % 10_000 < self.resets;
        self.traffic.0 += 1;
        self.traffic.1 += frame.len() as u64;
        if reset {
            self.cut(link);
            return;
        }
        let now = self.now;
        let Some(wire) = self.links.get_mut(&link) else {
            return;
        };
        let direction = usize::from(wire.ends[0].0 != from);
        let (to, start) = wire.ends[1 - direction];
        let at = (now + latency).max(wire.last[direction]);
        wire.last[direction] = at;
        self.push(
            at,
            What::Frame {
                link,
                to,
                start,
                hello,
                frame,
            },
        );
    }

    /// Closes a link from one side: what was sent before still arrives.
    fn close(&mut self, from: usize, link: u64) {
        let Some(wire) = self.links.get(&link).copied() else {
            return;
        };
        let direction = usize::from(wire.ends[0].0 != from);
        let at = wire.last[direction].max(self.now) + 1;
        let (to, start) = wire.ends[1 - direction];
        let own = wire.ends[direction];
        self.push(at, What::Down { link, to, start });
        self.push(
            at,
            What::Down {
                link,
                to: own.0,
                start: own.1,
            },
        );
    }

    /// Cuts a link: frames under way are lost.
    fn cut(&mut self, link: u64) {
        let Some(wire) = self.links.remove(&link) else {
            return;
        };
        for (to, start) in wire.ends {
            let at = self.now + self.latency();
            self.push(at, What::Down { link, to, start });
        }
    }

    fn latency(&mut self) -> u64 {
        let (low, high) = self.latency;
        low + self.rng.next_u64() % (high - low + 1)
    }

    fn push(&mut self, at: u64, what: What) {
        self.queued += 1;
        self.queue.push(Queued {
            at,
            order: self.queued,
            what,
        });
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn identity(rng: &mut ChaCha20Rng) -> Identity {
    Identity {
        person: SigningKey::random(rng),
        device: SigningKey::random(rng),
        kem: kem::SecretKey::generate(kem::X25519, rng).expect("a known suite"),
        peer: SigningKey::random(rng),
    }
}

/// Where a node is reached.
pub fn address_of(index: usize) -> Address {
    let ip = IpAddr::V4(Ipv4Addr::new(
        10,
        0,
        (index / 250) as u8,
        (index % 250) as u8 + 1,
    ));
    Address::new(Transport::Tcp, ip, 4000)
}
