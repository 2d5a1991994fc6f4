//! Stories of gestures: a sentence that the author reads and nobody else, whoever carries it.

use crate::agree::in_step;
use circlet_model::content::gesture::Says::{self, BeenThere, ThankYou, WithYou};
use circlet_model::id::ThingId;
use circlet_model::membership::act::History;
use circlet_model::replica::input::{Command, Edit};
use circlet_model::replica::output::{Refusal, Reply};
use circlet_model::replica::overview::StoryLine;
use circlet_model::replica::transcript::Purpose;
use circlet_model::store::Space;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns a circle of these people, the first of whom shared a story that all have.
fn circle(seed: u64, names: &[&str]) -> (World, ThingId) {
    let mut world = World::new(seed);
    let first = world.found(names[0]);
    let key = world.invite(first, 9, History::All);
    for name in &names[1..] {
        world.join(name, &key);
    }
    world.run(5 * MINUTE);
    let Ok(Reply::Shared { thing }) = world.share(first, "a long week") else {
        panic!("it was not shared");
    };
    world.run(MINUTE);
    (world, thing)
}

fn says(world: &mut World, node: usize, to: ThingId, says: Says) {
    let back = false;
    let made = world.command(node, Command::Gesture { to, says, back });
    assert_eq!(made, Ok(Reply::Done));
}

fn takes_back(world: &mut World, node: usize, to: ThingId, says: Says) {
    let back = true;
    let made = world.command(node, Command::Gesture { to, says, back });
    assert_eq!(made, Ok(Reply::Done));
}

fn line(world: &World, node: usize, story: ThingId) -> StoryLine {
    let replica = world.replica(node).unwrap();
    replica.story(story, world.time(node)).unwrap().unwrap()
}

/// Returns who says what to a node that reads a story.
fn told(world: &World, node: usize, story: ThingId) -> Vec<(String, Says)> {
    let lines = line(world, node, story).gestures.into_iter();
    let mut told: Vec<_> = lines.map(|line| (line.name, line.says)).collect();
    told.sort();
    told
}

fn given(world: &World, node: usize, story: ThingId) -> Vec<Says> {
    line(world, node, story).given
}

/// Returns how many notes a node has a key of.
fn notes(world: &World, node: usize) -> usize {
    let rows = world.store(node).rows();
    let notes = rows.iter().filter(|(key, _)| {
        key.space == Space::Grants && key.owner.ends_with(b"note") && key.owner.len() == 52
    });
    notes.count()
}

#[test]
fn nobody_but_the_author_reads_who_says_what() {
    let (mut world, story) = circle(91, &["Ana", "Bo", "Mo", "Cai"]);
    let (ana, bo, mo, cai) = (0, 1, 2, 3);
    says(&mut world, bo, story, WithYou);
    says(&mut world, mo, story, WithYou);
    says(&mut world, mo, story, ThankYou);
    says(&mut world, mo, story, ThankYou);
    world.run(MINUTE);
    in_step(&world, &[ana, bo, mo, cai]);
    let all = [("Bo", WithYou), ("Mo", WithYou), ("Mo", ThankYou)];
    let all = all.map(|(name, says)| (name.to_owned(), says));
    assert_eq!(told(&world, ana, story), all);
    assert!(given(&world, ana, story).is_empty());
    let own = [vec![WithYou], vec![WithYou, ThankYou], vec![]];
    for (node, own) in [bo, mo, cai].into_iter().zip(own) {
        assert!(told(&world, node, story).is_empty());
        assert_eq!(given(&world, node, story), own);
        assert_eq!(notes(&world, node), 0, "no key of a note");
        assert_eq!(world.sealed(node), 0, "nothing waits to be opened");
    }
    assert_eq!(notes(&world, ana), 3);
    assert!(line(&world, ana, story).responses.is_empty());
}

