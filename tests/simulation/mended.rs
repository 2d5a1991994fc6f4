//! Stories of what once went wrong: each shows that replicas which parted come together again.

use circlet_model::id::ThingId;
use circlet_model::membership::act::History;
use circlet_model::replica::input::{Command, Input};
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::Standing;
use circlet_tests::world::{World, address_of};
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn agree(world: &World, nodes: &[usize]) {
    let digests: Vec<_> = nodes.iter().map(|n| world.overview(*n).digest).collect();
    assert!(
        digests.windows(2).all(|pair| pair[0] == pair[1]),
        "{digests:?}"
    );
}

/// Returns a circle of Ana and Bo, and a key with the addresses of both.
pub(crate) fn two_who_can_both_admit(seed: u64) -> (World, [usize; 2], String) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 5, History::FromNow);
    let bo = world.join("Bo", &key);
    world.run(2 * MINUTE);
    let addresses = vec![address_of(ana), address_of(bo)];
    world.feed(ana, Input::Reachable { addresses });
    let key = world.invite(ana, 5, History::FromNow);
    world.run(MINUTE);
    (world, [ana, bo], key)
}

fn shared(world: &mut World, node: usize, text: &str) -> ThingId {
    match world.share(node, text) {
        Ok(Reply::Shared { thing }) => thing,
        other => panic!("not shared: {other:?}"),
    }
}

#[test]
fn a_newcomer_whom_two_members_let_in_apart_keeps_every_word() {
    for seed in 1..6 {
        let (mut world, [ana, bo], key) = two_who_can_both_admit(seed);
        world.partition(&[0, 1]);
        let cai = world.join("Cai", &key);
        world.partition(&[0, 1, 0]);
        while world.overview(ana).members.len() < 3 {
            world.step();
        }
        // Ana let Cai in, and the link breaks before Cai hears of it: then Bo does so too.
        world.partition(&[0, 1, 1]);
        world.run(10 * MINUTE);
        assert_eq!(
            world.overview(cai).standing,
            Standing::Member,
            "seed {seed}"
        );
        world.share(cai, "from Cai").unwrap();
        world.run(MINUTE);
        world.heal();
        world.run(60 * MINUTE);
        for node in [ana, bo, cai] {
            assert_eq!(world.texts(node), ["from Cai"], "seed {seed}, node {node}");
        }
        agree(&world, &[ana, bo, cai]);
    }
}

#[test]
fn many_who_act_at_once_can_all_go_on_sharing() {
    let mut world = World::new(7);
    world.latency = (50, 60);
    let ana = world.found("Ana");
    let key = world.invite(ana, 60, History::All);
    let count = 19;
    for n in 1..count {
        world.join(&format!("P{n}"), &key);
        world.run(Duration::from_secs(5));
    }
    world.run(MINUTE);
    let person = world.replica(1).unwrap().me();
    world.command(ana, Command::Remove { person }).unwrap();
    world.run(Duration::from_millis(400));
    // Everybody has said that they know: more heads than one header can name.
    assert!(world.share(ana, "all at once").is_ok());
}

#[test]
fn both_branches_reach_everybody_after_a_backup_was_restored() {
    for first in [0, 2] {
        let mut world = World::new(8);
        let ana = world.found("Ana");
        let key = world.invite(ana, 5, History::FromNow);
        let bo = world.join("Bo", &key);
        let cai = world.join("Cai", &key);
        world.run(2 * MINUTE);
        world.share(bo, "one").unwrap();
        world.run(MINUTE);
        let old = world.store(bo).copy();
        for n in 0..5 {
            world.share(bo, &format!("later {n}")).unwrap();
        }
        world.run(MINUTE);
        world.stop(bo);
        world.set_store(bo, old);
        world.partition(&[0, 1, 2]);
        world.start(bo);
        world.share(bo, "after the backup").unwrap();
        world.run(MINUTE);
        // One of the others hears of it, and is the only one who could tell the third.
        world.partition(&[0, first, 2]);
        world.run(10 * MINUTE);
        world.stop(bo);
        world.heal();
        world.run(30 * MINUTE);
        for node in [ana, cai] {
            assert_eq!(world.texts(node).len(), 7, "{:?}", world.texts(node));
        }
        agree(&world, &[ana, cai]);
        // Whoever begins with the other branch holds the same in the end.
        world.start(bo);
        world.run(30 * MINUTE);
        agree(&world, &[ana, bo, cai]);
        let before = world.traffic;
        world.stop(cai);
        world.start(cai);
        world.run(MINUTE);
        agree(&world, &[ana, bo, cai]);
        assert!(
            world.traffic.frames - before.frames < 100,
            "{before:?} {:?}",
            world.traffic
        );
    }
}

