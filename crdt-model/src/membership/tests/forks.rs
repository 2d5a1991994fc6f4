//! R2 and R3: two acts with one place in a chain.

use crate::id::ActId;
use crate::membership::act::{Role, Rules};
use crate::membership::graph::{Graph, Insert, Tip};
use crate::membership::judge::Refusal;
use crate::membership::testing::{
    World, ack, device, found, invite, names, newcomer, person, remove, set_role, write,
};

/// Adds somebody's other branch to the world: an act after one of theirs, in a replica of its own.
fn fork(world: &mut World, name: &str, at: u64, kind: crate::membership::act::Kind) -> ActId {
    let graph = &world.replicas[name];
    let chain: Vec<_> = graph
        .iter()
        .filter(|act| act.act().device == device(name))
        .collect();
    let prev = chain[at as usize - 2].id();
    let heads: Vec<ActId> = chain[at as usize - 2].act().heads.to_vec();
    let act = write(world.circle, name, (at, prev), &[], kind);
    let mut other = Graph::new(world.circle);
    for act in graph.iter().filter(|act| graph.knows(&[prev], &act.id())) {
        assert_eq!(other.insert(act.clone()), Insert::Attached);
    }
    assert!(heads.iter().all(|head| other.contains(head)));
    let id = act.id();
    assert_eq!(other.insert(act), Insert::Attached);
    world
        .replicas
        .insert(format!("other {name} {at} {id:?}"), other);
    id
}

#[test]
fn a_founder_who_forks_at_the_second_act_puts_nobody_out() {
    for attempt in 0..8 {
        let mut world = World::of(&["ana", "bo", "cai", "dee"]);
        for name in ["bo", "cai", "dee"] {
            world.say(name, ack());
        }
        fork(
            &mut world,
            "ana",
            2,
            invite(&format!("{attempt}"), 1, Role::Member),
        );
        let merged = world.merged();
        assert_eq!(names(merged.roster()), ["ana", "bo", "cai", "dee"]);
        assert!(merged.roster().devices[&device("ana")].forked);
    }
}

#[test]
fn a_founder_who_forks_with_a_crowd_puts_nobody_out() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let honest = world.say("bo", ack());
    let mut crowd = World::of(&["ana"]);
    crowd.say("ana", invite("crowd", 9, Role::Member));
    for name in ["pat", "quin", "rae", "sam", "tia"] {
        crowd.join_by("ana", "crowd", name);
        crowd.say(name, ack());
    }
    for (name, graph) in crowd.replicas {
        world.replicas.insert(format!("crowd {name}"), graph);
    }
    let merged = world.merged();
    for name in ["ana", "bo", "cai"] {
        assert!(names(merged.roster()).contains(&name.to_owned()));
    }
    assert!(!merged.is_void(&honest));
}

#[test]
fn a_founder_who_founds_twice_puts_nobody_out() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    for name in ["bo", "cai"] {
        world.say(name, ack());
    }
    for quorum in [false, true] {
        let rules = Rules {
            quorum,
            keepers_invite: true,
        };
        let second = found("ana", [1; 32], rules);
        let mut other = Graph::new(world.circle);
        assert_eq!(other.insert(second), Insert::Attached);
        world.replicas.insert(format!("other {quorum}"), other);
    }
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai"]);
    assert_eq!(merged.roster().rules, Rules::default());
}

#[test]
fn the_branch_that_others_saw_first_stays() {
    for attempt in 0..6 {
        let mut world = World::of(&["ana", "bo", "cai"]);
        let (before, _) = world.place("ana");
        let seen = world.say("ana", set_role("bo", Role::Keeper));
        world.tell("ana", "cai");
        world.say("cai", ack());
        let mut label = set_role("bo", Role::Member);
        if attempt > 0 {
            label = invite(&format!("{attempt}"), 1, Role::Member);
        }
        let unseen = fork(&mut world, "ana", before + 1, label);
        let merged = world.merged();
        assert!(merged.is_void(&unseen));
        assert!(!merged.is_void(&seen));
        assert_eq!(merged.next(&device("ana")), (before + 2, seen));
        assert!(merged.roster().is_keeper(&person("bo")));
    }
}

#[test]
fn what_others_build_on_a_lost_branch_stands() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    let (before, _) = world.place("ana");
    for name in ["cai", "dee"] {
        world.tell("ana", name);
    }
    let lost = fork(&mut world, "ana", before + 1, ack());
    let other = world
        .replicas
        .keys()
        .find(|name| name.starts_with("other"))
        .cloned();
    world.tell(&other.unwrap(), "bo");
    let built = world.say("bo", ack());
    world.say("ana", invite("i", 1, Role::Member));
    for name in ["cai", "dee"] {
        world.tell("ana", name);
        world.say(name, ack());
    }
    let merged = world.merged();
    assert!(merged.is_void(&lost));
    assert!(!merged.is_void(&built));
}

