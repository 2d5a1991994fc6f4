//! The files of a home and the sealed rows of its store.

use crate::book::{Book, Frozen, from_hex, to_hex};
use crate::cast;
use circlet_model::codec;
use circlet_model::id::ThingId;
use circlet_model::store::{Body, Key, Reader, Space, Value, Write};
use circlet_node::cards::{Cards, Kept};
use circlet_node::home::Home;
use circlet_node::identity::Identity;
use circlet_node::keystore::{Cost, Keystore, Pages, Passphrase, Secret};
use circlet_node::storage::{Engine, Memory, Range, Vault};
use std::fs;
use tempfile::TempDir;

/// The root seed of the home.
const SEED: [u8; 32] = [0xc1; 32];
/// The passphrase.
const WORDS: &str = "a passphrase for the vectors";

#[test]
fn key_files() {
    let mut book = Book::new("home");
    let (folder, home) = home();
    let mut rng = cast::rng();
    let words = Passphrase::from(WORDS);
    let mut keys = Keystore::create(&home, Some(&words), Cost::TINY, &SEED, &mut rng).unwrap();
    let identity = identity();
    identity.save(&keys, &mut rng).unwrap();
    book.put("master key", keys.master().as_bytes());
    book.put("keys", fs::read(home.keys()).unwrap());
    book.put("identity", fs::read(home.identity()).unwrap());
    book.put("identity, opened", codec::encode(&identity));
    // Written by a version that knew one KEM key for each circle.
    book.keep("identity, version 1", Vec::new);
    keys.change_passphrase(None, Cost::TINY, &mut rng).unwrap();
    book.put("keys, no passphrase", fs::read(home.keys()).unwrap());
    let mut pages = Pages::create(home.pages(), keys.master(), &mut rng).unwrap();
    pages.ensure(0, &mut rng);
    pages.ensure(1, &mut rng);
    pages.turn(1, &mut rng);
    pages.save(&mut rng).unwrap();
    for (name, turn, page) in [("page 0, turn 0", 0, 0), ("page 1, turn 1", 1, 1)] {
        book.put(name, pages.get(page, turn).unwrap().as_bytes());
    }
    book.put("pages", fs::read(home.pages()).unwrap());
    let cards = Cards::of(&keys);
    book.keep("cards", || {
        cards.write(&[kept()]).unwrap();
        fs::read(home.root().join("cards")).unwrap()
    });
    drop(folder);
    key_files_mean(&book.freeze());
}

fn key_files_mean(frozen: &Frozen) {
    let (_folder, home) = home();
    fs::write(home.keys(), frozen.bytes("keys")).unwrap();
    fs::write(home.identity(), frozen.bytes("identity")).unwrap();
    fs::write(home.pages(), frozen.bytes("pages")).unwrap();
    let keys = Keystore::open(&home, Some(&Passphrase::from(WORDS))).unwrap();
    assert_eq!(keys.master().as_bytes(), &frozen.array("master key"));
    assert_eq!(Identity::load(&keys).unwrap(), identity());
    fs::write(home.identity(), frozen.bytes("identity, version 1")).unwrap();
    assert_eq!(Identity::load(&keys).unwrap(), as_drawn());
    let opened = codec::decode::<Identity>(&frozen.bytes("identity, opened")).unwrap();
    assert_eq!(opened.name(), "Ana");
    let device = opened.keys(cast::circle().hint()).unwrap().device;
    assert_eq!(device.device(), cast::ana_device().device());
    let linked = opened.keys([0xc5; 16]).unwrap().person;
    assert_eq!(linked.person(), cast::ana().person());
    let by_seed = Keystore::open_with_seed(&home, &SEED).unwrap();
    assert_eq!(by_seed.master().as_bytes(), keys.master().as_bytes());
    fs::write(home.root().join("cards"), frozen.bytes("cards")).unwrap();
    assert_eq!(Cards::of(&keys).read(), [kept()]);
    let pages = Pages::open(home.pages(), keys.master()).unwrap().unwrap();
    assert_eq!(pages.turning(), [(1, 1)]);
    for (name, turn, page) in [("page 0, turn 0", 0, 0), ("page 1, turn 1", 1, 1)] {
        let key = pages.get(page, turn).unwrap();
        assert_eq!(key.as_bytes(), &frozen.array(name));
    }
    fs::write(home.keys(), frozen.bytes("keys, no passphrase")).unwrap();
    let keys = Keystore::open(&home, None).unwrap();
    assert_eq!(keys.master().as_bytes(), &frozen.array("master key"));
}

