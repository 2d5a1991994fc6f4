//! Taking back in a store that grew: what one costs, and how large the disk is afterwards.

use crate::grown::{CHARACTERS, Disk, Peer, grow_by, shared, text};
use crate::machine::{folder_bytes, written};
use crate::report::{Line, kilobytes, milliseconds, percentile, ratio};
use circlet_model::id::ThingId;
use circlet_model::store::{Batch, Reader, Write};
use circlet_node::home::Home;
use circlet_node::keystore::Secret;
use circlet_node::storage::{self, Engine, Range, Sled, Vault};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// One story of so many stays.
const STAYS: usize = 10;

/// How many take-backs of one's own stories are measured, each with a flush of its own; the others' come
/// by sync, and share theirs.
const MEASURED: usize = 1_000;

/// A store that can forget as late as it flushes: a node forgets one input after another, each durably,
/// and so many of them would take long.
struct Late {
    vault: Vault<Sled>,
    late: Rc<Cell<bool>>,
    waiting: RefCell<Batch>,
}

impl Disk for Late {
    fn reader(&self) -> Box<dyn Reader> {
        self.vault.reader()
    }

    fn keep(&self, batch: Batch) {
        let late = self.late.get();
        let (waiting, now): (Batch, Batch) = batch
            .into_iter()
            .partition(|write| late && matches!(write, Write::Forget(_)));
        self.waiting.borrow_mut().extend(waiting);
        self.vault.keep(now);
    }

    fn flush(&self) {
        let waiting = self.waiting.take();
        if !waiting.is_empty() {
            self.vault.keep(waiting);
        }
        Disk::flush(&self.vault);
    }
}

/// Grows a circle on a disk by the sync of its authors, and shares some stories there; takes some of these
/// back, one by one, and most of the others as they come; and opens the store again.
pub fn churn(stories: usize) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    home.create().unwrap();
    let vault = || storage::open(&home, &master()).unwrap();
    drop(vault());
    let empty = opened(vault);
    let late = Rc::new(Cell::new(false));
    let disk = Late {
        vault: vault(),
        late: Rc::clone(&late),
        waiting: RefCell::default(),
    };
    let mut peer = Peer::found_on(77, Box::new(disk));
    let key = peer.invite();
    let own = MEASURED.min(stories / 2);
    let mut authors = Vec::new();
    grow_by(&mut peer, &key, stories - own, |author| {
        authors.push(author);
    });
    let things: Vec<ThingId> = (0..own)
        .filter_map(|number| shared(&peer.share(&text(1, number as u64))))
        .collect();
    peer.flush();
    let grown = folder_bytes(home.root()) as f64;
    Line::new("disk after sharing, against the text", stories)
        .value("", ratio(grown, (stories * CHARACTERS) as f64))
        .print();

    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for thing in things {
        let before = written();
        times.push(timed(|| {
            peer.take_back(thing);
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
    late.set(true);
    let rest = timed(|| {
        for author in authors {
            author.take_back(&mut peer, STAYS);
        }
    });
    Line::new("the others' taken back, as they come", stories)
        .value("", milliseconds(rest))
        .print();
    drop(peer);

    print_disk(stories, &home);
    let opened = opened(vault);
    Line::new("opening the store, against an empty one", stories)
        .value("", ratio(opened.as_secs_f64(), empty.as_secs_f64()))
        .value("in", milliseconds(opened))
        .print();
}

/// Opens a store again, and prints how large it is before and after that.
fn print_disk(stories: usize, home: &Home) {
    let grown = folder_bytes(home.root());
    let copied = timed(|| drop(storage::open(home, &master()).unwrap()));
    let (size, rows) = (folder_bytes(home.root()), rows(home));
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

fn timed(work: impl FnOnce()) -> Duration {
    let from = Instant::now();
    work();
    from.elapsed()
}
