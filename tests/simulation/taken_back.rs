//! Stories of taking back: it goes everywhere, leaves no body behind, and is for the author alone.

use circlet_model::id::ThingId;
use circlet_model::membership::act::History;
use circlet_model::replica::input::{Command, Edit};
use circlet_model::replica::output::Reply;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_story_is_taken_back_everywhere_and_by_its_author_alone() {
    let mut world = World::new(11);
    let ana = world.found("Ana");
    let key = world.invite(ana, 2, History::FromNow);
    let bo = world.join("Bo", &key);
    world.run(5 * MINUTE);
    let Ok(Reply::Shared { thing }) = world.share(ana, "said too soon") else {
        panic!("it was not shared");
    };
    world.run(MINUTE);
    assert!(world.command(bo, Command::TakeBack { thing }).is_err());
    world.run(MINUTE);
    for node in [ana, bo] {
        assert_eq!(world.texts(node), ["said too soon"]);
        assert!(world.keeps_body(node, thing));
    }
    world.command(ana, Command::TakeBack { thing }).unwrap();
    world.run(MINUTE);
    for node in [ana, bo] {
        assert!(world.texts(node).is_empty());
        assert!(!world.keeps_body(node, thing));
    }
    assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
}

/// Returns a circle of these people; the first founded it.
fn circle(seed: u64, names: &[&str]) -> World {
    let mut world = World::new(seed);
    let first = world.found(names[0]);
    let key = world.invite(first, 9, History::All);
    for name in &names[1..] {
        world.join(name, &key);
    }
    world.run(5 * MINUTE);
    world
}

fn shared(world: &mut World, node: usize, text: &str) -> ThingId {
    match world.share(node, text) {
        Ok(Reply::Shared { thing }) => thing,
        other => panic!("it was not shared: {other:?}"),
    }
}

/// Returns how far something is gone, as its author sees it: from how many of how many, and whose
/// computers have still to hear.
fn gone(world: &World, node: usize, thing: ThingId) -> (usize, usize, Vec<String>) {
    let gone = world.replica(node).unwrap().gone_from(&thing).unwrap();
    let gone = gone.expect("it is theirs");
    let waiting = gone.waiting.into_iter().map(|waiting| waiting.name);
    (gone.from, gone.of, waiting.collect())
}

#[test]
fn the_author_alone_sees_from_whose_computers_it_is_gone() {
    let mut world = circle(71, &["Ana", "Bo", "Cai"]);
    let (ana, bo, cai) = (0, 1, 2);
    let thing = shared(&mut world, ana, "said too soon");
    world.run(MINUTE);
    world.stop(cai);
    world.command(ana, Command::TakeBack { thing }).unwrap();
    assert_eq!(
        gone(&world, ana, thing),
        (1, 3, vec!["Bo".into(), "Cai".into()])
    );
    world.run(MINUTE);
    assert_eq!(gone(&world, ana, thing), (2, 3, vec!["Cai".into()]));
    assert_eq!(world.replica(bo).unwrap().gone_from(&thing), Ok(None));
    // Cai meets Bo alone: what he says comes to Ana by way of Bo.
    world.stop(ana);
    world.start(cai);
    world.run(10 * MINUTE);
    world.stop(cai);
    world.start(ana);
    world.run(10 * MINUTE);
    assert_eq!(gone(&world, ana, thing), (3, 3, vec![]));
    // A device that comes later says what it knows.
    let key = world.invite(bo, 1, History::All);
    world.join("Dee", &key);
    world.run(MINUTE);
    assert_eq!(gone(&world, ana, thing), (4, 4, vec![]));
}