#[test]
fn what_was_taken_back_beyond_the_cut_is_gone_everywhere() {
    let mut world = World::new(2);
    let ana = world.found("Ana");
    let key = world.invite(ana, 5, History::All);
    let bo = world.join("Bo", &key);
    let cai = world.join("Cai", &key);
    world.run(2 * MINUTE);
    let thing = shared(&mut world, bo, "mine");
    world.run(MINUTE);
    world.partition(&[0, 1, 1]);
    world.command(bo, Command::TakeBack { thing }).unwrap();
    world.run(MINUTE);
    let person = world.replica(bo).unwrap().me();
    world.command(ana, Command::Remove { person }).unwrap();
    world.run(MINUTE);
    world.heal();
    world.run(30 * MINUTE);
    assert!(world.texts(ana).is_empty() && world.texts(cai).is_empty());
    agree(&world, &[ana, cai]);
    // Who comes later gets the rest of Bo's entries, without what is gone.
    let key = world.invite(cai, 1, History::All);
    let dee = world.join("Dee", &key);
    world.run(10 * MINUTE);
    agree(&world, &[ana, cai, dee]);
}

#[test]
fn who_was_removed_or_left_can_still_take_back_what_is_theirs() {
    for (seed, leave, knows) in [(1, false, true), (2, false, false), (3, true, true)] {
        let mut world = World::new(seed);
        let ana = world.found("Ana");
        let key = world.invite(ana, 5, History::All);
        let bo = world.join("Bo", &key);
        let cai = world.join("Cai", &key);
        world.run(2 * MINUTE);
        let thing = shared(&mut world, bo, "mine");
        shared(&mut world, bo, "and this stays");
        world.run(MINUTE);
        if !knows {
            world.partition(&[0, 1, 0]);
        }
        if leave {
            world.command(bo, Command::Leave).unwrap();
        } else {
            let person = world.replica(bo).unwrap().me();
            world.command(ana, Command::Remove { person }).unwrap();
        }
        world.run(10 * MINUTE);
        world.stop(cai);
        let theirs = shared(&mut world, ana, "not Bo's");
        assert!(
            world
                .command(bo, Command::TakeBack { thing: theirs })
                .is_err()
        );
        world.command(bo, Command::TakeBack { thing }).unwrap();
        world.heal();
        world.run(30 * MINUTE);
        world.start(cai);
        world.run(30 * MINUTE);
        for node in [ana, cai] {
            let texts = world.texts(node);
            assert_eq!(texts, ["not Bo's", "and this stays"], "seed {seed}");
            assert!(!world.keeps_body(node, thing), "seed {seed}");
        }
        agree(&world, &[ana, cai]);
        let key = world.invite(cai, 1, History::All);
        let dee = world.join("Dee", &key);
        world.run(10 * MINUTE);
        agree(&world, &[ana, cai, dee]);
        let bo_has = world.texts(bo);
        assert!(!bo_has.iter().any(|text| text == "not Bo's"), "{bo_has:?}");
    }
}

