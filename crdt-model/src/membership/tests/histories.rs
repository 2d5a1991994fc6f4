//! Random histories: forks, back-dating, meetings; every order gives the same answer.

use crate::id::ActId;
use crate::membership::act::{Kind, Role, Rules, VerifiedAct};
use crate::membership::graph::{Graph, Insert};
use crate::membership::testing::{
    World, ack, add_device, admit, deliver, device, epoch, epoch_id, invite, kem, leave, remove,
    remove_device, revoke, set_role, share, write,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

const NAMES: [&str; 6] = ["ana", "bo", "cai", "dee", "eve", "fay"];

fn kind(world: &World, what: u8, who: usize, count: usize) -> Kind {
    let name = NAMES[who % NAMES.len()];
    let label = format!("label {}", who % 3);
    match what % 16 {
        0 | 1 => remove(name),
        2 => leave(),
        3 => set_role(name, Role::Keeper),
        4 => set_role(name, Role::Member),
        5 => invite(&label, 1 + (who % 2) as u16, Role::Member),
        6 => revoke(&label),
        7 => admit(world.circle, &label, ["gil", "hal", "ivy", "jo"][who % 4]),
        8 => admit(world.circle, &label, &format!("{name}{}", count % 90 + 2)),
        9 => epoch(&format!("{count}"), &NAMES[..=(who % 5)]),
        10 => share(
            name,
            &[epoch_id("first commons"), epoch_id("first stories")],
        ),
        11 => add_device(world.circle, &format!("{name}{}", count % 90 + 2), false),
        12 => remove_device(name, None),
        13 => Kind::SetRules {
            rules: Rules {
                keepers_invite: who.is_multiple_of(4),
                quorum: false,
            },
        },
        14 => Kind::Rekey { kem: kem() },
        _ => ack(),
    }
}

/// Plays a history: each step somebody writes, meets another, or writes behind their own back.
fn play(steps: &[(u8, u8, usize, usize)]) -> World {
    let mut world = World::of(&NAMES);
    world.say("ana", invite("label 0", 1, Role::Member));
    world.say("ana", invite("label 1", 2, Role::Member));
    world.say("ana", epoch("first", &NAMES));
    let mut world = world.keepers("ana", &["bo", "cai"]);
    for (count, (mode, what, one, two)) in steps.iter().enumerate() {
        let devices: Vec<String> = world.replicas.keys().cloned().collect();
        let name = devices[one % devices.len()].clone();
        let other = devices[two % devices.len()].clone();
        let kind = kind(&world, *what, *two, count);
        match mode % 8 {
            0..=2 if name != other => world.tell(&name, &other),
            6 => {
                // Anything at all, over their own key.
                let graph = world.replicas.get_mut(&name).unwrap();
                let known: Vec<ActId> = graph.iter().map(VerifiedAct::id).collect();
                let pick = |by: usize| known[(one * by + two) % known.len()];
                let seq = 2 + (*two as u64) % 4;
                let heads = [pick(3), pick(7)];
                let act = write(world.circle, &name, (seq, pick(5)), &heads, kind);
                let _ = graph.insert(act);
            }
            7 => {
                // Behind their own back: after any of their acts, on what that act knew.
                let graph = &world.replicas[&name];
                let own = |act: &&VerifiedAct| act.act().device == device(&name);
                let chain: Vec<ActId> = graph.iter().filter(own).map(VerifiedAct::id).collect();
                if chain.is_empty() {
                    continue;
                }
                let prev = chain[two % chain.len()];
                let seq = graph.get(&prev).unwrap().act().seq + 1;
                let act = write(world.circle, &name, (seq, prev), &[], kind);
                let graph = world.replicas.get_mut(&name).unwrap();
                let _ = graph.insert(act);
            }
            _ => {
                let known = match &kind {
                    Kind::Admit { newcomer, .. } => Some(newcomer.device),
                    Kind::AddDevice { device, .. } => Some(device.device),
                    _ => None,
                };
                if world.try_say(&name, kind).is_ok()
                    && let Some(known) = known
                {
                    let new = ["gil", "hal", "ivy", "jo"].map(str::to_owned).into_iter();
                    let more = NAMES
                        .iter()
                        .flat_map(|name| (2..92).map(move |number| format!("{name}{number}")));
                    let new = new.chain(more).find(|name| device(name) == known);
                    world.tell(&name, &new.unwrap());
                }
            }
        }
    }
    world
}

fn all(world: &World) -> Vec<VerifiedAct> {
    let merged = world.merged();
    merged.iter().cloned().collect()
}

#[test]
fn the_random_histories_are_worth_their_name() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut forked, mut void, mut removed, mut newcomers) = (0, 0, 0, 0);
    for _ in 0..20 {
        let mut steps = Vec::new();
        for _ in 0..80 {
            let mut number = || rng.next_u64() as usize;
            let (mode, what) = (number() as u8, number() as u8);
            steps.push((mode, what, number() % 60, number() % 60));
        }
        let merged = play(&steps).merged();
        let roster = merged.roster();
        forked += usize::from(roster.devices.values().any(|device| device.forked));
        void += usize::from(merged.iter().any(|act| merged.is_void(&act.id())));
        removed += usize::from(!roster.removals.is_empty());
        newcomers += usize::from(roster.people.len() > NAMES.len());
    }
    let all = [forked, void, removed, newcomers];
    assert!(all.iter().all(|count| *count >= 5), "{all:?}");
}

