//! Stories of the circle's agreement: written together, agreed to by each, and read by who comes later.

use crate::agree::in_step;
use circlet_model::membership::act::History;
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::{AgreementLine, Answer};
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Returns a circle of Ana, Bo and Cai.
fn three(seed: u64) -> (World, [usize; 3]) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 9, History::FromNow);
    let (bo, cai) = (world.join("Bo", &key), world.join("Cai", &key));
    world.run(2 * MINUTE);
    (world, [ana, bo, cai])
}

pub(crate) fn seen(world: &World, node: usize) -> Option<AgreementLine> {
    let replica = world.replica(node).unwrap();
    replica.agreement(world.time(node)).unwrap()
}

pub(crate) fn text(world: &World, node: usize) -> String {
    seen(world, node).map(|line| line.text).unwrap_or_default()
}

/// Somebody makes this of what they see.
pub(crate) fn write(world: &mut World, node: usize, text: &str) {
    let seen = seen(world, node)
        .map(|line| line.version)
        .unwrap_or_default();
    let text = text.to_owned();
    let written = world.command(node, Command::Agreement { text, seen });
    assert_eq!(written, Ok(Reply::Done));
}

fn agree(world: &mut World, node: usize) {
    let version = seen(world, node).unwrap().version;
    assert_eq!(
        world.command(node, Command::Agree { version }),
        Ok(Reply::Done)
    );
}

/// Returns who has said what, as a node sees it.
fn answers(world: &World, node: usize) -> Vec<(String, Answer)> {
    let answers = seen(world, node).unwrap().answers.into_iter();
    let mut answers: Vec<_> = answers.map(|it| (it.name, it.answer)).collect();
    answers.sort_by(|a, b| a.0.cmp(&b.0));
    answers
}

fn said(answers: &[(&str, Answer)]) -> Vec<(String, Answer)> {
    let owned = answers
        .iter()
        .map(|(name, answer)| ((*name).to_owned(), *answer));
    owned.collect()
}

#[test]
fn a_circle_agrees_and_is_asked_again_when_the_words_change() {
    let (mut world, all @ [ana, bo, cai]) = three(81);
    write(&mut world, ana, "What is said here stays here.");
    world.run(MINUTE);
    agree(&mut world, bo);
    world.run(MINUTE);
    let so_far = [
        ("Ana", Answer::Yes),
        ("Bo", Answer::Yes),
        ("Cai", Answer::NotYet),
    ];
    for node in all {
        assert_eq!(answers(&world, node), said(&so_far));
    }
    write(
        &mut world,
        cai,
        "What is said here stays here.\nAnyone may pass.",
    );
    world.run(MINUTE);
    let changed = [
        ("Ana", Answer::Before),
        ("Bo", Answer::Before),
        ("Cai", Answer::Yes),
    ];
    for node in all {
        assert_eq!(answers(&world, node), said(&changed));
        assert_eq!(seen(&world, node).unwrap().by, "Cai");
    }
    in_step(&world, &all);
}

#[test]
fn two_who_write_apart_are_both_heard_and_asked_about_what_became_of_it() {
    let (mut world, all @ [ana, bo, cai]) = three(82);
    write(&mut world, ana, "Anyone may pass.");
    world.run(MINUTE);
    world.partition(&[0, 1, 1]);
    world.run(MINUTE);
    write(&mut world, ana, "Anyone may pass, always.");
    write(
        &mut world,
        bo,
        "We listen before we advise.\nAnyone may pass.",
    );
    world.run(MINUTE);
    assert_eq!(
        text(&world, cai),
        "We listen before we advise.\nAnyone may pass."
    );
    world.heal();
    world.run(10 * MINUTE);
    for node in all {
        assert_eq!(
            text(&world, node),
            "We listen before we advise.\nAnyone may pass, always."
        );
        let asked = [
            ("Ana", Answer::Before),
            ("Bo", Answer::Before),
            ("Cai", Answer::NotYet),
        ];
        assert_eq!(answers(&world, node), said(&asked));
    }
    in_step(&world, &all);
}

#[test]
fn who_edits_what_changed_meanwhile_takes_nothing_of_it_out() {
    let (mut world, all @ [ana, bo, _]) = three(83);
    write(&mut world, ana, "Anyone may pass.");
    world.run(MINUTE);
    let before = seen(&world, bo).unwrap().version;
    write(&mut world, ana, "Anyone may pass.\nNo fixing unless asked.");
    world.run(MINUTE);
    let text_of_bo = "Everyone may pass.".to_owned();
    let edit = Command::Agreement {
        text: text_of_bo,
        seen: before,
    };
    world.command(bo, edit).unwrap();
    world.run(MINUTE);
    for node in all {
        assert_eq!(
            text(&world, node),
            "Everyone may pass.\nNo fixing unless asked."
        );
    }
}

#[test]
fn who_comes_later_reads_it_though_stories_begin_from_now() {
    let (mut world, [ana, ..]) = three(84);
    write(&mut world, ana, "What is said here stays here.");
    world.share(ana, "before").unwrap();
    world.run(MINUTE);
    let key = world.invite(ana, 1, History::FromNow);
    let dee = world.join("Dee", &key);
    world.run(5 * MINUTE);
    assert_eq!(text(&world, dee), "What is said here stays here.");
    assert!(world.texts(dee).is_empty());
    assert_eq!(seen(&world, dee).unwrap().mine(), Answer::NotYet);
    agree(&mut world, dee);
    world.run(MINUTE);
    assert!(answers(&world, ana).contains(&("Dee".to_owned(), Answer::Yes)));
}

#[test]
fn who_is_removed_is_not_asked_and_what_they_wrote_before_stays() {
    let (mut world, [ana, bo, cai]) = three(85);
    write(&mut world, ana, "Anyone may pass.");
    world.run(MINUTE);
    write(&mut world, cai, "Anyone may pass.\nWe listen.");
    world.run(MINUTE);
    world.partition(&[0, 0, 1]);
    world.run(MINUTE);
    let person = world.person(cai);
    world.command(ana, Command::Remove { person }).unwrap();
    write(&mut world, cai, "Cai alone says what holds.");
    world.heal();
    world.run(60 * MINUTE);
    for node in [ana, bo] {
        assert_eq!(text(&world, node), "Anyone may pass.\nWe listen.");
        let names: Vec<String> = answers(&world, node).into_iter().map(|it| it.0).collect();
        assert_eq!(names, ["Ana", "Bo"]);
    }
    in_step(&world, &[ana, bo]);
}

#[test]
fn of_two_agreements_begun_apart_all_show_the_same() {
    let (mut world, all @ [ana, bo, _]) = three(86);
    world.partition(&[0, 1, 1]);
    world.run(MINUTE);
    write(&mut world, ana, "Ana's sentences.");
    write(&mut world, bo, "Bo's sentences.");
    world.heal();
    world.run(10 * MINUTE);
    let shown = text(&world, ana);
    assert!(["Ana's sentences.", "Bo's sentences."].contains(&shown.as_str()));
    for node in all {
        assert_eq!(text(&world, node), shown);
        // What the other one wrote is not lost in silence.
        let line = world.replica(node).unwrap().agreement(world.time(node));
        let beside = line.unwrap().unwrap().beside;
        let both = ["Ana's sentences.", "Bo's sentences."];
        let other = both.into_iter().filter(|it| *it != shown);
        assert_eq!(beside, other.collect::<Vec<_>>());
    }
    in_step(&world, &all);
}
