//! Stories that are carried by hand: bundles between computers that never meet, and backups.

use crate::agree::in_step;
use circlet_model::membership::act::History;
use circlet_model::replica::input::Command;
use circlet_model::replica::output::{Refusal, Reply};
use circlet_model::replica::overview::Standing;
use circlet_model::replica::transcript::Purpose;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const TO_ALL: Purpose = Purpose::Bundle { to: None };

/// Returns a circle of Ana, Bo and Cai, who cannot reach each other from now on.
fn apart(seed: u64) -> (World, [usize; 3]) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, 9, History::FromNow);
    let [bo, cai] = ["Bo", "Cai"].map(|name| world.join(name, &key));
    world.run(2 * MINUTE);
    for (node, text) in [(ana, "from Ana"), (bo, "from Bo"), (cai, "from Cai")] {
        world.share(node, text).unwrap();
    }
    world.run(MINUTE);
    in_step(&world, &[ana, bo, cai]);
    world.partition(&[0, 1, 2]);
    (world, [ana, bo, cai])
}

fn sorted(world: &World, node: usize) -> Vec<String> {
    let mut texts = world.texts(node);
    texts.sort();
    texts
}

fn shared(world: &mut World, node: usize, text: &str) -> circlet_model::id::ThingId {
    match world.share(node, text) {
        Ok(Reply::Shared { thing }) => thing,
        other => panic!("it was not shared: {other:?}"),
    }
}

/// Carries bundles both ways until nothing is new.
fn exchange(world: &mut World, one: usize, other: usize) {
    for _ in 0..4 {
        let pieces = world.transcript(one, TO_ALL);
        let there = world.carry(other, &pieces);
        let pieces = world.transcript(other, TO_ALL);
        let back = world.carry(one, &pieces);
        if there + back == 0 {
            return;
        }
    }
    panic!("bundles bring something new without end");
}

#[test]
fn who_never_meets_agrees_by_bundles() {
    for seed in 1..6 {
        let (mut world, [ana, bo, cai]) = apart(seed);
        world.share(ana, "only here").unwrap();
        let soon_gone = shared(&mut world, bo, "said too soon");
        world.share(bo, "and here").unwrap();
        exchange(&mut world, ana, bo);
        assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
        assert_eq!(world.texts(ana).len(), 6, "seed {seed}");
        let early = world.transcript(ana, TO_ALL);
        world
            .command(bo, Command::TakeBack { thing: soon_gone })
            .unwrap();
        exchange(&mut world, bo, ana);
        assert!(!world.keeps_body(ana, soon_gone), "seed {seed}");
        // An old bundle brings nothing back, and nobody new hears of it once they know.
        assert_eq!(world.carry(bo, &early), 0);
        assert!(!world.keeps_body(bo, soon_gone));
        exchange(&mut world, bo, cai);
        world.carry(cai, &early);
        assert!(!world.keeps_body(cai, soon_gone));
        assert_eq!(sorted(&world, cai), sorted(&world, ana));
        assert_eq!(world.overview(cai).digest, world.overview(ana).digest);
    }
}

#[test]
fn a_removal_and_what_was_said_under_the_new_keys_come_by_bundle() {
    let (mut world, [ana, bo, cai]) = apart(7);
    let person = world.person(cai);
    world.command(ana, Command::Remove { person }).unwrap();
    world.share(ana, "without Cai").unwrap();
    exchange(&mut world, ana, bo);
    assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
    assert!(world.texts(bo).contains(&"without Cai".to_owned()));
    assert_eq!(world.overview(bo).members.len(), 2);
    // The head opens for Bo, who had not heard of the new keys, and not for Cai.
    let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    let file = circlet_model::key::Secret([9; 32]);
    let now = world.time(ana);
    let head = world
        .replica(ana)
        .unwrap()
        .bundle_head(&file, now, &mut rng);
    let head = head.unwrap();
    assert_eq!(world.replica(bo).unwrap().open_bundle(&head), Some(file));
    assert_eq!(world.replica(cai).unwrap().open_bundle(&head), None);
}

#[test]
fn what_is_not_in_order_ends_a_bundle_and_leaves_what_came_before() {
    let (mut world, [ana, bo, _]) = apart(8);
    world.share(ana, "carried").unwrap();
    let pieces = world.transcript(ana, TO_ALL);
    let before = world.overview(bo).digest;
    let last = pieces.len() - 1;
    for piece in &pieces {
        let mut spoilt = piece.clone();
        let place = spoilt.len() / 2;
        if spoilt.len() > 40 {
            spoilt[place] ^= 1;
            world.carry_once(bo, std::slice::from_ref(&spoilt));
        }
        spoilt.truncate(place);
        world.carry_once(bo, &[spoilt]);
    }
    assert!(!world.texts(bo).contains(&"carried".to_owned()));
    assert_eq!(world.overview(bo).digest, before);
    // What only says something to somebody who answers has no place in a bundle.
    let carried = world.carry_once(bo, &[vec![6, 1], pieces[last].clone()]);
    assert!(carried.bad && carried.new == 0);
    world.carry(bo, &pieces);
    assert!(world.texts(bo).contains(&"carried".to_owned()));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]

    #[test]
    fn the_order_and_the_number_of_pieces_do_not_matter(
        seed in 100_u64..120,
        order in proptest::collection::vec(proptest::prelude::any::<usize>(), 0..60),
    ) {
        let (mut world, [ana, bo, cai]) = apart(seed);
        let gone = shared(&mut world, ana, "said too soon");
        world.share(ana, "one more").unwrap();
        let before = world.transcript(ana, TO_ALL);
        world.command(ana, Command::TakeBack { thing: gone }).unwrap();
        let person = world.person(cai);
        world.command(ana, Command::Remove { person }).unwrap();
        world.share(ana, "without Cai").unwrap();
        let pieces = world.transcript(ana, TO_ALL);
        let all: Vec<_> = before.iter().chain(&pieces).cloned().collect();
        for which in order {
            let piece = all[which % all.len()].clone();
            proptest::prop_assert!(!world.carry_once(bo, &[piece]).bad);
        }
        world.carry(bo, &pieces);
        world.carry(bo, &before);
        exchange(&mut world, ana, bo);
        proptest::prop_assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
        proptest::prop_assert_eq!(sorted(&world, ana), sorted(&world, bo));
        proptest::prop_assert!(!world.keeps_body(bo, gone));
    }
}

