//! When new keys are made (K3), and that who makes them can open them on every computer of theirs (K5).

use super::circle::{Circle, NOW, Other, identity};
use super::cuts::removal;
use crate::bounded::List;
use crate::id::{ActId, DeviceId, EpochId};
use crate::membership::act::{History, Kind, NewDevice, Role};
use crate::membership::roster::Epoch;
use crate::replica::acts::Taken;
use crate::secrecy::epoch::Ring;
use crate::secrecy::kem::Keys;
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

#[test]
fn whoever_writes_next_makes_new_keys_where_none_fits() {
    type Change = fn(&mut Circle, &Other, &Other) -> Taken;
    let changes: [(&str, Change); 5] = [
        ("a removal by somebody else", |circle, bo, cai| {
            let remove = removal(circle, bo, 0);
            circle.act(cai, remove).1
        }),
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
