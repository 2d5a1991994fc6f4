//! Circles with a long history, grown without a network: replicas handed each other's frames.
//!
//! The founder's replica may lie in memory or in a real store. Its authors write apart, each on a
//! device of their own, and hand over what they wrote by the same sync that members use.

use circlet_model::address::{Address, Transport};
use circlet_model::content::clean_text;
use circlet_model::content::story::{Ask, Story};
use circlet_model::id::{PeerId, ThingId};
use circlet_model::invitation::InviteKey;
use circlet_model::key::SigningKey;
use circlet_model::membership::act::{History, Mode};
use circlet_model::replica::input::{Command, CommandId, DialId, Fade, Input, LinkId};
use circlet_model::replica::output::{Outbox, Output, Reply};
use circlet_model::replica::{Identity, Replica, Start};
use circlet_model::secrecy::kem;
use circlet_model::store::{Batch, Reader};
use circlet_model::sync::message::Message;
use circlet_model::time::Timestamp;
use circlet_node::storage::{Sled, Vault};
use circlet_tests::store::MemoryStore;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// How many devices write a history.
pub const AUTHORS: usize = 20;

/// The characters of a story.
pub const CHARACTERS: usize = 600;

/// The most frames that share a flush, as in the driver.
const ROUND: usize = 64;

/// Where a replica's rows lie.
pub trait Disk {
    /// Returns a reader of them.
    fn reader(&self) -> Box<dyn Reader>;
    /// Applies a batch.
    fn keep(&self, batch: Batch);
    /// Makes them durable.
    fn flush(&self);
}

impl Disk for MemoryStore {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }

    fn keep(&self, batch: Batch) {
        self.apply(batch);
    }

    fn flush(&self) {}
}

impl Disk for Vault<Sled> {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }

    fn keep(&self, batch: Batch) {
        self.write(batch).unwrap();
    }

    fn flush(&self) {
        Self::flush(self).unwrap();
    }
}

/// A replica with its disk.
pub struct Peer {
    /// The replica.
    pub replica: Replica,
    disk: Box<dyn Disk>,
    rng: ChaCha20Rng,
    peer: PeerId,
    now: u64,
    /// How long it worked.
    pub busy: Duration,
    dirty: bool,
}

/// What went over a link, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Frames with entries.
    pub runs: usize,
    /// All others.
    pub rest: usize,
    /// How many of the others.
    pub frames: usize,
}

impl Peer {
    /// Founds a circle in memory.
    pub fn found(seed: u64) -> Self {
        Self::found_on(seed, Box::new(MemoryStore::default()))
    }

