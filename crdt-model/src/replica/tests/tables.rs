//! Which rows of wrap tables go along with an act, and which are carried for others.

use super::circle::{Circle, NOW, Other, tables_in};
use crate::bounded::{Bytes, List};
use crate::codec;
use crate::id::{ActId, DeviceId, EpochId, PeerId};
use crate::membership::act::{History, Kind};
use crate::replica::acts::Taken;
use crate::replica::input::LinkId;
use crate::replica::output::{Outbox, Output};
use crate::secrecy::kem::{self, Sealed};
use crate::secrecy::wrap::{Row, Table};
use crate::sync::session::Session;
use crate::time::Day;
use std::collections::BTreeSet;

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
    let pieces = circle
        .replica
        .tables_for(&act, &device(&late), true)
        .unwrap();
    assert_eq!(rows(&pieces), 39);
    assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.rows.len() <= 32));
    // Somebody who gets the key can give it on: of so many, they get their own row alone.
    let own = circle
        .replica
        .tables_for(&act, &device(&others[1]), true)
        .unwrap();
    assert_eq!(rows(&own), 1);
}

#[test]
fn in_a_small_circle_everybody_carries_for_everybody() {
    let (mut circle, others, act) = circle_of(5);
    let [bo, cai] = [0, 1].map(|at| device(&others[at]));
    assert_eq!(
        rows(&circle.replica.tables_for(&act, &bo, true).unwrap()),
        5
    );
    // Once Bo has built on the act, nobody needs to carry Bo's row.
    says_something(&mut circle, &others[0]);
    assert_eq!(
        rows(&circle.replica.tables_for(&act, &cai, true).unwrap()),
        4
    );
}

#[test]
fn rows_are_let_go_of_when_they_are_old_and_of_no_use() {
    let (mut circle, others, act) = circle_of(4);
    let [bo, cai, dee, eve] = [0, 1, 2, 3].map(|at| &others[at]);
    says_something(&mut circle, bo);
    let (person, cut) = (dee.keys.person.person(), List::default());
    circle.act(
        cai,
        Kind::Leave {
            cut: List::default(),
        },
    );
    circle
        .replica
        .act(Kind::Remove { person, cut }, NOW)
        .unwrap();
    let today = NOW.day();
    circle.replica.drop_rows(today).unwrap();
    // Who knows of an act may have heard of it without the row; who does not belong may belong again.
    assert_eq!(kept(&circle, &act).unwrap().rows.len(), 5);
    let later = Day(today.0 + 61);
    circle.replica.drop_rows(later).unwrap();
    assert_eq!(
        kept(&circle, &act).unwrap().rows.len(),
        5,
        "a clock that nobody bears out"
    );
    let new = circle.join(50, History::All);
    let heads = circle.replica.graph.as_ref().unwrap().heads();
    let removals = List::default();
    let (_, taken) = circle.act_of(later, &new, &heads, Kind::Ack { removals });
    assert_eq!(taken, Taken::New);
    circle.replica.drop_rows(later).unwrap();
    let left = kept(&circle, &act).unwrap();
    let devices = match &circle
        .replica
        .graph
        .as_ref()
        .unwrap()
        .get(&act)
        .unwrap()
        .act()
        .kind
    {
        Kind::Epoch { to, .. } => to.clone(),
        other => panic!("{other:?}"),
    };
    let places: Vec<DeviceId> = left
        .rows
        .iter()
        .map(|(at, _)| devices[usize::from(*at)])
        .collect();
    assert_eq!(places, [device(eve)]);
}

