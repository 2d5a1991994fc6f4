//! Convergence against a simple model: plain sets of who is in, what was shared, what was taken back.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "in a test, what is not as expected ends it"
)]

use circlet_model::id::ThingId;
use circlet_model::membership::act::History;
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::Standing;
use circlet_tests::world::World;
use core::time::Duration;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// How many people there are.
const PEOPLE: usize = 3;

/// What somebody does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Share(usize),
    /// Takes back the story of this number, if it is their own.
    TakeBack(usize, usize),
    Leave(usize),
    Off(usize),
    On(usize),
    /// Nobody but the people of the same side meet.
    Apart([usize; PEOPLE]),
    Together,
    Wait(u64),
}

/// What should come of it.
#[derive(Default)]
struct Model {
    shared: BTreeMap<ThingId, (usize, String)>,
    gone: [bool; PEOPLE],
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_circle_agrees_with_plain_sets(
        seed in 0_u64..1000,
        steps in prop::collection::vec(step(), 0..24),
    ) {
        let (mut world, mut model) = (circle(seed), Model::default());
        for (number, step) in steps.into_iter().enumerate() {
            take(&mut world, &mut model, number, step);
        }
        world.heal();
        (0..PEOPLE).for_each(|node| world.start(node));
        world.run(Duration::from_secs(2 * 3600));
        let members: Vec<usize> = (0..PEOPLE).filter(|node| !model.gone[*node]).collect();
        for &node in &members {
            let overview = world.overview(node);
            prop_assert_eq!(&overview.digest, &world.overview(members[0]).digest);
            prop_assert_eq!(overview.members.len(), members.len());
            let mut texts = world.texts(node);
            texts.sort();
            // What somebody wrote before they left may not have got to anybody.
            let theirs = |text: &String| {
                model.shared.values().any(|(by, known)| model.gone[*by] && known == text)
            };
            texts.retain(|text| !theirs(text));
            let there = model.shared.values().filter(|(by, _)| !model.gone[*by]);
            let mut expected: Vec<String> = there.map(|(_, text)| text.clone()).collect();
            expected.sort();
            prop_assert_eq!(texts, expected);
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE;
    prop_oneof![
        6 => who.clone().prop_map(Step::Share),
        3 => (who.clone(), 0_usize..8).prop_map(|(who, which)| Step::TakeBack(who, which)),
        1 => (1..PEOPLE).prop_map(Step::Leave),
        2 => who.clone().prop_map(Step::Off),
        2 => who.prop_map(Step::On),
        2 => prop::array::uniform3(0_usize..2).prop_map(Step::Apart),
        1 => Just(Step::Together),
        3 => (0_u64..120).prop_map(Step::Wait),
    ]
}

fn circle(seed: u64) -> World {
    let mut world = World::new(seed);
    let founder = world.found("P0");
    let key = world.invite(founder, PEOPLE as u16, History::All);
    for index in 1..PEOPLE {
        let node = world.join(&format!("P{index}"), &key);
        world.run(Duration::from_secs(60));
        assert_eq!(world.overview(node).standing, Standing::Member);
    }
    world
}

fn take(world: &mut World, model: &mut Model, number: usize, step: Step) {
    match step {
        Step::Share(who) if world.runs(who) => {
            let text = format!("story {number}");
            if let Ok(Reply::Shared { thing }) = world.share(who, &text) {
                model.shared.insert(thing, (who, text));
            }
        }
        Step::TakeBack(who, which) if world.runs(who) && !model.gone[who] => {
            let own = model.shared.iter().filter(|(_, (by, _))| *by == who);
            let thing = own.map(|(thing, _)| *thing).nth(which);
            if let Some(thing) = thing {
                world.command(who, Command::TakeBack { thing }).unwrap();
                model.shared.remove(&thing);
            }
        }
        Step::Leave(who) if world.runs(who) && !model.gone[who] => {
            world.command(who, Command::Leave).unwrap();
            model.gone[who] = true;
        }
        Step::Share(_) | Step::TakeBack(..) | Step::Leave(_) => {}
        Step::Off(who) => world.stop(who),
        Step::On(who) => world.start(who),
        Step::Apart(groups) => world.partition(&groups),
        Step::Together => world.heal(),
        Step::Wait(seconds) => world.run(Duration::from_secs(seconds)),
    }
}
