//! Measures what membership costs: letting somebody in, new keys for all, taking in the graph.
//!
//! `cargo bench -p circlet --bench membership -- [MEMBERS [ACTS]]`; 150 and 1,000 unless told.
//! Nothing is asserted about the results; the goals stand beside them. Times are those on the
//! processor where the system tells them, so that what else runs on the computer counts for less.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::struct_field_names,
    clippy::redundant_closure_for_method_calls,
    missing_debug_implementations,
    reason = "what is not as expected ends a measurement"
)]

use circlet_model::bounded::{Bytes, List, Text};
use circlet_model::codec;
use circlet_model::id::{ActId, CircleId, DeviceId, EpochId, Hash};
use circlet_model::key::SigningKey;
use circlet_model::membership::act::{
    self, Act, History, Invite, Kind, Mode, Newcomer, Role, Rules, SUITE, SignedAct, VERSION,
    VerifiedAct,
};
use circlet_model::membership::graph::{Graph, Insert};
use circlet_model::secrecy::epoch::Ring;
use circlet_model::secrecy::kem::{PublicKey, SecretKey, XWING};
use circlet_model::secrecy::wrap;
use circlet_model::time::{Day, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A circle of which everybody knows everything.
struct Circle {
    circle: CircleId,
    graph: Graph,
    keys: Vec<SigningKey>,
    invite: SigningKey,
    /// The keys of the newest epoch that was wrapped.
    ids: [EpochId; 2],
    ring: Ring,
    rng: ChaCha8Rng,
}

fn main() {
    let numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    let members = numbers.first().copied().unwrap_or(150);
    let acts = numbers.get(1).copied().unwrap_or(1000);
    let mut circle = Circle::of(members);
    circle.rotation();
    circle.admissions();
    circle.replay(acts);
}

/// A moment of this thread's time on the processor; by the clock on the wall where that is not known.
struct Clock(Duration);

impl Clock {
    fn now() -> Self {
        static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let nanos = told.and_then(|told| told.split(' ').next()?.parse().ok());
        Self(nanos.map_or_else(|| BEGINNING.elapsed(), Duration::from_nanos))
    }

    fn elapsed(&self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

fn print(members: usize, what: &str, value: &str, goal: &str) {
    println!("{members:>7}  {what}: {value} (goal: below {goal})");
}

fn show(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

impl Circle {
    fn of(members: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let founder = SigningKey::random(&mut rng);
        let nonce = [1; 32];
        let circle = act::circle_id(&nonce, founder.device());
        let mut this = Self {
            circle,
            graph: Graph::new(circle),
            keys: Vec::new(),
            invite: SigningKey::random(&mut rng),
            ids: [EpochId::default(); 2],
            ring: Ring::default(),
            rng,
        };
        let newcomer = this.newcomer(&founder);
        this.keys.push(founder);
        this.say(
            0,
            Kind::Found {
                nonce,
                founder: newcomer,
                rules: Rules::default(),
            },
        );
        this.say(0, this.open_invite());
        while this.keys.len() < members {
            this.admit(0);
        }
        this.rotate(0);
        this
    }

    fn open_invite(&self) -> Kind {
        Kind::Invite(Invite {
            invite: self.invite.invite(),
            role: Role::Member,
            uses: u16::MAX,
            expires: Timestamp(u64::MAX),
            mode: Mode::Open,
            history: History::FromNow,
            sealed: Bytes::default(),
            epoch: EpochId::default(),
        })
    }

    fn newcomer(&mut self, device: &SigningKey) -> Newcomer {
        let person = SigningKey::random(&mut self.rng);
        let kem = SecretKey::generate(XWING, &mut self.rng).unwrap();
        let name = Text::new("Somebody").unwrap();
        Newcomer::sign(self.circle, &person, device, kem.public().clone(), name)
    }

    fn admit(&mut self, by: usize) {
        let device = SigningKey::random(&mut self.rng);
        let newcomer = self.newcomer(&device);
        let proof = newcomer.prove(self.circle.hint(), &self.invite);
        self.keys.push(device);
        self.say(
            by,
            Kind::Admit {
                invite: self.invite.invite(),
                newcomer,
                proof,
                since: List::default(),
            },
        );
    }

    fn rotate(&mut self, by: usize) -> usize {
        let roster = self.graph.roster().clone();
        let devices: BTreeMap<DeviceId, &PublicKey> = roster
            .active_devices()
            .map(|(id, it)| (*id, &it.kem))
            .collect();
        let minted = wrap::mint(self.circle, &devices, &mut self.rng).unwrap();
        let bytes = codec::encode(&minted.table).len();
        let kind = minted.kind();
        self.ids = [minted.commons.id(), minted.stories.id()];
        for key in [minted.commons, minted.stories] {
            self.ring.insert(key.id(), key);
        }
        bytes + codec::encode(&self.say(by, kind).signed()).len()
    }

    fn say(&mut self, by: usize, kind: Kind) -> VerifiedAct {
        let device = &self.keys[by];
        let (seq, prev) = self.graph.next(&device.device());
        let mut heads = self.graph.heads();
        heads.retain(|head| *head != prev);
        let act = Act {
            version: VERSION,
            suite: SUITE,
            circle: self.circle,
            device: device.device(),
            seq,
            prev,
            heads: List::new(heads).unwrap(),
            day: Day(1),
            kind,
        };
        let signed = act.sign(device);
        assert_eq!(self.graph.insert(signed.clone()), Insert::Attached);
        let _ = self.graph.roster();
        signed
    }

    /// Letting one more in: the act, signed, checked and attached, and two keys shared.
    fn admissions(&mut self) {
        const TIMES: u32 = 10;
        let members = self.keys.len();
        let from = Clock::now();
        for _ in 0..TIMES {
            self.admit(0);
            let device = self.keys.last().unwrap().device();
            let kem = self.graph.roster().devices[&device].kem.clone();
            let to = (device, &kem);
            let shared = wrap::share(self.circle, to, &self.ids, &self.ring, &mut self.rng);
            self.say(0, shared.unwrap().kind());
        }
        print(
            members,
            "let somebody in",
            &show(from.elapsed() / TIMES),
            "5 ms",
        );
    }

    fn rotation(&mut self) {
        let members = self.graph.roster().active_devices().count();
        let from = Clock::now();
        let bytes = self.rotate(0);
        print(
            members,
            "new keys for all, X-Wing",
            &show(from.elapsed()),
            "100 ms",
        );
        print(
            members,
            "their bytes",
            &format!("{:.1} kB", bytes as f64 / 1e3),
            "200 kB",
        );
    }

    /// A long life, taken in from a peer, read back from the own store, and looked back on.
    fn replay(&mut self, acts: usize) {
        let members = self.graph.roster().members().count();
        let mut turn = 0;
        while self.graph.len() < acts {
            self.live(turn);
            turn += 1;
        }
        let signed: Vec<SignedAct> = self.graph.iter().map(|it| it.signed().clone()).collect();
        let bytes: usize = signed.iter().map(|it| codec::encode(it).len()).sum();
        println!(
            "{members:>7}  {} acts, {:.1} kB",
            signed.len(),
            bytes as f64 / 1e3
        );
        let goal = |all: &str| format!("{all} for 1,000 acts");
        let from = Clock::now();
        let mut fresh = Graph::new(self.circle);
        for act in signed.clone() {
            fresh.insert(act.verify(self.circle).unwrap());
        }
        assert_eq!(fresh.roster(), self.graph.roster());
        print(
            members,
            "taken in from a peer",
            &show(from.elapsed()),
            &goal("1,000 ms"),
        );
        let rows: Vec<Vec<u8>> = signed.iter().map(codec::encode).collect();
        let from = Clock::now();
        let mut stored = Graph::new(self.circle);
        for row in rows {
            let act = codec::decode(&row).unwrap();
            stored.insert(VerifiedAct::trusted(act));
        }
        assert_eq!(stored.roster(), self.graph.roster());
        print(
            members,
            "read back from the own store",
            &show(from.elapsed()),
            &goal("200 ms"),
        );
        let heads: Vec<ActId> = stored.heads();
        let from = Clock::now();
        stored.roster_at(&heads[..1]).unwrap();
        let back = stored.iter().nth(stored.len() / 2).unwrap().id();
        stored.roster_at(&[back]).unwrap();
        print(
            members,
            "the roster of half the time ago",
            &show(from.elapsed()),
            "20 ms",
        );
    }

    /// Of every ten acts a removal, new keys, an admission by a new invite, and acks.
    fn live(&mut self, turn: usize) {
        let ack = Kind::Ack {
            removals: List::default(),
        };
        match turn % 10 {
            0 => {
                let last = self.keys.pop().unwrap().device();
                let person = self.graph.roster().person_of(&last).unwrap();
                let cut = List::default();
                drop(self.say(0, Kind::Remove { person, cut }));
            }
            1 => self.mint(turn),
            2 => {
                self.invite = SigningKey::random(&mut self.rng);
                drop(self.say(1, self.open_invite()));
            }
            3 => self.admit(2),
            _ => drop(self.say(turn % 50, ack)),
        }
    }

    fn mint(&mut self, turn: usize) {
        let to = self.graph.roster().active_devices().map(|(id, _)| *id);
        let to = List::new(to.collect()).unwrap();
        let id = |byte| {
            let four = [byte, turn as u8, (turn / 256) as u8, 9];
            EpochId(four.repeat(8).try_into().unwrap())
        };
        let kind = Kind::Epoch {
            commons: id(1),
            stories: id(2),
            to,
            table: Hash::default(),
        };
        drop(self.say(turn % 7, kind));
    }
}
