//! A small world for tests: people by name, each with a replica, who write acts and meet.

use super::act::{
    self, Act, Cut, History, Invite, Kind, Mode, NewDevice, Newcomer, Role, Rules, VerifiedAct,
};
use super::graph::{Graph, Insert};
use super::roster::{Roster, Standing};
use crate::bounded::{Bytes, List, Text};
use crate::id::{ActId, CircleId, DeviceId, EpochId, Hash, InviteId, PersonId};
use crate::key::{Secret, SigningKey};
use crate::secrecy::kem::PublicKey;
use crate::time::{Day, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

/// People by name; a device `bob2` is Bob's second.
pub(super) struct World {
    pub(super) circle: CircleId,
    pub(super) replicas: BTreeMap<String, Graph>,
    count: u64,
}

pub(super) fn key(name: &str) -> SigningKey {
    SigningKey::from_secret(&Secret(crate::key::hash(
        "circlet 1 test key",
        name.as_bytes(),
    )))
}

pub(super) fn person_name(device: &str) -> &str {
    device.trim_end_matches(|last: char| last.is_ascii_digit())
}

pub(super) fn person(name: &str) -> PersonId {
    person_key(name).person()
}

pub(super) fn device(name: &str) -> DeviceId {
    key(name).device()
}

pub(super) fn invite_id(name: &str) -> InviteId {
    key(name).invite()
}

pub(super) fn epoch_id(name: &str) -> EpochId {
    EpochId(crate::key::hash("circlet 1 test epoch", name.as_bytes()))
}

fn person_key(name: &str) -> SigningKey {
    key(&format!("{} as a person", person_name(name)))
}

pub(super) fn kem() -> PublicKey {
    PublicKey {
        suite: 1,
        bytes: Bytes::new(vec![7; 32]).unwrap(),
    }
}

pub(super) fn newcomer(circle: CircleId, name: &str) -> Newcomer {
    let text = Text::new(person_name(name)).unwrap();
    Newcomer::sign(circle, &person_key(name), &key(name), kem(), text)
}

pub(super) fn invite(name: &str, uses: u16, role: Role) -> Kind {
    Kind::Invite(Invite {
        invite: invite_id(name),
        role,
        uses,
        expires: Timestamp(u64::MAX),
        mode: Mode::Open,
        history: History::FromNow,
        sealed: Bytes::default(),
        epoch: EpochId::default(),
    })
}

pub(super) fn admit(circle: CircleId, invite: &str, name: &str) -> Kind {
    admit_as(circle, invite, person_name(name), name)
}

/// Admits a device as somebody's, whatever it is called.
pub(super) fn admit_as(circle: CircleId, invite: &str, person: &str, device: &str) -> Kind {
    let text = Text::new(person).unwrap();
    let newcomer = Newcomer::sign(circle, &person_key(person), &key(device), kem(), text);
    let proof = newcomer.prove(circle.hint(), &key(invite));
    Kind::Admit {
        invite: invite_id(invite),
        newcomer,
        proof,
        since: List::default(),
    }
}

pub(super) fn remove(name: &str) -> Kind {
    Kind::Remove {
        person: person(name),
        cut: List::default(),
    }
}

pub(super) fn leave() -> Kind {
    Kind::Leave {
        cut: List::default(),
    }
}

pub(super) fn set_role(name: &str, role: Role) -> Kind {
    Kind::SetRole {
        person: person(name),
        role,
    }
}

pub(super) fn ack() -> Kind {
    Kind::Ack {
        removals: List::default(),
    }
}

pub(super) fn revoke(invite: &str) -> Kind {
    Kind::RevokeInvite {
        invite: invite_id(invite),
    }
}

pub(super) fn remove_device(name: &str, cut: Option<Cut>) -> Kind {
    Kind::RemoveDevice {
        device: device(name),
        cut,
    }
}

pub(super) fn add_device(circle: CircleId, name: &str, certified: bool) -> Kind {
    let device = NewDevice::sign(circle, person(name), &key(name), kem());
    let certificate = certified.then(|| device.certify(circle, &person_key(name)));
    Kind::AddDevice {
        device,
        certificate,
    }
}

pub(super) fn epoch(name: &str, to: &[&str]) -> Kind {
    let mut to: Vec<DeviceId> = to.iter().map(|name| device(name)).collect();
    to.sort_unstable();
    Kind::Epoch {
        commons: epoch_id(&format!("{name} commons")),
        stories: epoch_id(&format!("{name} stories")),
        to: List::new(to).unwrap(),
        table: Hash::default(),
    }
}

pub(super) fn share(to: &str, keys: &[EpochId]) -> Kind {
    Kind::Share {
        to: device(to),
        keys: List::new(keys.to_vec()).unwrap(),
        table: Hash::default(),
    }
}

pub(super) fn found(name: &str, nonce: [u8; 32], rules: Rules) -> VerifiedAct {
    let circle = act::circle_id(&nonce, device(name));
    let kind = Kind::Found {
        nonce,
        founder: newcomer(circle, name),
        rules,
    };
    write(circle, name, (1, ActId::default()), &[], kind)
}

/// Writes an act at any place.
pub(super) fn write(
    circle: CircleId,
    name: &str,
    (seq, prev): (u64, ActId),
    heads: &[ActId],
    kind: Kind,
) -> VerifiedAct {
    let heads: BTreeSet<ActId> = heads.iter().copied().filter(|head| *head != prev).collect();
    let act = Act {
        version: act::VERSION,
        suite: act::SUITE,
        circle,
        device: device(name),
        seq,
        prev,
        heads: List::new(heads.into_iter().collect()).unwrap(),
        day: Day(1),
        kind,
    };
    let signed = act.sign(&key(name));
    signed.signed().clone().verify(circle).unwrap()
}

impl World {
    /// One person founds the circle; the others join one after the other and know everything.
    pub(super) fn of(names: &[&str]) -> Self {
        let (founder, others) = names.split_first().unwrap();
        let act = found(founder, [1; 32], Rules::default());
        let circle = act.act().circle;
        let mut graph = Graph::new(circle);
        assert_eq!(graph.insert(act), Insert::Attached);
        let mut world = Self {
            circle,
            replicas: [((*founder).to_owned(), graph)].into(),
            count: 0,
        };
        for other in others {
            world.join(founder, other);
        }
        world.meet(names);
        world
    }

    /// Makes keepers, by the founder, and lets everybody know.
    pub(super) fn keepers(mut self, by: &str, names: &[&str]) -> Self {
        for name in names {
            self.say(by, set_role(name, Role::Keeper));
        }
        self.meet_all();
        self
    }

    /// Writes an act on what the device knows.
    pub(super) fn say(&mut self, name: &str, kind: Kind) -> ActId {
        self.try_say(name, kind)
            .unwrap_or_else(|why| panic!("{name}: {why:?}"))
    }

    pub(super) fn try_say(&mut self, name: &str, kind: Kind) -> Result<ActId, Insert> {
        let graph = self.replicas.get_mut(name).unwrap();
        let act = write(
            self.circle,
            name,
            graph.next(&device(name)),
            &graph.heads(),
            kind,
        );
        let id = act.id();
        match graph.insert(act) {
            Insert::Attached => Ok(id),
            other => Err(other),
        }
    }

    /// Writes an act after any act of the device, knowing only these heads.
    pub(super) fn forge(
        &mut self,
        name: &str,
        after: (u64, ActId),
        heads: &[ActId],
        kind: Kind,
    ) -> (ActId, Insert) {
        let act = write(self.circle, name, (after.0 + 1, after.1), heads, kind);
        let id = act.id();
        (id, self.replicas.get_mut(name).unwrap().insert(act))
    }

    /// Returns a device's place in its own replica: sequence number and act.
    pub(super) fn place(&self, name: &str) -> (u64, ActId) {
        let (seq, act) = self.replicas[name].next(&device(name));
        (seq - 1, act)
    }

    pub(super) fn heads(&self, name: &str) -> Vec<ActId> {
        self.replicas[name].heads()
    }

    /// Lets somebody in by a new invite of the one who admits.
    pub(super) fn join(&mut self, by: &str, name: &str) -> ActId {
        self.count += 1;
        let label = format!("invite {}", self.count);
        self.say(by, invite(&label, 1, Role::Member));
        self.join_by(by, &label, name)
    }

    pub(super) fn join_by(&mut self, by: &str, invite: &str, name: &str) -> ActId {
        let act = self.say(by, admit(self.circle, invite, name));
        self.tell(by, name);
        act
    }

    /// One learns everything the other knows.
    pub(super) fn tell(&mut self, from: &str, to: &str) {
        let mut learner = self
            .replicas
            .remove(to)
            .unwrap_or_else(|| Graph::new(self.circle));
        for act in self.replicas[from].missing_for(&learner.tips()) {
            let result = learner.insert(act.clone());
            assert!(
                matches!(result, Insert::Attached | Insert::Known),
                "{result:?}"
            );
        }
        self.replicas.insert(to.to_owned(), learner);
    }

    /// These learn everything that any of them knows.
    pub(super) fn meet(&mut self, names: &[&str]) {
        // A fork shows only in the second round.
        for _ in 0..2 {
            for from in names {
                for to in names {
                    if from != to {
                        self.tell(from, to);
                    }
                }
            }
        }
    }

    pub(super) fn meet_all(&mut self) {
        let names: Vec<String> = self.replicas.keys().cloned().collect();
        self.meet(&names.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Returns everybody's acts in one replica, after checking that the order does not matter.
    pub(super) fn merged(&self) -> Graph {
        let mut acts: BTreeMap<ActId, VerifiedAct> = BTreeMap::new();
        for act in self.replicas.values().flat_map(Graph::iter) {
            acts.insert(act.id(), act.clone());
        }
        let all: Vec<VerifiedAct> = acts.into_values().collect();
        let first = deliver(self.circle, all.clone(), 0);
        for seed in 1..5 {
            let other = deliver(self.circle, all.clone(), seed);
            assert_eq!(other.roster(), first.roster(), "delivery {seed}");
            assert_eq!(other.tips(), first.tips());
        }
        first
    }

    /// Returns the names of those who belong, once everybody knows everything.
    pub(super) fn members(&self) -> Vec<String> {
        names(self.merged().roster())
    }
}

pub(super) fn names(roster: &Roster) -> Vec<String> {
    let people = roster.people.values();
    let active = people.filter(|person| person.standing == Standing::Active);
    let mut names: Vec<String> = active.map(|person| person.name.clone()).collect();
    names.sort();
    names
}

/// Delivers acts in a random order, each as often as it takes, now and then looking at the roster.
pub(super) fn deliver(circle: CircleId, mut acts: Vec<VerifiedAct>, seed: u64) -> Graph {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for at in (1..acts.len()).rev() {
        acts.swap(at, (rng.next_u64() % (at as u64 + 1)) as usize);
    }
    let mut graph = Graph::new(circle);
    while !acts.is_empty() {
        let before = acts.len();
        acts.retain(|act| match graph.insert(act.clone()) {
            Insert::Missing(_) => true,
            Insert::Attached => {
                if rng.next_u32().is_multiple_of(4) {
                    let _ = graph.roster();
                }
                false
            }
            other => panic!("{other:?}"),
        });
        assert!(acts.len() < before, "acts whose parents never come");
    }
    graph
}
