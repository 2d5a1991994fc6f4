//! Stories with names: what members do, told from beginning to end.

use circlet_model::membership::act::{History, Mode};
use circlet_model::replica::input::Command;
use circlet_model::replica::output::{JoinEnd, Refusal, Reply};
use circlet_model::replica::overview::Standing;
use circlet_tests::world::{Crash, World};
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn three_people_form_a_circle_write_apart_and_read_each_other() {
    let mut world = World::new(1);
    let ana = world.found("Ana");
    world.share(ana, "before anybody came").unwrap();
    let key = world.invite(ana, 2, History::FromNow);
    let bo = world.join("Bo", &key);
    world.run(MINUTE);
    assert_eq!(world.overview(bo).standing, Standing::Member);
    assert_eq!(world.overview(bo).name, "Tuesday");
    assert_eq!(world.overview(ana).in_step_with, ["Bo"]);
    world.stop(ana);
    let invites = world
        .replica(bo)
        .unwrap()
        .invites(circlet_model::time::Timestamp(0));
    let show = Command::ShowInvite {
        invite: invites[0].invite,
    };
    let shown = world.command(bo, show).unwrap();
    let Reply::Invited { key, .. } = shown else {
        panic!()
    };
    let cai = world.join("Cai", &key);
    world.run(MINUTE);
    assert_eq!(world.overview(cai).standing, Standing::Member);
    world.partition(&[0, 1, 2]);
    world.start(ana);
    for (node, text) in [(ana, "from Ana"), (bo, "from Bo"), (cai, "from Cai")] {
        world.share(node, text).unwrap();
    }
    world.run(MINUTE);
    world.heal();
    world.run(2 * MINUTE);
    let digests: Vec<_> = [ana, bo, cai]
        .map(|node| world.overview(node).digest)
        .to_vec();
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[1], digests[2]);
    for node in [ana, bo, cai] {
        let texts = world.texts(node);
        for text in ["from Ana", "from Bo", "from Cai"] {
            assert!(texts.iter().any(|shown| shown == text), "{node}: {texts:?}");
        }
        let old = texts.iter().any(|text| text == "before anybody came");
        assert_eq!(old, node == ana, "history is from now");
        assert_eq!(
            world.overview(node).in_step_with.len(),
            2,
            "{:?}",
            world.overview(node)
        );
    }
}

/// Returns a circle of so many, all in step.
fn circle(seed: u64, members: usize) -> World {
    let mut world = World::new(seed);
    let first = world.found("P0");
    let key = world.invite(first, members as u16, History::FromNow);
    for index in 1..members {
        world.join(&format!("P{index}"), &key);
        world.run(MINUTE);
    }
    let all: Vec<usize> = (0..members).collect();
    agree(&world, &all);
    world
}

/// Asserts that these nodes hold the same.
fn agree(world: &World, nodes: &[usize]) {
    for &node in nodes {
        let (one, other) = (world.overview(nodes[0]), world.overview(node));
        assert_eq!(one.digest, other.digest, "{one:#?} {other:#?}");
    }
}

#[test]
fn an_inviter_that_crashes_while_it_lets_somebody_in_is_found_again() {
    for done in 0..12 {
        let mut world = World::new(done);
        let ana = world.found("Ana");
        let key = world.invite(ana, 1, History::FromNow);
        let bo = world.join("Bo", &key);
        while world.overview(ana).members.len() < 2 {
            world.step();
        }
        world.node(ana).crash = Some(Crash::After(done as usize));
        world.run(MINUTE);
        world.start(ana);
        world.run(30 * MINUTE);
        assert_eq!(world.overview(bo).standing, Standing::Member);
        agree(&world, &[ana, bo]);
    }
}

#[test]
fn both_sides_of_a_first_meeting_can_find_the_other_again() {
    let mut world = circle(1, 2);
    for sleeper in [0, 1] {
        world.stop(sleeper);
        world.run(MINUTE);
        world.stop(1 - sleeper);
        world.start(sleeper);
        world.run(MINUTE);
        world.start(1 - sleeper);
        world.run(MINUTE);
        assert_eq!(world.overview(sleeper).in_step_with.len(), 1);
    }
}

#[test]
fn whoever_leaves_while_nobody_is_there_is_heard_later() {
    let mut world = circle(1, 3);
    world.stop(0);
    world.stop(1);
    world.run(MINUTE);
    world.command(2, Command::Leave).unwrap();
    world.stop(2);
    world.start(2);
    world.run(20 * MINUTE);
    world.start(1);
    world.run(30 * MINUTE);
    assert_eq!(world.overview(1).members.len(), 2);
    world.start(0);
    world.run(MINUTE);
    agree(&world, &[0, 1]);
    assert_eq!(world.overview(2).standing, Standing::Left);
    world.partition(&[0, 0, 1]);
    world.run(5 * MINUTE);
    let before = world.traffic.dials;
    world.run(60 * MINUTE);
    let dials = world.traffic.dials - before;
    assert!(dials <= 3, "the farewell was heard: {dials}");
}

