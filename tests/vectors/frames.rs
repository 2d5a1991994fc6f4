//! The frames of a sync session, one for each message, and a frame on the wire.

use crate::book::Book;
use crate::cast::{self, circle};
use crate::records;
use circlet_model::bounded::List;
use circlet_model::id::{ActId, EntryId, Hash, ThingId};
use circlet_model::key::Secret;
use circlet_model::log::record::Kind as RecordKind;
use circlet_model::log::run::Run;
use circlet_model::membership::act::{Act, Kind, SUITE, VERSION};
use circlet_model::membership::graph::Tip;
use circlet_model::secrecy::epoch::Ring;
use circlet_model::secrecy::kem::X25519;
use circlet_model::secrecy::wrap;
use circlet_model::sync::message::{Acts, Have, Keys, Message, Need, Open, VERSIONS};
use circlet_node::network::frame;

#[test]
fn sync_frames() {
    let mut book = Book::new("frames");
    for (name, message) in messages() {
        book.put(name, message.to_frame());
    }
    book.put(
        "on the wire: 3 acts end",
        frame::encode(&Message::ActsEnd.to_frame(), frame::MAX_SYNC).unwrap(),
    );
    let frozen = book.freeze();
    for (name, message) in messages() {
        let read = Message::from_frame(&frozen.bytes(name)).unwrap();
        assert_eq!(read, Some(message), "{name}");
    }
    let wire = frozen.bytes("on the wire: 3 acts end");
    let (inner, rest) = frame::split(&wire, frame::MAX_SYNC).unwrap().unwrap();
    assert_eq!((inner, rest), (&[3][..], &[][..]));
    assert_eq!(Message::from_frame(&[99, 1, 2]), Ok(None));
}

fn messages() -> Vec<(&'static str, Message)> {
    let device = cast::ana_device().device();
    let open = Open {
        answers: true,
        versions: VERSIONS,
        tips: List::new(vec![Tip {
            device,
            seq: 5,
            act: ActId([0xa1; 32]),
        }])
        .unwrap(),
        records: List::new(vec![(device, RecordKind::Addresses, 7)]).unwrap(),
    };
    let have = Have {
        held: records::held(),
        retracted: List::new(vec![ThingId([0xa2; 16])]).unwrap(),
    };
    let run = Run {
        device,
        first: 1,
        prev: EntryId::default(),
        entries: List::default(),
    };
    let records = records::payloads().into_iter().take(1);
    let records = records.map(|(_, payload)| records::record(payload));
    vec![
        ("1 open", Message::Open(open)),
        ("2 acts", Message::Acts(acts())),
        ("3 acts end", Message::ActsEnd),
        ("4 have", Message::Have(have)),
        ("5 run, without entries", Message::Run(run)),
        ("6 stored", Message::Stored(1)),
        ("7 end", Message::End(Hash([0xa3; 32]))),
        (
            "8 records",
            Message::Records(List::new(records.collect()).unwrap()),
        ),
        ("9 need", Message::Need(need())),
        ("10 keys", Message::Keys(keys())),
        ("11 retracts, none", Message::Retracts(List::default())),
    ]
}

fn acts() -> Acts {
    let act = Act {
        version: VERSION,
        suite: SUITE,
        circle: circle(),
        device: cast::ana_device().device(),
        seq: 2,
        prev: ActId([0xa4; 32]),
        heads: List::default(),
        day: cast::today(),
        kind: Kind::Ack {
            removals: List::default(),
        },
    };
    let signed = act.sign(&cast::ana_device());
    Acts {
        acts: List::new(vec![signed.signed().clone()]).unwrap(),
        tables: List::new(vec![(signed.id(), shared().table)]).unwrap(),
    }
}

fn need() -> Need {
    Need {
        epochs: List::new(vec![cast::epoch_keys()[0].id()]).unwrap(),
        bodies: List::new(vec![EntryId([0xa5; 32])]).unwrap(),
        places: List::new(vec![(cast::ana_device().device(), 12)]).unwrap(),
    }
}

fn keys() -> Keys {
    let ids = List::new(vec![cast::epoch_keys()[0].id()]).unwrap();
    Keys {
        epochs: Some((ids, shared().table.row(0).unwrap().clone())),
        bodies: List::new(vec![(EntryId([0xa5; 32]), Secret([0xa6; 32]))]).unwrap(),
    }
}

fn shared() -> wrap::Shared {
    let [commons, _] = cast::epoch_keys();
    let mut ring = Ring::default();
    ring.insert(commons.id(), commons.clone());
    let kem = cast::kem(X25519, 0x23);
    let to = (cast::bo_device().device(), kem.public());
    wrap::share(circle(), to, &[commons.id()], &ring, &mut cast::rng()).unwrap()
}
