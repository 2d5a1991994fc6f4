//! A fresh KEM key each month, and letting go of the old one (K4).

use super::circle::{Circle, NOW, Other};
use crate::bounded::List;
use crate::codec;
use crate::id::ActId;
use crate::log::entry::Place;
use crate::membership::act::{Act, History, Kind};
use crate::membership::graph::Insert;
use crate::replica::output::{Outbox, Output};
use crate::secrecy::kem::{self, Keys};
use crate::secrecy::wrap::{self, Minted};
use crate::sync::message::Keys as Given;
use crate::time::{Day, Timestamp};
use core::time::Duration;
use std::collections::BTreeMap;

fn day(number: u32) -> Day {
    Day(NOW.day().0 + number)
}

fn on(number: u32) -> Timestamp {
    NOW.after(Duration::from_hours(24 * u64::from(number)))
}

fn ack() -> Kind {
    let removals = List::default();
    Kind::Ack { removals }
}

/// Returns the keys that Ana should have on a day.
fn keys_on(circle: &mut Circle, number: u32) -> Keys {
    circle.replica.keys_for(day(number), &mut circle.rng)
}

fn held(circle: &Circle) -> Keys {
    circle.replica.identity.kem.clone()
}

/// The key that others wrap to for Ana.
fn known(circle: &Circle) -> kem::PublicKey {
    let roster = circle.replica.roster().unwrap();
    roster.devices[&circle.replica.device()].kem.clone()
}

fn heads(circle: &Circle) -> Vec<ActId> {
    circle.replica.graph.as_ref().unwrap().heads()
}

/// Somebody who knows everything writes something on a day.
fn speaks(circle: &mut Circle, who: &Other, number: u32) {
    let heads = heads(circle);
    circle.act_of(day(number), who, &heads, ack());
}

/// Ana and Bo, who wrote something three weeks later.
fn two() -> (Circle, Other) {
    let mut circle = Circle::found();
    let bo = circle.join(2, History::All);
    speaks(&mut circle, &bo, 21);
    (circle, bo)
}

/// Ana takes a fresh key on a day.
fn rekey(circle: &mut Circle, number: u32) -> Keys {
    let keys = keys_on(circle, number);
    assert_ne!(keys.public(), held(circle).public());
    let mut out = Outbox::default();
    let kept = circle.replica.keys_kept(keys.clone(), on(number), &mut out);
    kept.unwrap();
    assert_eq!(known(circle), *keys.public());
    keys
}

/// The private half of the newest key.
fn secret(keys: &Keys) -> Vec<u8> {
    codec::encode(keys)[..32].to_vec()
}

/// Bo mints, wrapping to the key of Ana's that they know of, and on these heads.
fn mints(circle: &mut Circle, bo: &Other, ana: &kem::PublicKey, on: &[ActId]) -> (ActId, Minted) {
    let device = circle.replica.device();
    let devices = BTreeMap::from([
        (device, ana),
        (bo.keys.device.device(), bo.keys.kem.public()),
    ]);
    let id = circle.replica.circle().unwrap();
    let minted = wrap::mint(id, &devices, &mut circle.rng).unwrap();
    let (act, _) = circle.act_on(bo, on, minted.kind());
    (act, minted)
}

#[test]
fn a_key_of_a_month_is_replaced_by_one_of_its_suite() {
    let (mut circle, _) = two();
    let before = held(&circle);
    assert_eq!(keys_on(&mut circle, 29), before);
    let keys = keys_on(&mut circle, 30);
    assert_ne!(keys.public(), before.public());
    assert_eq!(keys.public().suite, before.public().suite);
    assert!(keys.old().eq([before.public()]));
    // Nobody hears of it before it is durable.
    assert_eq!(known(&circle), *before.public());
    rekey(&mut circle, 30);
    let after = held(&circle);
    assert_eq!(keys_on(&mut circle, 30), after);
    assert_eq!(keys_on(&mut circle, 50), after);
}

#[test]
fn both_suites_go_on_with_their_own() {
    for suite in [kem::X25519, kem::XWING] {
        let (mut circle, _) = two();
        let first = kem::SecretKey::generate(suite, &mut circle.rng).unwrap();
        let mut out = Outbox::default();
        circle
            .replica
            .keys_kept(first.into(), NOW, &mut out)
            .unwrap();
        assert_eq!(known(&circle).suite, suite);
        assert_eq!(rekey(&mut circle, 30).public().suite, suite);
    }
}

