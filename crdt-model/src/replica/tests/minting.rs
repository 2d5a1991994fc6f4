//! When new keys are made (K3), and that who makes them can open them on every computer of theirs (K5).

use super::circle::{Circle, NOW, Other, identity};
use super::cuts::{heads, removal};
use crate::bounded::List;
use crate::id::{ActId, DeviceId, EpochId};
use crate::membership::act::{History, Kind, NewDevice, Role};
use crate::membership::roster::Epoch;
use crate::replica::Identity;
use crate::replica::acts::Taken;
use crate::secrecy::epoch::Ring;
use crate::secrecy::kem::Keys;
use crate::secrecy::usable;
use crate::secrecy::wrap::{self, Table};
use std::collections::BTreeSet;

/// The epoch that a story of now is sealed under, and the act that made it.
fn sealed_under(circle: &mut Circle) -> (ActId, Epoch) {
    circle.share("words");
    let key = circle.last().header.header().epoch;
    let epochs = &circle.replica.roster().unwrap().epochs;
    let mut named = epochs.iter().filter(|(_, epoch)| epoch.stories == key);
    let (act, epoch) = named.next().unwrap();
    (*act, epoch.clone())
}

fn active(circle: &Circle) -> BTreeSet<DeviceId> {
    let roster = circle.replica.roster().unwrap();
    roster.active_devices().map(|(id, _)| *id).collect()
}

/// Cai removes Bo and has not heard that Dee was let in, who belongs with Ana and Cai.
fn beside_an_admission(circle: &mut Circle, bo: &Other, cai: &Other) -> Taken {
    let (before, remove) = (heads(circle), removal(circle, bo, 0));
    let dee = circle.join(8, History::FromNow).keys.device.device();
    let taken = circle.act_on(cai, &before, remove).1;
    let active = active(circle);
    assert!(active.contains(&dee) && active.len() == 3);
    taken
}

#[test]
fn whoever_writes_next_makes_new_keys_where_none_fits() {
    type Change = fn(&mut Circle, &Other, &Other) -> Taken;
    let changes: [(&str, Change); 6] = [
        ("a removal by somebody else", |circle, bo, cai| {
            let remove = removal(circle, bo, 0);
            circle.act(cai, remove).1
        }),
        ("a removal beside an admission", beside_an_admission),
        ("a farewell", |circle, bo, _| {
            let cut = List::default();
            circle.act(bo, Kind::Leave { cut }).1
        }),
        ("a fresh KEM key", |circle, bo, _| {
            let kem = identity(9).kem.public().clone();
            circle.act(bo, Kind::Rekey { kem }).1
        }),
        ("one device more", |circle, bo, _| {
            let (new, hint) = (identity(9), circle.replica.hint());
            let kem = new.kem.public().clone();
            let person = bo.keys.person.person();
            let device = NewDevice::sign_for(hint, person, &new.device, kem);
            let certificate = None;
            let add = Kind::AddDevice {
                device,
                certificate,
            };
            circle.act(bo, add).1
        }),
        ("keys that went to somebody else too", |circle, bo, _| {
            let (_, epoch) = sealed_under(circle);
            let eve = circle.join(8, History::All);
            let share = Kind::Share {
                to: eve.keys.device.device(),
                keys: List::new(vec![epoch.commons, epoch.stories]).unwrap(),
                table: crate::id::Hash([9; 32]),
            };
            let given = circle.act(bo, share).1;
            let remove = removal(circle, &eve, 0);
            assert!(circle.replica.act(remove, NOW).is_some());
            given
        }),
    ];
    for (what, change) in changes {
        let mut circle = Circle::found();
        let (bo, cai) = (circle.join(2, History::All), circle.join(3, History::All));
        let (person, role) = (cai.keys.person.person(), Role::Keeper);
        circle.replica.act(Kind::SetRole { person, role }, NOW);
        let (before, _) = sealed_under(&mut circle);
        assert_eq!(sealed_under(&mut circle).0, before, "{what}");
        assert_eq!(change(&mut circle, &bo, &cai), Taken::New, "{what}");
        let (after, epoch) = sealed_under(&mut circle);
        assert_ne!(after, before, "{what}");
        assert_eq!(epoch.by, circle.replica.device());
        assert_eq!(epoch.stories_to, active(&circle), "{what}");
        assert_eq!(epoch.commons_to, active(&circle), "{what}");
        assert_eq!(sealed_under(&mut circle).0, after, "once is enough: {what}");
    }
}

