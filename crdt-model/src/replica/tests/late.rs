//! What rests on acts and cuts that others do not have, or not any more.

use super::circle::{Circle, NOW, Other, story};
use super::cuts::{entry, heads, removal, settle, with_keepers};
use crate::bounded::List;
use crate::id::ActId;
use crate::log::entry::Entry;
use crate::log::header::{Action, Header};
use crate::log::run::Run;
use crate::membership::act::{self, Act, Cut, Kind, Role, SignedAct};
use crate::replica::acts::Taken;
use crate::replica::entries::RunTaken;
use crate::replica::output::Outbox;

fn ack() -> Kind {
    Kind::Ack {
        removals: List::default(),
    }
}

/// An act of somebody's that is nowhere yet, on top of another of theirs.
fn act(circle: &Circle, who: &Other, (seq, prev): (u64, ActId), heads: &[ActId]) -> SignedAct {
    let heads = heads.iter().copied().filter(|head| *head != prev);
    let act = Act {
        version: act::VERSION,
        suite: act::SUITE,
        circle: circle.replica.state.circle.unwrap(),
        device: who.keys.device.device(),
        seq,
        prev,
        heads: List::new(heads.collect()).unwrap(),
        day: NOW.day(),
        kind: ack(),
    };
    act.sign(&who.keys.device).signed().clone()
}

/// Ana removes Bo, which Cai and Eve know: more than half. Returns what Bo knew.
fn removed(circle: &mut Circle, (bo, cai, eve): (&Other, &Other, &Other)) -> Vec<ActId> {
    let before = heads(circle);
    let remove = removal(circle, bo, 0);
    assert!(circle.replica.act(remove, NOW).is_some());
    for who in [cai, eve] {
        assert_eq!(circle.act(who, ack()).1, Taken::New);
    }
    before
}

#[test]
fn late_acts_of_which_the_last_is_built_on_come_at_once() {
    let (mut circle, bo, cai, eve) = with_keepers();
    let before = removed(&mut circle, (&bo, &cai, &eve));
    let graph = circle.replica.graph.as_ref().unwrap();
    let mut place = graph.next(&bo.keys.device.device());
    let mut acts: Vec<SignedAct> = Vec::new();
    for _ in 0..40 {
        acts.push(act(&circle, &bo, place, &before));
        place = (place.0 + 1, acts.last().unwrap().act.id());
    }
    let taken = circle.replica.take_acts(&acts);
    assert!(taken.iter().all(|(_, taken)| *taken == Taken::Nothing));
    // Cai has seen the last of them.
    let graph = circle.replica.graph.as_ref().unwrap();
    let next = graph.next(&cai.keys.device.device());
    acts.push(act(&circle, &cai, next, &[place.1]));
    circle.replica.take_acts(&acts);
    let graph = circle.replica.graph.as_ref().unwrap();
    assert!(acts.iter().all(|signed| graph.keeps(&signed.act.id())));
}

/// Cai and Eve hear of the removal, so an act of Bo's is dropped, on which something rests: now it is told, once.
fn comes_to_everybody(circle: &mut Circle, late: ActId, (cai, eve): (&Other, &Other)) {
    let remove = heads(circle).into_iter().filter(|head| *head != late);
    let remove: Vec<ActId> = remove.collect();
    for who in [cai, eve] {
        assert_eq!(circle.act_on(who, &remove, ack()).1, Taken::New);
    }
    let graph = |circle: &Circle| {
        let graph = circle.replica.graph.as_ref().unwrap();
        (graph.keeps(&late), graph.len())
    };
    assert!(!graph(circle).0, "others drop it unread");
    let mut out = Outbox::default();
    circle.replica.roster_changed(NOW, &mut out).unwrap();
    let told = graph(circle);
    assert!(told.0, "and now they are told of it");
    circle.replica.roster_changed(NOW, &mut out).unwrap();
    assert_eq!(graph(circle), told);
}

#[test]
fn dropped_acts_on_which_the_settings_rest_come_to_everybody() {
    let (mut circle, bo, mut cai, eve) = with_keepers();
    let before = heads(&circle);
    let remove = removal(&circle, &bo, 0);
    assert!(circle.replica.act(remove, NOW).is_some());
    // Cai, who has not heard, names the circle after something that Bo says.
    let (late, taken) = circle.act_on(&bo, &before, ack());
    assert_eq!(taken, Taken::New);
    let known = List::new(vec![late]).unwrap();
    let named = circle.name_circle(&mut cai, 1, "Wednesday", Some(&known));
    circle.take(&cai, &named);
    assert_eq!(circle.replica.circle_name(), "Wednesday");
    comes_to_everybody(&mut circle, late, (&cai, &eve));
    assert_eq!(circle.replica.circle_name(), "Wednesday");
}

