//! What honest devices do towards somebody whom one keeper asks out where it takes two (R8): they belong,
//! and get no keys until it is decided.

use super::circle::{Circle, NOW, Other, tables_in};
use super::cuts::{removal, with_keepers};
use crate::bounded::List;
use crate::codec;
use crate::id::{ActId, DeviceId, EpochId};
use crate::key::Secret;
use crate::membership::act::{Kind, Role, Rules};
use crate::membership::roster::Epoch;
use crate::replica::acts::Taken;
use crate::replica::input::LinkId;
use crate::replica::output::Outbox;
use crate::replica::transcript::Purpose;
use crate::secrecy::epoch::Ring;
use crate::sync::message::{Keys, Need};
use std::collections::BTreeSet;

/// The mark of a bundle's piece with keys for one device.
const KEYS_TO: u8 = 0x80;

/// Bo, and the keepers Ana, Cai, Dee and Eve, of whom two decide.
struct Asked {
    circle: Circle,
    bo: Other,
    dee: Other,
    /// The epoch of before, which all were given.
    before: ActId,
}

/// Cai asks Bo out.
fn asked_out() -> Asked {
    let (mut circle, bo, cai, _) = with_keepers();
    let dee = circle.join(5, crate::membership::act::History::All);
    let (person, role) = (dee.keys.person.person(), Role::Keeper);
    circle.replica.act(Kind::SetRole { person, role }, NOW);
    let rules = Rules {
        keepers_invite: false,
        quorum: true,
    };
    assert!(circle.replica.act(Kind::SetRules { rules }, NOW).is_some());
    let before = circle.replica.mint(NOW, &mut circle.rng).unwrap();
    assert_eq!(sealing(&mut circle), before);
    let remove = removal(&circle, &bo, 0);
    assert_eq!(circle.act(&cai, remove).1, Taken::New);
    let roster = circle.replica.roster().unwrap();
    assert_eq!(roster.asked_out, [bo.keys.person.person()].into());
    assert!(roster.is_active(&device(&bo)));
    Asked {
        circle,
        bo,
        dee,
        before,
    }
}

/// Dee says that Bo stays.
fn stays(asked: &mut Asked) {
    let (person, role) = (asked.bo.keys.person.person(), Role::Member);
    let stay = Kind::SetRole { person, role };
    assert_eq!(asked.circle.act(&asked.dee, stay).1, Taken::New);
    let roster = asked.circle.replica.roster().unwrap();
    assert!(roster.asked_out.is_empty());
}

fn device(who: &Other) -> DeviceId {
    who.keys.device.device()
}

/// The epoch that Ana seals under now, which she makes if there is none.
fn sealing(circle: &mut Circle) -> ActId {
    let sealing = circle.replica.sealing_epoch(NOW, &mut circle.rng);
    sealing.unwrap()
}

fn epoch(circle: &Circle, act: &ActId) -> Epoch {
    circle.replica.roster().unwrap().epochs[act].clone()
}

fn ids(circle: &Circle, act: &ActId) -> [EpochId; 2] {
    let epoch = epoch(circle, act);
    [epoch.commons, epoch.stories]
}

#[test]
fn new_keys_leave_out_whom_one_keeper_asks_out() {
    let mut asked = asked_out();
    let act = sealing(&mut asked.circle);
    assert_ne!(act, asked.before, "what Bo can open seals no more");
    let roster = asked.circle.replica.roster().unwrap();
    let mut others: BTreeSet<DeviceId> = roster.active_devices().map(|(id, _)| *id).collect();
    assert!(others.remove(&device(&asked.bo)));
    let made = epoch(&asked.circle, &act);
    assert_eq!((&made.commons_to, &made.stories_to), (&others, &others));
    // Nor are they given to Bo later, as to somebody who lacks them.
    let share = |asked: &mut Asked| {
        let to = device(&asked.bo);
        let Circle { replica, rng, .. } = &mut asked.circle;
        replica.share_keys(to, NOW, rng);
        epoch(&asked.circle, &act)
    };
    assert_eq!(share(&mut asked), made);
    assert_eq!(sealing(&mut asked.circle), act, "once is enough");
    stays(&mut asked);
    let given = share(&mut asked);
    let bo = device(&asked.bo);
    assert!(given.commons_to.contains(&bo) && given.stories_to.contains(&bo));
}

