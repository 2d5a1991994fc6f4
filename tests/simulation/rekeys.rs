//! Devices change their KEM keys each month (K4): who was away, who lost keys, who was put back.

use crate::agree::in_step;
use circlet_model::membership::act::History;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Asserts that these nodes hold the same and read the same.
fn agree(world: &World, nodes: &[usize]) {
    in_step(world, nodes);
    for &node in nodes {
        assert_eq!(world.texts(nodes[0]), world.texts(node), "node {node}");
    }
}

/// Returns a circle of Ana, Bo and Cai, who read each other.
fn three(seed: u64) -> (World, [usize; 3]) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 9, History::All);
    let (bo, cai) = (world.join("Bo", &key), world.join("Cai", &key));
    world.run(2 * MINUTE);
    world.share(cai, "from Cai").unwrap();
    world.run(MINUTE);
    agree(&world, &[ana, bo, cai]);
    (world, [ana, bo, cai])
}

/// Lets days pass, on which each of these shares something now and then.
fn days(world: &mut World, days: u32, nodes: &[usize]) {
    for day in 0..days {
        let node = nodes[day as usize % nodes.len()];
        if day % 9 == 0 {
            world.share(node, &format!("day {day}")).unwrap();
        }
        world.run(DAY);
    }
}

#[test]
fn keys_change_each_month_and_everybody_reads_on() {
    let (mut world, [ana, bo, cai]) = three(41);
    let card = world.card(bo);
    let second = world.come_back(bo, &[&card]);
    world.run(10 * MINUTE);
    let all = [ana, bo, cai, second];
    let first = all.map(|node| world.kem(node));
    days(&mut world, 29, &all);
    assert_eq!(all.map(|node| world.kem(node)), first);
    days(&mut world, 5, &all);
    let later = all.map(|node| world.kem(node));
    days(&mut world, 36, &all);
    for (place, node) in all.into_iter().enumerate() {
        let (first, now) = (&first[place], world.kem(node));
        assert_ne!(later[place].public(), first.public(), "node {node}");
        assert_ne!(now.public(), later[place].public(), "node {node}");
        assert!(now.old().all(|old| old != first.public()), "node {node}");
    }
    world.share(second, "at last").unwrap();
    world.run(MINUTE);
    agree(&world, &all);
}

#[test]
fn who_was_away_wraps_to_a_key_that_is_gone_and_all_is_read() {
    let (mut world, [ana, bo, cai]) = three(42);
    let first = [ana, bo, cai].map(|node| world.kem(node));
    world.partition(&[0, 0, 1]);
    days(&mut world, 45, &[ana, bo]);
    for (node, first) in [(ana, &first[0]), (bo, &first[1])] {
        let now = world.kem(node);
        assert_ne!(now.public(), first.public());
        assert!(now.old().eq([first.public()]), "Cai may not know");
    }
    // Alone, a device changes nothing: it may be a disk that was put back.
    assert_eq!(world.kem(cai), first[2]);
    days(&mut world, 25, &[ana, bo]);
    for (node, first) in [(ana, &first[0]), (bo, &first[1])] {
        assert!(world.kem(node).old().all(|old| old != first.public()));
    }
    world.share(cai, "wrapped to keys that are gone").unwrap();
    world.heal();
    world.run(90 * MINUTE);
    agree(&world, &[ana, bo, cai]);
    days(&mut world, 3, &[cai]);
    assert_ne!(world.kem(cai).public(), first[2].public());
    agree(&world, &[ana, bo, cai]);
}

#[test]
fn a_disk_of_an_earlier_month_that_was_put_back_goes_on_as_a_new_device() {
    for (seed, keys_too) in [(43, false), (44, true)] {
        let (mut world, [ana, bo, cai]) = three(seed);
        let (disk, kem) = (world.store(bo).copy(), world.kem(bo));
        days(&mut world, 40, &[ana, bo, cai]);
        assert_ne!(world.kem(bo).public(), kem.public());
        world.set_store(bo, disk);
        if keys_too {
            world.set_kem(bo, kem);
        }
        world.start(bo);
        world.run(2 * DAY);
        assert_eq!(world.node(bo).renewals, 1, "seed {seed}");
        assert_eq!(world.kem(bo).old().count(), 0, "seed {seed}");
        world.share(bo, "here again").unwrap();
        world.run(90 * MINUTE);
        agree(&world, &[ana, bo, cai]);
    }
}

#[test]
fn a_device_whose_keys_were_put_back_takes_fresh_ones() {
    let (mut world, [ana, bo, cai]) = three(45);
    let first = world.kem(bo);
    days(&mut world, 40, &[ana, bo, cai]);
    let second = world.kem(bo);
    world.set_kem(bo, first.clone());
    // Meanwhile somebody wraps to a key that Bo does not have.
    days(&mut world, 32, &[ana, cai]);
    world.start(bo);
    world.run(2 * DAY);
    let third = world.kem(bo);
    assert_ne!(third.public(), first.public());
    assert_ne!(third.public(), second.public());
    agree(&world, &[ana, bo, cai]);
}
