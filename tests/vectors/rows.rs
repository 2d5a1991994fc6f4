//! The rows of a replica: everything that a founder's and a newcomer's device keep.
//!
//! A name is `space owner order`, a value is the row's head, or its body where the name says so.

use crate::book::{Book, Frozen, from_hex, to_hex};
use crate::cast::{self, NOW, circle};
use circlet_model::bounded::Text;
use circlet_model::content::story::{Ask, Story};
use circlet_model::id::ThingId;
use circlet_model::log::entry::Entry;
use circlet_model::membership::act::{History, Mode, SignedAct, VerifiedAct};
use circlet_model::replica::input::{Command, CommandId, Fade, Input, LinkId};
use circlet_model::replica::output::{Outbox, Output, Reply};
use circlet_model::replica::overview::Standing;
use circlet_model::replica::{Identity, Replica, Start};
use circlet_model::secrecy::hello::{Direction, Route, seal_hello};
use circlet_model::secrecy::kem::X25519;
use circlet_model::store::{Batch, Body, Key, Reader, Space, Value, Write};
use circlet_model::sync::hello::{Hello, bind};
use circlet_model::{codec, key::SigningKey};
use circlet_node::keystore::Secret;
use circlet_node::storage::{Engine, Memory, Range, Vault};
use circlet_tests::store::MemoryStore;
use core::time::Duration;
use rand_chacha::ChaCha20Rng;

/// Where a replica's rows are kept.
trait Disk {
    fn reader(&self) -> Box<dyn Reader>;
    fn apply(&self, batch: Batch);
}

impl Disk for MemoryStore {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }

    fn apply(&self, batch: Batch) {
        Self::apply(self, batch);
    }
}

impl Disk for Vault<Memory> {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }

    fn apply(&self, batch: Batch) {
        self.write(batch).unwrap();
    }
}

/// Every table of the model that has rows here.
const SPACES: [Space; 7] = [
    Space::Meta,
    Space::Acts,
    Space::Wraps,
    Space::Log,
    Space::Things,
    Space::Time,
    Space::Retracts,
];

#[test]
fn a_founder_s_rows() {
    let mut book = Book::new("rows-founder");
    let store = MemoryStore::default();
    let (_, shared) = live(&store);
    put_rows(&mut book, &store);
    let frozen = book.freeze();
    let store = read_rows(&frozen);
    for space in SPACES {
        assert!(
            store.rows().iter().any(|(key, _)| key.space == space),
            "{space:?}"
        );
    }
    let hint = circle().hint();
    let replica = Replica::load(ana(), Box::new(store), hint).unwrap();
    let overview = replica.overview();
    assert_eq!((overview.name.as_str(), overview.entries), ("Tuesday", 5));
    assert_eq!(overview.standing, Standing::Member);
    let stories = replica.stories(20, NOW).unwrap();
    assert_eq!(stories.len(), 1, "the other was taken back");
    assert_eq!(
        (stories[0].thing, stories[0].text.as_str()),
        (shared, "kept")
    );
    assert_eq!(stories[0].responses[0].text, "an answer");
    assert_eq!(replica.knocks()[0].name, "Bo");
    assert_eq!(replica.invites(NOW)[0].uses, 3);
}

#[test]
fn a_newcomer_s_rows() {
    let mut book = Book::new("rows-newcomer");
    let store = MemoryStore::default();
    let mut out = Outbox::default();
    let start = Start {
        identity: identity(&cast::bo(), &cast::bo_device(), [0x23, 0x27]),
        name: "Bo",
        reader: Box::new(store.clone()),
    };
    Replica::join(start, &cast::invite(), NOW, &mut out).unwrap();
    store.apply(out.writes);
    put_rows(&mut book, &store);
    let store = read_rows(&book.freeze());
    let bo = identity(&cast::bo(), &cast::bo_device(), [0x23, 0x27]);
    let replica = Replica::load(bo, Box::new(store), circle().hint()).unwrap();
    assert_eq!(replica.overview().standing, Standing::Pending);
}

