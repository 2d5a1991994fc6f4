//! Devices of a person: coming back by words and card, linking, taking out, going on after a rollback.

use crate::agree::in_step;
use circlet_model::membership::act::History;
use circlet_model::replica::input::Command;
use circlet_model::replica::output::{JoinEnd, Refusal, Reply};
use circlet_model::replica::overview::Standing;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns a circle of Ana, Bo and Cai, where each has said something that the others have.
fn three(seed: u64, history: History) -> (World, [usize; 3]) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    world.share(ana, "before anybody came").unwrap();
    let key = world.invite(ana, 9, history);
    let bo = world.join("Bo", &key);
    let cai = world.join("Cai", &key);
    world.run(2 * MINUTE);
    for (node, text) in [(ana, "from Ana"), (bo, "from Bo"), (cai, "from Cai")] {
        world.share(node, text).unwrap();
    }
    world.run(MINUTE);
    in_step(&world, &[ana, bo, cai]);
    (world, [ana, bo, cai])
}

fn sorted(world: &World, node: usize) -> Vec<String> {
    let mut texts = world.texts(node);
    texts.sort();
    texts
}

#[test]
fn words_and_a_card_bring_a_person_back_with_what_they_may_read() {
    for (seed, history) in [
        (1, History::FromNow),
        (2, History::All),
        (3, History::Days30),
    ] {
        let (mut world, [ana, bo, cai]) = three(seed, history);
        let before = sorted(&world, bo);
        let (card, me) = (world.card(bo), world.person(bo));
        world.stop(bo);
        world.run(MINUTE);
        let back = world.come_back(bo, &[&card]);
        world.run(2 * MINUTE);
        assert_eq!(
            world.overview(back).standing,
            Standing::Member,
            "seed {seed}"
        );
        assert_eq!(sorted(&world, back), before, "seed {seed}");
        world.share(back, "here again").unwrap();
        world.run(MINUTE);
        in_step(&world, &[ana, cai, back]);
        let stories = world.stories(ana);
        let said = stories.iter().find(|story| story.text == "here again");
        assert_eq!(said.unwrap().author, me);
        let members = world.overview(ana).members;
        assert_eq!(members.len(), 3, "the same person, not a new one");
        let bos = members.iter().find(|member| member.person == me).unwrap();
        assert_eq!((bos.name.as_str(), bos.devices), ("Bo", 2));
        // And they may take back what they shared before.
        let old = world.stories(back);
        let thing = old
            .iter()
            .find(|story| story.text == "from Bo")
            .unwrap()
            .thing;
        world.command(back, Command::TakeBack { thing }).unwrap();
        world.run(MINUTE);
        assert!(!world.texts(cai).contains(&"from Bo".to_owned()));
    }
}

#[test]
fn a_fresh_invite_brings_the_same_person_back() {
    let (mut world, [ana, bo, cai]) = three(4, History::FromNow);
    world.stop(bo);
    let key = world.invite(cai, 1, History::All);
    let back = world.come_back(bo, &[&key]);
    world.run(2 * MINUTE);
    assert_eq!(world.overview(back).standing, Standing::Member);
    assert_eq!(world.person(back), world.person(bo));
    assert_eq!(world.overview(ana).members.len(), 3);
    let old = "before anybody came".to_owned();
    assert!(
        !world.texts(back).contains(&old),
        "the invite opens no more than they had"
    );
    in_step(&world, &[ana, cai, back]);
}

#[test]
fn whichever_member_appears_first_will_do_even_after_restarts() {
    for lone in [0, 2] {
        let (mut world, [ana, bo, cai]) = three(5, History::FromNow);
        let card = world.card(bo);
        world.stop(bo);
        world.stop(ana);
        world.stop(cai);
        let back = world.come_back(bo, &[&card]);
        world.run(10 * MINUTE);
        assert_eq!(world.overview(back).standing, Standing::Returning);
        assert_eq!(world.share(back, "too early"), Err(Refusal::Pending));
        world.stop(back);
        world.start(back);
        world.start(lone);
        world.run(40 * MINUTE);
        assert_eq!(world.overview(back).standing, Standing::Member, "by {lone}");
        // The third has not heard of the new device, and meets it first.
        let third = 2 - lone;
        world.stop(lone);
        world.start(third);
        world.run(40 * MINUTE);
        world.share(third, "and I am here").unwrap();
        world.run(MINUTE);
        in_step(&world, &[third, back]);
    }
}