#[test]
fn what_somebody_is_known_to_hold_is_left_out_for_them() {
    use circlet_model::bounded::List;
    use circlet_model::sync::message::Message;
    let (mut world, [ana, bo, _]) = apart(9);
    let person = world.person(bo);
    let to_bo = Purpose::Bundle { to: Some(person) };
    let runs = |pieces: &[Vec<u8>]| pieces.iter().filter(|piece| piece[0] == 5).count();
    let pieces = world.transcript(ana, to_bo);
    assert!(runs(&pieces) > 0, "Bo has not said what he holds");
    // Bo says that he holds everything that Ana held when they last met.
    let record = world.says_what_it_holds(bo);
    let records = List::new(vec![record]).unwrap();
    world.carry(ana, &[Message::Records(records).to_frame()]);
    assert_eq!(runs(&world.transcript(ana, to_bo)), 0);
    world.share(ana, "since then").unwrap();
    let few = world.transcript(ana, to_bo);
    assert!(runs(&few) > 0 && runs(&few) < runs(&world.transcript(ana, TO_ALL)));
    world.carry(bo, &few);
    assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
}

#[test]
fn a_backup_comes_back_as_a_new_device_and_shows_nothing_before_it_met_somebody() {
    for seed in 10..14 {
        let (mut world, [ana, bo, cai]) = apart(seed);
        world.heal();
        let gone = shared(&mut world, ana, "taken back since");
        world.share(bo, "only on Bo's computer").unwrap();
        world.run(MINUTE);
        let (card, circle) = (world.card(bo), world.overview(bo).circle.unwrap());
        let pieces = world.transcript(bo, Purpose::Backup);
        world.stop(bo);
        world.run(DAY);
        world
            .command(ana, Command::TakeBack { thing: gone })
            .unwrap();
        world.share(ana, "said since").unwrap();
        world.run(MINUTE);
        let back = world.restore(bo, circle, &pieces, &[&card]);
        world.partition(&[0, 1, 2, 3]);
        world.run(5 * MINUTE);
        assert!(world.texts(back).is_empty(), "seed {seed}");
        assert_eq!(world.overview(back).standing, Standing::Returning);
        assert_eq!(world.share(back, "too early"), Err(Refusal::Pending));
        world.stop(back);
        world.start(back);
        assert!(world.replica(back).unwrap().is_veiled().unwrap());
        world.heal();
        world.run(30 * MINUTE);
        assert!(!world.replica(back).unwrap().is_veiled().unwrap());
        assert_eq!(world.overview(back).standing, Standing::Member);
        assert!(!world.keeps_body(back, gone), "seed {seed}");
        let texts = sorted(&world, back);
        assert_eq!(texts, sorted(&world, ana), "seed {seed}");
        assert!(texts.contains(&"only on Bo's computer".to_owned()));
        assert!(texts.contains(&"said since".to_owned()));
        world.share(back, "here again").unwrap();
        world.run(MINUTE);
        in_step(&world, &[ana, cai, back]);
        // The old computer turns up after all: two devices of one person, and no fork.
        world.start(bo);
        world.run(30 * MINUTE);
        in_step(&world, &[ana, bo, cai, back]);
        assert_eq!(world.node(bo).renewals, 0, "seed {seed}");
    }
}

#[test]
fn who_is_alone_can_have_a_backup_shown_at_once() {
    let mut world = World::new(20);
    let ana = world.found("Ana");
    world.share(ana, "to myself").unwrap();
    world.run(MINUTE);
    let (card, circle) = (world.card(ana), world.overview(ana).circle.unwrap());
    let pieces = world.transcript(ana, Purpose::Backup);
    world.stop(ana);
    let back = world.restore(ana, circle, &pieces, &[&card]);
    world.run(5 * MINUTE);
    assert!(world.texts(back).is_empty());
    world.command(back, Command::ShowNow).unwrap();
    assert_eq!(world.texts(back), ["to myself"]);
    assert_eq!(world.overview(back).standing, Standing::Member);
    world.share(back, "and on").unwrap();
    world.run(MINUTE);
    assert_eq!(world.texts(back).len(), 2);
}

#[test]
fn a_backup_of_somebody_who_left_keeps_their_words_and_does_not_come_back() {
    let (mut world, [ana, bo, _]) = apart(21);
    world.heal();
    world.run(MINUTE);
    world.command(bo, Command::Leave).unwrap();
    world.run(MINUTE);
    let (card, circle) = (world.card(bo), world.overview(bo).circle.unwrap());
    let pieces = world.transcript(bo, Purpose::Backup);
    let before = sorted(&world, bo);
    world.stop(bo);
    let back = world.restore(bo, circle, &pieces, &[&card]);
    world.run(30 * MINUTE);
    assert_eq!(world.overview(back).standing, Standing::Left);
    assert!(world.texts(back).is_empty());
    world.command(back, Command::ShowNow).unwrap();
    assert_eq!(sorted(&world, back), before);
    assert_eq!(world.overview(ana).members.len(), 2);
}
