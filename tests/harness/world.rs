//! A world: nodes with clocks and disks, a network with latency, loss and partitions, one queue of
//! events. The same seed gives the same world, event by event.

mod carry;
mod devices;
mod look;
mod node;
mod wire;

pub use wire::address_of;

use crate::store::MemoryStore;
use circlet_model::content::clean_text;
use circlet_model::content::story::{Ask, Story};
use circlet_model::id::{PersonId, ThingId};
use circlet_model::invitation::InviteKey;
use circlet_model::membership::act::{History, Mode};
use circlet_model::replica::input::{Command, Fade, Input};
use circlet_model::replica::output::{Outbox, Refusal, Reply};
use circlet_model::replica::{Replica, Start};
use circlet_model::time::{Day, Timestamp};
use core::time::Duration;
pub use node::{Crash, Node};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use wire::{What, Wire};

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
    /// Nodes of one number can reach each other.
    groups: Vec<usize>,
    /// Disks that were taken out of nodes.
    lost: Vec<MemoryStore>,
    /// Nodes that never reach each other: the smaller number first.
    pub apart: BTreeSet<(usize, usize)>,
    /// The shortest and longest time a frame takes, in milliseconds.
    pub latency: (u64, u64),
    /// The chance in 10,000 that a frame takes its link down.
    pub resets: u64,
    /// The chance in 10,000 that a frame arrives twice: no honest transport does that.
    pub twice: u64,
    /// Whether beacons reach the nodes of the same group.
    pub lan: bool,
    /// What went over the wires.
    pub traffic: Traffic,
    /// Everything that was acknowledged.
    pub said: Vec<Said>,
}

/// What went over the wires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many frames.
    pub frames: u64,
    /// How many bytes in them.
    pub bytes: u64,
    /// How many dials.
    pub dials: u64,
}