#[test]
fn who_was_removed_or_left_is_told_so_at_once() {
    for (leave, end) in [(false, JoinEnd::PersonRemoved), (true, JoinEnd::PersonLeft)] {
        let (mut world, [ana, bo, cai]) = three(6, History::FromNow);
        let (card, person) = (world.card(bo), world.person(bo));
        if leave {
            world.command(bo, Command::Leave).unwrap();
            world.run(MINUTE);
        }
        world.stop(bo);
        if !leave {
            world.command(ana, Command::Remove { person }).unwrap();
            world.run(MINUTE);
        }
        let back = world.come_back(bo, &[&card]);
        world.run(5 * MINUTE);
        assert_eq!(world.overview(back).standing, Standing::Ended(end));
        assert!(world.texts(back).is_empty());
        assert_eq!(world.overview(cai).members.len(), 2);
        // Nothing stands against coming in again, as the same person.
        world.share(ana, "after that").unwrap();
        world.run(MINUTE);
        in_step(&world, &[ana, cai]);
    }
}

#[test]
fn a_stranger_s_words_bring_nobody_in() {
    let (mut world, [ana, bo, _]) = three(7, History::FromNow);
    let mut other = World::new(70);
    other.found("Eve");
    let card = world.card(bo);
    let eve = world.come_back_as_stranger(&card);
    world.run(30 * MINUTE);
    assert_eq!(world.overview(eve).standing, Standing::Returning);
    assert_eq!(world.overview(eve).circle, None);
    assert_eq!(world.overview(ana).members.len(), 3);
}

#[test]
fn two_devices_of_a_person_write_at_once() {
    let (mut world, [ana, bo, cai]) = three(8, History::FromNow);
    let card = world.card(bo);
    let second = world.come_back(bo, &[&card]);
    world.run(2 * MINUTE);
    world.partition(&[0, 1, 0, 2]);
    for n in 0..3 {
        world.share(bo, &format!("first {n}")).unwrap();
        world.share(second, &format!("second {n}")).unwrap();
    }
    world.run(MINUTE);
    world.heal();
    world.run(30 * MINUTE);
    in_step(&world, &[ana, bo, cai, second]);
    let me = world.person(bo);
    let mine = world
        .stories(ana)
        .into_iter()
        .filter(|story| story.author == me);
    assert_eq!(mine.count(), 7);
}

fn link(world: &mut World, first: usize) -> usize {
    let key = world.device_key(first);
    let second = world.link(&key);
    world.run(MINUTE);
    assert_eq!(
        world.overview(second).standing,
        Standing::Linking { met: true }
    );
    second
}

fn words_of(world: &World, node: usize) -> String {
    world.replica(node).unwrap().linking_words().unwrap()
}

#[test]
fn a_linked_device_reads_what_its_person_reads_and_posts_as_them() {
    let (mut world, [ana, bo, cai]) = three(9, History::Days30);
    let second = link(&mut world, bo);
    let now = world.time(bo);
    assert_eq!(world.replica(bo).unwrap().device_key(now).unwrap().0, 1);
    let words = "abandon ability able about".to_owned();
    let refused = world.command(bo, Command::ConfirmDevice { words });
    assert_eq!(refused, Err(Refusal::OtherWords));
    world.run(MINUTE);
    assert!(
        world.texts(second).is_empty(),
        "nothing without the right words"
    );
    let words = words_of(&world, second).to_uppercase().replace(' ', ",  ");
    // The first computer may restart in between.
    world.stop(bo);
    world.start(bo);
    assert_eq!(
        world.command(bo, Command::ConfirmDevice { words }),
        Ok(Reply::Done)
    );
    world.run(2 * MINUTE);
    assert_eq!(world.overview(second).standing, Standing::Member);
    assert_eq!(sorted(&world, second), sorted(&world, bo));
    world.share(second, "from the other computer").unwrap();
    world.run(MINUTE);
    in_step(&world, &[ana, bo, cai, second]);
    let said = world.stories(cai).remove(0);
    assert_eq!(
        (said.author, said.author_name.as_str()),
        (world.person(bo), "Bo")
    );
    let lines = world.replica(second).unwrap().devices();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].here && lines[0].active && lines[1].active);
}

#[test]
fn a_ninth_device_comes_in_neither_by_a_key_nor_by_the_words() {
    let (mut world, [_, bo, _]) = three(12, History::FromNow);
    let card = world.card(bo);
    for _ in 1..8 {
        let back = world.come_back(bo, &[&card]);
        world.run(2 * MINUTE);
        assert_eq!(world.overview(back).standing, Standing::Member);
    }
    let refused = world.command(bo, Command::AddDevice);
    assert_eq!(refused, Err(Refusal::TooManyDevices));
    let ninth = world.come_back(bo, &[&card]);
    world.run(2 * MINUTE);
    let many = Standing::Ended(JoinEnd::TooManyDevices);
    assert_eq!(world.overview(ninth).standing, many);
    let devices = world.overview(bo).members.into_iter();
    let mine = devices.filter(|member| member.me);
    assert_eq!(mine.map(|member| member.devices).sum::<usize>(), 8);
}

