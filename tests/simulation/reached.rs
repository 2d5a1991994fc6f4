//! Stories of what is known of the others: who has what was shared, who is in touch, what is only here.

use circlet_model::id::ThingId;
use circlet_model::membership::act::History;
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::{InTouch, Reached};
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Returns a circle of Ana, Bo and Cai.
fn three(seed: u64) -> (World, [usize; 3]) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 9, History::All);
    let (bo, cai) = (world.join("Bo", &key), world.join("Cai", &key));
    world.run(2 * MINUTE);
    (world, [ana, bo, cai])
}

fn share(world: &mut World, node: usize, text: &str) -> ThingId {
    match world.share(node, text) {
        Ok(Reply::Shared { thing }) => thing,
        other => panic!("it was not shared: {other:?}"),
    }
}

fn reached(world: &World, node: usize, thing: ThingId) -> Reached {
    let replica = world.replica(node).unwrap();
    let mut reached = replica.reached(thing).unwrap().unwrap();
    reached.by.sort();
    reached.unknown.sort();
    reached
}

fn contact(world: &World, node: usize, name: &str) -> InTouch {
    let contacts = world.replica(node).unwrap().in_touch();
    contacts.into_iter().find(|it| it.name == name).unwrap()
}

#[test]
fn it_is_known_who_has_a_story_and_stays_known_when_they_go() {
    let (mut world, [ana, bo, cai]) = three(71);
    world.stop(cai);
    world.run(MINUTE);
    let story = share(&mut world, ana, "for both");
    world.run(MINUTE);
    let to_bo = Reached {
        by: vec!["Bo".to_owned()],
        unknown: vec!["Cai".to_owned()],
    };
    assert_eq!(reached(&world, ana, story), to_bo);
    let theirs = world.replica(bo).unwrap().reached(story);
    assert_eq!(theirs, Ok(None), "only its author is told");
    let bo_now = contact(&world, ana, "Bo");
    assert!(bo_now.connected && bo_now.in_step);
    world.stop(bo);
    world.run(MINUTE);
    assert_eq!(reached(&world, ana, story), to_bo);
    let bo_then = contact(&world, ana, "Bo");
    assert!(!bo_then.connected && !bo_then.in_step && bo_then.last.is_some());
    assert!(world.replica(ana).unwrap().is_all_elsewhere());
    let alone = share(&mut world, ana, "for nobody yet");
    world.run(MINUTE);
    assert!(reached(&world, ana, alone).by.is_empty());
    assert!(!world.replica(ana).unwrap().is_all_elsewhere());
    world.start(cai);
    world.run(2 * MINUTE);
    let by = reached(&world, ana, alone).by;
    assert_eq!(by, ["Cai"]);
    assert!(world.replica(ana).unwrap().is_all_elsewhere());
    assert_eq!(reached(&world, ana, story).by, ["Bo", "Cai"]);
}

#[test]
fn who_may_not_read_a_story_is_not_said_to_have_it_or_to_get_it() {
    let mut world = World::new(73);
    let ana = world.found("Ana");
    let before = share(&mut world, ana, "before anybody came");
    let key = world.invite(ana, 1, History::FromNow);
    let bo = world.join("Bo", &key);
    world.run(2 * MINUTE);
    let after = share(&mut world, ana, "after");
    world.run(MINUTE);
    assert_eq!(world.texts(bo), ["after"]);
    assert_eq!(reached(&world, ana, after).by, ["Bo"]);
    assert_eq!(reached(&world, ana, before), Reached::default());
}

#[test]
fn nobody_is_said_to_have_what_they_have_not_stored() {
    let (mut world, [ana, bo, cai]) = three(72);
    let mut stories = Vec::new();
    for round in 0..25 {
        stories.push(share(&mut world, ana, &format!("story {round}")));
        match round % 5 {
            1 => world.cut_off(bo),
            3 => world.stop(cai),
            4 => world.start(cai),
            _ => {}
        }
        for _ in 0..25 {
            world.step();
            for (node, name) in [(bo, "Bo"), (cai, "Cai")] {
                let Some(theirs) = world.replica(node) else {
                    continue;
                };
                for &story in stories.iter().rev().take(4) {
                    let said = reached(&world, ana, story).by.iter().any(|it| it == name);
                    let there = theirs.story(story, world.time(node)).unwrap().is_some();
                    assert!(!said || there, "{name} lacks a story in round {round}");
                }
            }
        }
    }
    world.run(5 * MINUTE);
    for story in stories {
        assert_eq!(reached(&world, ana, story).by, ["Bo", "Cai"]);
    }
}

#[test]
fn what_was_known_is_forgotten_with_the_node_and_comes_back_by_itself() {
    let (mut world, [ana, bo, _]) = three(73);
    let story = share(&mut world, ana, "for both");
    world.run(MINUTE);
    world.stop(ana);
    world.stop(bo);
    world.run(MINUTE);
    world.start(ana);
    world.run(2 * MINUTE);
    assert_eq!(reached(&world, ana, story).by, ["Cai"]);
    assert_eq!(contact(&world, ana, "Bo").last, None);
    world.start(bo);
    world.run(2 * MINUTE);
    assert_eq!(reached(&world, ana, story).by, ["Bo", "Cai"]);
}
