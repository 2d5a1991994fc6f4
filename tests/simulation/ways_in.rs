//! Ways in that nearly lead nowhere: who was let in and did not hear of it finds in all the same.

use circlet_model::membership::act::History;
use circlet_model::replica::input::{Command, Input};
use circlet_model::replica::output::{JoinEnd, Reply};
use circlet_model::replica::overview::Standing;
use circlet_tests::world::{World, address_of};
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Ana, Bo, and a key of so many uses that leads to both.
fn two_and_a_key(seed: u64, uses: u16) -> (World, usize, usize, String) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 1, History::FromNow);
    let bo = world.join("Bo", &key);
    world.run(2 * MINUTE);
    let addresses = vec![address_of(ana), address_of(bo)];
    world.feed(ana, Input::Reachable { addresses });
    let key = world.invite(ana, uses, History::FromNow);
    world.run(MINUTE);
    (world, ana, bo, key)
}

/// Lets a node take somebody in who does not hear of it.
fn let_in_unheard(world: &mut World, by: usize, newcomer: usize, apart: &[usize]) {
    let before = world.members(by).len();
    while world.members(by).len() == before {
        world.step();
    }
    assert_eq!(world.overview(newcomer).standing, Standing::Pending);
    world.partition(apart);
}

#[test]
fn a_join_that_one_member_ended_goes_on_where_another_let_them_in() {
    let mut stood = [0, 0];
    for seed in 1..9 {
        let (mut world, ana, bo, key) = two_and_a_key(seed, 1);
        world.partition(&[0, 1, 1]);
        world.join("Dee", &key);
        world.partition(&[0, 1, 1]);
        world.run(10 * MINUTE);
        world.partition(&[0, 1, 1, 0]);
        let cai = world.join("Cai", &key);
        world.partition(&[0, 1, 1, 0]);
        let_in_unheard(&mut world, ana, cai, &[0, 1, 1, 1]);
        // Bo let Dee in by this key of one use, and says so.
        world.run(30 * MINUTE);
        assert_eq!(
            world.overview(cai).standing,
            Standing::Ended(JoinEnd::UsedUp)
        );
        world.stop(cai);
        world.start(cai);
        world.heal();
        world.run(60 * MINUTE);
        let belongs = world.members(ana).contains(&world.person(cai));
        let inside = world.overview(cai).standing == Standing::Member;
        assert_eq!(belongs, inside, "seed {seed}");
        assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
        if inside {
            assert_eq!(world.overview(ana).digest, world.overview(cai).digest);
        }
        stood[usize::from(inside)] += 1;
    }
    assert!(stood[0] > 0 && stood[1] > 0, "{stood:?}");
}

#[test]
fn whoever_asks_somebody_who_has_gone_is_told_and_comes_in_by_another_key() {
    for removed in [false, true] {
        let mut world = World::new(3);
        let ana = world.found("Ana");
        let key = world.invite(ana, 1, History::FromNow);
        let bo = world.join("Bo", &key);
        world.run(2 * MINUTE);
        let key = world.invite(bo, 1, History::FromNow);
        world.run(MINUTE);
        let cai = world.join("Cai", &key);
        let_in_unheard(&mut world, bo, cai, &[0, 0, 1]);
        world.run(10 * MINUTE);
        if removed {
            let person = world.person(bo);
            world.command(ana, Command::Remove { person }).unwrap();
        } else {
            world.command(bo, Command::Leave).unwrap();
        }
        world.run(MINUTE);
        world.heal();
        world.run(60 * MINUTE);
        // By Bo's key nobody comes in any more, and Bo alone knows Cai's whereabouts.
        let told = world.overview(cai).standing;
        assert_eq!(told, Standing::Ended(JoinEnd::Revoked), "{removed}");
        let key = world.invite(ana, 1, History::FromNow);
        world.rejoin(cai, &key);
        world.run(10 * MINUTE);
        assert_eq!(world.overview(cai).standing, Standing::Member);
        assert_eq!(world.overview(ana).digest, world.overview(cai).digest);
    }
}

