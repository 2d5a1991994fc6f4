//! What the pure core costs: replica to replica in this process, beside Automerge's own sync.

use crate::grown::{AUTHORS, CHARACTERS, Pair, Peer, grow, text};
use crate::report::{Line, kilobytes, milliseconds, percentile, ratio};
use automerge::sync::{State, SyncDoc};
use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ObjType, ReadDoc};
use circlet_node::home::Home;
use circlet_node::keystore::Secret;
use circlet_node::storage;
use circlet_tests::store::MemoryStore;
use std::time::{Duration, Instant};

/// How many stories make the first screens.
const SCREENS: usize = 50;

/// A newcomer that takes in a circle of so many stories.
pub fn newcomer(stories: usize) {
    let mut founder = Peer::found(77);
    let from = Instant::now();
    let key = grow(&mut founder, stories);
    println!(
        "# grew {stories} stories in {:.1} s",
        from.elapsed().as_secs_f64()
    );
    let memory = join(&mut founder, 1, &key, None);
    memory.print("newcomer, both in memory", stories);
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    home.create().unwrap();
    let on_disk = join(&mut founder, 2, &key, Some(&home));
    on_disk.print("newcomer, its side in a sealed store", stories);
    let disk = crate::machine::folder_bytes(home.root());
    Line::new("disk of the newcomer, against the text", stories)
        .value("", ratio(disk as f64, (stories * CHARACTERS) as f64))
        .print();
    let (automerge, bytes) = automerge_newcomer(stories);
    Line::new("Automerge's own sync of the same stories", stories)
        .value("time of both", milliseconds(automerge))
        .value("wire", kilobytes(bytes))
        .print();
    let against = |time: Duration| ratio(time.as_secs_f64(), automerge.as_secs_f64());
    Line::new("newcomer against Automerge", stories)
        .value("in memory", against(memory.busy))
        .value("in a sealed store", against(on_disk.busy))
        .print();
}

/// What a join came to.
struct Joined {
    first: Duration,
    busy: Duration,
    newcomer: Duration,
    wire: usize,
}

impl Joined {
    fn print(&self, name: &str, stories: usize) {
        let text = (stories * CHARACTERS) as f64;
        Line::new(name, stories)
            .value("newest 50", milliseconds(self.first))
            .value("time of both", milliseconds(self.busy))
            .value("time of the newcomer", milliseconds(self.newcomer))
            .value(
                "a story",
                format!("{:.0} µs", self.busy.as_secs_f64() * 1e6 / stories as f64),
            )
            .value("wire against the text", ratio(self.wire as f64, text))
            .print();
    }
}

fn join(founder: &mut Peer, number: u64, key: &str, home: Option<&Home>) -> Joined {
    let goal = founder.entries();
    let newest = founder.newest(SCREENS);
    let disk: Box<dyn crate::grown::Disk> = match home {
        None => Box::new(MemoryStore::default()),
        Some(home) => Box::new(storage::open(home, &Secret::from([3; 32])).unwrap()),
    };
    let (mut peer, dial) = Peer::join(number, "Newcomer", key, disk);
    (founder.busy, peer.busy) = Default::default();
    let mut pair = Pair::link(number, founder, &mut peer, Some(dial));
    let mut first = None;
    loop {
        let a = pair.round(founder, 0);
        let b = pair.round(&mut peer, 1);
        if first.is_none() && peer.entries() > SCREENS as u64 && peer.newest(SCREENS) == newest {
            first = Some(founder.busy + peer.busy);
        }
        if !a && !b {
            break;
        }
    }
    assert!(peer.entries() >= goal, "{} of {goal}", peer.entries());
    let wire = pair.traffic[1].runs + pair.traffic[1].rest;
    let (busy, newcomer) = (founder.busy + peer.busy, peer.busy);
    pair.end(founder, &mut peer);
    let first = first.unwrap_or(busy);
    Joined {
        first,
        busy,
        newcomer,
        wire,
    }
}