#[test]
fn no_id_lies_in_any_key_or_value_of_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, master) = (Memory::default(), Secret::from([0xc7; 32]));
    let open = || {
        Vault::open(
            engine.clone(),
            folder.path().join("pages"),
            &master,
            cast::rng(),
        )
    };
    let vault = open().unwrap();
    let (_, kept) = live(&vault);
    vault.write(vec![driver_row()]).unwrap();
    // The same again where the rows can be read.
    let plain = MemoryStore::default();
    assert_eq!(live(&plain).1, kept, "the ids are the same");
    let mut ids = vec![
        circle().0.to_vec(),
        circle().hint().to_vec(),
        cast::ana().person().0.to_vec(),
        cast::ana_device().device().0.to_vec(),
        cast::bo().person().0.to_vec(),
        cast::bo_device().device().0.to_vec(),
        cast::key(0x17).peer().0.to_vec(),
        cast::key(0x27).peer().0.to_vec(),
    ];
    for (key, value) in plain.rows() {
        if key.space == Space::Log {
            let entry = Entry::from_value(value).unwrap();
            let header = entry.header.header();
            ids.extend([entry.id().0.to_vec(), header.thing.0.to_vec()]);
            ids.push(header.epoch.0.to_vec());
            ids.extend(header.heads.iter().map(|act| act.0.to_vec()));
        } else if key.space == Space::Acts {
            let signed: SignedAct = codec::decode(&value.head).unwrap();
            ids.push(VerifiedAct::trusted(signed).id().0.to_vec());
        }
    }
    ids.retain(|id| id.iter().any(|byte| *byte != 0));
    assert!(ids.len() > 20, "{}", ids.len());
    let everything = Range {
        from: Vec::new(),
        to: None,
        backwards: false,
        limit: usize::MAX,
    };
    for (key, value) in engine.scan(&everything).unwrap() {
        for id in &ids {
            let part = &id[..8];
            let held = |bytes: &[u8]| bytes.windows(8).any(|window| window == part);
            assert!(!held(&key), "table {} holds {}", key[0], to_hex(id));
            assert!(!held(&value), "table {} holds {}", key[0], to_hex(id));
        }
    }
    drop(vault);
    let replica = Replica::load(ana(), Box::new(open().unwrap()), circle().hint()).unwrap();
    assert_eq!(replica.stories(20, NOW).unwrap()[0].thing, kept);
}

/// A row as the shell keeps one for each circle.
fn driver_row() -> Write {
    let hint = circle().hint();
    Write::Put(
        Key::new(Space::Home, *b"circles", hint),
        hint.to_vec().into(),
    )
}

fn identity(person: &SigningKey, device: &SigningKey, [kem, peer]: [u8; 2]) -> Identity {
    Identity {
        person: person.clone(),
        device: device.clone(),
        kem: cast::kem(X25519, kem).into(),
        peer: cast::key(peer),
    }
}

fn ana() -> Identity {
    identity(&cast::ana(), &cast::ana_device(), [0x13, 0x17])
}

/// Founds a circle and does a little of everything; returns the story that stays.
fn live(store: &dyn Disk) -> (Replica, ThingId) {
    let (mut rng, mut out) = (cast::rng(), Outbox::default());
    let start = Start {
        identity: ana(),
        name: "Ana",
        reader: store.reader(),
    };
    let founded = Replica::found(start, "Tuesday", cast::NONCE, NOW, &mut rng, &mut out);
    let mut replica = founded.unwrap();
    store.apply(out.writes);
    let reachable = Input::Reachable {
        addresses: cast::addresses(),
    };
    handle(&mut replica, store, reachable, &mut rng);
    let kept = share(&mut replica, store, "kept", &mut rng);
    let gone = share(&mut replica, store, "gone", &mut rng);
    let text = "an answer".to_owned();
    command(
        &mut replica,
        store,
        Command::Respond { to: kept, text },
        &mut rng,
    );
    command(
        &mut replica,
        store,
        Command::TakeBack { thing: gone },
        &mut rng,
    );
    knock(&mut replica, store, &mut rng);
    (replica, kept)
}

