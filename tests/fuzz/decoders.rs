//! Every decoder of bytes from outside, by name: the fuzz targets and the property test run these.
//!
//! A decoder passes when it returns; what it returns does not matter unless it says so here. To add
//! one: a row in [`DECODERS`] and a line under `bin` in `Cargo.toml`. A crash that the fuzzer finds
//! goes into `crashers/NAME/` and is run by the property test from then on.

use crate::{group, history};
use circlet_model::address::Address;
use circlet_model::bounded::List;
use circlet_model::codec;
use circlet_model::content::{Body, Content, Write};
use circlet_model::id::{CircleId, DeviceId, EntryId, Hash, InviteId, PeerId, PersonId};
use circlet_model::invitation::{self, InviteKey, Part, papers_in};
use circlet_model::key::Secret;
use circlet_model::log::chain::Chain;
use circlet_model::log::entry::Entry;
use circlet_model::log::frontier::Held;
use circlet_model::log::header::Header;
use circlet_model::log::record::SignedRecord;
use circlet_model::log::run::Run;
use circlet_model::membership::act::SignedAct;
use circlet_model::secrecy::epoch::EpochKey;
use circlet_model::secrecy::hello::{BoxKey, Direction, Route, open_hello, seal_hello};
use circlet_model::secrecy::kem::{self, PublicKey, SecretKey};
use circlet_model::secrecy::{seal, sealed_note, wrap};
use circlet_model::sync::hello::{Answer, Hello, bound};
use circlet_model::sync::message::Message;
use circlet_model::words;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::sync::LazyLock;

/// A decoder under test: takes any bytes, returns or panics.
pub(crate) type Decoder = fn(&[u8]);

/// The decoders, by the name of their fuzz target.
pub(crate) const DECODERS: &[(&str, Decoder)] = &[
    ("ids", ids),
    ("address", address),
    ("act", act),
    ("header", header),
    ("run", run),
    ("record", record),
    ("frontier", frontier),
    ("message", message),
    ("hello", hello),
    ("hello_box", hello_box),
    ("kem", kem_keys),
    ("wrap", wraps),
    ("body", body),
    ("content", content),
    ("invite", invite),
    ("word_list", word_list),
    ("beacon", beacon),
    ("rows", history::rows),
    ("replica", history::replica),
    ("carried", history::carried),
    ("group", group::history),
];

/// The circle and the device that bytes are checked against.
const CIRCLE: CircleId = CircleId([1; 32]);
const DEVICE: DeviceId = DeviceId([2; 32]);
const PERSON: PersonId = PersonId([3; 32]);

/// A KEM key of each suite; making one takes a while.
static KEMS: LazyLock<[SecretKey; 2]> = LazyLock::new(|| {
    [kem::X25519, kem::XWING]
        .map(|suite| SecretKey::derive(suite, &Secret([4; 32])).expect("both suites are known"))
});

fn epoch_key() -> EpochKey {
    EpochKey::from_secret(Secret([5; 32]))
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([6; 32])
}

/// Reads an id from its full form; what parses comes back the same when it is shown and read again.
fn ids(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(id) = CircleId::from_hex(text) {
        assert_eq!(CircleId::from_hex(&id.to_hex()), Some(id));
    }
}

/// Reads an address from bytes and from text; there is one form of each in bytes.
fn address(bytes: &[u8]) {
    if let Ok((address, rest)) = Address::split(bytes) {
        assert_eq!([address.to_bytes().as_slice(), rest].concat(), bytes);
    }
    let text = std::str::from_utf8(bytes).ok();
    if let Some(address) = text.and_then(|text| text.parse::<Address>().ok()) {
        assert_eq!(address.to_string().parse(), Ok(address));
        assert_eq!(Address::from_bytes(&address.to_bytes()), Ok(address));
    }
}

/// Reads an act and checks all its signatures, as an act of any circle it names.
fn act(bytes: &[u8]) {
    if let Ok(signed) = codec::decode::<SignedAct>(bytes) {
        assert_eq!(codec::encode(&signed), bytes);
        let (id, circle) = (signed.act.id(), signed.act.circle);
        if let Ok(verified) = signed.verify(circle) {
            assert_eq!(verified.id(), id);
        }
    }
}