#[test]
fn after_a_restored_backup_both_branches_are_read_and_a_new_device_goes_on() {
    let mut world = circle(3, 3);
    world.share(2, "shared by both").unwrap();
    world.run(MINUTE);
    let backup = world.store(2).copy();
    world.share(2, "after the backup").unwrap();
    world.share(2, "and one more").unwrap();
    world.run(MINUTE);
    world.partition(&[0, 0, 1]);
    world.set_store(2, backup);
    world.start(2);
    world.share(2, "from the restored disk").unwrap();
    world.run(MINUTE);
    world.heal();
    world.run(60 * MINUTE);
    agree(&world, &[0, 1, 2]);
    for node in 0..3 {
        let texts = world.texts(node);
        for text in [
            "shared by both",
            "after the backup",
            "and one more",
            "from the restored disk",
        ] {
            assert!(texts.iter().any(|shown| shown == text), "{node}: {texts:?}");
        }
    }
    assert!(world.share(2, "again").is_ok());
    assert_eq!(world.node(2).renewals, 1);
}

#[test]
fn a_member_removed_while_away_comes_back_with_entries_that_nobody_takes() {
    let mut world = circle(4, 3);
    world.share(2, "before").unwrap();
    world.run(MINUTE);
    world.partition(&[0, 0, 1]);
    let person = world.person(2);
    world.command(0, Command::Remove { person }).unwrap();
    world.share(0, "after the removal").unwrap();
    world.share(2, "written while away").unwrap();
    world.run(MINUTE);
    world.heal();
    world.run(60 * MINUTE);
    agree(&world, &[0, 1]);
    for node in [0, 1] {
        let texts = world.texts(node);
        assert!(texts.iter().any(|text| text == "before"));
        assert!(!texts.iter().any(|text| text == "written while away"));
        assert_eq!(world.overview(node).members.len(), 2);
    }
    let texts = world.texts(2);
    assert!(!texts.iter().any(|text| text == "after the removal"));
    assert!(texts.iter().any(|text| text == "written while away"));
}

#[test]
fn one_invite_used_on_both_sides_of_a_partition_ends_the_same_everywhere() {
    let mut world = circle(5, 2);
    let key = world.invite(0, 1, History::FromNow);
    world.run(MINUTE);
    let invite = world.replica(1).unwrap().invites(world.time(1))[0].invite;
    let Ok(Reply::Invited { key: other, .. }) = world.command(1, Command::ShowInvite { invite })
    else {
        panic!("any member shows an invite")
    };
    world.partition(&[0, 1]);
    let (cai, dee) = (world.join("Cai", &key), world.join("Dee", &other));
    world.partition(&[0, 1, 0, 1]);
    world.run(MINUTE);
    for node in [cai, dee] {
        assert_eq!(world.overview(node).standing, Standing::Member);
    }
    world.heal();
    world.run(60 * MINUTE);
    agree(&world, &[0, 1]);
    assert_eq!(world.members(0), world.members(1));
    assert!(world.members(0).len() <= 4);
    let eve = world.join("Eve", &key);
    world.run(MINUTE);
    let ended = world.overview(eve).standing;
    assert!(matches!(ended, Standing::Ended(_)), "{ended:?}");
}

#[test]
fn an_invite_that_ended_says_why() {
    let mut world = circle(6, 2);
    let used = world.invite(0, 1, History::FromNow);
    world.join("Cai", &used);
    world.run(MINUTE);
    let stopped = world.invite(0, 1, History::FromNow);
    let lines = world.replica(0).unwrap().invites(world.time(0));
    let invite = lines
        .iter()
        .find(|line| line.open && line.used == 0)
        .unwrap()
        .invite;
    world.command(0, Command::StopInvite { invite }).unwrap();
    let old = world.invite(0, 1, History::FromNow);
    for (key, end, wait) in [
        (&used, JoinEnd::UsedUp, MINUTE),
        (&stopped, JoinEnd::Revoked, MINUTE),
        (&old, JoinEnd::Expired, 8 * 24 * 60 * MINUTE),
    ] {
        if end == JoinEnd::Expired {
            world.run(wait);
        }
        let node = world.join("Dee", key);
        world.run(MINUTE);
        assert_eq!(world.overview(node).standing, Standing::Ended(end));
    }
}