#[test]
fn rows_go_to_and_from_members_alone() {
    let (mut circle, others, act) = circle_of(3);
    let bo = device(&others[0]);
    let before = circle.replica.tables_for(&act, &bo, true).unwrap();
    assert_eq!(rows(&before), 3);
    let (person, cut) = (others[0].keys.person.person(), List::default());
    circle
        .replica
        .act(Kind::Remove { person, cut }, NOW)
        .unwrap();
    assert_eq!(circle.replica.tables_for(&act, &bo, true).unwrap(), []);
    let late = circle.join(99, History::FromNow);
    let carried = circle
        .replica
        .tables_for(&act, &device(&late), true)
        .unwrap();
    assert_eq!(rows(&carried), 3, "who was removed may belong again");
    circle
        .replica
        .act(
            Kind::Leave {
                cut: List::default(),
            },
            NOW,
        )
        .unwrap();
    assert_eq!(
        circle
            .replica
            .tables_for(&act, &device(&late), true)
            .unwrap(),
        []
    );
}

#[test]
fn so_much_is_carried_and_no_more_with_the_newest_first() {
    let mut circle = Circle::found();
    for n in 0..40 {
        circle.join(10 + n, History::All);
    }
    let mut acts: Vec<ActId> = Vec::new();
    for _ in 0..200 {
        acts.push(circle.replica.mint(NOW, &mut circle.rng).unwrap());
    }
    let late = circle.join(99, History::FromNow);
    let session = Session::new(PeerId([1; 32]), device(&late), false);
    let mut out = Outbox::default();
    circle
        .replica
        .send_acts(LinkId(1), &session, acts.clone(), &mut out)
        .unwrap();
    for output in &out.outputs {
        let Output::Send { frame, .. } = output else {
            panic!("{output:?}");
        };
        assert!(frame.len() <= 256 * 1024);
    }
    let carried = tables_in(out);
    let bytes: usize = carried
        .iter()
        .map(|(_, table)| codec::encode(table).len())
        .sum();
    assert!((400 * 1024..600 * 1024).contains(&bytes), "{bytes}");
    let with: BTreeSet<ActId> = carried.iter().map(|(act, _)| *act).collect();
    assert!(
        with.len() < acts.len()
            && acts[acts.len() - with.len()..]
                .iter()
                .all(|it| with.contains(it))
    );
}

#[test]
fn rows_that_hold_something_else_than_keys_are_not_carried() {
    let (mut circle, others, _) = circle_of(4);
    let row = |bytes: usize| {
        Row(Sealed {
            suite: kem::X25519,
            encapped: Bytes::new(vec![1; 32]).unwrap(),
            sealed: Bytes::new(vec![2; bytes]).unwrap(),
        })
    };
    let mut to = [1, 2, 3].map(|at| device(&others[at]));
    to.sort_unstable();
    let rows = [row(80), row(81), row(40 * 1024)];
    let hashes: Vec<_> = rows.iter().map(Row::hash).collect();
    let table = Table {
        hashes: List::new(hashes).unwrap(),
        rows: List::new((0..).zip(rows).collect()).unwrap(),
    };
    let kind = Kind::Epoch {
        commons: EpochId([71; 32]),
        stories: EpochId([72; 32]),
        to: List::new(to.to_vec()).unwrap(),
        table: table.hash(),
    };
    let (act, taken) = circle.act(&others[0], kind);
    assert_eq!(taken, Taken::New);
    circle.replica.take_table(act, &table).unwrap();
    let kept = kept(&circle, &act);
    let kept: Vec<u16> = kept
        .iter()
        .flat_map(|it| it.rows.iter().map(|(at, _)| *at))
        .collect();
    // Only the first is as long as two keys are.
    assert_eq!(kept, [0]);
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
    other[0].1.0.sealed = Bytes::new(vec![1; 40]).unwrap();
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
        tables_in(out).len()
    };
    let bo = device(&others[0]);
    assert_eq!(given(&circle, bo), 0, "the key itself is given");
    circle.replica.ring = crate::secrecy::epoch::Ring::default();
    assert_eq!(given(&circle, bo), 1);
    let stranger = device(&Other::new(77));
    assert_eq!(given(&circle, stranger), 0);
}
