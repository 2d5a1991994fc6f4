//! Stories of keys: whoever may have one gets it, by whatever way it has to come.

use crate::mended::two_who_can_both_admit;
use circlet_model::membership::act::History;
use circlet_model::replica::input::Command;
use circlet_model::replica::overview::Standing;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn keys_come_to_the_end_of_a_line() {
    for seed in 1..13 {
        let mut world = World::new(seed);
        world.found("P0");
        let key = world.invite(0, 4, History::All);
        for node in 1..5 {
            world.join(&format!("P{node}"), &key);
            world.run(MINUTE);
        }
        // Each reaches the next one alone. Every link is made anew.
        for node in 0..5 {
            world.stop(node);
        }
        world.apart = [(0, 2), (0, 3), (1, 3)].into();
        world.latency = (5, 500);
        for node in 0..4 {
            world.start(node);
        }
        world.run(60 * MINUTE);
        let person = world.person(4);
        world.command(0, Command::Remove { person }).unwrap();
        world.share(0, "after").unwrap();
        world.run(MINUTE);
        for node in 0..4 {
            assert_eq!(world.texts(node), ["after"], "seed {seed}, P{node}");
            assert_eq!(world.sealed(node), 0, "seed {seed}, P{node}");
        }
    }
}

#[test]
fn a_newcomer_let_in_twice_reads_what_only_one_of_them_closed() {
    for seed in 1..4 {
        let (mut world, [ana, bo], key) = two_who_can_both_admit(seed);
        world.partition(&[0, 1]);
        for n in 0..3 {
            world.share(ana, &format!("between {n}")).unwrap();
        }
        let cai = world.join("Cai", &key);
        world.partition(&[0, 1, 1]);
        while world.overview(bo).members.len() < 3 {
            world.step();
        }
        // Bo let Cai in, and the link breaks before Cai hears of it: then Ana does so too, who has
        // written what Bo did not close.
        world.partition(&[0, 1, 0]);
        world.run(10 * MINUTE);
        assert_eq!(world.overview(cai).standing, Standing::Member, "{seed}");
        assert!(world.texts(cai).is_empty(), "seed {seed}");
        world.heal();
        world.run(60 * MINUTE);
        assert_eq!(world.texts(cai).len(), 3, "seed {seed}");
        assert_eq!(world.sealed(cai), 0, "seed {seed}");
    }
}

#[test]
fn a_key_comes_by_somebody_who_may_not_have_it() {
    for seed in 1..6 {
        let mut world = World::new(seed);
        let ana = world.found("Ana");
        let key = world.invite(ana, 2, History::FromNow);
        let [bo, cai] = ["Bo", "Cai"].map(|name| world.join(name, &key));
        world.run(5 * MINUTE);
        world.stop(bo);
        // Who goes makes the next words come under a key that Bo is given and does not hear of.
        let person = world.person(cai);
        world.command(ana, Command::Remove { person }).unwrap();
        world.share(ana, "for Bo").unwrap();
        let key = world.invite(ana, 1, History::FromNow);
        let dee = world.join("Dee", &key);
        world.run(5 * MINUTE);
        // Dee came too late to read it, and is the only one who is left.
        world.command(ana, Command::Leave).unwrap();
        world.run(MINUTE);
        world.stop(ana);
        world.start(bo);
        world.run(60 * MINUTE);
        assert_eq!(world.texts(bo), ["for Bo"], "seed {seed}");
        assert_eq!(world.texts(dee), [""; 0], "seed {seed}");
        assert_eq!(world.sealed(bo), 0, "seed {seed}");
    }
}
