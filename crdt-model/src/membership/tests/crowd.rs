//! More devices of one person than there may be.

use crate::membership::MAX_OF_ONE;
use crate::membership::act::Role;
use crate::membership::graph::{Graph, Insert};
use crate::membership::judge::Refusal;
use crate::membership::testing::{
    World, ack, add_device, admit, device, invite, names, person, remove, remove_device, write,
};

const REFUSED: Result<crate::id::ActId, Insert> = Err(Insert::Refused(Refusal::Devices));

/// Ana, Bo and Cai, where Bo has so many devices: `bo`, `bo2` and so on.
fn with_devices(count: usize) -> World {
    let mut world = World::of(&["ana", "bo", "cai"]);
    for number in 2..=count {
        add(&mut world, "bo", &format!("bo{number}"));
    }
    world.meet_all();
    world
}

fn add(world: &mut World, by: &str, new: &str) {
    world.say(by, add_device(world.circle, new, false));
    world.tell(by, new);
}

/// Which of Bo's devices belong, by their number.
fn of_bo(graph: &Graph) -> Vec<usize> {
    let active = (1..200).filter(|number| {
        let name = match number {
            1 => "bo".to_owned(),
            number => format!("bo{number}"),
        };
        graph.roster().is_active(&device(&name))
    });
    let active: Vec<usize> = active.collect();
    assert_eq!(
        graph.roster().devices_of(&person("bo")).count(),
        active.len()
    );
    active
}

#[test]
fn who_has_eight_devices_adds_one_after_taking_one_out() {
    let mut world = with_devices(MAX_OF_ONE);
    let circle = world.circle;
    let ninth = || add_device(circle, "bo9", false);
    assert_eq!(world.try_say("bo", ninth()), REFUSED);
    assert_eq!(world.try_say("bo3", ninth()), REFUSED);
    // The words do not bring one in either.
    let graph = world.replicas["cai"].clone();
    let by_words = add_device(world.circle, "bo9", true);
    let act = write(
        world.circle,
        "bo9",
        (1, crate::id::ActId::default()),
        &graph.heads(),
        by_words,
    );
    world.replicas.insert("bo9".to_owned(), graph);
    let taken = world.replicas.get_mut("bo9").unwrap().insert(act);
    assert_eq!(taken, Insert::Refused(Refusal::Devices));
    world.replicas.remove("bo9");
    world.say("bo3", remove_device("bo2", None));
    add(&mut world, "bo3", "bo9");
    assert_eq!(of_bo(&world.merged()), [1, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn of_devices_added_beside_each_other_those_stay_that_others_knew() {
    for known in [8, 9] {
        let mut world = with_devices(MAX_OF_ONE - 1);
        add(&mut world, "bo", "bo8");
        add(&mut world, "bo2", "bo9");
        let by = if known == 8 { "bo" } else { "bo2" };
        world.tell(by, "cai");
        world.say("cai", ack());
        assert_eq!(of_bo(&world.merged()), [1, 2, 3, 4, 5, 6, 7, known]);
        // It stays so when everybody knows of both.
        world.meet(&["ana", "bo", "bo2", "cai"]);
        for who in ["ana", "cai"] {
            world.say(who, ack());
        }
        assert_eq!(of_bo(&world.merged()), [1, 2, 3, 4, 5, 6, 7, known]);
    }
}

#[test]
fn devices_that_are_dated_back_put_out_none_that_others_knew() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    add(&mut world, "bo", "bo2");
    for new in ["bo3", "bo4", "bo5"] {
        add(&mut world, "bo", new);
    }
    for who in ["ana", "cai"] {
        world.tell("bo", who);
        world.say(who, ack());
    }
    // A copy of the second one's key, which was silent, knows of the first two alone.
    for number in 11..=16 {
        add(&mut world, "bo2", &format!("bo{number}"));
    }
    let active = of_bo(&world.merged());
    assert_eq!(active.len(), MAX_OF_ONE);
    assert_eq!(active[..5], [1, 2, 3, 4, 5]);
}

#[test]
fn devices_of_every_branch_of_a_fork_are_few() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let place = world.place("bo");
    let heads = world.heads("bo");
    for number in 2..40 {
        let kind = add_device(world.circle, &format!("bo{number}"), false);
        let (_, taken) = world.forge("bo", place, &heads, kind);
        assert_eq!(taken, Insert::Attached);
    }
    let merged = world.merged();
    assert_eq!(of_bo(&merged).len(), MAX_OF_ONE);
    assert!(merged.roster().devices[&device("bo")].forked);
}

#[test]
fn devices_by_which_somebody_is_let_in_on_every_branch_are_few() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", invite("i", 1, Role::Member));
    let (place, heads) = (world.place("bo"), world.heads("bo"));
    for number in 2..20 {
        let kind = admit(world.circle, "i", &format!("pat{number}"));
        let (_, taken) = world.forge("bo", place, &heads, kind);
        assert_eq!(taken, Insert::Attached);
    }
    let merged = world.merged();
    let roster = merged.roster();
    assert_eq!(roster.devices_of(&person("pat")).count(), MAX_OF_ONE);
    assert!(roster.is_member(&person("pat")));
}

#[test]
fn what_a_device_too_many_wrote_counts_once_there_is_room() {
    let mut world = with_devices(MAX_OF_ONE - 1).keepers("ana", &["bo"]);
    add(&mut world, "bo", "bo8");
    world.tell("bo", "cai");
    world.say("cai", ack());
    add(&mut world, "bo2", "bo9");
    world.say("bo9", remove("ana"));
    let merged = world.merged();
    assert_eq!(of_bo(&merged), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai"]);
    // Whoever takes one out lets in the one that is left over, with what it wrote.
    world.meet_all();
    world.say("bo3", remove_device("bo7", None));
    let merged = world.merged();
    assert_eq!(of_bo(&merged), [1, 2, 3, 4, 5, 6, 8, 9]);
    assert_eq!(names(merged.roster()), ["bo", "cai"]);
}

/// Ana belonged before Bo did. The other two came by Bo alone.
#[test]
fn of_devices_added_beside_each_other_those_stay_that_elders_knew() {
    let mut world = with_devices(MAX_OF_ONE - 1);
    add(&mut world, "bo", "bo8");
    world.tell("bo", "ana");
    world.say("ana", ack());
    add(&mut world, "bo2", "bo9");
    for name in ["dee", "eve"] {
        world.join("bo2", name);
        world.say(name, ack());
    }
    assert_eq!(of_bo(&world.merged()), [1, 2, 3, 4, 5, 6, 7, 8]);
}
