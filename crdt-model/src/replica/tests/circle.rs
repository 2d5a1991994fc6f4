//! For tests: one replica with rows in memory, and people beside it who write whatever they like.

use crate::bounded::List;
use crate::content::settings::Settings;
use crate::content::story::{Ask, Story};
use crate::content::{Body, Kind as ThingKind, clean_text};
use crate::id::{ActId, EntryId, EpochId, Hash, ThingId};
use crate::key::{Secret, SigningKey};
use crate::log::entry::Entry;
use crate::log::header::{
    Action, Audience, Header, KeyClass, MAX_HEADS, Origin, SUITE, VERSION, VerifiedHeader,
};
use crate::log::run::Run;
use crate::membership::act::{self, Act, History, Invite, Kind, Mode, Newcomer, Role};
use crate::replica::acts::Taken;
use crate::replica::entries::RunTaken;
use crate::replica::input::Fade;
use crate::replica::output::{Outbox, Output};
use crate::replica::{Identity, Replica, Start};
use crate::secrecy::wrap::Table;
use crate::secrecy::{kem, seal};
use crate::store::{Batch, Error, Key, Reader, Rows, Scan, Space, Value, Write};
use crate::sync::message::Message;
use crate::time::{Day, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The moment of everything.
pub(super) const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// Rows in memory, with the contract of the real store; clones share them.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    rows: BTreeMap<Key, Value>,
    forgotten: Vec<ThingId>,
    /// How many rows were read, and the most by one scan of the log.
    reads: usize,
    most: usize,
}

/// A replica, and what it needs.
pub(super) struct Circle {
    pub(super) replica: Replica,
    pub(super) rng: ChaCha20Rng,
    pub(super) store: Memory,
    invites: u8,
}

/// Somebody with keys of their own, who is known to the replica by what they write.
pub(super) struct Other {
    pub(super) keys: Identity,
    pub(super) lamport: u64,
    seq: u64,
    prev: EntryId,
}

impl Reader for Memory {
    fn tag(&self, name: &[u8]) -> [u8; 16] {
        let hashed = crate::key::hash("circlet tests: tags", name);
        hashed[..16].try_into().unwrap()
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, Error> {
        let mut inner = self.0.lock().unwrap();
        inner.reads += 1;
        Ok(inner.rows.get(key).cloned())
    }

    fn scan(&self, scan: &Scan) -> Result<Rows, Error> {
        let mut inner = self.0.lock().unwrap();
        let rows = &inner.rows;
        let inside = |key: &&Key| {
            let owned = key.space == scan.space && key.owner == scan.owner;
            owned && key.order >= scan.from && scan.to.as_ref().is_none_or(|to| &key.order < to)
        };
        let keys = rows.keys().filter(inside);
        let mut found: Rows = keys
            .map(|key| (key.order.clone(), rows[key].clone()))
            .collect();
        if scan.backwards {
            found.reverse();
        }
        found.truncate(scan.limit);
        inner.reads += found.len();
        if scan.space == Space::Log {
            inner.most = inner.most.max(found.len());
        }
        Ok(found)
    }
}

impl Memory {
    /// Whether any row holds these bytes.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        let rows = self.0.lock().unwrap();
        let parts = rows.rows.values().flat_map(|value| {
            let body = value.body.iter().map(|body| body.bytes.as_slice());
            body.chain([value.head.as_slice()])
        });
        let mut windows = parts.flat_map(|part| part.windows(bytes.len()));
        windows.any(|window| window == bytes)
    }

    pub(super) fn apply(&self, batch: Batch) {
        let mut inner = self.0.lock().unwrap();
        for write in batch {
            match write {
                Write::Put(key, value) => drop(inner.rows.insert(key, value)),
                Write::Delete(key) => drop(inner.rows.remove(&key)),
                Write::Forget(thing) => {
                    inner.forgotten.push(thing);
                    let bodies = inner.rows.values_mut().map(|row| &mut row.body);
                    let theirs =
                        bodies.filter(|it| it.as_ref().is_some_and(|it| it.thing == thing));
                    theirs.for_each(|body| *body = None);
                }
            }
        }
    }