#[test]
fn receipts_are_few_and_end_by_themselves() {
    let mut world = circle(72, &["Ana", "Bo", "Cai", "Dee"]);
    let things: Vec<_> = (0..400)
        .map(|number| shared(&mut world, number % 4, &format!("number {number}")))
        .collect();
    world.run(MINUTE);
    let frames = world.traffic.frames;
    for (number, thing) in things.iter().enumerate() {
        let thing = *thing;
        let taken = world.command(number % 4, Command::TakeBack { thing });
        taken.unwrap();
    }
    world.run(MINUTE);
    let said = world.traffic.frames - frames;
    assert!(said < 40 * things.len() as u64, "{said} frames");
    let thing = shared(&mut world, 0, "one more");
    world.command(0, Command::TakeBack { thing }).unwrap();
    world.run(MINUTE);
    assert_eq!(gone(&world, 0, thing), (4, 4, vec![]));
    let (frames, bytes) = (world.traffic.frames, world.traffic.bytes);
    world.run(4 * 60 * MINUTE);
    let spent = (world.traffic.frames - frames, world.traffic.bytes - bytes);
    assert_eq!(spent, (0, 0));
    // A receipt names the newest; who is in step holds the retracts of the older ones, too.
    for (number, thing) in things.iter().enumerate() {
        let author = number % 4;
        let with = world.overview(author).in_step_with;
        let gone = gone(&world, author, *thing);
        assert_eq!(gone, (4, 4, vec![]), "{number}, in step with {with:?}");
    }
}

#[test]
fn more_than_one_receipt_names_is_known_to_be_gone_in_the_end() {
    let mut world = circle(76, &["Ana", "Bo", "Cai"]);
    let (ana, bo, cai) = (0, 1, 2);
    let things: Vec<_> = (0..600)
        .map(|number| shared(&mut world, ana, &format!("number {number}")))
        .collect();
    world.run(MINUTE);
    world.stop(cai);
    for thing in things.iter().copied() {
        world.command(ana, Command::TakeBack { thing }).unwrap();
    }
    world.run(MINUTE);
    for thing in &things {
        assert_eq!(gone(&world, ana, *thing), (2, 3, vec!["Cai".into()]));
    }
    // Cai hears it from Bo alone: of what his receipt does not name Ana knows when she meets him.
    world.stop(ana);
    world.start(cai);
    world.run(10 * MINUTE);
    assert!(!world.keeps_body(cai, things[0]));
    world.stop(bo);
    world.start(ana);
    world.run(10 * MINUTE);
    for thing in &things {
        assert_eq!(gone(&world, ana, *thing), (3, 3, vec![]));
    }
    // It stays known, also when more has come since.
    world.stop(cai);
    let thing = shared(&mut world, ana, "one more");
    world.command(ana, Command::TakeBack { thing }).unwrap();
    world.stop(ana);
    world.start(ana);
    world.run(MINUTE);
    assert_eq!(gone(&world, ana, things[0]), (3, 3, vec![]));
    assert_eq!(gone(&world, ana, thing).0, 1);
}

#[test]
fn a_receipt_that_a_crash_kept_back_is_told_after_it() {
    let mut world = circle(73, &["Ana", "Bo"]);
    let thing = shared(&mut world, 0, "said too soon");
    let other = shared(&mut world, 0, "said too late");
    world.run(MINUTE);
    world
        .command(0, Command::TakeBack { thing: other })
        .unwrap();
    world.run(MINUTE);
    world.command(0, Command::TakeBack { thing }).unwrap();
    // Erased at Bo, who goes before he says so.
    while world.keeps_body(1, thing) {
        assert!(world.step());
    }
    world.stop(1);
    world.run(MINUTE);
    assert_eq!(gone(&world, 0, thing), (1, 2, vec!["Bo".into()]));
    world.start(1);
    world.run(MINUTE);
    assert_eq!(gone(&world, 0, thing), (2, 2, vec![]));
}