#[test]
fn sealed_rows() {
    let mut book = Book::new("store");
    let (_folder, home) = home();
    let (engine, master) = (Memory::default(), Secret::from([0xc2; 32]));
    let vault = Vault::open(engine.clone(), home.pages(), &master, cast::rng()).unwrap();
    for (key, value) in rows() {
        vault.write(vec![Write::Put(key, value)]).unwrap();
    }
    book.put("master key", master.as_bytes());
    book.put("pages", fs::read(home.pages()).unwrap());
    for (key, value) in engine.scan(&everything()).unwrap() {
        book.put(&format!("row {}", to_hex(&key)), value);
    }
    let frozen = book.freeze();
    let (_folder, home) = self::home();
    fs::write(home.pages(), frozen.bytes("pages")).unwrap();
    let engine = Memory::default();
    for name in frozen.names() {
        if let Some(key) = name.strip_prefix("row ") {
            let row = (from_hex(key), Some(frozen.bytes(name)));
            engine.write(vec![row]).unwrap();
        }
    }
    let master = Secret::from(frozen.array::<32>("master key"));
    let vault = Vault::open(engine, home.pages(), &master, cast::rng()).unwrap();
    for (key, value) in rows() {
        assert_eq!(vault.get(&key).unwrap(), Some(value));
    }
}

/// Where somebody of a circle was last.
fn kept() -> Kept {
    Kept::new(cast::circle().hint(), "Tuesday evenings", "a card").unwrap()
}

/// Ana in one circle, with a KEM key that took the place of another.
fn identity() -> Identity {
    let ana = as_drawn();
    let (hint, mut rng) = (cast::circle().hint(), cast::rng());
    let kem = ana.keys(hint).unwrap().kem.renewed(&mut rng);
    ana.with_kem(hint, &kem.unwrap())
}

/// Ana in one circle.
fn as_drawn() -> Identity {
    let (hint, mut rng) = (cast::circle().hint(), cast::rng());
    let ana = Identity::new("Ana", &mut rng).unwrap();
    let ana = ana
        .with_circle(hint, &cast::ana_device(), &[], &mut rng)
        .unwrap();
    // And a circle in which this computer was linked to another.
    let other = [0xc5; 16];
    let linked = ana.with_circle(other, &cast::bo_device(), &[hint], &mut rng);
    linked.unwrap().with_person(other, &cast::ana().to_secret())
}

/// A row with a head only, one with a body, one that is cut into pieces, one of the shell's own, two
/// notes of the same thing.
fn rows() -> [(Key, Value); 6] {
    let thing = ThingId([0xc3; 16]);
    let body = |bytes| Some(Body { thing, bytes });
    let value = |body| Value {
        head: b"a head".to_vec(),
        body,
    };
    let key = |space, order: u64| Key::new(space, *b"an owner", order.to_be_bytes());
    let note = |circle: u8| Key::new(Space::Things, [[circle; 16], thing.0].concat(), []);
    [
        (key(Space::Meta, 1), value(None)),
        (key(Space::Log, 1), value(body(b"a body".to_vec()))),
        (key(Space::Log, 2), value(body(vec![0xc4; 4200]))),
        (key(Space::Home, 1), value(None)),
        (note(0xc5), value(None)),
        (note(0xc6), value(None)),
    ]
}

fn everything() -> Range {
    Range {
        from: Vec::new(),
        to: None,
        backwards: false,
        limit: usize::MAX,
    }
}

fn home() -> (TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    (folder, home)
}
