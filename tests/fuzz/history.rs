//! A replica under any history: bytes become links, frames, commands and passing time.
//!
//! A pair of replicas is prepared once: Ana founds, Bo joins and writes more. What Bo then says to Ana
//! is kept. Each run loads Ana as she was before, and feeds her what the bytes say: Bo's frames as they
//! are, with bytes changed, or signed by Bo after a change, which is what a member who means harm
//! can do. Whatever comes: she never panics, says little at a time, speaks only on links that stand,
//! and what she has stored is what she holds.

use crate::store::MemoryStore;
use circlet_model::bounded::{List, Text};
use circlet_model::codec::{self, MAX_FRAME};
use circlet_model::content::story::{Ask, Story};
use circlet_model::id::{CircleId, PeerId, ThingId};
use circlet_model::invitation::InviteKey;
use circlet_model::key::{Secret, SigningKey};
use circlet_model::log::entry::Entry;
use circlet_model::log::header::{Header, VerifiedHeader};
use circlet_model::log::record::SignedRecord;
use circlet_model::log::run::Run;
use circlet_model::membership::act::{Act, History, Mode, Role};
use circlet_model::replica::input::{Command, CommandId, DialId, Fade, Input, LinkId};
use circlet_model::replica::output::{Outbox, Output, Reply};
use circlet_model::replica::transcript::Purpose;
use circlet_model::replica::{Identity, Replica, Start};
use circlet_model::secrecy::bundle::Head;
use circlet_model::secrecy::hello::MAX_HELLO;
use circlet_model::secrecy::kem::{SecretKey, X25519};
use circlet_model::store::{Key, Space, Value, Write};
use circlet_model::sync::message::{Acts, Message};
use circlet_model::time::Timestamp;
use core::time::Duration;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::{BTreeSet, VecDeque};
use std::sync::LazyLock;

/// When the history begins.
const BEGINNING: Timestamp = Timestamp(1_790_000_000_000);
/// The most inputs of one run: each may cost several signatures.
const MAX_INPUTS: usize = 48;
/// The most outputs of one input.
const MAX_OUTPUTS: usize = 512;
/// The most bytes in the outputs of one input.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What every run starts from.
static PAST: LazyLock<Past> = LazyLock::new(Past::prepare);

/// One device.
struct Node {
    replica: Replica,
    store: MemoryStore,
    rng: ChaCha20Rng,
    now: Timestamp,
    /// The last dial it asked for.
    dial: Option<DialId>,
}

/// Ana's store before Bo's news, and the news.
struct Past {
    ana: MemoryStore,
    circle: CircleId,
    hellos: Vec<Vec<u8>>,
    frames: Vec<Vec<u8>>,
    acts: Vec<Act>,
    headers: Vec<Entry>,
    story: ThingId,
    /// What a bundle and a backup of Bo's carry.
    pieces: Vec<Vec<u8>>,
}

/// Bytes that are used up one after the other; zeros when there are none left.
struct Bytes<'a>(&'a [u8]);

/// Loads a replica from rows that hold anything: it says what is damaged, or works with what is there.
pub(crate) fn rows(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let store = PAST.ana.copy();
    let rows = store.rows();
    while !bytes.0.is_empty() {
        let (key, mut value) = rows[bytes.number() % rows.len()].clone();
        match bytes.byte() % 4 {
            0 => store.apply(vec![Write::Delete(key)]),
            1 => {
                value.head = bytes.take(64);
                store.apply(vec![Write::Put(key, value)]);
            }
            2 => {
                bytes.change(&mut value.head);
                store.apply(vec![Write::Put(key, value)]);
            }
            _ => {
                let order = bytes.take(40);
                let key = Key::new(Space::Meta, key.owner, order);
                store.apply(vec![Write::Put(key, Value::from(bytes.take(64)))]);
            }
        }
    }
    let _ = Entry::from_value(Value::from(bytes.take(usize::MAX)));
    let loaded = Replica::load(identity(1), Box::new(store.clone()), PAST.circle.hint());
    if let Ok(replica) = loaded {
        replica.overview();
        replica.invites(BEGINNING);
        replica.knocks();
        let _ = replica.stories(20, BEGINNING);
        let mut node = Node::new(replica, store, 1);
        node.handle(Input::Wake);
        node.handle(Input::NetworkChanged);
        node.link(LinkId(1), identity(2).peer.peer(), None);
    }
}

