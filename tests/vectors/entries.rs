//! Entries: headers, their ids and signatures, sealed bodies, runs, the stored row.

use crate::book::{Book, Frozen};
use crate::cast::{self, circle};
use circlet_model::bounded::List;
use circlet_model::codec;
use circlet_model::id::{ActId, EntryId, EpochId, Hash};
use circlet_model::key::Signature;
use circlet_model::log::entry::{Entry, Place};
use circlet_model::log::header::{
    Action, Audience, Header, KeyClass, SUITE, VERSION, VerifiedHeader,
};
use circlet_model::log::run::Run;
use circlet_model::secrecy::seal;
use circlet_model::secrecy::sealed_note;
use circlet_model::store::Value;
use circlet_model::time::Day;

/// What the sealed body holds.
const PLAIN: &[u8] = b"the words of a story";

#[test]
fn entries() {
    let mut book = Book::new("entries");
    let [write, other, retract] = chain();
    for (name, entry) in [("write", &write), ("retract", &retract)] {
        let header = entry.header.header();
        book.put(&format!("{name}: header"), codec::encode(header));
        book.put(&format!("{name}: id"), entry.id().0);
        book.put(&format!("{name}: signature"), entry.signature.unwrap().0);
        book.put(&format!("{name}: stored head"), entry.to_value().head);
    }
    let associated = write.header.header().associated();
    book.put("write: associated", associated);
    book.put("write: sealed body", write.body.clone().unwrap());
    let place = Place {
        device: cast::ana_device().device(),
        branch: 0,
        seq: 1,
    };
    let key = place.key(&circle().hint());
    book.put("write: row owner", key.owner);
    book.put("write: row order", key.order);
    let entries = [write.clone(), other, retract];
    let run = Run::pack(&entries, cast::ana().person()).unwrap();
    book.put("run", codec::encode(&run));
    let without = Entry {
        body: None,
        ..write.clone()
    };
    let foreign = Run::pack(&[without], cast::bo().person()).unwrap();
    book.put("run, body gone, made by another", codec::encode(&foreign));
    let note_to = cast::kem(circlet_model::secrecy::kem::X25519, 0x23);
    let bound = sealed_note::place(write.header.header());
    let note = sealed_note::seal(&[note_to.public()], &bound, b"for Bo", &mut cast::rng());
    book.put("sealed note", note.unwrap());
    let frozen = book.freeze();
    headers_mean(&frozen, &entries);
    runs_mean(&frozen, &entries);
    let note = sealed_note::open(&note_to.into(), &bound, &frozen.bytes("sealed note"));
    assert_eq!(note.unwrap().1, b"for Bo");
}

fn headers_mean(frozen: &Frozen, [write, _, retract]: &[Entry; 3]) {
    for (name, entry) in [("write", write), ("retract", retract)] {
        let header: Header = codec::decode(&frozen.bytes(&format!("{name}: header"))).unwrap();
        assert!(header.well_formed());
        assert_eq!(header.id(), EntryId(frozen.array(&format!("{name}: id"))));
        let signature = Signature(frozen.array(&format!("{name}: signature")));
        assert!(header.signed_by_device(&signature));
        let row = Value::from(frozen.bytes(&format!("{name}: stored head")));
        let stored = Entry::from_value(row).unwrap();
        assert_eq!(stored.header, entry.header);
        assert_eq!(stored.signature, Some(signature));
    }
    let sealed = frozen.bytes("write: sealed body");
    let [_, stories] = cast::epoch_keys();
    let opened = seal::open(&stories, &frozen.bytes("write: associated"), &sealed);
    assert_eq!(opened.unwrap(), PLAIN);
}

fn runs_mean(frozen: &Frozen, entries: &[Entry; 3]) {
    let run: Run = codec::decode(&frozen.bytes("run")).unwrap();
    let unpacked = run.unpack(circle(), cast::ana().person()).unwrap();
    let mut verified = unpacked.verify(|_| false).unwrap();
    // A signature travels with the last entry and with retracts.
    assert!(verified[0].signature.is_none() && verified[2].signature.is_some());
    for (entry, original) in verified.iter_mut().zip(entries) {
        entry.signature = original.signature;
    }
    assert_eq!(&verified, entries);
    let run: Run = codec::decode(&frozen.bytes("run, body gone, made by another")).unwrap();
    let unpacked = run.unpack(circle(), cast::bo().person()).unwrap();
    assert_eq!(unpacked.id(1), Some(entries[0].id()));
}

/// Two stories of Ana's, of which the first is taken back.
fn chain() -> [Entry; 3] {
    let write = entry(written(1, EntryId::default(), cast::origin().nonce));
    let other = entry(written(2, write.id(), [0x52; 16]));
    let retract = Header {
        seq: 3,
        prev: other.id(),
        lamport: 301,
        action: Action::Retract,
        epoch: EpochId::default(),
        expires: Day::default(),
        size: 0,
        body: Hash::default(),
        ..write.header.header().clone()
    };
    [write, other, signed(retract, None)]
}

/// Returns the header of a story before it is sealed.
fn written(seq: u64, prev: EntryId, nonce: [u8; 16]) -> Header {
    let origin = circlet_model::log::header::Origin {
        nonce,
        ..cast::origin()
    };
    let size = seal::sealed_size(PLAIN.len()).unwrap();
    Header {
        version: VERSION,
        suite: SUITE,
        circle: circle(),
        device: cast::ana_device().device(),
        seq,
        prev,
        lamport: 298 + seq,
        heads: List::new(vec![ActId([0x71; 32])]).unwrap(),
        deps: List::default(),
        thing: origin.thing(circle()),
        origin: Some(origin),
        action: Action::Write,
        audience: Audience::Circle,
        class: KeyClass::Stories,
        epoch: cast::epoch_keys()[1].id(),
        expires: Day(cast::today().0 + 30),
        size: u32::try_from(size).unwrap(),
        body: Hash::default(),
    }
}

fn entry(header: Header) -> Entry {
    let [_, stories] = cast::epoch_keys();
    let sealed = seal::seal(&stories, &header.associated(), PLAIN, &mut cast::rng()).unwrap();
    let header = Header {
        body: Hash::of(&sealed),
        ..header
    };
    signed(header, Some(sealed))
}

fn signed(header: Header, body: Option<Vec<u8>>) -> Entry {
    let signature = Some(header.sign(&cast::ana_device()));
    Entry {
        header: VerifiedHeader::trusted(header),
        signature,
        body,
    }
}
