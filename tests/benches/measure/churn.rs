//! Taking back in a store that grew: what one costs, and how large the disk is afterwards.

use crate::grown::{CHARACTERS, Peer, text};
use crate::machine::{folder_bytes, written};
use crate::report::{Line, kilobytes, milliseconds, percentile, ratio};
use circlet_model::id::ThingId;
use circlet_model::replica::output::{Output, Reply};
use circlet_node::home::Home;
use circlet_node::keystore::Secret;
use circlet_node::storage::{self, Engine, Range, Sled};
use std::time::{Duration, Instant};

/// One story of so many stays.
const STAYS: usize = 10;

/// How many stories share a flush while the store grows.
const ROUND: usize = 64;

/// How many take-backs are measured, each with a flush of its own; the rest share theirs.
const MEASURED: usize = 1_000;

/// Shares so many stories on a disk, takes most of them back, and opens the store again.
pub fn churn(stories: usize) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    home.create().unwrap();
    let vault = || storage::open(&home, &master()).unwrap();
    drop(vault());
    let empty = opened(vault);
    let mut peer = Peer::found_on(77, Box::new(vault()));
    let things: Vec<ThingId> = (0..stories)
        .map(|number| share(&mut peer, number))
        .collect();
    peer.flush();
    let shared = folder_bytes(home.root()) as f64;
    let text = (stories * CHARACTERS) as f64;

    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    let gone = things.iter().enumerate().filter(|(at, _)| at % STAYS != 0);
    for (number, (_, thing)) in gone.enumerate() {
        if number >= MEASURED {
            peer.take_back(*thing);
            if number.is_multiple_of(ROUND) {
                peer.flush();
            }
            continue;
        }
        let before = written();
        times.push(timed(|| {
            peer.take_back(*thing);
            peer.flush();
        }));
        bytes.push(written() - before);
    }
    peer.flush();
    bytes.sort_unstable();
    let [half, most] = [50, 99].map(|part| bytes[(bytes.len() - 1) * part / 100] as usize);
    Line::new("one take-back, p50 and p99", stories)
        .value("", milliseconds(percentile(&mut times, 50)))
        .value("", milliseconds(percentile(&mut times, 99)))
        .value("written", kilobytes(half))
        .value("and", kilobytes(most))
        .print();
    drop(peer);

    print_disk(stories, &home, shared / text);
    let opened = opened(vault);
    Line::new("opening the store, against an empty one", stories)
        .value("", ratio(opened.as_secs_f64(), empty.as_secs_f64()))
        .value("in", milliseconds(opened))
        .print();
}

/// Opens a store again, and prints how large it is before and after that.
fn print_disk(stories: usize, home: &Home, shared: f64) {
    let grown = folder_bytes(home.root());
    let copied = timed(|| drop(storage::open(home, &master()).unwrap()));
    let (size, rows) = (folder_bytes(home.root()), rows(home));
    Line::new("disk after sharing, against the text", stories)
        .value("", ratio(shared, 1.0))
        .print();
    Line::new(
        "disk after taking back, against the rows that live",
        stories,
    )
    .value("", ratio(grown as f64, rows as f64))
    .value("bytes", kilobytes(grown as usize))
    .value("of rows", kilobytes(rows))
    .print();
    Line::new("disk once it was opened again, the same", stories)
        .value("", ratio(size as f64, rows as f64))
        .value("bytes", kilobytes(size as usize))
        .value("in", milliseconds(copied))
        .print();
}

fn master() -> Secret {
    Secret::from([3; 32])
}

/// Returns the bytes of the rows that live in a store.
fn rows(home: &Home) -> usize {
    let all = Range {
        from: Vec::new(),
        to: None,
        backwards: false,
        limit: usize::MAX,
    };
    let rows = Sled::open(&home.store()).unwrap().scan(&all).unwrap();
    rows.iter()
        .map(|(key, value)| key.len() + value.len())
        .sum()
}

/// Returns how long opening takes, the median of some.
fn opened<T>(open: impl Fn() -> T) -> Duration {
    let mut times: Vec<_> = (0..9).map(|_| timed(|| drop(open()))).collect();
    percentile(&mut times, 50)
}

fn share(peer: &mut Peer, number: usize) -> ThingId {
    let outputs = peer.share(&text(1, number as u64));
    if number.is_multiple_of(ROUND) {
        peer.flush();
    }
    let thing = outputs.into_iter().find_map(|output| match output {
        Output::Reply {
            reply: Ok(Reply::Shared { thing }),
            ..
        } => Some(thing),
        _ => None,
    });
    thing.unwrap()
}

fn timed(work: impl FnOnce()) -> Duration {
    let from = Instant::now();
    work();
    from.elapsed()
}
