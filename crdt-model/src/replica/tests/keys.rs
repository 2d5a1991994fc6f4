//! Keys go only to those who may have them.

use super::circle::{Circle, NOW, Other, story};
use crate::bounded::List;
use crate::id::{ActId, DeviceId, EntryId, EpochId, Hash};
use crate::key::Secret;
use crate::log::header::Header;
use crate::membership::act::{History, Kind};
use crate::replica::acts::Taken;
use crate::replica::output::Outbox;
use crate::secrecy::seal::{self, BodyKey};
use crate::sync::message::{Keys, Need};

/// Asks Ana for keys.
fn ask(circle: &mut Circle, who: &Other, epochs: &[EpochId], bodies: &[(EntryId, u64)]) -> Keys {
    let device = who.keys.device.device();
    let place = |(_, seq): &(EntryId, u64)| (device, *seq);
    let need = Need {
        epochs: List::new(epochs.to_vec()).unwrap(),
        bodies: List::new(bodies.iter().map(|(id, _)| *id).collect()).unwrap(),
        places: List::new(bodies.iter().map(place).collect()).unwrap(),
    };
    let replica = &circle.replica;
    replica.answer_need(device, &need, &mut circle.rng).unwrap()
}

fn device(who: &Other) -> DeviceId {
    who.keys.device.device()
}

#[test]
fn a_newcomer_who_shares_an_old_key_with_themselves_does_not_get_it() {
    let mut circle = Circle::found();
    circle.share("before");
    let old = circle.stories();
    let eve = circle.join(2, History::FromNow);
    let new = circle.stories();
    let share = Kind::Share {
        to: device(&eve),
        keys: List::new(vec![old]).unwrap(),
        table: Hash([9; 32]),
    };
    assert_eq!(circle.act(&eve, share).1, Taken::Nothing);
    let [commons, minted] = [EpochId([8; 32]), old];
    let epoch = Kind::Epoch {
        commons,
        stories: minted,
        to: List::new(vec![device(&eve)]).unwrap(),
        table: Hash([9; 32]),
    };
    assert_eq!(circle.act(&eve, epoch).1, Taken::Nothing);
    assert_eq!(ask(&mut circle, &eve, &[old], &[]), Keys::default());
    let given = ask(&mut circle, &eve, &[old, new], &[]).epochs.unwrap();
    assert_eq!(given.0[..], [new]);
}

#[test]
fn a_copied_nonce_leads_to_no_old_body() {
    let mut circle = Circle::found();
    circle.share("before");
    let old = circle.last();
    let mut eve = circle.join(2, History::FromNow);
    let header = Header {
        epoch: old.header.header().epoch,
        ..circle.header(&eve, 1)
    };
    let copy = old.body.clone().unwrap();
    let entry = circle.entry(&mut eve, header, &copy);
    let keys = ask(&mut circle, &eve, &[], &[(entry.id(), 1)]);
    assert_eq!(keys, Keys::default());
}

#[test]
fn a_granted_key_opens_its_own_body_alone() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let epoch = circle.stories();
    circle.share("before");
    let old = circle.last();
    let eve = circle.join(3, History::FromNow);
    // Bo has not heard of Eve, and seals under the older key.
    let header = Header {
        epoch,
        ..circle.header(&bo, 1)
    };
    let body = story("from Bo").create(device(&bo)).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    let entry = circle.entry(&mut bo, header, &sealed);
    let need = Need {
        epochs: List::default(),
        bodies: List::new(vec![entry.id()]).unwrap(),
        places: List::new(vec![(device(&bo), 1)]).unwrap(),
    };
    let keys = circle
        .replica
        .answer_need(device(&eve), &need, &mut circle.rng)
        .unwrap();
    let [(id, key)] = &keys.bodies[..] else {
        panic!("Bo's body is open to Eve")
    };
    assert_eq!(*id, entry.id());
    let open = |key: &Secret, entry: &crate::log::entry::Entry| {
        let associated = entry.header.header().associated();
        let body = entry.body.as_deref().unwrap();
        seal::open_with(&BodyKey(key.clone()), &associated, body).is_ok()
    };
    assert!(open(key, &entry) && !open(key, &old));
}

#[test]
fn what_waits_is_looked_at_again_only_when_it_may_open() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let unknown = List::new(vec![ActId([9; 32])]).unwrap();
    for nonce in 0..50 {
        let header = Header {
            heads: unknown.clone(),
            ..circle.header(&bo, nonce)
        };
        let body = story("early").create(header.device).unwrap();
        let (header, sealed) = circle.seal(header, &body);
        circle.entry(&mut bo, header, &sealed);
    }
    let mut out = Outbox::default();
    circle.replica.try_sealed(NOW, &mut out).unwrap();
    circle.finish();
    let before = circle.store.reads();
    for _ in 0..3 {
        let ack = Kind::Ack {
            removals: List::default(),
        };
        assert_eq!(circle.act(&bo, ack).1, Taken::New);
        circle.replica.try_sealed(NOW, &mut out).unwrap();
        circle.finish();
    }
    assert!(circle.store.reads() - before < 50);
}