/// Gives a replica a bundle in which pieces are left out, doubled, changed or made up: it takes what is in
/// order, and what it has stored is what it holds.
pub(crate) fn carried(bytes: &[u8]) {
    let _ = Head::from_bytes(bytes);
    let mut bytes = Bytes(bytes);
    let store = PAST.ana.copy();
    let hint = PAST.circle.hint();
    let loaded = Replica::load(identity(1), Box::new(store.clone()), hint);
    let mut ana = Node::new(loaded.expect("the prepared store is whole"), store, 1);
    let mut pieces = Vec::new();
    while !bytes.0.is_empty() && pieces.len() < MAX_INPUTS {
        let piece = match bytes.byte() % 4 {
            0 => Some(bytes.take(200)),
            1 => signed_act(&mut bytes),
            2 => pick(&PAST.pieces, bytes.number()).cloned(),
            _ => pick(&PAST.pieces, bytes.number()).cloned().map(|mut it| {
                bytes.change(&mut it);
                it
            }),
        };
        pieces.extend(piece);
    }
    let reply = ana.command(Command::Carry { pieces });
    assert!(matches!(reply, Some(Reply::Carried(_))));
    let again = Replica::load(identity(1), Box::new(ana.store.clone()), hint);
    let again = again.expect("what a replica stores, it can read");
    assert_eq!(ana.replica.overview().digest, again.overview().digest);
}

/// Feeds a replica with a history.
pub(crate) fn replica(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let store = PAST.ana.copy();
    let hint = PAST.circle.hint();
    let loaded = Replica::load(identity(1), Box::new(store.clone()), hint);
    let mut ana = Node::new(loaded.expect("the prepared store is whole"), store, 1);
    let mut links = BTreeSet::new();
    for _ in 0..MAX_INPUTS {
        if bytes.0.is_empty() {
            break;
        }
        let link = LinkId(u64::from(bytes.byte() % 3));
        if let Some(input) = next(&mut bytes, link, &mut ana) {
            match input {
                Input::LinkUp { .. } => drop(links.insert(link)),
                Input::LinkDown { .. } => drop(links.remove(&link)),
                _ => {}
            }
            let outputs = ana.handle(input);
            check(&outputs, &links);
        }
    }
    let again = Replica::load(identity(1), Box::new(ana.store.clone()), hint);
    let again = again.expect("what a replica stores, it can read");
    let (held, stored) = (ana.replica.overview(), again.overview());
    assert_eq!(held.digest, stored.digest);
    assert_eq!(held.entries, stored.entries);
    assert_eq!(held.members, stored.members);
    let stories = ana.replica.stories(50, ana.now);
    assert_eq!(stories, again.stories(50, ana.now));
}

/// Says of what came of one input that it is little, and goes only where somebody is.
fn check(outputs: &[Output], links: &BTreeSet<LinkId>) {
    assert!(outputs.len() <= MAX_OUTPUTS, "{} outputs", outputs.len());
    let mut total = 0;
    for output in outputs {
        match output {
            Output::Send { link, frame } => {
                assert!(links.contains(link) && frame.len() <= MAX_FRAME + 1);
                total += frame.len();
            }
            Output::Hello { link, frame } => {
                assert!(links.contains(link) && frame.len() <= MAX_HELLO);
                total += frame.len();
            }
            Output::Trust { link } | Output::Close { link } => assert!(links.contains(link)),
            Output::Dial { .. }
            | Output::Wake { .. }
            | Output::Known { .. }
            | Output::Beacon { .. }
            | Output::Listen { .. }
            | Output::Reply { .. }
            | Output::Event(_)
            | Output::Renew
            | Output::Keep { .. }
            | Output::Adopt { .. } => {}
        }
    }
    assert!(total <= MAX_BYTES, "{total} bytes");
}

/// Returns the next input that the bytes say, if it is one.
fn next(bytes: &mut Bytes<'_>, link: LinkId, ana: &mut Node) -> Option<Input> {
    Some(match bytes.byte() % 16 {
        0 | 1 => Input::LinkUp {
            link,
            peer: bytes.peer(),
            dial: bytes
                .byte()
                .is_multiple_of(2)
                .then_some(DialId(bytes.number() as u64)),
            address: None,
        },
        2 => Input::LinkDown { link },
        3 => {
            let mut frame = pick(&PAST.hellos, bytes.number())?.clone();
            bytes.change(&mut frame);
            Input::Hello { link, frame }
        }
        4..=6 => Input::Frame {
            link,
            frame: pick(&PAST.frames, bytes.number())?.clone(),
        },
        7 | 8 => {
            let mut frame = pick(&PAST.frames, bytes.number())?.clone();
            bytes.change(&mut frame);
            Input::Frame { link, frame }
        }
        9 => Input::Frame {
            link,
            frame: bytes.take(200),
        },
        10 => Input::Frame {
            link,
            frame: signed_act(bytes)?,
        },
        11 => Input::Frame {
            link,
            frame: signed_run(bytes)?,
        },
        12 => Input::Frame {
            link,
            frame: signed_record(bytes)?,
        },
        13 => Input::Command {
            id: CommandId(1),
            command: command(bytes, ana),
        },
        14 => {
            let wait = Duration::from_millis(1 << (bytes.byte() % 40));
            ana.now = ana.now.after(wait);
            Input::Wake
        }
        _ => other(bytes),
    })
}