#[test]
fn whoever_holds_a_key_that_a_removal_undid_is_told() {
    let (mut world, ana, bo, key) = two_and_a_key(5, 1);
    let cai = world.join("Cai", &key);
    world.run(2 * MINUTE);
    world.partition(&[0, 1, 1]);
    world.run(MINUTE);
    // Ana removes Bo without having heard of Bo's invite, which Cai can show.
    let key = world.invite(bo, 2, History::FromNow);
    world.run(MINUTE);
    let invites = world.replica(cai).unwrap().invites(world.time(cai));
    let line = invites.into_iter().find(|line| line.open).unwrap();
    let invite = line.invite;
    let shown = world.command(cai, Command::ShowInvite { invite });
    let Ok(Reply::Invited { key: shown, .. }) = shown else {
        panic!("not shown: {shown:?}")
    };
    let person = world.person(bo);
    world.command(ana, Command::Remove { person }).unwrap();
    world.heal();
    world.run(10 * MINUTE);
    assert_eq!(world.overview(bo).standing, Standing::Removed);
    let asks_bo = world.join("Dee", &key);
    let asks_cai = world.join("Eli", &shown);
    world.run(10 * MINUTE);
    for (node, end) in [(asks_bo, JoinEnd::Revoked), (asks_cai, JoinEnd::Unknown)] {
        assert_eq!(world.overview(node).standing, Standing::Ended(end));
    }
}

#[test]
fn whoever_asks_somebody_who_turned_out_never_to_have_belonged_is_told() {
    let mut fell = [0, 0];
    for seed in 1..7 {
        let (mut world, ana, bo, key) = two_and_a_key(seed, 1);
        let apart = [0, 1, 0, 1];
        let mut keys = Vec::new();
        for name in ["Cai", "Dee"] {
            world.partition(&apart);
            let node = world.len();
            world.join(name, &key);
            world.partition(&apart);
            world.run(10 * MINUTE);
            assert_eq!(world.overview(node).standing, Standing::Member);
            keys.push(world.invite(node, 1, History::FromNow));
        }
        world.run(MINUTE);
        // Both came by a key of one use: whoever falls out hears so from the one who let them in.
        world.heal();
        world.run(60 * MINUTE);
        assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
        let out = usize::from(world.members(ana).contains(&world.person(2)));
        assert_eq!(
            world.overview(2 + out).standing,
            Standing::Removed,
            "seed {seed}"
        );
        let eli = world.join("Eli", &keys[out]);
        world.run(10 * MINUTE);
        let told = world.overview(eli).standing;
        assert_eq!(told, Standing::Ended(JoinEnd::Revoked), "seed {seed}");
        fell[out] += 1;
    }
    assert!(fell[0] > 0 && fell[1] > 0, "{fell:?}");
}

#[test]
fn whoever_asks_a_computer_that_was_taken_out_is_told() {
    let (mut world, ana, bo, _) = two_and_a_key(7, 1);
    let card = world.card(bo);
    let second = world.come_back(bo, &[&card]);
    world.run(2 * MINUTE);
    let key = world.invite(second, 1, History::FromNow);
    world.run(MINUTE);
    let lines = world.replica(bo).unwrap().devices();
    let device = lines.iter().find(|line| !line.here).unwrap().device;
    world.command(bo, Command::RemoveDevice { device }).unwrap();
    world.run(10 * MINUTE);
    assert_eq!(world.overview(second).standing, Standing::DeviceRemoved);
    assert_eq!(world.overview(ana).members.len(), 2);
    let cai = world.join("Cai", &key);
    world.run(10 * MINUTE);
    let told = world.overview(cai).standing;
    assert_eq!(told, Standing::Ended(JoinEnd::Revoked));
}

#[test]
fn a_newcomer_whose_first_news_came_without_keys_finds_the_others() {
    for seed in 1..5 {
        let (mut world, ana, bo, key) = two_and_a_key(seed, 3);
        world.partition(&[0, 0, 0]);
        let cai = world.join("Cai", &key);
        let_in_unheard(&mut world, ana, cai, &[0, 0, 1]);
        world.run(10 * MINUTE);
        world.stop(ana);
        // Bo has the acts and no keys for Cai.
        world.heal();
        while world.overview(cai).standing != Standing::Member {
            world.step();
        }
        world.stop(bo);
        world.start(ana);
        world.run(60 * MINUTE);
        assert_eq!(world.overview(cai).in_step_with, ["Ana"], "seed {seed}");
        world.share(ana, "welcome").unwrap();
        world.run(MINUTE);
        assert_eq!(world.texts(cai), ["welcome"], "seed {seed}");
    }
}