#[test]
fn a_quiet_line_stands_where_a_story_was_if_the_circle_wants_that() {
    let mut world = circle(74, &["Ana", "Bo"]);
    let (ana, bo) = (0, 1);
    shared(&mut world, bo, "first");
    world.run(MINUTE);
    let thing = shared(&mut world, ana, "said too soon");
    let edited = shared(&mut world, ana, "with a slip");
    shared(&mut world, bo, "last");
    world.run(MINUTE);
    let to = thing;
    let text = "I hear you".to_owned();
    let Ok(Reply::Shared { thing: response }) = world.command(bo, Command::Respond { to, text })
    else {
        panic!("it was not shared");
    };
    world.run(MINUTE);
    let edit = Edit {
        text: "with an error less".to_owned(),
        ..Edit::default()
    };
    let thing = edited;
    world.command(ana, Command::Edit { thing, edit }).unwrap();
    let thing = to;
    world.command(ana, Command::TakeBack { thing }).unwrap();
    world.run(MINUTE);
    let quiet = |world: &World, node: usize| {
        let replica = world.replica(node).unwrap();
        let lines = replica.taken_back(usize::MAX, world.time(node)).unwrap();
        let lines = lines.into_iter();
        lines
            .map(|line| (line.name, line.me, line.after))
            .collect::<Vec<_>>()
    };
    assert_eq!(quiet(&world, bo), []);
    let (fade, tells) = (None, Some(true));
    let settled = world.command(ana, Command::Settle { fade, tells });
    settled.unwrap();
    world.run(MINUTE);
    assert_eq!(world.texts(bo), ["with an error less", "last", "first"]);
    assert_eq!(quiet(&world, bo), [("Ana".to_owned(), false, 2)]);
    assert_eq!(quiet(&world, ana), [("Ana".to_owned(), true, 2)]);
    // What was answered is out of sight; who answered keeps it.
    for (node, kept) in [(ana, 0), (bo, 1)] {
        let replica = world.replica(node).unwrap();
        let own = replica.own_like(&response.to_hex(), world.time(node));
        assert_eq!(own.unwrap().len(), kept);
        let stories = world.stories(node);
        assert!(stories.iter().all(|story| story.responses.is_empty()));
    }
    // Who never had it learns nothing.
    let key = world.invite(bo, 1, History::All);
    let dee = world.join("Dee", &key);
    world.run(MINUTE);
    assert_eq!(quiet(&world, dee), []);
}

#[test]
fn it_goes_from_who_was_away_for_months_put_back_or_in_the_middle_of_it() {
    for seed in 75..80 {
        let mut world = circle(seed, &["Ana", "Bo", "Cai", "Dee", "Eve"]);
        let (ana, bo, cai, dee, eve) = (0, 1, 2, 3, 4);
        let thing = shared(&mut world, ana, "said too soon");
        let kept = shared(&mut world, ana, "this stays");
        world.run(MINUTE);
        assert!((0..5).all(|node| world.keeps_body(node, thing)));
        // Cai is away for 90 days, Dee's disk is put back, Eve gets it while it is being taken back.
        world.stop(cai);
        let disk = world.store(dee).copy();
        world.stop(eve);
        world.run(MINUTE);
        let late = shared(&mut world, ana, "to be cut off");
        world.start(eve);
        for _ in 0..seed {
            world.step();
        }
        for thing in [thing, late] {
            world.command(ana, Command::TakeBack { thing }).unwrap();
        }
        world.run(90 * 24 * 60 * MINUTE);
        world.set_store(dee, disk);
        world.start(dee);
        // Ana is gone by now: Cai and Dee learn it from Bo and Eve.
        world.stop(ana);
        world.start(cai);
        world.run(60 * MINUTE);
        world.start(ana);
        world.run(60 * MINUTE);
        for node in [ana, bo, cai, dee, eve] {
            for thing in [thing, late] {
                assert!(!world.keeps_body(node, thing), "seed {seed}, node {node}");
            }
            assert!(world.keeps_body(node, kept), "seed {seed}, node {node}");
            assert_eq!(world.texts(node), ["this stays"]);
        }
    }
}
