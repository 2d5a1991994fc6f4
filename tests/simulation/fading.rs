//! Stories of fading: hidden by this clock, erased once another clock agrees or after a day, everywhere, and
//! whoever erased first comes into step with whoever has not.

use crate::agree::in_step;
use circlet_model::id::ThingId;
use circlet_model::membership::act::{History, Role};
use circlet_model::replica::input::Command;
use circlet_model::replica::output::{Refusal, Reply};
use circlet_model::store::Space;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Returns a circle of Ana, Bo and Cai.
fn three(seed: u64) -> (World, [usize; 3]) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 9, History::All);
    let (bo, cai) = (world.join("Bo", &key), world.join("Cai", &key));
    world.run(2 * MINUTE);
    (world, [ana, bo, cai])
}

fn respond(world: &mut World, node: usize, to: ThingId, text: &str) -> ThingId {
    let text = text.to_owned();
    match world.command(node, Command::Respond { to, text }) {
        Ok(Reply::Shared { thing }) => thing,
        other => panic!("it was not shared: {other:?}"),
    }
}

fn settle(world: &mut World, node: usize, fade: Option<u16>) -> Result<Reply, Refusal> {
    let tells = None;
    world.command(node, Command::Settle { fade, tells })
}

/// Asserts that a thing is shown nowhere and erased everywhere.
fn is_gone(world: &World, nodes: &[usize], thing: ThingId) {
    for &node in nodes {
        assert!(!world.keeps_body(node, thing), "node {node}");
        let now = world.time(node);
        let replica = world.replica(node).unwrap();
        assert_eq!(replica.story(thing, now), Ok(None), "node {node}");
        let stories = world.stories(node);
        assert!(stories.iter().all(|story| story.thing != thing));
    }
}

#[test]
fn a_story_fades_everywhere_with_what_was_answered() {
    let (mut world, all @ [ana, bo, _]) = three(61);
    let story = world.share_for(ana, "for a week", 7);
    world.share(ana, "stays").unwrap();
    world.run(MINUTE);
    let response = respond(&mut world, bo, story, "I hear you");
    world.run(6 * DAY);
    for node in all {
        assert_eq!(world.texts(node), ["stays", "for a week"]);
    }
    world.run(2 * DAY);
    for node in all {
        assert_eq!(world.texts(node), ["stays"]);
    }
    let to = story;
    let text = "too late".to_owned();
    let late = world.command(bo, Command::Respond { to, text });
    assert_eq!(late, Err(Refusal::NotFound));
    // Nobody has written since: each clock had to say so for a day.
    world.run(DAY + HOUR);
    is_gone(&world, &all, story);
    is_gone(&world, &all, response);
    in_step(&world, &all);
    for node in all {
        let rows = world.store(node).rows();
        let listed = |order: &[u8]| order.first() == Some(&10);
        let mut left = rows.iter().filter(|(key, _)| key.space == Space::Meta);
        assert!(left.all(|(key, _)| !listed(&key.order)), "node {node}");
    }
}

#[test]
fn who_slept_past_it_erases_as_soon_as_somebody_writes() {
    let (mut world, all @ [ana, bo, cai]) = three(62);
    let story = world.share_for(ana, "for a month", 30);
    world.run(MINUTE);
    world.stop(cai);
    world.run(90 * DAY);
    is_gone(&world, &[ana, bo], story);
    assert!(world.keeps_body(cai, story));
    world.start(cai);
    // Before it meets anybody it is hidden, and after that gone within moments.
    assert!(world.texts(cai).is_empty());
    world.run(10 * MINUTE);
    is_gone(&world, &all, story);
    in_step(&world, &all);
}

#[test]
fn a_clock_that_jumps_hides_and_destroys_nothing() {
    let (mut world, all @ [ana, bo, cai]) = three(63);
    let story = world.share_for(ana, "for a month", 30);
    world.run(MINUTE);
    world.set_clock(bo, 400 * DAY_MS);
    assert!(world.texts(bo).is_empty());
    world.run(5 * HOUR);
    // A jump is not a time that it ran.
    world.set_clock(bo, 403 * DAY_MS);
    world.run(5 * HOUR);
    assert!(world.keeps_body(bo, story));
    world.set_clock(bo, 0);
    world.run(HOUR);
    for node in all {
        assert_eq!(world.texts(node), ["for a month"]);
    }
    // Alone for days, with others who write of the right day now and then.
    world.set_clock(cai, 400 * DAY_MS);
    for _ in 0..5 {
        world.run(20 * HOUR);
        let key = world.invite(ana, 1, History::FromNow);
        drop(key);
    }
    assert!(world.keeps_body(cai, story));
    world.set_clock(cai, 0);
    world.run(HOUR);
    in_step(&world, &all);
    assert_eq!(world.texts(cai), ["for a month"]);
}