/// A story or a response whose writer was told that it stands.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its id.
    pub thing: ThingId,
    /// The story that it answers.
    pub to: Option<ThingId>,
    /// The first of all its edits.
    pub first: ThingId,
    /// The last day on which it is shown, for a story.
    pub last_day: Day,
    /// The text: no two are the same.
    pub text: String,
    /// The node it was written at.
    pub by: usize,
    /// Who belonged, as far as that node knew.
    pub readers: BTreeSet<PersonId>,
    /// Whether it was taken back, and the writer was told so.
    pub taken_back: bool,
    /// Whether its writer asked to take it back.
    pub unwanted: bool,
    /// When it was acknowledged.
    pub at: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Queued {
    at: u64,
    order: u64,
    what: What,
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
            lost: Vec::new(),
            apart: BTreeSet::new(),
            latency: (5, 80),
            resets: 0,
            twice: 0,
            lan: false,
            traffic: Traffic::default(),
            said: Vec::new(),
        }
    }

    /// Adds a node whose person founds a circle.
    pub fn found(&mut self, name: &str) -> usize {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        self.add(name, rng, |start, now, rng, out| {
            Replica::found(start, "Tuesday", nonce, now, rng, out)
        })
    }

    /// Adds a node whose person joins by a key.
    pub fn join(&mut self, name: &str, key: &str) -> usize {
        let rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let key = InviteKey::from_text(key).expect("the key was just made");
        self.add(name, rng, |start, now, _, out| {
            Replica::join(start, &key, now, out)
        })
    }

    /// Lets a node whose join is not complete go on with another key, as a person would.
    pub fn rejoin(&mut self, index: usize, key: &str) {
        let key = InviteKey::from_text(key).expect("the key was just made");
        self.stop(index);
        let now = self.time(index);
        let node = &mut self.nodes[index];
        let start = Start {
            identity: node.identity.clone(),
            name: &node.name,
            reader: Box::new(node.store.clone()),
        };
        let mut out = Outbox::default();
        node.replica = Replica::join(start, &key, now, &mut out);
        node.starts += 1;
        self.carry_out(index, out, usize::MAX);
        self.begin(index);
    }

    fn add(
        &mut self,
        name: &str,
        mut rng: ChaCha20Rng,
        begin: impl FnOnce(Start<'_>, Timestamp, &mut ChaCha20Rng, &mut Outbox) -> Option<Replica>,
    ) -> usize {
        let identity = node::identity(&mut rng);
        let store = MemoryStore::default();
        let start = Start {
            identity: identity.clone(),
            name,
            reader: Box::new(store.clone()),
        };
        let mut out = Outbox::default();
        let replica = begin(start, Timestamp(self.now), &mut rng, &mut out);
        let replica = replica.expect("names are good");
        self.nodes
            .push(Node::new(name, identity, store, replica, rng));
        self.groups.push(0);
        let index = self.nodes.len() - 1;
        self.carry_out(index, out, usize::MAX);
        self.begin(index);
        index
    }

    /// Puts each node into a group; only nodes of one group reach each other. Nobody is told: a link
    /// that is cut by it is noticed after a while.
    pub fn partition(&mut self, groups: &[usize]) {
        self.groups = groups.to_vec();
        self.groups.resize(self.nodes.len(), 0);
        self.cut_apart();
    }

    /// Lets everybody reach everybody.
    pub fn heal(&mut self) {
        self.partition(&[]);
    }

    /// Carries out a command at a node. `None` when it is off, or crashed before it answered.
    pub fn try_command(
        &mut self,
        index: usize,
        command: Command,
    ) -> Option<Result<Reply, Refusal>> {
        let readers = self.members(index);
        let last_day = self.last_day(index, &command);
        let (text, to, gone) = match &command {
            Command::Share { story, .. } => (Some(story.text.to_string()), None, None),
            Command::Respond { to, text } => (Some(text.clone()), Some(*to), None),
            Command::Edit { thing, edit } => (Some(edit.text.clone()), None, Some(*thing)),
            Command::TakeBack { thing } => (None, None, Some(*thing)),
            _ => (None, None, None),
        };
        let own = |said: &&mut Said| Some(said.thing) == gone && said.by == index;
        if let Some(said) = self.said.iter_mut().find(own) {
            said.unwanted = true;
        }
        let reply = self.ask(index, command)?;
        let done = matches!(reply, Ok(Reply::Shared { .. } | Reply::Done));
        let old = self.said.iter_mut().find(own).filter(|_| done);
        let old = old.map(|said| {
            said.taken_back = true;
            said.clone()
        });
        if let (Ok(Reply::Shared { thing }), Some(text)) = (&reply, text) {
            self.said.push(Said {
                thing: *thing,
                to: old.as_ref().map_or(to, |old| old.to),
                first: old.as_ref().map_or(*thing, |old| old.first),
                last_day: old.as_ref().map_or(last_day, |old| old.last_day),
                text,
                by: index,
                readers,
                taken_back: false,
                unwanted: false,
                at: self.now,
            });
        }
        Some(reply)
    }

    /// Returns the last day of what a command shares.
    fn last_day(&self, index: usize, command: &Command) -> Day {
        let Command::Share { fade, .. } = command else {
            return Day::default();
        };
        let settled = || self.settings(index)?.fade;
        let days = match fade {
            Fade::Never => None,
            Fade::After(days) => Some((*days).max(1)),
            Fade::AsSettled => settled(),
        };
        days.map_or_else(Day::default, |days| {
            self.time(index).day().plus(days.into())
        })
    }

    /// Carries out a command at a node that runs.
    pub fn command(&mut self, index: usize, command: Command) -> Result<Reply, Refusal> {
        self.try_command(index, command)
            .expect("every command is answered")
    }

    /// Makes an open invite of seven days and returns its key.
    pub fn invite(&mut self, index: usize, uses: u16, history: History) -> String {
        let expires = Duration::from_hours(7 * 24);
        let mode = Mode::Open;
        let command = Command::Invite {
            uses,
            expires,
            mode,
            history,
        };
        match self.command(index, command) {
            Ok(Reply::Invited { key, .. }) => key,
            other => panic!("an invite was refused: {other:?}"),
        }
    }

    /// Shares a story and returns what came of it.
    pub fn share(&mut self, index: usize, text: &str) -> Result<Reply, Refusal> {
        let command = self.story(index, text);
        self.command(index, command)
    }

    /// Shares a story that fades after so many days; zero = never.
    pub fn share_for(&mut self, index: usize, text: &str, days: u16) -> ThingId {
        let Command::Share { story, .. } = self.story(index, text) else {
            unreachable!("that is what it returns");
        };
        let fade = match days {
            0 => Fade::Never,
            days => Fade::After(days),
        };
        match self.command(index, Command::Share { story, fade }) {
            Ok(Reply::Shared { thing }) => thing,
            other => panic!("it was not shared: {other:?}"),
        }
    }

    /// Returns the command that shares a story.
    pub fn story(&self, index: usize, text: &str) -> Command {
        let story = Story {
            text: clean_text(text).expect("good text"),
            ask: Ask::Listen,
            note: None,
            replaces: None,
            written: self.time(index),
        };
        let fade = Fade::AsSettled;
        Command::Share { story, fade }
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time.as_millis() as u64;
        while self.queue.peek().is_some_and(|next| next.at <= until) {
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
                if current.starts == start && current.wake == Some(at) {
                    current.wake = None;
                    self.input(node, Input::Wake);
                }
            }
            other => self.happen(other),
        }
        true
    }

    fn push(&mut self, at: u64, what: What) {
        self.queued += 1;
        let order = self.queued;
        self.queue.push(Queued { at, order, what });
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
