//! Stories of farewells: everybody hears of them in the end, whoever heard first.

use circlet_model::membership::act::History;
use circlet_model::replica::input::Command;
use circlet_model::replica::overview::Standing;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_hours(24);

/// Ana founds a circle, Bo and Cai join.
fn circle(seed: u64) -> World {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 2, History::All);
    for name in ["Bo", "Cai"] {
        world.join(name, &key);
        world.run(MINUTE);
    }
    world
}

fn names(world: &World, node: usize) -> Vec<String> {
    let members = world.overview(node).members.into_iter();
    members.map(|member| member.name).collect()
}

#[test]
fn a_farewell_that_only_somebody_removed_heard_is_told_again() {
    let mut world = circle(1);
    let (ana, bo, cai) = (0, 1, 2);
    world.partition(&[0, 1, 1]);
    world.run(MINUTE);
    world.command(bo, Command::Leave).unwrap();
    world.run(MINUTE);
    assert_eq!(names(&world, cai), ["Ana", "Cai"]);
    let person = world.person(cai);
    world.command(ana, Command::Remove { person }).unwrap();
    world.heal();
    world.run(60 * MINUTE);
    assert_eq!(names(&world, ana), ["Ana"]);
    assert_eq!(world.overview(bo).standing, Standing::Left);
}

#[test]
fn a_farewell_is_told_to_whoever_comes_back_after_months() {
    let mut world = circle(2);
    let (ana, bo) = (0, 1);
    world.stop(ana);
    world.stop(2);
    world.run(MINUTE);
    world.command(bo, Command::Leave).unwrap();
    world.run(90 * DAY);
    world.start(ana);
    world.run(60 * MINUTE);
    assert_eq!(names(&world, ana), ["Ana", "Cai"]);
}

#[test]
fn a_farewell_is_told_to_a_newcomer_whom_the_one_who_left_never_met() {
    let mut world = circle(3);
    let (ana, bo) = (0, 1);
    world.partition(&[0, 1, 1]);
    world.run(MINUTE);
    world.command(bo, Command::Leave).unwrap();
    world.run(MINUTE);
    let key = world.invite(ana, 1, History::All);
    let dee = world.join("Dee", &key);
    world.partition(&[0, 1, 1, 0]);
    world.run(MINUTE);
    assert_eq!(names(&world, dee).len(), 4);
    for gone in [ana, 2] {
        world.stop(gone);
    }
    world.heal();
    world.run(60 * MINUTE);
    assert_eq!(names(&world, dee).len(), 3);
    world.share(dee, "still here").unwrap();
    world.run(60 * MINUTE);
    assert!(world.texts(bo).is_empty(), "who left hears nothing more");
}