#[test]
fn who_has_erased_and_who_has_not_come_into_step() {
    // Bo comes back with a clock of so many days off, from before and after the last day.
    for (seed, skew, late) in [
        (64, -1, 9),
        (65, -3, 9),
        (66, -400, 9),
        (67, 2, 3),
        (68, 30, 3),
    ] {
        let (mut world, [ana, bo, cai]) = three(seed);
        world.stop(bo);
        world.share(ana, "before").unwrap();
        let story = world.share_for(ana, "for a week", 7);
        world.share(cai, "after").unwrap();
        world.run(late * DAY + HOUR);
        // The circle lives: somebody lets somebody in now and then.
        for node in [ana, cai] {
            world.invite(node, 1, History::FromNow);
        }
        world.run(HOUR);
        assert_eq!(world.keeps_body(ana, story), late < 8);
        world.start(bo);
        world.set_clock(bo, skew * DAY_MS);
        world.run(4 * HOUR);
        in_step(&world, &[ana, bo, cai]);
        let texts = world.texts(bo);
        assert!(texts.contains(&"before".to_owned()), "seed {seed}");
        assert_eq!(texts.len(), 2 + usize::from(late < 8 && skew < 5));
        assert_eq!(world.keeps_body(bo, story), late < 8);
        // Whoever has not erased it gives it to who comes new, and nobody keeps it.
        world.set_clock(bo, 0);
        let key = world.invite(bo, 1, History::All);
        let eve = world.join("Eve", &key);
        world.run(4 * HOUR);
        in_step(&world, &[ana, bo, cai, eve]);
        world.run(9 * DAY);
        is_gone(&world, &[ana, bo, cai, eve], story);
        in_step(&world, &[ana, bo, cai, eve]);
    }
}

#[test]
fn what_cannot_be_opened_fades_too_and_opens_nothing_older() {
    let (mut world, [ana, bo, cai]) = three(69);
    let story = world.share_for(ana, "for a day", 1);
    let kept = world.share_for(ana, "stays", 0);
    let key = world.invite(ana, 1, History::FromNow);
    let eve = world.join("Eve", &key);
    world.run(MINUTE);
    assert!(world.texts(eve).is_empty());
    world.run(4 * DAY);
    is_gone(&world, &[ana, bo, cai, eve], story);
    let key = world.invite(ana, 1, History::Days30);
    let fay = world.join("Fay", &key);
    world.run(HOUR);
    in_step(&world, &[ana, bo, cai, eve, fay]);
    // What has faded counts as nothing where it is asked what is older than a month.
    assert_eq!(world.texts(fay), ["stays"]);
    assert!(world.keeps_body(eve, kept));
}

#[test]
fn keepers_settle_when_stories_fade_and_whoever_shares_has_the_last_word() {
    let (mut world, all @ [ana, bo, cai]) = three(70);
    assert_eq!(settle(&mut world, bo, Some(30)), Err(Refusal::NotAllowed));
    assert_eq!(settle(&mut world, ana, Some(30)), Ok(Reply::Done));
    world.run(MINUTE);
    let settled = world.share_for(cai, "as the writer says", 90);
    let stays = world.share_for(cai, "for ever", 0);
    let Ok(Reply::Shared { thing: fades }) = world.share(bo, "as settled") else {
        panic!("it was not shared");
    };
    let (person, role) = (world.person(bo), Role::Keeper);
    world
        .command(ana, Command::SetRole { person, role })
        .unwrap();
    world.run(MINUTE);
    assert_eq!(settle(&mut world, bo, Some(0)), Ok(Reply::Done));
    world.run(MINUTE);
    for node in all {
        let settings = world.replica(node).unwrap().settings(world.time(node));
        let settings = settings.unwrap().unwrap();
        assert_eq!((settings.fade, &*settings.name), (None, "Tuesday"));
    }
    world.share(ana, "settled anew").unwrap();
    world.run(33 * DAY);
    for node in all {
        let texts = [
            "settled anew",
            "as settled",
            "for ever",
            "as the writer says",
        ];
        let left: Vec<_> = texts.into_iter().filter(|it| *it != "as settled").collect();
        assert_eq!(world.texts(node), left);
    }
    is_gone(&world, &all, fades);
    world.run(61 * DAY);
    is_gone(&world, &all, settled);
    assert!(all.iter().all(|node| world.keeps_body(*node, stays)));
    in_step(&world, &all);
}
