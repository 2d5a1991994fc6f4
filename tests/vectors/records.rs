//! Records, one for each payload, and the frontier.

use crate::book::Book;
use crate::cast::{self, circle};
use circlet_model::bounded::List;
use circlet_model::codec;
use circlet_model::id::{EntryId, ThingId};
use circlet_model::log::chain::{Chain, Interval};
use circlet_model::log::frontier::{Frontier, Held};
use circlet_model::log::record::{Payload, Record, SignedRecord, VERSION, prove_peer};

#[test]
fn records_and_the_frontier() {
    let mut book = Book::new("records");
    for (name, payload) in payloads() {
        book.put(name, codec::encode(&record(payload)));
    }
    book.put("held", codec::encode(&held()));
    let frozen = book.freeze();
    for (name, payload) in payloads() {
        let signed: SignedRecord = codec::decode(&frozen.bytes(name)).unwrap();
        assert!(signed.verify(circle()));
        assert_eq!(signed.record.payload, payload);
    }
    let held: Held = codec::decode(&frozen.bytes("held")).unwrap();
    let device = cast::ana_device().device();
    let theirs = held
        .matching(&device, &Chain::default(), false, |_| None)
        .unwrap();
    assert_eq!(theirs.intervals(), intervals());
    assert_eq!(held.newest(&device), Some(intervals()[1]));
}

/// Returns Ana's signed record.
pub(crate) fn record(payload: Payload) -> SignedRecord {
    let record = Record {
        version: VERSION,
        circle: circle(),
        device: cast::ana_device().device(),
        seq: 7,
        at: cast::NOW,
        payload,
    };
    record.sign(&cast::ana_device())
}

/// Returns a payload of each kind.
pub(crate) fn payloads() -> Vec<(&'static str, Payload)> {
    let addresses = Payload::Addresses {
        peer: cast::key(0x17).peer(),
        proof: prove_peer(&cast::key(0x17), circle(), cast::ana_device().device()),
        addresses: List::new(cast::addresses()).unwrap(),
        always_on: true,
    };
    let held = vec![(cast::ana_device().device(), List::new(intervals()).unwrap())];
    let frontier = Payload::Frontier {
        held: List::new(held).unwrap(),
    };
    let erasures = Payload::Erasures {
        things: List::new(vec![ThingId([0x81; 16])]).unwrap(),
    };
    vec![
        ("addresses", addresses),
        ("frontier", frontier),
        ("erasures", erasures),
    ]
}

/// Returns a frontier with a gap.
pub(crate) fn frontier() -> Frontier {
    let mut frontier = Frontier::default();
    for interval in intervals() {
        frontier.insert(cast::ana_device().device(), 0, interval);
    }
    frontier
}

/// Returns it in the form that travels.
pub(crate) fn held() -> Held {
    let frontier = frontier();
    frontier.to_held(|device, branch| frontier.chain(device, branch))
}

fn intervals() -> Vec<Interval> {
    let interval = |low, high, top| Interval {
        low,
        high,
        top: EntryId([top; 32]),
    };
    vec![interval(1, 64, 0x82), interval(300, 411, 0x83)]
}