/// Syncs one document that holds all stories to an empty peer; returns the time and the bytes.
fn automerge_newcomer(stories: usize) -> (Duration, usize) {
    let mut document = automerge_document(stories);
    let from = Instant::now();
    let mut other = AutoCommit::new();
    let (mut here, mut there) = (State::new(), State::new());
    let mut bytes = 0;
    loop {
        let to = document.sync().generate_sync_message(&mut here);
        let back = other.sync().generate_sync_message(&mut there);
        if to.is_none() && back.is_none() {
            break;
        }
        if let Some(message) = to {
            let message = message.encode();
            bytes += message.len();
            let message = automerge::sync::Message::decode(&message).unwrap();
            other
                .sync()
                .receive_sync_message(&mut there, message)
                .unwrap();
        }
        if let Some(message) = back {
            let message = message.encode();
            let message = automerge::sync::Message::decode(&message).unwrap();
            document
                .sync()
                .receive_sync_message(&mut here, message)
                .unwrap();
        }
    }
    let time = from.elapsed();
    assert_eq!(other.length(automerge::ROOT), stories);
    (time, bytes)
}

/// Writes one document of plain strings: one change a story, by twenty actors that write apart.
fn automerge_document(stories: usize) -> AutoCommit {
    let mut document = AutoCommit::new();
    let base = document.clone();
    for author in 0..AUTHORS {
        let seed = 1000 + author as u64;
        let mut own = base
            .clone()
            .with_actor(ActorId::from(vec![author as u8 + 1; 32]));
        for number in (author..stories).step_by(AUTHORS) {
            let story = own
                .put_object(automerge::ROOT, format!("{number:032x}"), ObjType::Map)
                .unwrap();
            own.put(&story, "text", text(seed, number as u64)).unwrap();
            own.put(&story, "ask", "listen").unwrap();
            own.put(&story, "written", number as i64).unwrap();
            own.commit();
        }
        document.merge(&mut own).unwrap();
    }
    document
}

/// One new story to eight connected replicas.
pub fn live(stories: usize) {
    const PEERS: usize = 8;
    const SHARES: usize = 200;
    let mut founder = Peer::found(77);
    let key = grow(&mut founder, stories);
    let mut others = Vec::new();
    for number in 0..PEERS {
        let seed = 100 + number as u64;
        let store = Box::new(MemoryStore::default());
        let (mut peer, dial) = Peer::join(seed, &format!("Reader {number}"), &key, store);
        let mut pair = Pair::link(seed, &mut founder, &mut peer, Some(dial));
        pair.settle(&mut founder, &mut peer);
        others.push((pair, peer));
    }
    let mut times = Vec::new();
    for number in 0..SHARES {
        let text = text(1, number as u64);
        let from = Instant::now();
        let outputs = founder.share(&text);
        for (pair, peer) in &mut others {
            pair.send(1, outputs.clone());
            pair.round(peer, 1);
            times.push(from.elapsed());
        }
        for (pair, peer) in &mut others {
            pair.settle(&mut founder, peer);
        }
    }
    for (_, peer) in &others {
        assert_eq!(peer.entries(), founder.entries());
    }
    Line::new(
        "one new story to 8 peers, one after another in one thread",
        stories,
    )
    .value("p50", milliseconds(percentile(&mut times, 50)))
    .value("p99", milliseconds(percentile(&mut times, 99)))
    .print();
}

/// Two replicas that hold the same, and ten new stories each.
pub fn frontier(stories: usize) {
    let mut founder = Peer::found(77);
    let key = grow(&mut founder, stories);
    let store = Box::new(MemoryStore::default());
    let (mut peer, dial) = Peer::join(9, "Bo", &key, store);
    let mut pair = Pair::link(1, &mut founder, &mut peer, Some(dial));
    pair.settle(&mut founder, &mut peer);
    pair.end(&mut founder, &mut peer);
    for number in 0..10 {
        founder.share(&text(1, number));
        peer.share(&text(2, number));
    }
    (founder.busy, peer.busy) = Default::default();
    let mut pair = Pair::link(2, &mut founder, &mut peer, None);
    pair.settle(&mut founder, &mut peer);
    assert_eq!(founder.entries(), peer.entries());
    let [to_first, to_second] = pair.traffic;
    Line::new("frontiers, with 10 new stories on each side", stories)
        .value("time of both", milliseconds(founder.busy + peer.busy))
        .value(
            "bytes besides the entries",
            kilobytes(to_first.rest + to_second.rest),
        )
        .value("frames", (to_first.frames + to_second.frames).to_string())
        .value(
            "bytes of the entries",
            kilobytes(to_first.runs + to_second.runs),
        )
        .print();
}