#[test]
fn a_dropped_act_that_a_keeper_names_who_takes_something_back_comes_to_everybody() {
    let (mut circle, bo, mut cai, eve) = with_keepers();
    super::agreement::write(&mut circle, "Words that have to go.");
    let before = heads(&circle);
    let remove = removal(&circle, &bo, 0);
    assert!(circle.replica.act(remove, NOW).is_some());
    // Cai, who has not heard, takes the agreement back after something that Bo says.
    let (late, taken) = circle.act_on(&bo, &before, ack());
    assert_eq!(taken, Taken::New);
    let origin = circle.last_origin();
    let header = Header {
        thing: origin.thing(circle.replica.circle().unwrap()),
        origin: Some(origin),
        action: Action::Retract,
        epoch: crate::id::EpochId::default(),
        heads: List::new(vec![late]).unwrap(),
        ..super::agreement::header(&circle, &cai, 1)
    };
    let retract = cai.sign_retract(header);
    circle.take(&cai, &retract);
    circle.finish();
    assert_eq!(circle.replica.agreement(NOW).unwrap(), None);
    comes_to_everybody(&mut circle, late, (&cai, &eve));
}

#[test]
fn nobody_goes_back_behind_an_act_that_is_not_here() {
    for backwards in [false, true] {
        let (mut circle, _, mut cai, _) = with_keepers();
        let before = List::new(heads(&circle)).unwrap();
        let mut entries = vec![circle.name_circle(&mut cai, 1, "Wednesday", None)];
        let (person, role) = (cai.keys.person.person(), Role::Member);
        circle.replica.act(Kind::SetRole { person, role }, NOW);
        entries.push(circle.tell_apart(&mut cai, 2, "I know"));
        for nonce in 3..6 {
            let header = Header {
                heads: List::new(vec![ActId([9; 32])]).unwrap(),
                ..circle.header(&cai, nonce)
            };
            let body = story("nobody has that").create(header.device).unwrap();
            let (header, sealed) = circle.seal(header, &body);
            entries.push(cai.sign(header, &sealed));
        }
        entries.push(circle.name_circle(&mut cai, 6, "Mine", Some(&before)));
        if backwards {
            entries.reverse();
        }
        for entry in &entries {
            circle.take(&cai, entry);
        }
        circle.finish();
        assert_eq!(circle.replica.circle_name(), "Wednesday", "{backwards}");
    }
}

#[test]
fn what_a_removal_cut_at_stays_vouched_for_when_the_removal_falls() {
    for falls_first in [false, true] {
        let (mut circle, mut bo, cai, eve) = with_keepers();
        let one = circle.tell_apart(&mut bo, 1, "one");
        let two = circle.tell_apart(&mut bo, 2, "two");
        let before = heads(&circle);
        let cut = Cut {
            device: bo.keys.device.device(),
            seq: 2,
            entry: two.id(),
            signature: two.signature.unwrap(),
        };
        let of_bo = Kind::Remove {
            person: bo.keys.person.person(),
            cut: List::new(vec![cut]).unwrap(),
        };
        let of_eve = removal(&circle, &eve, 0);
        // Whoever gives them has them by the cut alone.
        let bare = [one, two].map(|entry| Entry {
            signature: None,
            ..entry
        });
        let run = Run::pack(&bare, bo.keys.person.person()).unwrap();
        assert_eq!(circle.act_on(&eve, &before, of_bo).1, Taken::New);
        if falls_first {
            assert_eq!(circle.act_on(&cai, &before, of_eve.clone()).1, Taken::New);
        }
        settle(&mut circle, NOW);
        assert_eq!(circle.replica.take_run(run, NOW), Ok(RunTaken::Stored));
        if !falls_first {
            assert_eq!(circle.act_on(&cai, &before, of_eve).1, Taken::New);
        }
        settle(&mut circle, NOW);
        assert_eq!(circle.texts(), ["two", "one"]);
        // So it can be given to anybody, with what vouches for it.
        assert!(entry(&circle, &bo, 2).unwrap().signature.is_some());
    }
}