/// Reads a header.
fn header(bytes: &[u8]) {
    if let Ok(header) = codec::decode::<Header>(bytes) {
        assert_eq!(codec::encode(&header), bytes);
        header.well_formed();
        header.associated();
    }
}

/// Reads a run and works out its headers; nothing of it is taken without a signature.
fn run(bytes: &[u8]) {
    let Some(unpacked) = codec::decode::<Run>(bytes)
        .ok()
        .and_then(|run| run.unpack(CIRCLE, PERSON))
    else {
        return;
    };
    let (low, high) = unpacked.range();
    assert!(low <= high);
    assert!(unpacked.id(high).is_some());
    if let Ok(entries) = unpacked.verify(|_| true) {
        assert!(Run::pack(&entries, PERSON).is_some() || entries.iter().any(is_odd));
    }
}

/// Whether an entry may be unpacked and not packed: its thing is not what its origin makes.
fn is_odd(entry: &Entry) -> bool {
    let header = entry.header.header();
    header
        .origin
        .is_some_and(|origin| origin.thing(header.circle) != header.thing)
}

/// Reads a record and checks its signature.
fn record(bytes: &[u8]) {
    if let Ok(signed) = codec::decode::<SignedRecord>(bytes) {
        signed.verify(signed.record.circle);
    }
}

/// Reads a frontier and compares it with a chain.
fn frontier(bytes: &[u8]) {
    let Ok(held) = codec::decode::<Held>(bytes) else {
        return;
    };
    held.newest(&DEVICE);
    let mut mine = Chain::default();
    for (low, high) in [(1, 4), (6, 6), (100, u64::MAX - 1)] {
        let top = EntryId([7; 32]);
        mine.insert(circlet_model::log::chain::Interval { low, high, top });
    }
    if let Some(theirs) = held.matching(&DEVICE, &mine, false, |_| Some(EntryId([7; 32]))) {
        let lacking = mine.without(&theirs);
        assert!(
            lacking
                .iter()
                .all(|(low, high)| low <= high && mine.holds(*low))
        );
    }
}

/// Reads a frame of a sync session; what is read is written the same.
fn message(bytes: &[u8]) {
    if let Ok(Some(message)) = Message::from_frame(bytes) {
        assert_eq!(message.to_frame(), bytes);
    }
}

/// Reads what a hello box held.
fn hello(bytes: &[u8]) {
    let hint = CIRCLE.hint();
    let peer = PeerId([8; 32]);
    match codec::decode::<Hello>(bytes) {
        Ok(Hello::Join {
            invite,
            newcomer,
            proof,
            binding,
        }) => {
            bound(newcomer.device, &hint, peer, peer, &binding);
            newcomer.verify(hint);
            newcomer.proven_by(hint, invite, &proof);
        }
        Ok(
            Hello::Member {
                device, binding, ..
            }
            | Hello::Link {
                device, binding, ..
            },
        ) => {
            bound(device, &hint, peer, peer, &binding);
        }
        Ok(Hello::Return {
            device,
            certificate,
            binding,
        }) => {
            bound(device.device, &hint, peer, peer, &binding);
            device.verify(hint);
            device.certified(hint, &certificate);
        }
        Err(_) => {}
    }
    if let Ok(Answer::Member { binding, .. }) = codec::decode::<Answer>(bytes) {
        bound(DEVICE, &hint, peer, peer, &binding);
    }
}

/// Opens a hello box; what is sealed as a frame opens to itself.
fn hello_box(bytes: &[u8]) {
    let keys = [BoxKey::of_epoch(&epoch_key()), BoxKey(Secret([9; 32]))];
    let peer = PeerId([8; 32]);
    let route = Route {
        dialler: peer,
        listener: peer,
        direction: Direction::Call,
    };
    assert_eq!(open_hello(&keys, route, bytes), None);
    if let Some(frame) = seal_hello(&keys[1], route, bytes, &mut rng()) {
        let opened = open_hello(&keys, route, &frame);
        assert_eq!(opened, Some((1, bytes.to_vec())));
    }
}