/// Lets Bo knock with an invite of Ana's.
fn knock(replica: &mut Replica, store: &dyn Disk, rng: &mut ChaCha20Rng) {
    let invite = Command::Invite {
        uses: 3,
        expires: Duration::from_hours(24),
        mode: Mode::Knock,
        history: History::Days30,
    };
    let Reply::Invited { key, .. } = command(replica, store, invite, rng) else {
        unreachable!("an invite is answered with its key");
    };
    let key = circlet_model::invitation::InviteKey::from_text(&key).unwrap();
    let (ana, bo) = (cast::key(0x17).peer(), cast::key(0x27).peer());
    let newcomer = cast::newcomer(X25519);
    let hint = circle().hint();
    let hello = Hello::Join {
        invite: key.invite(),
        proof: newcomer.prove(hint, &key.signing_key()),
        newcomer,
        binding: bind(&cast::bo_device(), &hint, bo, ana),
    };
    let route = Route {
        dialler: bo,
        listener: ana,
        direction: Direction::Call,
    };
    let frame = seal_hello(&key.box_key(), route, &codec::encode(&hello), rng).unwrap();
    let link = LinkId(1);
    let up = Input::LinkUp {
        link,
        peer: bo,
        dial: None,
        address: None,
    };
    handle(replica, store, up, rng);
    handle(replica, store, Input::Hello { link, frame }, rng);
}

fn share(replica: &mut Replica, store: &dyn Disk, text: &str, rng: &mut ChaCha20Rng) -> ThingId {
    let told = Story {
        text: Text::new(text).unwrap(),
        ask: Ask::Listen,
        note: None,
        replaces: None,
        written: NOW,
    };
    let told = Command::Share {
        story: told,
        fade: Fade::AsSettled,
    };
    match command(replica, store, told, rng) {
        Reply::Shared { thing } => thing,
        Reply::Done | Reply::Invited { .. } | Reply::DeviceKey { .. } | Reply::Carried(_) => {
            unreachable!("a story is answered with its id")
        }
    }
}

fn command(
    replica: &mut Replica,
    store: &dyn Disk,
    command: Command,
    rng: &mut ChaCha20Rng,
) -> Reply {
    let id = CommandId(1);
    let outputs = handle(replica, store, Input::Command { id, command }, rng);
    let mut replies = outputs.into_iter().filter_map(|output| match output {
        Output::Reply { reply, .. } => Some(reply.unwrap()),
        _ => None,
    });
    replies.next().unwrap()
}

fn handle(
    replica: &mut Replica,
    store: &dyn Disk,
    input: Input,
    rng: &mut ChaCha20Rng,
) -> Vec<Output> {
    let mut out = Outbox::default();
    replica.handle(NOW, rng, input, &mut out);
    store.apply(out.writes);
    out.outputs
}

fn put_rows(book: &mut Book, store: &MemoryStore) {
    for (key, value) in store.rows() {
        let (owner, order) = (to_hex(&key.owner), to_hex(&key.order));
        let name = format!("{:02} {owner} {order}", key.space as u8);
        if let Some(body) = value.body {
            let thing = body.thing.to_hex();
            book.put(&format!("{name} body of {thing}"), body.bytes);
        }
        book.put(&name, value.head);
    }
}

fn read_rows(frozen: &Frozen) -> MemoryStore {
    let store = MemoryStore::default();
    for name in frozen.names().filter(|name| !name.contains("body")) {
        let mut value = Value::from(frozen.bytes(name));
        let body = frozen.names().find_map(|other| {
            let thing = other.strip_prefix(name)?.strip_prefix(" body of ")?;
            let thing = ThingId::from_hex(thing)?;
            let bytes = frozen.bytes(other);
            Some(Body { thing, bytes })
        });
        value.body = body;
        store.apply(vec![Write::Put(key_of(name), value)]);
    }
    store
}

fn key_of(name: &str) -> Key {
    let parts: Vec<&str> = name.split(' ').collect();
    let number: u8 = parts[0].parse().unwrap();
    let spaces = SPACES.into_iter().chain([Space::Records, Space::Sealed]);
    let space = spaces.into_iter().find(|space| *space as u8 == number);
    Key::new(space.unwrap(), from_hex(parts[1]), from_hex(parts[2]))
}