#[test]
fn a_clock_that_jumps_and_a_circle_where_nobody_speaks_change_no_key() {
    let (mut circle, bo) = two();
    let before = held(&circle);
    for number in [82, 400, 4000] {
        assert_eq!(keys_on(&mut circle, number), before, "{number}");
    }
    let keys = circle.replica.keys_for(Day(3), &mut circle.rng);
    assert_eq!(keys, before);
    speaks(&mut circle, &bo, 83);
    assert_ne!(keys_on(&mut circle, 83), before);
}

#[test]
fn keys_that_were_kept_and_never_said_are_said_the_next_time() {
    let (mut circle, _) = two();
    let keys = keys_on(&mut circle, 30);
    circle.replica.identity.kem = keys.clone();
    // The old one is what the others know: it stays.
    assert_eq!(keys_on(&mut circle, 40), keys);
    let mut out = Outbox::default();
    let length = circle.replica.graph.as_ref().unwrap().len();
    for _ in 0..2 {
        circle
            .replica
            .keys_kept(keys.clone(), on(40), &mut out)
            .unwrap();
        assert_eq!(known(&circle), *keys.public());
        assert_eq!(circle.replica.graph.as_ref().unwrap().len(), length + 1);
    }
}

#[test]
fn an_old_key_goes_when_every_device_knows_the_next() {
    let (mut circle, bo) = two();
    let cai = circle.join(3, History::All);
    let old = known(&circle);
    let keys = rekey(&mut circle, 30);
    speaks(&mut circle, &bo, 31);
    assert_eq!(keys_on(&mut circle, 31), keys);
    speaks(&mut circle, &cai, 31);
    let left = keys_on(&mut circle, 31);
    assert_eq!(left.public(), keys.public());
    assert_eq!((keys.old().next(), left.old().next()), (Some(&old), None));
}

#[test]
fn an_old_key_goes_after_a_month_whoever_knows_the_next() {
    let (mut circle, bo) = two();
    let (before, old) = (heads(&circle), known(&circle));
    let keys = rekey(&mut circle, 30);
    circle.act_of(day(40), &bo, &before, ack());
    assert_eq!(keys_on(&mut circle, 59), keys);
    // By then it is time for the next, too.
    let next = keys_on(&mut circle, 60);
    assert!(next.old().eq([keys.public()]));
    assert_ne!(*keys.public(), old);
}

#[test]
fn an_old_key_stays_while_a_key_that_was_given_is_missing() {
    let (mut circle, bo) = two();
    let (before, old) = (heads(&circle), known(&circle));
    let keys = rekey(&mut circle, 30);
    let (act, minted) = mints(&mut circle, &bo, &old, &before);
    speaks(&mut circle, &bo, 31);
    assert_eq!(keys_on(&mut circle, 31), keys);
    circle.replica.take_table(act, &minted.table).unwrap();
    assert!(circle.replica.ring.holds(&minted.stories.id()));
    assert_eq!(keys_on(&mut circle, 31).old().count(), 0);
}

#[test]
fn what_was_wrapped_to_a_key_that_is_gone_comes_by_asking() {
    let (mut circle, bo) = two();
    let (before, old) = (heads(&circle), known(&circle));
    let keys = rekey(&mut circle, 30);
    let mut out = Outbox::default();
    let one = keys.without(|_| true);
    circle.replica.keys_kept(one, on(60), &mut out).unwrap();
    let (act, minted) = mints(&mut circle, &bo, &old, &before);
    circle.replica.take_table(act, &minted.table).unwrap();
    let ids = [minted.commons.id(), minted.stories.id()];
    let holds = |circle: &Circle| ids.map(|id| circle.replica.ring.holds(&id));
    assert_eq!(holds(&circle), [false; 2]);
    let asked = circle.replica.not_held();
    assert!(ids.iter().all(|id| asked.contains(id)));
    // Whoever is asked wraps to the key of now.
    let mut ring = crate::secrecy::epoch::Ring::default();
    for key in [minted.commons, minted.stories] {
        ring.insert(key.id(), key);
    }
    let (id, me) = (circle.replica.circle().unwrap(), circle.replica.device());
    let now = known(&circle);
    let shared = wrap::share(id, (me, &now), &ids, &ring, &mut circle.rng).unwrap();
    let given = Given {
        epochs: Some((
            List::new(ids.to_vec()).unwrap(),
            shared.table.row(0).unwrap().clone(),
        )),
        bodies: List::default(),
    };
    let place = Place {
        device: me,
        branch: 0,
        seq: 0,
    };
    let asked = BTreeMap::from(ids.map(|id| (id.0, place)));
    circle.replica.take_keys(given, &asked, NOW).unwrap();
    assert_eq!(holds(&circle), [true; 2]);
}