#[test]
fn what_somebody_took_back_who_turned_out_never_to_have_belonged_parts_nobody() {
    for seed in 1..7 {
        let (mut world, ana, bo, key) = two_and_a_key(seed, 1);
        world.partition(&[0, 1, 0, 1]);
        for (name, groups) in [("Cai", [0, 1, 0, 9]), ("Dee", [0, 1, 0, 1])] {
            let node = world.len();
            let mut apart = groups;
            apart[node] = node - 2;
            world.partition(&apart);
            assert_eq!(world.join(name, &key), node);
            world.partition(&apart);
            world.run(10 * MINUTE);
            assert_eq!(world.overview(node).standing, Standing::Member);
            let Ok(Reply::Shared { thing }) = world.share(node, name) else {
                panic!("a member shares")
            };
            world.run(MINUTE);
            world.command(node, Command::Leave).unwrap();
            world.run(MINUTE);
            world.command(node, Command::TakeBack { thing }).unwrap();
            world.run(60 * MINUTE);
        }
        world.heal();
        world.run(60 * MINUTE);
        let digests = [ana, bo].map(|node| world.overview(node).digest);
        assert_eq!(digests[0], digests[1], "seed {seed}");
    }
}

#[test]
fn who_was_away_when_somebody_else_turned_out_to_have_their_place_is_told() {
    let mut fell = [0, 0];
    for seed in 1..7 {
        let (mut world, ana, bo, key) = two_and_a_key(seed, 1);
        let apart = [0, 1, 0, 1];
        for name in ["Cai", "Dee"] {
            world.partition(&apart);
            let node = world.join(name, &key);
            world.partition(&apart);
            world.run(10 * MINUTE);
            assert_eq!(world.overview(node).standing, Standing::Member);
        }
        // Neither newcomer is there when the others find out that both came by a key of one use.
        world.stop(2);
        world.stop(3);
        world.heal();
        world.run(60 * MINUTE);
        assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
        let out = usize::from(world.members(ana).contains(&world.person(2)));
        world.start(2 + out);
        world.run(60 * MINUTE);
        let told = world.overview(2 + out).standing;
        assert_eq!(told, Standing::Removed, "seed {seed}");
        fell[out] += 1;
    }
    assert!(fell[0] > 0 && fell[1] > 0, "{fell:?}");
}

#[test]
fn who_turned_out_to_be_too_many_belongs_where_somebody_who_calls_knows_more() {
    let mut fell = 0;
    for seed in 1..9 {
        let (mut world, ana, bo, key) = two_and_a_key(seed, 1);
        let apart = [0, 1, 0, 1];
        let [cai, dee] = ["Cai", "Dee"].map(|name| {
            world.partition(&apart);
            let node = world.join(name, &key);
            world.partition(&apart);
            world.run(10 * MINUTE);
            assert_eq!(world.overview(node).standing, Standing::Member);
            node
        });
        // Cai meets Bo, who let Dee in, and hears that there is no room.
        world.partition(&[0, 1, 1, 1]);
        world.run(10 * MINUTE);
        if world.overview(cai).standing == Standing::Member {
            continue;
        }
        fell += 1;
        // Dee has something to tell, whoever hears it.
        let thing = match world.share(dee, "from Dee") {
            Ok(Reply::Shared { thing }) => thing,
            other => panic!("not shared: {other:?}"),
        };
        world.command(dee, Command::TakeBack { thing }).unwrap();
        // Ana stops the invite and has not heard of Dee: so it was Dee who came too late.
        for line in world.replica(ana).unwrap().invites(world.time(ana)) {
            let invite = line.invite;
            world.command(ana, Command::StopInvite { invite }).unwrap();
        }
        world.partition(&[0, 0, 1, 2]);
        world.run(10 * MINUTE);
        world.heal();
        world.run(60 * MINUTE);
        let inside = [ana, bo, cai];
        for node in inside {
            let standing = world.overview(node).standing;
            assert_eq!(standing, Standing::Member, "seed {seed}, P{node}");
            assert_eq!(world.members(node).len(), 3, "seed {seed}, P{node}");
        }
        let digests = inside.map(|node| world.overview(node).digest);
        assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{seed}");
        let told = world.overview(dee).standing;
        assert_eq!(told, Standing::Removed, "seed {seed}");
    }
    assert!(fell > 0);
}