fn other(bytes: &mut Bytes<'_>) -> Input {
    match bytes.byte() % 4 {
        0 => Input::NetworkChanged,
        1 => Input::DialFailed {
            dial: DialId(bytes.number() as u64),
        },
        2 => Input::Reachable {
            addresses: vec!["/ip4/192.0.2.9/tcp/9".parse().expect("an address")],
        },
        _ => Input::BeaconHeard {
            key: bytes.number(),
            payload: codec::encode(&(bytes.peer(), bytes.byte(), bytes.take(30))),
            from: std::net::Ipv4Addr::LOCALHOST.into(),
        },
    }
}

fn command(bytes: &mut Bytes<'_>, ana: &Node) -> Command {
    let person = ana.replica.overview().members;
    let person = person.get(bytes.number() % person.len().max(1));
    let person = person.map(|member| member.person).unwrap_or_default();
    match bytes.byte() % 8 {
        0 => invite(1),
        1 => Command::Respond {
            to: PAST.story,
            text: String::from_utf8_lossy(&bytes.take(20)).into_owned(),
        },
        2 => Command::TakeBack { thing: PAST.story },
        3 => Command::SetRole {
            person,
            role: Role::Keeper,
        },
        4 => Command::Remove { person },
        5 => Command::Leave,
        6 => Command::Welcome { person },
        _ => share("more"),
    }
}

/// Changes an act of Bo's and signs it again.
fn signed_act(bytes: &mut Bytes<'_>) -> Option<Vec<u8>> {
    let mut encoded = codec::encode(pick(&PAST.acts, bytes.number())?);
    bytes.change(&mut encoded);
    let mut act = codec::decode::<Act>(&encoded).ok()?;
    act.device = identity(2).device.device();
    let signed = act.sign(&identity(2).device).signed().clone();
    let acts = Acts {
        acts: List::new(vec![signed]).ok()?,
        tables: List::default(),
    };
    Some(Message::Acts(acts).to_frame())
}

/// Changes an entry of Bo's and signs it again.
fn signed_run(bytes: &mut Bytes<'_>) -> Option<Vec<u8>> {
    let entry = pick(&PAST.headers, bytes.number())?;
    let mut encoded = codec::encode(entry.header.header());
    bytes.change(&mut encoded);
    let mut header = codec::decode::<Header>(&encoded).ok()?;
    (header.device, header.circle) = (identity(2).device.device(), PAST.circle);
    if bytes.byte().is_multiple_of(8) {
        header.seq = u64::MAX - u64::from(bytes.byte() % 3);
    }
    let signature = Some(header.sign(&identity(2).device));
    let body = entry
        .body
        .clone()
        .filter(|_| !bytes.byte().is_multiple_of(4));
    let entry = Entry {
        header: VerifiedHeader::trusted(header),
        signature,
        body,
    };
    let run = Run::pack(&[entry], identity(2).person.person())?;
    Some(Message::Run(run).to_frame())
}

/// Changes a record of Bo's and signs it again.
fn signed_record(bytes: &mut Bytes<'_>) -> Option<Vec<u8>> {
    let records = PAST.ana.rows().into_iter();
    let records = records.filter(|(key, _)| key.space == Space::Records);
    let read = records.filter_map(|(_, value)| codec::decode::<SignedRecord>(&value.head).ok());
    let record = pick(&read.collect::<Vec<_>>(), bytes.number())?
        .record
        .clone();
    let mut encoded = codec::encode(&record);
    bytes.change(&mut encoded);
    let mut record = codec::decode::<circlet_model::log::record::Record>(&encoded).ok()?;
    record.device = identity(2).device.device();
    let signed = record.sign(&identity(2).device);
    Some(Message::Records(List::new(vec![signed]).ok()?).to_frame())
}

fn pick<T>(items: &[T], number: usize) -> Option<&T> {
    items.get(number % items.len().max(1))
}