#[test]
fn it_is_taken_back_everywhere_and_the_story_takes_it_along() {
    let (mut world, story) = circle(92, &["Ana", "Bo", "Cai"]);
    let (ana, bo, cai) = (0, 1, 2);
    world.stop(ana);
    says(&mut world, bo, story, WithYou);
    says(&mut world, bo, story, BeenThere);
    world.run(MINUTE);
    // Cai carries what is not for Cai.
    world.stop(bo);
    world.start(ana);
    world.run(10 * MINUTE);
    let with = ("Bo".to_owned(), WithYou);
    let been = ("Bo".to_owned(), BeenThere);
    assert_eq!(told(&world, ana, story), [with, been.clone()]);
    let lines = line(&world, ana, story).gestures;
    let gone = lines.iter().find(|line| line.says == WithYou).unwrap();
    let gone = gone.thing;
    world.start(bo);
    world.run(10 * MINUTE);
    assert!([ana, bo, cai].iter().all(|it| world.keeps_body(*it, gone)));
    takes_back(&mut world, bo, story, WithYou);
    takes_back(&mut world, bo, story, WithYou);
    world.run(MINUTE);
    for node in [ana, bo, cai] {
        assert!(!world.keeps_body(node, gone));
    }
    assert_eq!(told(&world, ana, story), std::slice::from_ref(&been));
    assert_eq!(
        (given(&world, bo, story), notes(&world, ana)),
        (vec![BeenThere], 1)
    );
    // Through an edit it stays; with its story it goes.
    let edit = Edit {
        text: "a very long week".to_owned(),
        ..Edit::default()
    };
    let edited = world.command(ana, Command::Edit { thing: story, edit });
    let Ok(Reply::Shared { thing }) = edited else {
        panic!("it was not edited");
    };
    world.run(MINUTE);
    assert_eq!(told(&world, ana, thing), [been]);
    assert_eq!(given(&world, bo, thing), [BeenThere]);
    world.command(ana, Command::TakeBack { thing }).unwrap();
    world.run(MINUTE);
    for node in [ana, bo, cai] {
        assert!(world.stories(node).is_empty());
    }
    in_step(&world, &[ana, bo, cai]);
}

#[test]
fn it_fades_with_its_story() {
    let (mut world, _) = circle(93, &["Ana", "Bo", "Cai"]);
    let (ana, bo, cai) = (0, 1, 2);
    let story = world.share_for(ana, "for these days", 3);
    world.run(MINUTE);
    says(&mut world, bo, story, ThankYou);
    world.run(MINUTE);
    let gesture = line(&world, ana, story).gestures[0].thing;
    for day in 0..6 {
        world.share(cai, &format!("day {day}")).unwrap();
        world.run(DAY);
    }
    for node in [ana, bo, cai] {
        assert!(!world.keeps_body(node, gesture), "node {node}");
    }
    assert_eq!(notes(&world, ana), 0);
    in_step(&world, &[ana, bo, cai]);
}

#[test]
fn each_computer_of_the_author_reads_it_and_each_of_the_maker_takes_it_back() {
    let (mut world, story) = circle(94, &["Ana", "Bo"]);
    let (ana, bo) = (0, 1);
    let (card, other) = (world.card(bo), world.card(ana));
    let anas = world.come_back(ana, &[&card]);
    let bos = world.come_back(bo, &[&other]);
    world.run(10 * MINUTE);
    says(&mut world, bo, story, WithYou);
    world.run(MINUTE);
    for node in [ana, anas] {
        assert_eq!(told(&world, node, story), [("Bo".to_owned(), WithYou)]);
    }
    for node in [bo, bos] {
        assert_eq!(given(&world, node, story), [WithYou]);
    }
    // On both at once it is the same one.
    world.partition(&[0, 0, 1, 1]);
    says(&mut world, bo, story, ThankYou);
    says(&mut world, bos, story, ThankYou);
    world.heal();
    world.run(90 * MINUTE);
    let before = told(&world, ana, story);
    assert_eq!((before.len(), told(&world, anas, story)), (2, before));
    takes_back(&mut world, bos, story, WithYou);
    takes_back(&mut world, bos, story, ThankYou);
    world.run(MINUTE);
    for node in [ana, anas] {
        assert!(told(&world, node, story).is_empty());
    }
    assert!(given(&world, bo, story).is_empty());
    says(&mut world, bo, story, WithYou);
    world.run(MINUTE);
    assert_eq!(told(&world, ana, story), [("Bo".to_owned(), WithYou)]);
    in_step(&world, &[ana, bo, anas, bos]);
}

/// What a computer that comes later cannot open, a backup brings; and so does saying it anew.
#[test]
fn a_computer_that_comes_later_reads_it_from_a_backup_or_when_it_is_said_anew() {
    let (mut world, story) = circle(95, &["Ana", "Bo"]);
    let (ana, bo) = (0, 1);
    says(&mut world, bo, story, WithYou);
    world.run(MINUTE);
    let card = world.card(bo);
    let later = world.come_back(ana, &[&card]);
    world.run(10 * MINUTE);
    assert_eq!(line(&world, later, story).text, "a long week");
    assert!(told(&world, later, story).is_empty());
    let circle = world.overview(ana).circle.unwrap();
    let pieces = world.transcript(ana, Purpose::Backup);
    let back = world.restore(ana, circle, &pieces, &[&card]);
    world.run(30 * MINUTE);
    assert_eq!(told(&world, back, story), [("Bo".to_owned(), WithYou)]);
    takes_back(&mut world, bo, story, WithYou);
    says(&mut world, bo, story, WithYou);
    world.run(MINUTE);
    for node in [ana, later, back] {
        assert_eq!(told(&world, node, story), [("Bo".to_owned(), WithYou)]);
    }
    // A bundle for everybody carries it, and no key of a note.
    let news = world.transcript(ana, Purpose::Bundle { to: None });
    let backup = world.transcript(ana, Purpose::Backup);
    let marked = |pieces: &[Vec<u8>]| pieces.iter().any(|piece| piece.first() == Some(&0x83));
    assert!(marked(&backup) && !marked(&news));
    in_step(&world, &[ana, bo, later, back]);
}

