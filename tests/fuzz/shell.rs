//! The shell's decoders, as property tests only: with libp2p and sled, fuzz targets take long to build.

use crate::decoders::Decoder;
use circlet_model::codec;
use circlet_model::store::{Key, Reader, Space};
use circlet_node::cards::{Cards, Kept};
use circlet_node::home::Home;
use circlet_node::identity::Identity;
use circlet_node::keystore::{Cost, Keystore, Pages, Passphrase, Secret};
use circlet_node::local::card::Card;
use circlet_node::local::draft::{Draft, Seen};
use circlet_node::local::place::Place;
use circlet_node::network::{beacon, frame};
use circlet_node::storage::{Engine, Memory, Vault};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fs;

/// The decoders, by name.
pub(crate) const DECODERS: &[(&str, Decoder)] = &[
    ("frames", frames),
    ("beacon packet", packet),
    ("key files", key_files),
    ("identity", identity),
    ("store", store),
    ("backup", backup),
    ("alone", alone),
];

/// Reads what is kept for one person alone, and what a form says of a draft.
fn alone(bytes: &[u8]) {
    if let Ok(draft) = codec::decode::<Draft>(bytes) {
        assert_eq!(codec::encode(&draft), bytes);
    }
    if let Ok(card) = codec::decode::<Card>(bytes) {
        assert_eq!(codec::encode(&card), bytes);
    }
    if let Ok(place) = codec::decode::<Place>(bytes) {
        place.since([]);
    }
    let text = std::str::from_utf8(bytes).ok();
    if let Some(seen) = text.and_then(|text| text.parse::<Seen>().ok()) {
        assert_eq!(seen.to_string().parse(), Ok(seen));
    }
}

/// Looks at a file as a backup: one that is anything, and one that begins like one.
fn backup(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    for start in [b"".as_slice(), b"circlet backup", b"circlet backup\x01"] {
        fs::write(&path, [start, bytes].concat()).unwrap();
        assert!(circlet_node::backup::needs_passphrase(&path).is_err());
    }
}

/// Splits a stream into frames; each comes back the same when it is written.
fn frames(bytes: &[u8]) {
    for limit in [frame::MAX_HELLO, frame::MAX_SYNC] {
        let mut rest = bytes;
        while let Ok(Some((inner, after))) = frame::split(rest, limit) {
            assert!(!inner.is_empty() && inner.len() <= limit);
            let written = frame::encode(inner, limit).unwrap();
            assert_eq!([written.as_slice(), after].concat(), rest);
            rest = after;
        }
    }
}

/// Opens a beacon.
fn packet(bytes: &[u8]) {
    assert_eq!(beacon::open(&[1; 32], bytes), None);
    let mut packet = beacon::seal(&[1; 32], b"here").unwrap();
    packet.truncate(bytes.len());
    for (byte, change) in packet.iter_mut().zip(bytes) {
        *byte ^= change;
    }
    beacon::open(&[1; 32], &packet);
}

/// Reads the files of a home: bytes that are anything, and files with bytes changed. No damage makes
/// deriving a key dear: the costs are covered by the file's check.
fn key_files(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let (mut rng, words) = (ChaCha20Rng::from_seed([2; 32]), Passphrase::from("words"));
    let keys = Keystore::create(&home, Some(&words), Cost::TINY, &[3; 32], &mut rng).unwrap();
    keys.save_identity(b"who", &mut rng).unwrap();
    Pages::create(home.pages(), keys.master(), &mut rng).unwrap();
    let cards = Cards::of(&keys);
    let kept = [Kept::new([4; 16], "a circle", "a card").unwrap()];
    cards.write(&kept).unwrap();
    let of_cards = home.root().join("cards");
    for path in [home.keys(), home.identity(), home.pages(), of_cards] {
        let whole = fs::read(&path).unwrap();
        for damaged in [bytes.to_vec(), changed(&whole, bytes)] {
            let harmless = damaged == whole;
            fs::write(&path, &damaged).unwrap();
            let opened = Keystore::open(&home, Some(&words));
            let identity = opened
                .as_ref()
                .is_ok_and(|keys| keys.load_identity().is_ok());
            let pages = Pages::open(home.pages(), keys.master()).is_ok();
            let by_seed = Keystore::open_with_seed(&home, &[3; 32]).is_ok();
            let cards = cards.read() == kept;
            assert_eq!(identity && pages && by_seed && cards, harmless);
        }
        fs::write(&path, whole).unwrap();
    }
}

/// Reads who the person is.
fn identity(bytes: &[u8]) {
    if let Ok(identity) = codec::decode::<Identity>(bytes) {
        assert_eq!(codec::encode(&identity), bytes);
    }
}

/// Opens a store in which any row holds anything.
fn store(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let master = Secret::from([4; 32]);
    let rng = || ChaCha20Rng::from_seed([5; 32]);
    let engine = Memory::default();
    let vault = Vault::open(engine.clone(), home.pages(), &master, rng()).unwrap();
    let key = Key::new(Space::Log, *b"owner", *b"order");
    let body = circlet_model::store::Body {
        thing: circlet_model::id::ThingId([6; 16]),
        bytes: vec![7; 5000],
    };
    let value = circlet_model::store::Value {
        head: b"head".to_vec(),
        body: Some(body),
    };
    let put = circlet_model::store::Write::Put(key.clone(), value);
    let note = Key::new(Space::Things, [6; 32], []);
    let noted = circlet_model::store::Write::Put(note.clone(), b"a note".to_vec().into());
    vault.write(vec![put, noted]).unwrap();
    let everything = circlet_node::storage::Range {
        from: Vec::new(),
        to: None,
        backwards: false,
        limit: usize::MAX,
    };
    let rows = engine.scan(&everything).unwrap();
    let (row, whole) = &rows[usize::from(bytes.first().copied().unwrap_or(0)) % rows.len()];
    for damaged in [bytes.to_vec(), changed(whole, bytes)] {
        engine.write(vec![(row.clone(), Some(damaged))]).unwrap();
        let _ = (vault.get(&key), vault.get(&note));
        if let Ok(vault) = Vault::open(engine.clone(), home.pages(), &master, rng()) {
            let _ = (vault.get(&key), vault.get(&note));
        }
    }
}

/// Returns bytes with some of them changed.
fn changed(whole: &[u8], by: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for change in by.chunks(3).take(4) {
        let [high, low, flip] = *change else { break };
        let place = usize::from(u16::from_be_bytes([high, low])) % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= flip;
        }
    }
    bytes
}