fn invite(uses: u16) -> Command {
    Command::Invite {
        uses,
        expires: Duration::from_hours(24),
        mode: Mode::Open,
        history: History::Days30,
    }
}

fn share(text: &str) -> Command {
    let story = Story {
        text: Text::new(text).expect("a short text"),
        ask: Ask::Listen,
        note: None,
        replaces: None,
        written: BEGINNING,
    };
    Command::Share {
        story,
        fade: Fade::AsSettled,
    }
}

/// Returns the keys of Ana (1), Bo (2) or a stranger.
fn identity(number: u8) -> Identity {
    let key = |kind| SigningKey::from_secret(&Secret([16 * number + kind; 32]));
    let kem = SecretKey::derive(X25519, &Secret([16 * number; 32]));
    Identity {
        person: key(1),
        device: key(2),
        kem: kem.expect("the suite is known").into(),
        peer: key(3),
    }
}

impl Past {
    fn prepare() -> Self {
        let mut ana = Node::begin(1, |start, rng, out| {
            Replica::found(start, "Tuesday", [1; 32], BEGINNING, rng, out)
        });
        let addresses = vec!["/ip4/192.0.2.1/tcp/1".parse().expect("an address")];
        ana.0.handle(Input::Reachable { addresses });
        let mut ana = ana.0;
        let story = shared(ana.command(share("from Ana")).as_ref());
        let Some(Reply::Invited { key, .. }) = ana.command(invite(9)) else {
            unreachable!("a founder may invite");
        };
        let key = InviteKey::from_text(&key).expect("a key that was just made");
        let (mut bo, outputs) = Node::begin(2, |start, _, out| {
            Replica::join(start, &key, BEGINNING, out)
        });
        let addresses = vec!["/ip4/192.0.2.2/tcp/2".parse().expect("an address")];
        bo.handle(Input::Reachable { addresses });
        let dial = dial_of(&outputs);
        let (hellos, first) = meet(&mut ana, &mut bo, LinkId(1), dial);
        assert_eq!(ana.replica.overview().in_step_with, ["Bo"]);
        let before = ana.store.copy();
        ana.handle(Input::LinkDown { link: LinkId(1) });
        bo.handle(Input::LinkDown { link: LinkId(1) });
        bo.command(share("from Bo"));
        bo.command(invite(1));
        let text = "an answer".to_owned();
        bo.command(Command::Respond { to: story, text });
        let gone = shared(bo.command(share("taken back")).as_ref());
        bo.command(Command::TakeBack { thing: gone });
        let dial = bo.dial;
        let (_, second) = meet(&mut ana, &mut bo, LinkId(2), dial);
        assert_eq!(ana.replica.overview().in_step_with, ["Bo"]);
        let (acts, headers) = written(&second, &bo);
        let mut pieces = bo.transcript(Purpose::Bundle { to: None });
        pieces.extend(bo.transcript(Purpose::Backup));
        Self {
            pieces,
            ana: before,
            circle: ana.replica.circle().expect("it was founded"),
            hellos,
            frames: second.into_iter().chain(first).collect(),
            acts,
            headers,
            story,
        }
    }
}

fn dial_of(outputs: &[Output]) -> Option<DialId> {
    outputs.iter().find_map(|output| match output {
        Output::Dial { dial, .. } => Some(*dial),
        _ => None,
    })
}

/// Lets two nodes talk until nothing is left to say; returns Bo's hellos and frames.
fn meet(
    ana: &mut Node,
    bo: &mut Node,
    link: LinkId,
    dial: Option<DialId>,
) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (mut hellos, mut frames) = (Vec::new(), Vec::new());
    let patience = ana.now.after(Duration::from_mins(1));
    let mut to_ana: VecDeque<Output> = bo.link(link, identity(1).peer.peer(), dial).into();
    let mut to_bo: VecDeque<Output> = ana.link(link, identity(2).peer.peer(), None).into();
    loop {
        if let Some(output) = to_ana.pop_front() {
            match &output {
                Output::Hello { frame, .. } => hellos.push(frame.clone()),
                Output::Send { frame, .. } => frames.push(frame.clone()),
                _ => {}
            }
            to_bo.extend(ana.hear(output));
        } else if let Some(output) = to_bo.pop_front() {
            to_ana.extend(bo.hear(output));
        } else if ana.replica.overview().in_step_with.is_empty() && ana.now < patience {
            for node in [&mut *ana, &mut *bo] {
                node.now = node.now.after(Duration::from_secs(1));
            }
            to_bo.extend(ana.handle(Input::Wake));
            to_ana.extend(bo.handle(Input::Wake));
        } else {
            return (hellos, frames);
        }
    }
}

