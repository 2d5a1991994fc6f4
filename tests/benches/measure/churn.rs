//! Taking back in a store that grew: what one costs, and how large the disk is afterwards.

use crate::grown::{CHARACTERS, Peer, text};
use crate::machine::{folder_bytes, written};
use crate::report::{Line, kilobytes, milliseconds, percentile, ratio};
use circlet_model::id::ThingId;
use circlet_model::replica::output::{Output, Reply};
use circlet_node::home::Home;
use circlet_node::keystore::Secret;
use circlet_node::storage;
use std::time::{Duration, Instant};

/// One story of so many stays.
const STAYS: usize = 10;

/// How many stories share a flush while the store grows.
const ROUND: usize = 64;

/// Shares so many stories on a disk, takes most of them back one by one, and copies the store.
pub fn churn(stories: usize) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    home.create().unwrap();
    let vault = || storage::open(&home, &Secret::from([3; 32])).unwrap();
    let empty = timed(|| drop(vault()));
    let mut peer = Peer::found_on(77, Box::new(vault()));
    let things: Vec<ThingId> = (0..stories)
        .map(|number| share(&mut peer, number))
        .collect();
    peer.flush();
    let live = |count: usize| (count * CHARACTERS) as f64;
    let size = |home: &Home| folder_bytes(home.root());
    Line::new("disk after sharing, against the text", stories)
        .value("", ratio(size(&home) as f64, live(stories)))
        .print();

    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for (_, thing) in things.iter().enumerate().filter(|(at, _)| at % STAYS != 0) {
        let before = written();
        times.push(timed(|| {
            peer.take_back(*thing);
            peer.flush();
        }));
        bytes.push(written() - before);
    }
    bytes.sort_unstable();
    let [half, most] = [50, 99].map(|part| bytes[(bytes.len() - 1) * part / 100] as usize);
    Line::new("one take-back, p50 and p99", stories)
        .value("", milliseconds(percentile(&mut times, 50)))
        .value("", milliseconds(percentile(&mut times, 99)))
        .value("written", kilobytes(half))
        .value("and", kilobytes(most))
        .print();
    drop(peer);

    let left = live(stories.div_ceil(STAYS));
    let grown = size(&home);
    let copied = timed(|| storage::compact(&home).unwrap());
    Line::new(
        "disk after taking back, against the text that stays",
        stories,
    )
    .value("", ratio(grown as f64, left))
    .value("copied", ratio(size(&home) as f64, left))
    .value("bytes", kilobytes(size(&home) as usize))
    .value("in", milliseconds(copied))
    .print();
    let opened = timed(|| drop(vault()));
    Line::new("opening the store, against an empty one", stories)
        .value("", ratio(opened.as_secs_f64(), empty.as_secs_f64()))
        .value("in", milliseconds(opened))
        .print();
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