/// Seals to a KEM key that somebody else made up.
fn kem_keys(bytes: &[u8]) {
    let read = codec::decode::<PublicKey>(bytes).ok();
    let made = [kem::X25519, kem::XWING].into_iter().filter_map(|suite| {
        let length = if suite == kem::X25519 { 32 } else { 1216 };
        let mut bytes = bytes.to_vec();
        bytes.resize(length, 0);
        let bytes = circlet_model::bounded::Bytes::new(bytes).ok()?;
        Some(PublicKey { suite, bytes })
    });
    for key in read.into_iter().chain(made) {
        let _ = kem::seal(&key, "fuzz", b"", b"a key", &mut rng());
    }
}

/// Reads a wrap table and opens its rows.
fn wraps(bytes: &[u8]) {
    let ids = [epoch_key().id(); 2];
    let Ok(table) = codec::decode::<wrap::Table>(bytes) else {
        return;
    };
    let _ = table.check(Hash([0; 32]), 1);
    let _ = table.check(table.hash(), table.hashes.len());
    for (place, row) in &table.rows {
        table.only(|at| at == usize::from(*place));
        for kem in KEMS.iter().cloned().map(kem::Keys::from) {
            assert!(wrap::open_epoch_row(CIRCLE, (DEVICE, &kem), ids, row).is_err());
            assert!(wrap::open_share_row(CIRCLE, (DEVICE, &kem), &ids, row).is_err());
        }
    }
}

/// Opens a sealed body, and a note inside one.
fn body(bytes: &[u8]) {
    assert!(seal::open(&epoch_key(), b"", bytes).is_err());
    if let Ok(sealed) = seal::seal(&epoch_key(), b"", bytes, &mut rng()) {
        let opened = seal::open(&epoch_key(), b"", &sealed);
        assert_eq!(opened.as_deref(), Ok(bytes));
    }
    for kem in KEMS.iter().cloned().map(kem::Keys::from) {
        let _ = sealed_note::open(&kem, b"", bytes);
    }
    let _ = sealed_note::open_with(&seal::BodyKey(Secret([4; 32])), b"", bytes);
}

/// Reads things from opened bodies: the input is cut in two, as two devices' writes.
fn content(bytes: &[u8]) {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let bodies = [bytes, first, second].map(|part| Body::decode(part).ok());
    let writes: Vec<Write<'_>> = bodies
        .iter()
        .zip([DEVICE, DEVICE, DeviceId([10; 32])])
        .filter_map(|(body, device)| {
            Some(Write {
                device,
                signer: PERSON,
                is_keeper: true,
                body: body.as_ref()?,
            })
        })
        .collect();
    let read = Content::read(PERSON, &writes);
    // What a thing says does not depend on the order in which its parts came.
    let reversed: Vec<Write<'_>> = writes.iter().copied().rev().collect();
    assert_eq!(Content::read(PERSON, &reversed), read);
}

/// Reads an invite key, or a part of the words, as it was typed; what is read is shown in the form that
/// reads the same.
fn invite(bytes: &[u8]) {
    let secret = invitation::open_secret(&epoch_key(), CIRCLE, InviteId([11; 32]), bytes);
    assert!(secret.is_none());
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match InviteKey::from_text(text) {
        Ok(key) => assert!(InviteKey::from_text(&key.to_text()).is_ok_and(|again| again == key)),
        Err(error) => drop(error.to_string()),
    }
    if let Ok(part) = Part::from_text(text) {
        assert_eq!(Part::from_text(&part.to_text()), Ok(part));
    }
    drop(papers_in(text));
}

/// Reads the 24 words.
fn word_list(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(seed) = words::from_words(text) {
        assert!(words::from_words(&words::to_words(&seed)) == Ok(seed));
    }
}

/// Reads what a beacon said.
fn beacon(bytes: &[u8]) {
    if let Ok(read) = codec::decode::<(PeerId, List<Address, 4>)>(bytes) {
        assert_eq!(codec::encode(&read), bytes);
    }
}