#[test]
fn the_device_goes_on_from_the_branch_that_stays_and_from_no_other() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let (before, _) = world.place("ana");
    world.say("ana", ack());
    world.tell("ana", "bo");
    world.say("bo", ack());
    let lost = fork(&mut world, "ana", before + 1, invite("i", 1, Role::Member));
    world.meet_all();
    let heads = world.heads("ana");
    let (_, result) = world.forge("ana", (before + 1, lost), &heads, ack());
    assert_eq!(result, Insert::Refused(Refusal::Order));
    world.say("ana", ack());
    assert_eq!(world.members(), ["ana", "bo", "cai"]);
}

#[test]
fn a_removed_member_gains_nothing_by_forking() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("bo", ack());
    world.meet_all();
    let (before, _) = world.place("bo");
    world.say("ana", remove("bo"));
    for at in [before, before + 1] {
        if at > 1 {
            fork(&mut world, "bo", at, remove("ana"));
        }
    }
    assert_eq!(world.members(), ["ana", "cai"]);
}

#[test]
fn a_thousand_branches_of_one_place_are_bounded_work() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let (before, prev) = world.place("bo");
    let heads = world.heads("bo");
    let seen = world.say("bo", ack());
    world.tell("bo", "cai");
    world.say("cai", ack());
    world.meet_all();
    let mut graph = world.replicas.remove("ana").unwrap();
    for branch in 0..1000 {
        let kind = invite(&format!("branch {branch}"), 1, Role::Member);
        let act = write(world.circle, "bo", (before + 1, prev), &heads, kind);
        assert_eq!(graph.insert(act), Insert::Attached);
    }
    assert_eq!(names(graph.roster()), ["ana", "bo", "cai"]);
    assert!(!graph.is_void(&seen));
    assert_eq!(graph.next(&device("bo")), (before + 2, seen));
    // Of too many to tell, some of Bo's are left out, and nobody else's.
    let tips = graph.tips_within(100);
    assert_eq!(tips.len(), 100);
    let others = |tips: &[Tip]| tips.iter().filter(|tip| tip.device != device("bo")).count();
    assert_eq!(others(&tips), others(&graph.tips()));
    assert_eq!(graph.tips_within(2000), graph.tips());
}

#[test]
fn a_stranger_is_refused() {
    let world = World::of(&["ana"]);
    let mut graph = Graph::new(world.circle);
    let act = write(world.circle, "sam", (1, ActId::default()), &[], ack());
    assert_eq!(graph.insert(act), Insert::Refused(Refusal::Author));
    let other = found("bo", [2; 32], Rules::default());
    assert_eq!(graph.insert(other), Insert::Refused(Refusal::Circle));
    assert!(graph.is_empty());
    let _ = newcomer(world.circle, "sam");
}

/// Adds what was written in another world that began in the same way.
fn add_branch(world: &mut World, branch: World) {
    for (name, graph) in branch.replicas {
        world.replicas.insert(format!("branch {name}"), graph);
    }
}

#[test]
fn newcomers_of_one_branch_do_not_outweigh_who_belonged_before() {
    let [mut world, mut branch] = [(); 2].map(|()| World::of(&["ana", "bo", "cai"]));
    let seen = world.say("ana", ack());
    world.tell("ana", "cai");
    world.say("cai", ack());
    let lost = branch.say("ana", invite("crowd", 5, Role::Member));
    for name in ["pat", "quin", "rae", "sam", "tia"] {
        branch.join_by("ana", "crowd", name);
        branch.say(name, ack());
    }
    add_branch(&mut world, branch);
    let merged = world.merged();
    assert!(merged.is_void(&lost) && !merged.is_void(&seen));
}

/// Dee and Eve, whom Ana removes, saw the one branch of Bo's, and Cai the other.
#[test]
fn who_is_removed_has_no_say_in_a_fork() {
    let people = ["ana", "bo", "cai", "dee", "eve"];
    let [mut world, mut branch] = [(); 2].map(|()| World::of(&people));
    let seen = world.say("bo", ack());
    world.tell("bo", "cai");
    world.say("cai", ack());
    let lost = branch.say("bo", invite("i", 1, Role::Member));
    for name in ["dee", "eve"] {
        branch.tell("bo", name);
        branch.say(name, ack());
        world.say("ana", remove(name));
    }
    add_branch(&mut world, branch);
    let merged = world.merged();
    assert!(merged.is_void(&lost) && !merged.is_void(&seen));
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai"]);
}
