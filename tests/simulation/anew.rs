//! Stories of what was written on top of words that a removal's cut took out of view: whoever wrote it
//! writes it again, once.

use crate::agree::in_step;
use crate::agreement::{seen, text, write};
use circlet_model::id::PersonId;
use circlet_model::membership::act::{History, Role};
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_model::store::Space;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_hours(24);

/// Returns a circle of Ana, Bo, Cai and Dee, of whom the first three are keepers.
fn four(seed: u64) -> (World, [usize; 4]) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 9, History::All);
    let [bo, cai, dee] = ["Bo", "Cai", "Dee"].map(|name| world.join(name, &key));
    world.run(2 * MINUTE);
    for node in [bo, cai] {
        let (person, role) = (world.person(node), Role::Keeper);
        let command = Command::SetRole { person, role };
        world.command(ana, command).unwrap();
    }
    write(&mut world, ana, "Anyone may pass.");
    world.run(2 * MINUTE);
    (world, [ana, bo, cai, dee])
}

/// Somebody puts a sentence behind what they see.
fn add(world: &mut World, node: usize, sentence: &str) {
    let text = text(world, node) + sentence;
    write(world, node, &text);
    world.run(MINUTE);
}

fn settle(world: &mut World, node: usize, fade: Option<u16>, tells: Option<bool>) {
    let settled = world.command(node, Command::Settle { fade, tells });
    assert_eq!(settled, Ok(Reply::Done));
    world.run(MINUTE);
}

fn settled(world: &World, node: usize) -> (Option<u16>, bool) {
    let settings = world.settings(node).unwrap();
    (settings.fade, settings.tells)
}

/// Somebody removes another.
fn remove(world: &mut World, by: usize, person: PersonId) {
    let removed = world.command(by, Command::Remove { person });
    assert_eq!(removed, Ok(Reply::Done));
}

/// How many entries a node keeps.
fn entries(world: &World, node: usize) -> usize {
    let rows = world.store(node).rows();
    rows.iter()
        .filter(|(key, _)| key.space == Space::Log)
        .count()
}

/// Ana is apart while the others write, and removes Bo; then all but Bo meet, and at last Bo tries to.
fn removed_meanwhile(
    (world, [ana, bo, cai, dee]): (&mut World, [usize; 4]),
    meanwhile: impl FnOnce(&mut World),
    restarts: bool,
) {
    world.partition(&[0, 1, 1, 1]);
    world.run(MINUTE);
    meanwhile(world);
    let person = world.person(bo);
    remove(world, ana, person);
    if restarts {
        world.stop(cai);
        world.partition(&[0, 1, 0, 0]);
        world.run(10 * MINUTE);
        world.start(cai);
    }
    world.partition(&[0, 1, 0, 0]);
    world.run(30 * MINUTE);
    in_step(world, &[ana, cai, dee]);
    world.heal();
    world.run(30 * MINUTE);
    in_step(world, &[ana, cai, dee]);
}

/// Nothing more is written, however often they meet and begin anew.
fn nothing_more_comes(world: &mut World, nodes: &[usize]) {
    let before: Vec<_> = nodes.iter().map(|node| entries(world, *node)).collect();
    for _ in 0..3 {
        for node in nodes {
            world.stop(*node);
            world.run(MINUTE);
            world.start(*node);
        }
        world.run(DAY);
    }
    let after: Vec<_> = nodes.iter().map(|node| entries(world, *node)).collect();
    assert_eq!(before, after);
    in_step(world, nodes);
}

#[test]
fn words_on_top_of_what_a_cut_took_are_written_again() {
    for restarts in [false, true] {
        let (mut world, all @ [ana, bo, cai, dee]) = four(90);
        let meanwhile = |world: &mut World| {
            add(world, bo, " Bo brings tea.");
            add(world, cai, " We listen.");
        };
        removed_meanwhile((&mut world, all), meanwhile, restarts);
        for node in [ana, cai, dee] {
            let whole = "Anyone may pass. Bo brings tea. We listen.";
            assert_eq!(text(&world, node), whole, "node {node}, {restarts}");
            assert_eq!(seen(&world, node).unwrap().by, "Cai");
        }
        nothing_more_comes(&mut world, &[ana, cai, dee]);
    }
}