#[test]
fn whoever_knocks_waits_for_a_welcome() {
    let mut world = circle(7, 2);
    let command = Command::Invite {
        uses: 1,
        expires: 60 * MINUTE,
        mode: Mode::Knock,
        history: History::All,
    };
    let Ok(Reply::Invited { key, .. }) = world.command(1, command) else {
        panic!("members invite")
    };
    world.share(0, "from before").unwrap();
    let cai = world.join("Cai", &key);
    world.run(MINUTE);
    assert_eq!(world.overview(cai).standing, Standing::Knocking);
    assert_eq!(world.members(0).len(), 2);
    let person = world.person(cai);
    world.command(1, Command::Welcome { person }).unwrap();
    world.run(30 * MINUTE);
    agree(&world, &[0, 1, cai]);
    assert_eq!(world.texts(cai), ["from before"]);
}

#[test]
fn whoever_says_not_now_puts_somebody_aside_on_one_computer() {
    let mut world = circle(9, 2);
    let command = Command::Invite {
        uses: 2,
        expires: 60 * 24 * 60 * MINUTE,
        mode: Mode::Knock,
        history: History::All,
    };
    let Ok(Reply::Invited { key, .. }) = world.command(1, command) else {
        panic!("members invite")
    };
    // Cai knocks at both computers.
    world.stop(0);
    let cai = world.join("Cai", &key);
    world.run(MINUTE);
    world.start(0);
    world.run(30 * MINUTE);
    let person = world.person(cai);
    let shown = |world: &World, node: usize| {
        let (replica, now) = (world.replica(node).unwrap(), world.time(node));
        (replica.waiting(now).len(), replica.aside(now).len())
    };
    assert_eq!(shown(&world, 1), (1, 0));
    world.command(1, Command::NotNow { person }).unwrap();
    assert_eq!(shown(&world, 1), (0, 1));
    // It lasts, over a restart too, and Cai is told nothing.
    world.stop(1);
    world.start(1);
    world.run(6 * 24 * 60 * MINUTE);
    assert_eq!(shown(&world, 1), (0, 1));
    assert_eq!(world.overview(cai).standing, Standing::Knocking);
    // After a week who still knocks waits again.
    world.run(2 * 24 * 60 * MINUTE);
    assert_eq!(shown(&world, 1), (1, 0));
    world.command(1, Command::NotNow { person }).unwrap();
    world.command(1, Command::Welcome { person }).unwrap();
    world.run(30 * MINUTE);
    agree(&world, &[0, 1, cai]);
    assert_eq!(shown(&world, 1), (0, 0));
    let nobody = world.command(1, Command::NotNow { person });
    assert_eq!(nobody, Err(Refusal::NotFound));
}

#[test]
fn newcomers_read_what_their_invite_says() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let mut world = circle(8, 2);
    world.share(0, "long ago").unwrap();
    world.run(40 * DAY);
    world.share(1, "last week").unwrap();
    world.run(7 * DAY);
    for (history, expected) in [
        (History::FromNow, vec![]),
        (History::Days30, vec!["last week"]),
        (History::All, vec!["last week", "long ago"]),
    ] {
        let key = world.invite(0, 1, history);
        let node = world.join("Cai", &key);
        world.run(10 * MINUTE);
        assert_eq!(world.texts(node), expected, "{history:?}");
    }
    world.share(0, "today").unwrap();
    world.run(MINUTE);
    for node in 0..world.len() {
        assert_eq!(world.texts(node)[0], "today");
    }
}

#[test]
fn frames_of_any_shape_neither_panic_nor_harm() {
    let mut world = circle(9, 3);
    world.share(0, "stays").unwrap();
    world.run(MINUTE);
    let digest = world.overview(0).digest;
    let mut frames: Vec<Vec<u8>> = vec![Vec::new(), vec![0; 256 * 1024], vec![255; 70_000]];
    for kind in 0..=12_u8 {
        for length in [0, 1, 2, 7, 40, 300] {
            for byte in [0, 1, 7, 127, 255] {
                frames.push([vec![kind], vec![byte; length]].concat());
            }
        }
    }
    for frame in &frames {
        for hello in [false, true] {
            world.inject(1, hello, frame);
        }
        world.run(Duration::from_millis(500));
    }
    world.run(60 * MINUTE);
    agree(&world, &[0, 1, 2]);
    assert_eq!(world.overview(1).digest, digest);
    assert_eq!(world.overview(1).in_step_with.len(), 2);
}

#[test]
fn a_quiet_circle_says_next_to_nothing() {
    let mut world = circle(10, 8);
    world.run(60 * MINUTE);
    let before = world.traffic;
    world.run(24 * 60 * MINUTE);
    assert_eq!(world.traffic, before, "everybody is there and in step");
    world.stop(7);
    world.run(60 * MINUTE);
    let before = world.traffic;
    world.run(24 * 60 * MINUTE);
    let dials = world.traffic.dials - before.dials;
    // At most one in ten minutes from each of the others: 20 minutes, half of it left to chance.
    assert!(dials <= 7 * 24 * 6, "{dials} dials");
    assert_eq!(world.traffic.frames, before.frames);
}
