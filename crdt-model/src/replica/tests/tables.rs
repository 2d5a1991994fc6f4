//! Which rows of wrap tables go along with an act, and which are carried for others.

use super::circle::{Circle, NOW, Other};
use crate::bounded::List;
use crate::id::{ActId, DeviceId};
use crate::membership::act::{History, Kind};
use crate::replica::input::LinkId;
use crate::replica::output::{Outbox, Output};
use crate::secrecy::wrap::Table;
use crate::sync::message::Message;

/// Ana and so many others, none of whom has said anything; and an act that gives them all a key.
fn circle_of(others: u8) -> (Circle, Vec<Other>, ActId) {
    let mut circle = Circle::found();
    let others: Vec<Other> = (0..others)
        .map(|n| circle.join(10 + n, History::All))
        .collect();
    let act = circle.replica.mint(NOW, &mut circle.rng).unwrap();
    (circle, others, act)
}

fn rows(tables: &[Table]) -> usize {
    tables.iter().map(|table| table.rows.len()).sum()
}

fn device(other: &Other) -> DeviceId {
    other.keys.device.device()
}

fn says_something(circle: &mut Circle, who: &Other) {
    let removals = List::default();
    circle.act(who, Kind::Ack { removals });
}

fn kept(circle: &Circle, act: &ActId) -> Option<Table> {
    let key = circle.replica.rows.table_key(act);
    circle.replica.rows.load(&key).unwrap()
}

#[test]
fn whoever_comes_too_late_for_a_key_carries_it_for_those_who_may_lack_it() {
    let (mut circle, others, act) = circle_of(40);
    let late = circle.join(99, History::FromNow);
    says_something(&mut circle, &others[0]);
    let pieces = circle.replica.tables_for(&act, &device(&late)).unwrap();
    assert_eq!(rows(&pieces), 39);
    assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.rows.len() <= 32));
    // Somebody who gets the key can give it on: of so many, they get their own row alone.
    let own = circle
        .replica
        .tables_for(&act, &device(&others[1]))
        .unwrap();
    assert_eq!(rows(&own), 1);
}

#[test]
fn in_a_small_circle_everybody_carries_for_everybody() {
    let (mut circle, others, act) = circle_of(5);
    let [bo, cai] = [0, 1].map(|at| device(&others[at]));
    assert_eq!(rows(&circle.replica.tables_for(&act, &bo).unwrap()), 5);
    // Once Bo has built on the act, nobody needs to carry Bo's row.
    says_something(&mut circle, &others[0]);
    assert_eq!(rows(&circle.replica.tables_for(&act, &cai).unwrap()), 4);
}

#[test]
fn rows_are_let_go_of_once_their_devices_know_of_them() {
    let (mut circle, others, act) = circle_of(3);
    assert_eq!(kept(&circle, &act).unwrap().rows.len(), 4);
    says_something(&mut circle, &others[0]);
    circle.replica.drop_rows().unwrap();
    assert_eq!(kept(&circle, &act).unwrap().rows.len(), 2);
    for other in &others[1..] {
        says_something(&mut circle, other);
    }
    circle.replica.drop_rows().unwrap();
    assert_eq!(kept(&circle, &act), None);
}

#[test]
fn what_is_carried_comes_from_several_parts_and_is_only_for_its_table() {
    let (mut circle, _, act) = circle_of(4);
    let whole = kept(&circle, &act).unwrap();
    let key = circle.replica.rows.table_key(&act);
    circle.replica.rows.delete(key);
    for part in [whole.only(|at| at < 2), whole.only(|at| at >= 2)] {
        circle.replica.take_table(act, &part).unwrap();
    }
    // Ana's own row is of no use to anybody else.
    assert_eq!(kept(&circle, &act).unwrap().rows.len(), 4);
    let (bad, before) = (whole.only(|at| at == 0), kept(&circle, &act));
    let mut other = bad.rows.clone().into_inner();
    other[0].1.0.sealed = crate::bounded::Bytes::new(vec![1; 40]).unwrap();
    let forged = Table {
        hashes: bad.hashes,
        rows: List::new(other).unwrap(),
    };
    circle.replica.take_table(act, &forged).unwrap();
    assert_eq!(kept(&circle, &act), before);
}

#[test]
fn who_asks_for_a_key_that_is_only_carried_gets_their_row() {
    let (mut circle, others, act) = circle_of(2);
    let epoch = circle.replica.roster().unwrap().epochs[&act].clone();
    let asked = [epoch.stories];
    let given = |circle: &Circle, to: DeviceId| {
        let mut out = Outbox::default();
        let link = LinkId(1);
        circle
            .replica
            .give_rows(link, to, &asked, &mut out)
            .unwrap();
        let tables = out.outputs.into_iter().map(|output| match output {
            Output::Send { frame, .. } => match Message::from_frame(&frame).unwrap() {
                Some(Message::Acts(acts)) => acts.tables.into_inner(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        });
        tables.flatten().count()
    };
    let bo = device(&others[0]);
    assert_eq!(given(&circle, bo), 0, "the key itself is given");
    circle.replica.ring = crate::secrecy::epoch::Ring::default();
    assert_eq!(given(&circle, bo), 1);
    let stranger = device(&Other::new(77));
    assert_eq!(given(&circle, stranger), 0);
}