/// Somebody makes keys for these, which Ana holds whatever becomes of their act.
fn mints(circle: &mut Circle, by: &Other, heads: &[ActId], to: &[&Identity]) -> ActId {
    let id = circle.replica.circle().unwrap();
    let devices = to.iter().map(|it| (it.device.device(), it.kem.public()));
    let minted = wrap::mint(id, &devices.collect(), &mut circle.rng).unwrap();
    let (act, taken) = circle.act_on(by, heads, minted.kind());
    assert_eq!(taken, Taken::New);
    for key in [minted.commons, minted.stories] {
        assert!(circle.replica.ring.insert(key.id(), key));
    }
    act
}

/// The epoch that Ana would seal with.
fn fit(circle: &Circle) -> Option<ActId> {
    let (roster, ring) = (circle.replica.roster().unwrap(), &circle.replica.ring);
    usable::sealing_epoch(roster, ring, circle.replica.device(), NOW.day())
}

#[test]
fn what_somebody_planted_or_was_given_seals_no_more_once_they_are_removed() {
    type Plant = fn(&mut Circle, &Other, &Other, &[ActId]) -> ActId;
    let plants: [(&str, bool, Plant); 4] = [
        (
            "made for all by who is removed",
            true,
            |circle, bo, cai, heads| {
                let ana = identity(1);
                mints(circle, bo, heads, &[&ana, &bo.keys, &cai.keys])
            },
        ),
        (
            "made for those who stay by who is removed",
            false,
            |circle, bo, cai, heads| mints(circle, bo, heads, &[&identity(1), &cai.keys]),
        ),
        (
            "given to who is removed too",
            true,
            |circle, bo, cai, heads| {
                let ana = identity(1);
                mints(circle, cai, heads, &[&ana, &bo.keys, &cai.keys])
            },
        ),
        (
            "given to who is removed later",
            true,
            |circle, bo, cai, heads| {
                let act = mints(circle, cai, heads, &[&identity(1), &cai.keys]);
                let epoch = &circle.replica.roster().unwrap().epochs[&act];
                let share = Kind::Share {
                    to: bo.keys.device.device(),
                    keys: List::new(vec![epoch.commons, epoch.stories]).unwrap(),
                    table: crate::id::Hash([9; 32]),
                };
                assert_eq!(circle.act_on(cai, &[act], share).1, Taken::New);
                act
            },
        ),
    ];
    for (what, sealed, plant) in plants {
        for beside in [false, true] {
            let mut circle = Circle::found();
            let (bo, cai) = (circle.join(2, History::All), circle.join(3, History::All));
            let before = heads(&circle);
            if beside {
                // Whoever mints has not heard of the removal.
                let remove = removal(&circle, &bo, 0);
                assert!(circle.replica.act(remove, NOW).is_some());
                let (act, fit) = (plant(&mut circle, &bo, &cai, &before), fit(&circle));
                assert_ne!(fit, Some(act), "{what}, beside");
                continue;
            }
            let act = plant(&mut circle, &bo, &cai, &before);
            assert_eq!(fit(&circle) == Some(act), sealed, "{what}");
            let remove = removal(&circle, &bo, 0);
            assert!(circle.replica.act(remove, NOW).is_some());
            assert_eq!(fit(&circle), None, "{what}");
        }
    }
}

#[test]
fn whoever_makes_keys_can_open_them_on_every_computer_of_theirs() {
    let mut circle = Circle::found();
    circle.join(2, History::All);
    let (second, hint) = (identity(9), circle.replica.hint());
    let (person, kem) = (circle.replica.me(), second.kem.public().clone());
    let device = NewDevice::sign_for(hint, person, &second.device, kem);
    let add = Kind::AddDevice {
        device,
        certificate: None,
    };
    assert!(circle.replica.act(add, NOW).is_some());
    let (act, epoch) = sealed_under(&mut circle);
    let table: Table = circle
        .replica
        .rows
        .load(&circle.replica.rows.table_key(&act))
        .unwrap()
        .unwrap();
    let id = circle.replica.state.circle.unwrap();
    let ids: [EpochId; 2] = [epoch.commons, epoch.stories];
    let place = |device| {
        epoch
            .stories_to
            .iter()
            .position(|it| *it == device)
            .unwrap()
    };
    let opens = |device: DeviceId, kem: &Keys| {
        let row = table.row(place(device)).unwrap();
        wrap::open_epoch_row(id, (device, kem), ids, row).is_ok()
    };
    let own = circle.replica.device();
    assert!(opens(own, &circle.replica.identity.kem));
    assert!(opens(second.device.device(), &second.kem));
    // Also where its own copy of the keys was lost: its row gives them back.
    circle.replica.ring = Ring::default();
    circle.replica.take_table(act, &table).unwrap();
    assert!(circle.replica.ring.holds(&epoch.stories));
}