#[test]
fn whom_one_keeper_asks_out_is_given_no_key_that_they_ask_for() {
    let mut asked = asked_out();
    asked.circle.share("after");
    let entry = asked.circle.last();
    let header = entry.header.header();
    let act = sealing(&mut asked.circle);
    let epochs = ids(&asked.circle, &act);
    assert_eq!(header.epoch, epochs[1]);
    let need = Need {
        epochs: List::new(epochs.to_vec()).unwrap(),
        bodies: List::new(vec![entry.id()]).unwrap(),
        places: List::new(vec![(header.device, header.seq)]).unwrap(),
    };
    let [bo, dee] = [device(&asked.bo), device(&asked.dee)];
    let ask = |asked: &mut Asked, to: DeviceId| {
        let Circle { replica, rng, .. } = &mut asked.circle;
        replica.answer_need(to, &need, rng).unwrap()
    };
    let may = |asked: &Asked, who| asked.circle.replica.may_read(who, header);
    let all = |keys: Keys| (keys.epochs.unwrap().0.len(), keys.bodies.len());
    assert_eq!(ask(&mut asked, bo), Keys::default());
    assert_eq!(all(ask(&mut asked, dee)), (2, 1));
    assert!(may(&asked, dee) && !may(&asked, bo));
    stays(&mut asked);
    assert_eq!(all(ask(&mut asked, bo)), (2, 1));
    assert!(may(&asked, bo));
}

#[test]
fn no_row_is_given_to_whom_one_keeper_asks_out() {
    let mut asked = asked_out();
    let [bo, dee] = [device(&asked.bo), device(&asked.dee)];
    // Keys that are not held here: the rows alone are.
    let keys = ids(&asked.circle, &asked.before);
    asked.circle.replica.ring = Ring::default();
    let given = |asked: &Asked, to: DeviceId| {
        let (replica, mut out) = (&asked.circle.replica, Outbox::default());
        replica.give_rows(LinkId(1), to, &keys, &mut out).unwrap();
        tables_in(out).len()
    };
    let with_the_act = |asked: &Asked, to: DeviceId| {
        let tables = asked.circle.replica.tables_for(&asked.before, &to, true);
        tables.unwrap().len()
    };
    assert_eq!((given(&asked, bo), given(&asked, dee)), (0, 1));
    assert_eq!(
        (with_the_act(&asked, bo), with_the_act(&asked, dee)),
        (0, 1)
    );
    stays(&mut asked);
    assert_eq!((given(&asked, bo), with_the_act(&asked, bo)), (1, 1));
}

#[test]
fn a_bundle_is_sealed_and_has_keys_for_nobody_whom_one_keeper_asks_out() {
    let mut asked = asked_out();
    sealing(&mut asked.circle);
    let file = Secret([6; 32]);
    let bundle = |asked: &mut Asked| {
        let opens = [&asked.bo, &asked.dee].map(|who| who.keys.kem.clone());
        let Circle { replica, rng, .. } = &mut asked.circle;
        let head = replica.bundle_head(&file, NOW, rng).unwrap();
        let opens = opens.map(|kem| head.open_as(&replica.hint(), &kem).is_some());
        let mut bundle = replica.transcript(Purpose::Bundle { to: None }).unwrap();
        let mut to = BTreeSet::new();
        while let Some(piece) = replica.next_piece(&mut bundle, rng).unwrap() {
            if let Some((&KEYS_TO, bytes)) = piece.split_first() {
                to.insert(codec::decode::<(DeviceId, Keys)>(bytes).unwrap().0);
            }
        }
        let has = [&asked.bo, &asked.dee].map(|who| to.contains(&device(who)));
        (opens, has)
    };
    assert_eq!(bundle(&mut asked), ([false, true], [false, true]));
    stays(&mut asked);
    // Dee has written since, and is known to have them.
    assert_eq!(bundle(&mut asked), ([true, true], [true, false]));
}