    /// How many rows an owner has.
    pub(super) fn rows_of(&self, space: Space, owner: &[u8]) -> usize {
        let inner = self.0.lock().unwrap();
        let keys = inner.rows.keys();
        keys.filter(|key| key.space == space && key.owner == owner)
            .count()
    }

    /// The things whose keys were destroyed.
    pub(super) fn forgotten(&self) -> Vec<ThingId> {
        self.0.lock().unwrap().forgotten.clone()
    }

    /// How many rows were read.
    pub(super) fn reads(&self) -> usize {
        self.0.lock().unwrap().reads
    }

    /// The most rows of the log that one scan found.
    pub(super) fn most_at_once(&self) -> usize {
        self.0.lock().unwrap().most
    }
}

pub(super) fn identity(seed: u8) -> Identity {
    let key = |n: u8| SigningKey::from_secret(&Secret([seed, n].repeat(16).try_into().unwrap()));
    Identity {
        person: key(1),
        device: key(2),
        kem: kem::SecretKey::derive(kem::X25519, &Secret([seed; 32]))
            .unwrap()
            .into(),
        peer: key(3),
    }
}

/// Returns the parts of wrap tables in what is sent.
pub(super) fn tables_in(out: Outbox) -> Vec<(ActId, Table)> {
    let tables = out.outputs.into_iter().map(|output| match output {
        Output::Send { frame, .. } => match Message::from_frame(&frame).unwrap() {
            Some(Message::Acts(acts)) => acts.tables.into_inner(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    });
    tables.flatten().collect()
}

impl Circle {
    /// Ana founds a circle.
    pub(super) fn found() -> Self {
        let (store, mut rng) = (Memory::default(), ChaCha20Rng::from_seed([7; 32]));
        let start = Start {
            identity: identity(1),
            name: "Ana",
            reader: Box::new(store.clone()),
        };
        let mut out = Outbox::default();
        let replica = Replica::found(start, "Tuesday", [1; 32], NOW, &mut rng, &mut out);
        store.apply(out.writes);
        Self {
            replica: replica.unwrap(),
            rng,
            store,
            invites: 100,
        }
    }

    /// Hands over what changed, as at the end of every input.
    pub(super) fn finish(&mut self) -> Outbox {
        let mut out = Outbox::default();
        self.replica.finish(NOW, &mut out);
        self.store.apply(std::mem::take(&mut out.writes));
        out
    }

    /// Lets somebody in by an invite of Ana's.
    pub(super) fn join(&mut self, seed: u8, history: History) -> Other {
        let other = Other::new(seed);
        self.invites += 1;
        let secret = SigningKey::from_secret(&Secret([self.invites; 32]));
        let invite = Kind::Invite(Invite {
            invite: secret.invite(),
            role: Role::Member,
            uses: 1,
            expires: Timestamp(u64::MAX),
            mode: Mode::Open,
            history,
            sealed: crate::bounded::Bytes::default(),
            epoch: EpochId::default(),
        });
        self.replica.act(invite, NOW).unwrap();
        let newcomer = other.newcomer(&self.replica);
        let proof = newcomer.prove(self.replica.hint(), &secret);
        let admitted = self
            .replica
            .admit(secret.invite(), newcomer, proof, NOW, &mut self.rng);
        admitted.unwrap().unwrap();
        other
    }

    /// Ana shares a story.
    pub(super) fn share(&mut self, text: &str) -> ThingId {
        let story = story(text);
        self.replica
            .share(&story, Fade::AsSettled, NOW, &mut self.rng)
            .unwrap()
    }

    /// The last entry of Ana's own.
    pub(super) fn last(&self) -> Entry {
        let device = self.replica.device();
        let last = *self.replica.frontier.chain(&device, 0).last().unwrap();
        let entries = self
            .replica
            .rows
            .entries(&device, 0, (last.high, last.high));
        entries.unwrap().remove(0)
    }

    /// By what the agreement that counts was begun.
    pub(super) fn last_origin(&self) -> Origin {
        let (_, kept) = self.replica.counting_agreement().unwrap().unwrap();
        self.replica.origin_of(&kept.thing()).unwrap().0
    }

    /// Takes in an act of somebody's, who knows everything.
    pub(super) fn act(&mut self, who: &Other, kind: Kind) -> (ActId, Taken) {
        let heads = self.replica.graph.as_ref().unwrap().heads();
        self.act_on(who, &heads, kind)
    }

    /// Takes in an act of somebody's, who knows these.
    pub(super) fn act_on(&mut self, who: &Other, heads: &[ActId], kind: Kind) -> (ActId, Taken) {
        self.act_of(NOW.day(), who, heads, kind)
    }

    /// Takes in an act of somebody's, who knows these, as of a day.
    pub(super) fn act_of(
        &mut self,
        day: Day,
        who: &Other,
        heads: &[ActId],
        kind: Kind,
    ) -> (ActId, Taken) {
        let graph = self.replica.graph.as_ref().unwrap();
        let (seq, prev) = graph.next(&who.keys.device.device());
        let heads = heads.iter().copied().filter(|head| *head != prev);
        let act = Act {
            version: act::VERSION,
            suite: act::SUITE,
            circle: self.replica.state.circle.unwrap(),
            device: who.keys.device.device(),
            seq,
            prev,
            heads: List::new(heads.collect()).unwrap(),
            day,
            kind,
        };
        let signed = act.sign(&who.keys.device);
        let taken = self.replica.take_act(signed.signed().clone());
        (signed.id(), taken)
    }

    /// Returns the next header of somebody's, about a story of their own.
    pub(super) fn header(&self, who: &Other, nonce: u8) -> Header {
        let (circle, creator) = (self.replica.state.circle.unwrap(), who.keys.person.person());
        let origin = Origin {
            creator,
            nonce: [nonce; 16],
        };
        let graph = self.replica.graph.as_ref().unwrap();
        Header {
            version: VERSION,
            suite: SUITE,
            circle,
            device: who.keys.device.device(),
            seq: who.seq + 1,
            prev: who.prev,
            lamport: who.lamport + 1,
            heads: List::new(graph.heads()).unwrap(),
            deps: List::default(),
            thing: origin.thing(circle),
            origin: Some(origin),
            action: Action::Write,
            audience: Audience::Circle,
            class: KeyClass::Stories,
            epoch: self.stories(),
            expires: Day::default(),
            size: 0,
            body: Hash::default(),
        }
    }

    /// The newest stories key.
    pub(super) fn stories(&self) -> EpochId {
        let epochs = self.replica.roster().unwrap().epochs.values();
        epochs.max_by_key(|epoch| epoch.depth).unwrap().stories
    }

    /// Returns a body of a header, sealed under its key, and the header with it.
    pub(super) fn seal(&mut self, header: Header, body: &Body) -> (Header, Vec<u8>) {
        let plain = body.encode();
        let size = seal::sealed_size(plain.len()).unwrap() as u32;
        let header = Header { size, ..header };
        let key = self.replica.ring.get(&header.epoch).unwrap();
        let sealed = seal::seal(key, &header.associated(), &plain, &mut self.rng).unwrap();
        (header, sealed)
    }

    /// Takes in an entry of somebody's.
    pub(super) fn entry(&mut self, who: &mut Other, header: Header, sealed: &[u8]) -> Entry {
        let entry = who.sign(header, sealed);
        self.take(who, &entry);
        entry
    }

    /// Takes in an entry that is signed.
    pub(super) fn take(&mut self, who: &Other, entry: &Entry) {
        let run = Run::pack(std::slice::from_ref(entry), who.keys.person.person()).unwrap();
        let taken = self.replica.take_run(run, NOW).unwrap();
        assert_eq!(taken, RunTaken::Stored);
    }

    /// Takes in a story of somebody's own.
    pub(super) fn tell(&mut self, who: &mut Other, nonce: u8, text: &str) -> ThingId {
        let entry = self.tell_apart(who, nonce, text);
        self.take(who, &entry);
        entry.header.header().thing
    }

    /// Somebody writes a story, which is not here yet.
    pub(super) fn tell_apart(&mut self, who: &mut Other, nonce: u8, text: &str) -> Entry {
        let header = self.header(who, nonce);
        let body = story(text).create(header.device).unwrap();
        let (header, sealed) = self.seal(header, &body);
        who.sign(header, &sealed)
    }

    /// Somebody names the circle, with or without what they know.
    pub(super) fn name_circle(
        &mut self,
        who: &mut Other,
        nonce: u8,
        name: &str,
        heads: Option<&List<ActId, MAX_HEADS>>,
    ) -> Entry {
        let epochs = self.replica.roster().unwrap().epochs.values();
        let header = self.header(who, nonce);
        let header = Header {
            class: KeyClass::Commons,
            epoch: epochs.max_by_key(|epoch| epoch.depth).unwrap().commons,
            heads: heads.unwrap_or(&header.heads).clone(),
            ..header
        };
        let name = crate::content::clean_name(name).unwrap();
        let body = Settings::named(name).create(header.device, NOW).unwrap();
        let (header, sealed) = self.seal(header, &body);
        who.sign(header, &sealed)
    }

    /// The texts of the feed, the newest first.
    pub(super) fn texts(&mut self) -> Vec<String> {
        self.finish();
        let stories = self.replica.stories(usize::MAX, NOW).unwrap();
        stories.into_iter().map(|line| line.text).collect()
    }
}

impl Other {
    pub(super) fn new(seed: u8) -> Self {
        Self {
            keys: identity(seed),
            lamport: 10,
            seq: 0,
            prev: EntryId::default(),
        }
    }

    pub(super) fn newcomer(&self, replica: &Replica) -> Newcomer {
        let (keys, kem) = (&self.keys, self.keys.kem.public().clone());
        let name = crate::bounded::Text::new("Somebody").unwrap();
        Newcomer::sign_for(replica.hint(), &keys.person, &keys.device, kem, name)
    }

    /// The same keys, put back to this point: what they write from here on is another branch.
    pub(super) fn copy(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            ..*self
        }
    }

    /// Signs a retract at the end of the chain.
    pub(super) fn sign_retract(&mut self, header: Header) -> Entry {
        let entry = self.sign(
            Header {
                size: 0,
                body: Hash::default(),
                ..header
            },
            &[],
        );
        Entry {
            body: None,
            ..entry
        }
    }

    /// Signs an entry at the end of the chain.
    pub(super) fn sign(&mut self, header: Header, sealed: &[u8]) -> Entry {
        let header = Header {
            seq: self.seq + 1,
            prev: self.prev,
            size: sealed.len() as u32,
            body: match header.action {
                Action::Write => Hash::of(sealed),
                Action::Retract => Hash::default(),
            },
            ..header
        };
        self.lamport = self.lamport.max(header.lamport);
        (self.seq, self.prev) = (header.seq, header.id());
        Entry {
            signature: Some(header.sign(&self.keys.device)),
            header: VerifiedHeader::trusted(header),
            body: Some(sealed.to_vec()),
        }
    }
}

pub(super) fn story(text: &str) -> Story {
    Story {
        text: clean_text(text).unwrap(),
        ask: Ask::Listen,
        note: None,
        replaces: None,
        written: NOW,
    }
}

/// A body of a kind that holds nothing.
pub(super) fn nothing(kind: ThingKind) -> Body {
    Body::new(kind, &[]).unwrap()
}