#[test]
fn three_branches_of_one_device_reach_everybody() {
    for seed in 1..9 {
        let mut world = World::new(seed);
        let ana = world.found("Ana");
        let key = world.invite(ana, 5, History::FromNow);
        let bo = world.join("Bo", &key);
        let cai = world.join("Cai", &key);
        world.run(2 * MINUTE);
        world.share(bo, "one").unwrap();
        world.run(MINUTE);
        let old = world.store(bo).copy();
        let mut words = vec!["one".to_owned()];
        // Each time somebody else hears of what Bo shares after the same backup, the third time nobody.
        for (time, groups) in [(0, [0, 0, 1]), (1, [1, 0, 0]), (2, [0, 1, 2])] {
            world.stop(bo);
            world.set_store(bo, old.copy());
            world.partition(&groups);
            world.start(bo);
            for n in 0..=(seed + time) % 4 {
                let text = format!("time {time}, {n}");
                world.share(bo, &text).unwrap();
                words.push(text);
                world.run(MINUTE);
            }
        }
        words.sort();
        world.heal();
        world.run(60 * MINUTE);
        for node in [ana, bo, cai] {
            let mut texts = world.texts(node);
            texts.sort();
            assert_eq!(texts, words, "seed {seed}, node {node}");
        }
        agree(&world, &[ana, bo, cai]);
        // Whoever comes later, or starts again, holds the same.
        let key = world.invite(ana, 1, History::All);
        let dee = world.join("Dee", &key);
        world.stop(cai);
        world.start(cai);
        world.run(60 * MINUTE);
        agree(&world, &[ana, bo, cai, dee]);
        // It goes on as a new device, as soon as it hears of what it wrote before.
        assert!(world.share(bo, "a fourth").is_ok());
        assert!(world.node(bo).renewals > 0);
    }
}

#[test]
fn a_disk_put_back_without_the_keys_of_later_meets_those_who_came_later() {
    let mut world = World::new(12);
    let ana = world.found("Ana");
    let key = world.invite(ana, 5, History::FromNow);
    let old = world.store(ana).copy();
    let bo = world.join("Bo", &key);
    world.run(2 * MINUTE);
    shared(&mut world, ana, "from Ana");
    shared(&mut world, bo, "from Bo");
    world.run(MINUTE);
    // Ana knows neither Bo nor any key that Bo was given: only Bo can find Ana.
    world.set_store(ana, old);
    world.run(MINUTE);
    world.start(ana);
    world.run(60 * MINUTE);
    let mut texts = world.texts(ana);
    texts.sort();
    assert_eq!(texts, ["from Ana", "from Bo"]);
    agree(&world, &[ana, bo]);
}

#[test]
fn a_disk_put_back_from_before_its_device_was_in_draws_new_keys_once() {
    for comes_back in [false, true] {
        let mut world = World::new(1);
        let ana = world.found("Ana");
        let key = world.invite(ana, 5, History::FromNow);
        let mut bo = world.join("Bo", &key);
        let mut old = world.store(bo).copy();
        world.run(2 * MINUTE);
        if comes_back {
            let card = world.card(bo);
            world.stop(bo);
            bo = world.come_back(bo, &[&card]);
            old = world.store(bo).copy();
            world.run(2 * MINUTE);
        }
        world.invite(bo, 5, History::FromNow);
        shared(&mut world, bo, "from Bo");
        world.run(MINUTE);
        world.set_store(bo, old);
        world.start(bo);
        world.run(MINUTE);
        assert!(world.node(bo).renewals < 3, "new keys again and again");
        world.run(60 * MINUTE);
        assert_eq!(world.node(bo).renewals, 1);
        assert_eq!(world.overview(bo).standing, Standing::Member);
        assert_eq!(world.texts(bo), ["from Bo"]);
        agree(&world, &[ana, bo]);
    }
}

#[test]
fn what_was_written_in_knowledge_of_something_dropped_is_read_by_everyone() {
    let mut world = World::new(11);
    let ana = world.found("Ana");
    let key = world.invite(ana, 4, History::All);
    let [bo, cai, dee, eve] = ["Bo", "Cai", "Dee", "Eve"].map(|name| world.join(name, &key));
    world.run(10 * MINUTE);
    // Most hear of Eve's removal. Dee only hears what Eve does meanwhile, and writes on top of that.
    let mut groups = [0; 5];
    (groups[dee], groups[eve]) = (1, 1);
    world.partition(&groups);
    let person = world.person(eve);
    world.command(ana, Command::Remove { person }).unwrap();
    world.invite(eve, 1, History::FromNow);
    world.run(MINUTE);
    let story = shared(&mut world, dee, "on top of it");
    world.stop(eve);
    world.run(MINUTE);
    world.heal();
    world.run(60 * MINUTE);
    agree(&world, &[ana, bo, cai, dee]);
    let first = shared(&mut world, dee, "later");
    world.run(MINUTE);
    for node in [ana, bo, cai, dee] {
        let stories = world.stories(node);
        for thing in [story, first] {
            let mut here = stories.iter();
            assert!(here.any(|line| line.thing == thing), "P{node}");
        }
        assert_eq!(world.sealed(node), 0, "P{node}");
    }
}