/// How many orders of delivery each history is tried in, five of them in [`World::merged`].
const ORDERS: u64 = 8;

/// 32, or as many as `PROPTEST_CASES` says: `PROPTEST_CASES=10000 cargo nextest run -p circlet-model
/// membership::tests::histories` is the full run.
fn cases() -> u32 {
    match ProptestConfig::default().cases {
        256 => 32,
        told => told,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn every_order_gives_the_same_roster(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), 0..60usize, 0..60usize), 1..90),
    ) {
        let world = play(&steps);
        // Compares five deliveries; here the others, each also with one resolved from scratch.
        let acts = all(&world);
        for seed in 5..ORDERS {
            let stepwise = deliver(world.circle, acts.clone(), seed);
            let [gone_on, anew] = stepwise.both_ways();
            prop_assert_eq!(gone_on, anew);
        }
    }

    #[test]
    fn what_is_missing_completes_any_replica(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), 0..60usize, 0..60usize), 1..70),
        part in 0..8usize,
    ) {
        let world = play(&steps);
        let merged = world.merged();
        let names: Vec<&String> = world.replicas.keys().collect();
        let mut one = Graph::new(world.circle);
        for act in world.replicas[names[part % names.len()]].iter() {
            one.insert(act.clone());
        }
        let mut other = Graph::new(world.circle);
        for act in world.replicas[names[(part + 1) % names.len()]].iter() {
            other.insert(act.clone());
        }
        let before = one.clone();
        for act in merged.missing_for(&one.tips()) {
            // What R9 drops in the light of less is held and not told of.
            let dropped = before.contains(&act.id()) && !before.keeps(&act.id());
            let expected = if dropped { Insert::Known } else { Insert::Attached };
            prop_assert_eq!(one.insert(act.clone()), expected);
        }
        prop_assert_eq!(one.roster(), merged.roster());
        prop_assert_eq!(one.heads(), merged.heads());
        // Two that are both behind the other in something are even after two rounds.
        let mut second = Graph::new(world.circle);
        for act in world.replicas[names[part % names.len()]].iter() {
            second.insert(act.clone());
        }
        for _ in 0..2 {
            let here: Vec<VerifiedAct> = second.missing_for(&other.tips()).into_iter().cloned().collect();
            let there: Vec<VerifiedAct> = other.missing_for(&second.tips()).into_iter().cloned().collect();
            for act in here {
                other.insert(act);
            }
            for act in there {
                second.insert(act);
            }
        }
        prop_assert_eq!(second.roster(), other.roster());
        prop_assert_eq!(second.tips(), other.tips());
    }

    #[test]
    fn who_is_out_in_the_end_holds_nothing(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), 0..60usize, 0..60usize), 1..90),
    ) {
        let merged = play(&steps).merged();
        let roster = merged.roster();
        for device in roster.devices.values().filter(|device| device.active) {
            let person = &roster.people[&device.person];
            prop_assert_eq!(person.standing, crate::membership::roster::Standing::Active);
        }
        for (id, state) in &roster.invites {
            // One that was made twice, on two branches or by two members, allows what the larger does.
            let grants = merged.nodes().iter().filter_map(|node| node.verdict.grant);
            let grants = grants.filter(|grant| grant.invite == *id);
            let most = grants.map(|grant| grant.uses).chain([state.invite.uses]).max();
            prop_assert!(state.used_by.len() <= usize::from(most.unwrap_or_default()));
        }
    }
}