/// The KEM keys of that time are gone on all sides after ten weeks.
#[test]
fn it_is_read_months_later_and_after_a_restart() {
    let (mut world, story) = circle(96, &["Ana", "Bo", "Cai"]);
    let (ana, bo, cai) = (0, 1, 2);
    let first = world.kem(ana);
    says(&mut world, bo, story, BeenThere);
    for day in 0..75 {
        if day % 9 == 0 {
            world
                .share([ana, bo, cai][day % 3], &format!("day {day}"))
                .unwrap();
        }
        world.run(DAY);
    }
    let now = world.kem(ana);
    assert!(
        now.old()
            .chain([now.public()])
            .all(|key| key != first.public())
    );
    assert_eq!(told(&world, ana, story), [("Bo".to_owned(), BeenThere)]);
    world.stop(ana);
    world.start(ana);
    world.run(MINUTE);
    assert_eq!(told(&world, ana, story), [("Bo".to_owned(), BeenThere)]);
}

/// The limit that the documentation names, and the way out of it.
#[test]
fn what_comes_when_its_key_is_gone_stays_closed_until_it_is_said_anew() {
    let (mut world, story) = circle(97, &["Ana", "Bo", "Cai"]);
    let (ana, bo, cai) = (0, 1, 2);
    let first = world.kem(ana);
    world.partition(&[0, 1, 0]);
    says(&mut world, bo, story, WithYou);
    for day in 0..75 {
        if day % 9 == 0 {
            world
                .share([ana, cai][day % 2], &format!("day {day}"))
                .unwrap();
        }
        world.run(DAY);
    }
    assert!(world.kem(ana).old().all(|key| key != first.public()));
    world.heal();
    world.run(90 * MINUTE);
    in_step(&world, &[ana, bo, cai]);
    assert!(told(&world, ana, story).is_empty());
    assert_eq!(given(&world, bo, story), [WithYou]);
    takes_back(&mut world, bo, story, WithYou);
    says(&mut world, bo, story, WithYou);
    world.run(MINUTE);
    assert_eq!(told(&world, ana, story), [("Bo".to_owned(), WithYou)]);
}

#[test]
fn who_left_keeps_what_was_said_and_may_take_it_back() {
    let (mut world, story) = circle(98, &["Ana", "Bo", "Cai"]);
    let (ana, bo, cai) = (0, 1, 2);
    says(&mut world, bo, story, WithYou);
    says(&mut world, cai, story, ThankYou);
    world.run(MINUTE);
    world.command(bo, Command::Leave).unwrap();
    world.run(5 * MINUTE);
    let all = [("Bo", WithYou), ("Cai", ThankYou)];
    let all = all.map(|(name, says)| (name.to_owned(), says));
    assert_eq!(told(&world, ana, story), all);
    let (to, says, back) = (story, BeenThere, false);
    let more = world.command(bo, Command::Gesture { to, says, back });
    assert_eq!(more, Err(Refusal::NotAMember));
    takes_back(&mut world, bo, story, WithYou);
    world.run(30 * MINUTE);
    assert_eq!(told(&world, ana, story), all[1..]);
    // To whom nobody reaches any more nothing is said.
    world.command(ana, Command::Leave).unwrap();
    world.run(5 * MINUTE);
    let more = world.command(cai, Command::Gesture { to, says, back });
    assert_eq!(more, Err(Refusal::AuthorGone));
}

#[test]
fn a_newcomer_who_may_read_the_story_says_something_too() {
    let (mut world, story) = circle(99, &["Ana", "Bo"]);
    let (ana, bo) = (0, 1);
    says(&mut world, bo, story, WithYou);
    world.run(MINUTE);
    let key = world.invite(ana, 1, History::All);
    let dee = world.join("Dee", &key);
    world.run(5 * MINUTE);
    assert!(told(&world, dee, story).is_empty());
    says(&mut world, dee, story, ThankYou);
    world.run(MINUTE);
    let all = [("Bo", WithYou), ("Dee", ThankYou)];
    let all = all.map(|(name, says)| (name.to_owned(), says));
    assert_eq!(told(&world, ana, story), all);
    in_step(&world, &[ana, bo, dee]);
}