#[test]
fn the_last_of_a_line_writes_the_words_of_all_again() {
    let (mut world, all @ [ana, bo, cai, dee]) = four(91);
    let meanwhile = |world: &mut World| {
        add(world, bo, " Bo brings tea.");
        add(world, cai, " We listen.");
        add(world, dee, " We are kind.");
        add(world, bo, " Bo rules.");
    };
    removed_meanwhile((&mut world, all), meanwhile, false);
    // What nobody built on stays out of view.
    let whole = "Anyone may pass. Bo brings tea. We listen. We are kind.";
    for node in [ana, cai, dee] {
        assert_eq!(text(&world, node), whole);
        assert_eq!(seen(&world, node).unwrap().by, "Dee");
    }
    nothing_more_comes(&mut world, &[ana, cai, dee]);
}

#[test]
fn what_others_wrote_meanwhile_stays_beside_what_is_written_again() {
    let (mut world, all @ [ana, bo, cai, dee]) = four(92);
    let meanwhile = |world: &mut World| {
        add(world, bo, " Bo brings tea.");
        add(world, cai, " We listen.");
        write(world, ana, "Welcome. Anyone may pass.");
    };
    removed_meanwhile((&mut world, all), meanwhile, true);
    for node in [ana, cai, dee] {
        let whole = "Welcome. Anyone may pass. Bo brings tea. We listen.";
        assert_eq!(text(&world, node), whole);
    }
    add(&mut world, ana, " We end on time.");
    for node in [ana, cai, dee] {
        assert!(text(&world, node).ends_with(" We listen. We end on time."));
    }
}

#[test]
fn an_agreement_whose_beginning_a_cut_took_is_begun_again() {
    let mut world = World::new(93);
    let ana = world.found("Ana");
    let key = world.invite(ana, 9, History::All);
    let [bo, cai, dee] = ["Bo", "Cai", "Dee"].map(|name| world.join(name, &key));
    world.run(2 * MINUTE);
    let meanwhile = |world: &mut World| {
        write(world, bo, "Be there.");
        world.run(MINUTE);
        add(world, cai, " Be kind.");
    };
    removed_meanwhile((&mut world, [ana, bo, cai, dee]), meanwhile, false);
    for node in [ana, cai, dee] {
        assert_eq!(text(&world, node), "Be there. Be kind.");
    }
    nothing_more_comes(&mut world, &[ana, cai, dee]);
}

#[test]
fn settings_on_top_of_what_a_cut_took_are_settled_again() {
    for restarts in [false, true] {
        let (mut world, all @ [ana, bo, cai, dee]) = four(94);
        let meanwhile = |world: &mut World| {
            settle(world, bo, Some(3), None);
            settle(world, cai, None, Some(true));
        };
        removed_meanwhile((&mut world, all), meanwhile, restarts);
        for node in [ana, cai, dee] {
            // What Bo settled goes with him.
            assert_eq!(settled(&world, node), (None, true), "node {node}");
        }
        nothing_more_comes(&mut world, &[ana, cai, dee]);
    }
}

#[test]
fn what_was_settled_otherwise_meanwhile_stays_so() {
    let (mut world, all @ [ana, bo, cai, dee]) = four(95);
    let meanwhile = |world: &mut World| {
        settle(world, bo, Some(3), None);
        settle(world, cai, Some(7), Some(true));
        settle(world, ana, Some(30), None);
    };
    removed_meanwhile((&mut world, all), meanwhile, false);
    for node in [ana, cai, dee] {
        assert_eq!(settled(&world, node), (Some(30), true));
    }
    nothing_more_comes(&mut world, &[ana, cai, dee]);
}