/// Returns the acts that Bo's frames hold, and the entries that he wrote.
fn written(frames: &[Vec<u8>], bo: &Node) -> (Vec<Act>, Vec<Entry>) {
    let mut acts = Vec::new();
    for frame in frames {
        if let Ok(Some(Message::Acts(some))) = Message::from_frame(frame) {
            acts.extend(some.acts.iter().map(|signed| signed.act.clone()));
        }
    }
    let rows = bo.store.rows().into_iter();
    let log = rows.filter(|(key, _)| key.space == Space::Log);
    let entries = log.filter_map(|(_, value)| Entry::from_value(value).ok());
    let own = |entry: &Entry| entry.header.header().device == identity(2).device.device();
    (acts, entries.filter(own).collect())
}

fn shared(reply: Option<&Reply>) -> ThingId {
    match reply {
        Some(Reply::Shared { thing }) => *thing,
        _ => unreachable!("what a member shares is taken"),
    }
}

impl Node {
    fn new(replica: Replica, store: MemoryStore, number: u8) -> Self {
        Self {
            replica,
            store,
            rng: ChaCha20Rng::from_seed([number; 32]),
            now: BEGINNING,
            dial: None,
        }
    }

    fn begin(
        number: u8,
        make: impl FnOnce(Start<'_>, &mut ChaCha20Rng, &mut Outbox) -> Option<Replica>,
    ) -> (Self, Vec<Output>) {
        let store = MemoryStore::default();
        let start = Start {
            identity: identity(number),
            name: if number == 1 { "Ana" } else { "Bo" },
            reader: Box::new(store.clone()),
        };
        let mut out = Outbox::default();
        let mut rng = ChaCha20Rng::from_seed([100 + number; 32]);
        let replica = make(start, &mut rng, &mut out).expect("the names are good");
        store.apply(out.writes);
        (Self::new(replica, store, number), out.outputs)
    }

    /// Handles an input. Hellos come first in what is returned: sync frames wait until both sides trust.
    fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut out = Outbox::default();
        self.replica
            .handle(self.now, &mut self.rng, input, &mut out);
        self.store.apply(out.writes);
        self.dial = dial_of(&out.outputs).or(self.dial);
        let is_hello = |output: &Output| matches!(output, Output::Hello { .. });
        out.outputs.sort_by_key(|output| !is_hello(output));
        out.outputs
    }

    fn link(&mut self, link: LinkId, peer: PeerId, dial: Option<DialId>) -> Vec<Output> {
        self.handle(Input::LinkUp {
            link,
            peer,
            dial,
            address: None,
        })
    }

    fn hear(&mut self, output: Output) -> Vec<Output> {
        match output {
            Output::Hello { link, frame } => self.handle(Input::Hello { link, frame }),
            Output::Send { link, frame } => self.handle(Input::Frame { link, frame }),
            _ => Vec::new(),
        }
    }

    fn command(&mut self, command: Command) -> Option<Reply> {
        let id = CommandId(0);
        let outputs = self.handle(Input::Command { id, command });
        outputs.into_iter().find_map(|output| match output {
            Output::Reply { reply, .. } => reply.ok(),
            _ => None,
        })
    }
}

impl Node {
    fn transcript(&self, purpose: Purpose) -> Vec<Vec<u8>> {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let transcript = self.replica.transcript(purpose);
        let mut transcript = transcript.expect("the store is whole");
        let mut pieces = Vec::new();
        while let Ok(Some(piece)) = self.replica.next_piece(&mut transcript, &mut rng) {
            pieces.push(piece);
        }
        pieces
    }
}

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> usize {
        usize::from(self.byte())
    }

    fn take(&mut self, most: usize) -> Vec<u8> {
        let length = self.number().min(most).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken.to_vec()
    }

    fn peer(&mut self) -> PeerId {
        identity(self.byte() % 4).peer.peer()
    }

    /// Changes a few bytes, or cuts the end off.
    fn change(&mut self, of: &mut Vec<u8>) {
        for _ in 0..self.byte() % 4 {
            let place = self.number() * 256 + self.number();
            let place = place % of.len().max(1);
            match (self.byte() % 8, of.get_mut(place)) {
                (0, _) => of.truncate(place),
                (1, _) => of.insert(place, self.byte()),
                (2, Some(byte)) => *byte = byte.wrapping_add(1),
                (_, Some(byte)) => *byte ^= self.byte(),
                (_, None) => {}
            }
        }
    }
}