#[test]
fn what_is_wrapped_to_the_old_key_beside_the_new_one_seals_no_more() {
    let (mut circle, bo) = two();
    let (before, old) = (heads(&circle), known(&circle));
    rekey(&mut circle, 30);
    let (act, minted) = mints(&mut circle, &bo, &old, &before);
    circle.replica.take_table(act, &minted.table).unwrap();
    let epoch = &circle.replica.roster().unwrap().epochs[&act];
    assert!(epoch.outdated);
    let sealing = circle.replica.sealing_epoch(on(30), &mut circle.rng);
    let sealing = sealing.unwrap();
    assert_ne!(sealing, act);
    assert!(!circle.replica.roster().unwrap().epochs[&sealing].outdated);
}

#[test]
fn keys_that_were_put_back_are_replaced() {
    let (mut circle, bo) = two();
    let first = held(&circle);
    let second = rekey(&mut circle, 30);
    speaks(&mut circle, &bo, 31);
    circle.replica.identity.kem = first.clone();
    let third = rekey(&mut circle, 31);
    assert_ne!(third.public(), second.public());
    assert_ne!(third.public(), first.public());
}

/// Another act of Ana's device stands in the place of its last one.
fn fork(circle: &mut Circle) {
    let me = circle.replica.device();
    let graph = circle.replica.graph.as_mut().unwrap();
    let last = graph.iter().filter(|act| act.act().device == me).last();
    let act = Act {
        kind: ack(),
        ..last.unwrap().act().clone()
    };
    let act = act.sign(&circle.replica.identity.device);
    assert_eq!(graph.insert(act), Insert::Attached);
    let device = &graph.roster().devices[&me];
    assert!(device.forked && device.active);
}

#[test]
fn a_device_that_is_not_its_own_any_more_changes_no_key() {
    type Case = fn(&mut Circle);
    let cases: [Case; 2] = [|circle| circle.replica.state.superseded = true, fork];
    for case in cases {
        let (mut circle, _) = two();
        let before = held(&circle);
        case(&mut circle);
        assert_eq!(keys_on(&mut circle, 30), before);
        let fresh = before.renewed(&mut circle.rng).unwrap();
        let mut out = Outbox::default();
        circle.replica.keys_kept(fresh, on(30), &mut out).unwrap();
        assert_eq!(known(&circle), *before.public());
    }
}

#[test]
fn a_device_alone_changes_no_key_and_one_that_is_out_keeps_no_old_one() {
    let (mut circle, _) = two();
    rekey(&mut circle, 30);
    let mut out = Outbox::default();
    // Nobody is linked: it may be a disk that was put back.
    let tended = circle.replica.tend_keys(on(70), &mut circle.rng, &mut out);
    tended.unwrap();
    assert_eq!(out.outputs, []);
    let cut = List::default();
    circle.replica.act(Kind::Leave { cut }, on(70)).unwrap();
    let tended = circle.replica.tend_keys(on(70), &mut circle.rng, &mut out);
    tended.unwrap();
    let [Output::Keep { kem }] = &out.outputs[..] else {
        panic!("{:?}", out.outputs)
    };
    assert_eq!((kem.public(), kem.old().count()), (&known(&circle), 0));
}

#[test]
fn no_row_ever_holds_a_private_key() {
    let (mut circle, bo) = two();
    let first = held(&circle);
    let second = rekey(&mut circle, 30);
    circle.finish();
    let public = second.public().bytes.to_vec();
    assert!(circle.store.holds(&public), "the act is stored");
    let (first, second) = (secret(&first), secret(&second));
    let holds = |circle: &Circle, secret: &[u8]| {
        let kept = codec::encode(&held(circle));
        kept.windows(32).any(|part| part == secret)
    };
    assert!(holds(&circle, &first) && holds(&circle, &second));
    speaks(&mut circle, &bo, 31);
    let (kem, mut out) = (keys_on(&mut circle, 31), Outbox::default());
    circle.replica.keys_kept(kem, on(31), &mut out).unwrap();
    circle.finish();
    assert!(!holds(&circle, &first) && holds(&circle, &second));
    assert!(!circle.store.holds(&first) && !circle.store.holds(&second));
}
