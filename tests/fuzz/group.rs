//! A group under any history: bytes say who writes what on which past, and who meets whom.
//!
//! Acts are made, not decoded, so that every byte goes into what people do: remove, admit, demote, leave, mint,
//! fork behind their own back, write on what they knew long ago. Signatures are left out; the graph does
//! not look at them. Whatever happens: each order of delivery gives the same view, also where late acts are
//! dropped unread; invites let in no more than they say; no key that seals was given to anybody who is out.

use circlet_model::bounded::{Bytes, List, Text};
use circlet_model::id::{ActId, CircleId, DeviceId, EpochId, Hash, InviteId, PersonId};
use circlet_model::key::Signature;
use circlet_model::membership::act::{
    self, Act, History, Invite, Kind, Mode, NewDevice, Newcomer, Role, Rules, SUITE, SignedAct,
    VERSION, VerifiedAct,
};
use circlet_model::membership::graph::{Graph, Insert};
use circlet_model::secrecy::kem::PublicKey;
use circlet_model::time::{Day, Timestamp};
use std::collections::BTreeSet;

/// The most acts of one history: resolving takes time.
const MAX_ACTS: usize = 48;
/// People: the first founds, the next three are let in at once.
const PEOPLE: u8 = 8;
/// Devices: each person's first, then each person's second.
const DEVICES: u8 = 2 * PEOPLE;

struct Group {
    circle: CircleId,
    graph: Graph,
    acts: Vec<VerifiedAct>,
    /// What each device knows, by place in `acts`.
    known: Vec<BTreeSet<usize>>,
}

fn device(number: u8) -> DeviceId {
    DeviceId([number + 1; 32])
}

fn person(number: u8) -> PersonId {
    PersonId([number % PEOPLE + 101; 32])
}

fn kem() -> PublicKey {
    PublicKey {
        suite: 1,
        bytes: Bytes::new(vec![7; 32]).expect("a key is short"),
    }
}

fn newcomer(number: u8) -> Newcomer {
    Newcomer {
        person: person(number),
        device: device(number),
        kem: kem(),
        name: Text::new("x").expect("a name is short"),
        by_person: Signature::default(),
        by_device: Signature::default(),
    }
}

fn invite(number: u8, uses: u16, role: Role) -> Kind {
    Kind::Invite(Invite {
        invite: InviteId([number; 32]),
        role,
        uses,
        expires: Timestamp(u64::MAX),
        mode: Mode::Open,
        history: History::FromNow,
        sealed: Bytes::default(),
        epoch: EpochId::default(),
    })
}

fn admit(invite: u8, number: u8) -> Kind {
    Kind::Admit {
        invite: InviteId([invite; 32]),
        newcomer: newcomer(number),
        proof: Signature::default(),
        since: List::default(),
    }
}

/// Plays what the bytes say, and checks what came of it.
pub(crate) fn history(bytes: &[u8]) {
    let mut group = Group::found();
    for step in bytes.chunks_exact(4) {
        let [how, who, what, whom] = *step else { break };
        if group.acts.len() >= MAX_ACTS {
            break;
        }
        let who = who % DEVICES;
        match how % 8 {
            0..=2 => group.meet(who, whom % DEVICES),
            3 => group.write(who, group.earlier(who, how), what, whom),
            _ => group.write(who, group.known[usize::from(who)].clone(), what, whom),
        }
    }
    group.check();
}

impl Group {
    fn found() -> Self {
        let nonce = [1; 32];
        let circle = act::circle_id(&nonce, device(0));
        let mut group = Self {
            circle,
            graph: Graph::new(circle),
            acts: Vec::new(),
            known: vec![BTreeSet::new(); usize::from(DEVICES)],
        };
        let found = Kind::Found {
            nonce,
            founder: newcomer(0),
            rules: Rules::default(),
        };
        let begin = [found, invite(1, 3, Role::Member)];
        let begin = begin
            .into_iter()
            .chain((1..4).map(|number| admit(1, number)));
        for kind in begin {
            group.say(0, group.known[0].clone(), kind);
        }
        for number in 1..4 {
            group.meet(number, 0);
        }
        group
    }

    fn meet(&mut self, one: u8, other: u8) {
        let (one, other) = (usize::from(one), usize::from(other));
        let both: BTreeSet<usize> = self.known[one].union(&self.known[other]).copied().collect();
        self.known[one].clone_from(&both);
        self.known[other] = both;
    }

    /// What a device knew when it wrote one of its acts: on that it forks.
    fn earlier(&self, who: u8, pick: u8) -> BTreeSet<usize> {
        let own: Vec<&VerifiedAct> = self
            .acts
            .iter()
            .filter(|it| it.act().device == device(who))
            .collect();
        let Some(at) = own.get(usize::from(pick / 8) % own.len().max(1)) else {
            return self.known[usize::from(who)].clone();
        };
        let heads: Vec<ActId> = at.parents().collect();
        let acts = self.acts.iter().enumerate();
        acts.filter(|(_, act)| self.graph.knows(&heads, &act.id()))
            .map(|(place, _)| place)
            .collect()
    }