#[test]
fn a_device_key_is_for_one_computer_and_one_hour() {
    let (mut world, [_, bo, _]) = three(10, History::FromNow);
    let key = world.device_key(bo);
    let (one, other) = (world.link(&key), world.link(&key));
    world.run(MINUTE);
    let words = words_of(&world, one);
    assert_ne!(words, words_of(&world, other));
    world.command(bo, Command::ConfirmDevice { words }).unwrap();
    world.run(2 * MINUTE);
    assert_eq!(world.overview(one).standing, Standing::Member);
    let over = Standing::Ended(JoinEnd::DeviceKeyOver);
    assert_eq!(world.overview(other).standing, over);
    let key = world.device_key(bo);
    world.run(61 * MINUTE);
    let late = world.link(&key);
    world.run(2 * MINUTE);
    assert_eq!(world.overview(late).standing, over);
}

#[test]
fn a_device_that_was_taken_out_reads_nothing_that_is_shared_later() {
    for away in [false, true] {
        let (mut world, [ana, bo, cai]) = three(11, History::FromNow);
        let second = link(&mut world, bo);
        let words = words_of(&world, second);
        let confirmed = world.command(bo, Command::ConfirmDevice { words });
        assert_eq!(confirmed, Ok(Reply::Done));
        world.run(2 * MINUTE);
        world.share(second, "before it was lost").unwrap();
        world.run(MINUTE);
        let device = world.replica(second).unwrap().devices()[0].device;
        if away {
            world.partition(&[0, 0, 0, 1]);
        }
        let removed = world.command(bo, Command::RemoveDevice { device });
        assert_eq!(removed, Ok(Reply::Done));
        world.run(MINUTE);
        world.share(ana, "after it was lost").unwrap();
        world.run(MINUTE);
        world.heal();
        world.run(30 * MINUTE);
        assert!(
            !world
                .texts(second)
                .contains(&"after it was lost".to_owned())
        );
        if !away {
            let standing = world.overview(second).standing;
            assert_eq!(standing, Standing::DeviceRemoved, "it hears of it");
            assert!(world.share(second, "still here?").is_err());
        }
        for node in [ana, bo, cai] {
            assert!(world.texts(node).contains(&"before it was lost".to_owned()));
        }
        in_step(&world, &[ana, bo, cai]);
        let here = world.replica(bo).unwrap().devices()[0].device;
        let itself = world.command(bo, Command::RemoveDevice { device: here });
        assert_eq!(itself, Err(Refusal::NotAllowed));
    }
}

#[test]
fn a_disk_that_was_put_back_goes_on_as_a_new_device_and_loses_no_word() {
    for (seed, away, offline) in [
        (12, MINUTE, true),
        (13, MINUTE, false),
        (14, 31 * DAY, true),
        (15, 31 * DAY, false),
    ] {
        let (mut world, [ana, bo, cai]) = three(seed, History::FromNow);
        let old = world.store(bo).copy();
        world.run(away);
        for n in 0..3 {
            world.share(bo, &format!("later {n}")).unwrap();
        }
        world.run(MINUTE);
        world.set_store(bo, old);
        world.partition(&[0, 1, 0]);
        world.start(bo);
        if offline {
            world.share(bo, "written on the old disk").unwrap();
        }
        world.run(MINUTE);
        world.heal();
        world.run(60 * MINUTE);
        assert_eq!(world.node(bo).renewals, 1, "seed {seed}");
        assert_eq!(world.overview(bo).standing, Standing::Member);
        world.share(bo, "going on").unwrap();
        world.run(30 * MINUTE);
        in_step(&world, &[ana, bo, cai]);
        for node in [ana, bo, cai] {
            let texts = world.texts(node);
            let mut wanted = vec!["later 0", "later 1", "later 2", "going on", "from Bo"];
            if offline {
                wanted.push("written on the old disk");
            }
            for text in wanted {
                let count = texts.iter().filter(|shown| *shown == text).count();
                assert_eq!(count, 1, "seed {seed}, node {node}, {text}: {texts:?}");
            }
        }
        assert_eq!(world.overview(ana).members.len(), 3);
        world.run(DAY);
        assert_eq!(world.node(bo).renewals, 1, "once is enough");
    }
}