    /// Founds a circle on a disk.
    pub fn found_on(seed: u64, disk: Box<dyn Disk>) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let identity = identity(&mut rng);
        let peer = identity.peer.peer();
        let start = Start {
            identity,
            name: "Ana",
            reader: disk.reader(),
        };
        let mut out = Outbox::default();
        let now = Timestamp(beginning());
        let nonce = [7; 32];
        let replica = Replica::found(start, "Tuesday", nonce, now, &mut rng, &mut out).unwrap();
        disk.keep(out.writes);
        Self::of(replica, disk, peer, rng)
    }

    /// Takes a replica that lies on a disk.
    pub fn of(replica: Replica, disk: Box<dyn Disk>, peer: PeerId, rng: ChaCha20Rng) -> Self {
        let mut this = Self {
            replica,
            disk,
            rng,
            peer,
            now: beginning(),
            busy: Duration::ZERO,
            dirty: false,
        };
        let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        let addresses = vec![Address::new(Transport::Tcp, ip, 4000)];
        this.handle(Input::Reachable { addresses });
        this
    }

    /// Begins to join by a key, and returns the dial that it asks for.
    pub fn join(seed: u64, name: &str, key: &str, disk: Box<dyn Disk>) -> (Self, DialId) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let identity = identity(&mut rng);
        let peer = identity.peer.peer();
        let key = InviteKey::from_text(key).unwrap();
        let start = Start {
            identity,
            name,
            reader: disk.reader(),
        };
        let mut out = Outbox::default();
        let now = Timestamp(beginning());
        let replica = Replica::join(start, &key, now, &mut out).unwrap();
        disk.keep(out.writes);
        let mut this = Self::of(replica, disk, peer, rng);
        let mut outputs = out.outputs;
        outputs.extend(this.handle(Input::Wake));
        let dial = outputs.iter().find_map(|output| match output {
            Output::Dial { dial, .. } => Some(*dial),
            _ => None,
        });
        (this, dial.unwrap())
    }

    /// Hands it an input, keeps what changed and returns what it wants done.
    pub fn handle(&mut self, input: Input) -> Vec<Output> {
        let from = Instant::now();
        self.now += 1;
        let mut out = Outbox::default();
        self.replica
            .handle(Timestamp(self.now), &mut self.rng, input, &mut out);
        assert_eq!(out.trouble, None);
        if !out.writes.is_empty() {
            self.disk.keep(out.writes);
            self.dirty = true;
        }
        self.busy += from.elapsed();
        out.outputs
    }

    /// Makes durable what it kept.
    pub fn flush(&mut self) {
        let from = Instant::now();
        if std::mem::take(&mut self.dirty) {
            self.disk.flush();
        }
        self.busy += from.elapsed();
    }

    /// Makes an invite that lets many people read everything.
    pub fn invite(&mut self) -> String {
        let command = Command::Invite {
            uses: 200,
            expires: Duration::from_hours(24 * 300),
            mode: Mode::Open,
            history: History::All,
        };
        let outputs = self.handle(Input::Command {
            id: CommandId(0),
            command,
        });
        let key = outputs.into_iter().find_map(|output| match output {
            Output::Reply {
                reply: Ok(Reply::Invited { key, .. }),
                ..
            } => Some(key),
            _ => None,
        });
        key.unwrap()
    }

    /// Shares a story; returns what follows.
    pub fn share(&mut self, text: &str) -> Vec<Output> {
        let story = Story {
            text: clean_text(text).unwrap(),
            ask: Ask::Listen,
            note: None,
            replaces: None,
            written: Timestamp(self.now),
        };
        let id = CommandId(0);
        let command = Command::Share {
            story,
            fade: Fade::AsSettled,
        };
        self.handle(Input::Command { id, command })
    }

    /// Takes one of its own stories back.
    pub fn take_back(&mut self, thing: ThingId) {
        let id = CommandId(0);
        let command = Command::TakeBack { thing };
        self.handle(Input::Command { id, command });
    }

    /// Returns the texts of the newest stories.
    pub fn newest(&self, limit: usize) -> Vec<String> {
        let stories = self.replica.stories(limit, Timestamp(self.now)).unwrap();
        stories.into_iter().map(|story| story.text).collect()
    }

    /// Returns how many entries it holds.
    pub fn entries(&self) -> u64 {
        self.replica.overview().entries
    }
}

/// Two replicas and what is under way between them. The second is the one that dials.
pub struct Pair {
    link: LinkId,
    /// To the first, and to the second.
    under_way: [VecDeque<(bool, Vec<u8>)>; 2],
    /// What went to each.
    pub traffic: [Traffic; 2],
    /// Drops the entries that the first would give the second.
    pub one_way: bool,
}

impl Pair {
    /// Links them.
    pub fn link(number: u64, first: &mut Peer, second: &mut Peer, dial: Option<DialId>) -> Self {
        let link = LinkId(number);
        let mut pair = Self {
            link,
            under_way: Default::default(),
            traffic: Default::default(),
            one_way: false,
        };
        let up = |peer, dial| Input::LinkUp {
            link,
            peer,
            dial,
            address: None,
        };
        let outputs = second.handle(up(first.peer, dial));
        pair.send(0, outputs);
        let outputs = first.handle(up(second.peer, None));
        pair.send(1, outputs);
        pair
    }

    /// Notes what one side wants sent: to the first (0) or to the second (1).
    pub fn send(&mut self, to: usize, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Hello { link, frame } if link == self.link => {
                    self.under_way[to].push_back((true, frame));
                }
                Output::Send { link, frame } if link == self.link => {
                    let run = matches!(Message::from_frame(&frame), Ok(Some(Message::Run(_))));
                    if run && to == 1 && self.one_way {
                        continue;
                    }
                    let traffic = &mut self.traffic[to];
                    if run {
                        traffic.runs += frame.len();
                    } else {
                        traffic.rest += frame.len();
                        traffic.frames += 1;
                    }
                    self.under_way[to].push_back((false, frame));
                }
                Output::Close { link } if link == self.link => panic!("a link was closed"),
                _ => {}
            }
        }
    }

    /// Lets one side take what waits for it, a round at a time; returns whether anything did.
    pub fn round(&mut self, peer: &mut Peer, side: usize) -> bool {
        let mut outputs = Vec::new();
        let mut taken = 0;
        while taken < ROUND
            && let Some((hello, frame)) = self.under_way[side].pop_front()
        {
            let link = self.link;
            let input = if hello {
                Input::Hello { link, frame }
            } else {
                Input::Frame { link, frame }
            };
            outputs.extend(peer.handle(input));
            taken += 1;
        }
        peer.flush();
        self.send(1 - side, outputs);
        taken > 0
    }

    /// Lets them talk until nothing is under way.
    pub fn settle(&mut self, first: &mut Peer, second: &mut Peer) {
        loop {
            let a = self.round(first, 0);
            let b = self.round(second, 1);
            if !a && !b {
                return;
            }
        }
    }

    /// Ends the link.
    pub fn end(self, first: &mut Peer, second: &mut Peer) {
        let down = || Input::LinkDown { link: self.link };
        first.handle(down());
        second.handle(down());
    }
}

