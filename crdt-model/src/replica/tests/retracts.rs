//! Who took something back is heard, however much it is, and keeps nothing else from spreading.

use super::circle::{Circle, NOW, Other, story};
use crate::id::{EpochId, Hash};
use crate::log::entry::Entry;
use crate::log::header::{Action, Header, Origin};
use crate::log::run::Run;
use crate::membership::act::History;
use crate::replica::entries::RunTaken;
use crate::sync::hello::MAX_TOLD;
use crate::sync::message::SignedHeader;
use std::collections::BTreeSet;

/// More than are kept of unknown things.
const MANY: u16 = 300;

/// The next header of somebody's, about the so manieth story of their own.
fn about(circle: &Circle, who: &Other, number: u16) -> Header {
    let mut nonce = [0; 16];
    nonce[..2].copy_from_slice(&number.to_be_bytes());
    let header = circle.header(who, 0);
    let origin = Origin {
        nonce,
        ..header.origin.unwrap()
    };
    Header {
        thing: origin.thing(header.circle),
        origin: Some(origin),
        ..header
    }
}

/// Somebody takes a story back, beyond what counts of their chain.
fn retract(circle: &Circle, who: &Other, number: u16) -> SignedHeader {
    let header = Header {
        action: Action::Retract,
        epoch: EpochId::default(),
        size: 0,
        body: Hash::default(),
        seq: 10_000 + u64::from(number),
        prev: crate::id::EntryId([1; 32]),
        ..about(circle, who, number)
    };
    let signature = header.sign(&who.keys.device);
    (header, signature)
}

/// An entry of somebody's about the so manieth story.
fn tell(circle: &mut Circle, who: &mut Other, number: u16) -> Entry {
    let header = about(circle, who, number);
    let body = story("told").create(header.device).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    who.sign(header, &sealed)
}

#[test]
fn a_retract_of_a_chain_is_kept_once() {
    let mut circle = Circle::found();
    let thing = circle.share("a story");
    circle.finish();
    circle.replica.take_back(thing, NOW).unwrap();
    circle.finish();
    let rows = &circle.replica.rows;
    let row = rows.get(&rows.retract_key(&thing)).unwrap().unwrap();
    assert!(row.head.len() < 64, "{} bytes", row.head.len());
    let signed = circle.replica.signed_retracts([thing].iter()).unwrap();
    assert!(signed[0].0.signed_by_device(&signed[0].1));
}

#[test]
fn whatever_is_known_can_be_taken_back_from_outside() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    for number in 0..MANY {
        let entry = tell(&mut circle, &mut bo, number);
        circle.take(&bo, &entry);
    }
    circle.finish();
    let retracts = (0..MANY).map(|number| retract(&circle, &bo, number));
    let retracts: Vec<_> = retracts.collect();
    assert_eq!(circle.replica.obey_detached(retracts), Ok(true));
    assert_eq!(circle.replica.retracts.len(), usize::from(MANY));
    assert!(circle.texts().is_empty());
}

#[test]
fn retracts_of_unknown_things_are_few_until_their_headers_come() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let retracts = (0..MANY).map(|number| retract(&circle, &bo, number));
    let retracts: Vec<_> = retracts.collect();
    assert_eq!(circle.replica.obey_detached(retracts.clone()), Ok(true));
    assert_eq!(circle.replica.retracts.len(), 256);
    // Somebody offers what Bo wrote, without the bodies that were taken back.
    let mut chain: Vec<_> = (0..MANY)
        .map(|number| Entry {
            body: None,
            ..tell(&mut circle, &mut bo, number)
        })
        .collect();
    chain.push(tell(&mut circle, &mut bo, MANY));
    let offer = |circle: &mut Circle| {
        for some in chain.chunks(50).rev() {
            let run = Run::pack(some, bo.keys.person.person()).unwrap();
            assert_eq!(circle.replica.take_run(run, NOW).unwrap(), RunTaken::Stored);
        }
        let chain = circle.replica.frontier.chain(&bo.keys.device.device(), 0);
        chain.len()
    };
    assert!(offer(&mut circle) < u64::from(MANY));
    assert_eq!(circle.replica.obey_detached(retracts), Ok(true));
    assert_eq!(offer(&mut circle), u64::from(MANY) + 1);
    assert!(circle.replica.missing.is_empty());
}

#[test]
fn what_is_owed_is_told_in_turn() {
    let mut circle = Circle::found();
    for number in 0..3 * MAX_TOLD {
        let thing = circle.share(&format!("story {number}"));
        circle.finish();
        circle.replica.take_back(thing, NOW).unwrap();
    }
    let mut told = BTreeSet::new();
    for _ in 0..3 {
        let some = circle.replica.owed_retracts();
        assert_eq!(some.len(), MAX_TOLD);
        told.extend(some.iter().map(|(header, _)| header.thing));
        circle.replica.told_some();
    }
    assert_eq!(told.len(), 3 * MAX_TOLD);
}

#[test]
fn nobody_takes_back_what_another_said_by_an_entry_or_in_their_name() {
    let mut circle = Circle::found();
    let (mut bo, mut eve) = (circle.join(2, History::All), circle.join(3, History::All));
    let entry = tell(&mut circle, &mut bo, 1);
    circle.take(&bo, &entry);
    // Eve's own entry takes back Bo's story; and one says that it was Bo who wrote it.
    let of_bo = about(&circle, &bo, 1);
    let by_eve = Header {
        action: Action::Retract,
        epoch: EpochId::default(),
        thing: of_bo.thing,
        origin: of_bo.origin,
        ..about(&circle, &eve, 2)
    };
    let by_eve = eve.sign_retract(by_eve);
    circle.take(&eve, &by_eve);
    let (header, _) = retract(&circle, &bo, 1);
    let forged = header.sign(&eve.keys.device);
    assert_eq!(
        circle.replica.obey_detached(vec![(header, forged)]),
        Ok(false)
    );
    circle.finish();
    assert_eq!(circle.texts(), ["told"]);
    let retract = retract(&circle, &bo, 1);
    assert_eq!(circle.replica.obey_detached(vec![retract]), Ok(true));
    assert_eq!(circle.texts(), [""; 0]);
}