    fn write(&mut self, who: u8, past: BTreeSet<usize>, what: u8, whom: u8) {
        let kind = match what % 20 {
            0 | 1 => Kind::Remove {
                person: person(whom),
                cut: List::default(),
            },
            2 => Kind::Leave {
                cut: List::default(),
            },
            3 | 4 => Kind::SetRole {
                person: person(whom),
                role: if what.is_multiple_of(2) {
                    Role::Keeper
                } else {
                    Role::Member
                },
            },
            5 | 6 => invite(whom % 6, 1 + u16::from(what / 100), Role::Member),
            7 => invite(whom % 6, 1, Role::Keeper),
            8 => Kind::RevokeInvite {
                invite: InviteId([whom % 6; 32]),
            },
            9..=11 => admit(whom / PEOPLE % 6, whom % PEOPLE),
            12 => Kind::AddDevice {
                device: NewDevice {
                    person: person(who),
                    device: device(who % PEOPLE + PEOPLE),
                    kem: kem(),
                    by_device: Signature::default(),
                },
                certificate: Some(Signature::default()),
            },
            13 => Kind::RemoveDevice {
                device: device(whom % DEVICES),
                cut: None,
            },
            14 => Kind::SetRules {
                rules: Rules {
                    keepers_invite: whom & 1 == 0,
                    quorum: whom & 2 == 0,
                },
            },
            15 => Kind::Rekey { kem: kem() },
            16 => Kind::Epoch {
                commons: EpochId([whom; 32]),
                stories: EpochId([whom ^ 255; 32]),
                to: List::new((0..=whom % DEVICES).map(device).collect()).expect("few devices"),
                table: Hash::default(),
            },
            17 => Kind::Share {
                to: device(whom % DEVICES),
                keys: List::new(vec![EpochId([whom; 32])]).expect("one key"),
                table: Hash::default(),
            },
            _ => Kind::Ack {
                removals: List::default(),
            },
        };
        self.say(who, past, kind);
    }

    fn say(&mut self, who: u8, past: BTreeSet<usize>, kind: Kind) {
        let known: Vec<&VerifiedAct> = past.iter().map(|at| &self.acts[*at]).collect();
        let own = known.iter().filter(|it| it.act().device == device(who));
        let last = own.max_by_key(|act| act.act().seq);
        let (seq, prev) = last.map_or((1, ActId::default()), |act| (act.act().seq + 1, act.id()));
        let built_on: BTreeSet<ActId> = known.iter().flat_map(|act| act.parents()).collect();
        let mut heads: Vec<ActId> = known.iter().map(|act| act.id()).collect();
        heads.retain(|id| !built_on.contains(id) && *id != prev);
        heads.sort_unstable();
        let Ok(heads) = List::new(heads) else { return };
        let act = VerifiedAct::trusted(SignedAct {
            act: Act {
                version: VERSION,
                suite: SUITE,
                circle: self.circle,
                device: device(who),
                seq,
                prev,
                heads,
                day: Day(1),
                kind,
            },
            signature: Signature::default(),
        });
        if self.graph.insert(act.clone()) == Insert::Attached {
            self.known[usize::from(who)].extend(past);
            self.known[usize::from(who)].insert(self.acts.len());
            self.acts.push(act);
        }
    }

    fn check(&self) {
        let roster = self.graph.roster();
        for drop_late in [false, true] {
            let mut other = Graph::new(self.circle);
            let mut waiting: Vec<&VerifiedAct> = self.acts.iter().rev().collect();
            loop {
                let before = waiting.len();
                waiting.retain(|act| {
                    let late = drop_late && {
                        let _ = other.roster();
                        other.is_late(&act.id(), &act.act().device)
                    };
                    late || other.insert((*act).clone()) != Insert::Attached
                });
                if waiting.len() == before {
                    break;
                }
            }
            assert_eq!(other.roster(), roster);
            assert_eq!(other.heads(), self.graph.heads());
            assert_eq!(other.tips(), self.graph.tips());
        }
        for (id, state) in &roster.invites {
            // One that was made twice, on two branches or by two members, allows what the larger does.
            let made = self.acts.iter().filter_map(|act| match &act.act().kind {
                Kind::Invite(invite) if invite.invite == *id => Some(invite.uses),
                _ => None,
            });
            let most = made.max().unwrap_or_default();
            assert!(state.used_by.len() <= usize::from(most));
        }
        let active: BTreeSet<DeviceId> = roster.active_devices().map(|(id, _)| *id).collect();
        for epoch in roster
            .epochs
            .values()
            .filter(|epoch| epoch.commons_to == active)
        {
            let given = self.acts.iter().filter_map(|act| match &act.act().kind {
                Kind::Epoch { commons, to, .. } if *commons == epoch.commons => Some(to.to_vec()),
                Kind::Share { to, keys, .. } if keys.contains(&epoch.commons) => Some(vec![*to]),
                _ => None,
            });
            assert!(given.flatten().all(|to| active.contains(&to)));
        }
    }
}