/// One who wrote a part of a history, and what they wrote.
pub struct Author {
    peer: Peer,
    number: u64,
    things: Vec<ThingId>,
}

/// Grows a circle to so many stories, written apart by [`AUTHORS`] devices. Returns an invite's key.
pub fn grow(founder: &mut Peer, stories: usize) -> String {
    let key = founder.invite();
    grow_by(founder, &key, stories, |_| {});
    key
}

/// The same with an invite, handing each author over once they have written.
pub fn grow_by(founder: &mut Peer, key: &str, stories: usize, mut done: impl FnMut(Author)) {
    let mut left = stories;
    for author in 0..AUTHORS {
        let share = left / (AUTHORS - author);
        left -= share;
        let seed = 1000 + author as u64;
        let store = Box::new(MemoryStore::default());
        let (mut peer, dial) = Peer::join(seed, &format!("Author {author}"), key, store);
        let mut pair = Pair::link(seed, founder, &mut peer, Some(dial));
        pair.one_way = true;
        pair.settle(founder, &mut peer);
        let mut things = Vec::with_capacity(share);
        for number in 0..share {
            let outputs = peer.share(&text(seed, number as u64));
            things.extend(shared(&outputs));
            pair.send(0, outputs);
        }
        pair.settle(founder, &mut peer);
        pair.end(founder, &mut peer);
        founder.flush();
        done(Author {
            peer,
            number: seed,
            things,
        });
    }
}

impl Author {
    /// Takes back all but one in so many stories, apart, and hands that over.
    pub fn take_back(mut self, founder: &mut Peer, stays: usize) {
        let (first, peer) = (founder, &mut self.peer);
        for (at, thing) in self.things.iter().enumerate() {
            if at % stays != 0 {
                peer.take_back(*thing);
            }
        }
        let mut pair = Pair::link(self.number + 1000, first, peer, None);
        pair.one_way = true;
        pair.settle(first, peer);
        pair.end(first, peer);
        first.flush();
    }
}

/// Returns the thing that was shared.
pub fn shared(outputs: &[Output]) -> Option<ThingId> {
    outputs.iter().find_map(|output| match output {
        Output::Reply {
            reply: Ok(Reply::Shared { thing }),
            ..
        } => Some(*thing),
        _ => None,
    })
}

/// Returns a story of [`CHARACTERS`] characters, made of words.
pub fn text(seed: u64, number: u64) -> String {
    const PARTS: &[&str] = &[
        "ta", "ro", "mi", "len", "so", "ka", "ver", "du", "ne", "pli", "gar", "o", "est", "in",
        "hu", "sel", "bra", "fi", "wen", "jo", "lat", "cem", "ur", "dis",
    ];
    let mut rng = ChaCha20Rng::seed_from_u64(seed << 32 | number);
    let mut text = String::with_capacity(CHARACTERS + 16);
    while text.len() < CHARACTERS {
        for _ in 0..=rng.next_u64() % 3 {
            text.push_str(PARTS[(rng.next_u64() % PARTS.len() as u64) as usize]);
        }
        text.push(' ');
    }
    text.truncate(CHARACTERS - 1);
    text.push('.');
    text
}

fn identity(rng: &mut ChaCha20Rng) -> Identity {
    Identity {
        person: SigningKey::random(rng),
        device: SigningKey::random(rng),
        kem: kem::SecretKey::generate(kem::DEFAULT, rng).unwrap().into(),
        peer: SigningKey::random(rng),
    }
}

/// Returns this computer's time: a home that is grown here is read by real nodes.
fn beginning() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_millis() as u64
}
