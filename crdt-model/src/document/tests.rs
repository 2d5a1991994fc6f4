//! Tests of documents: any order, any bytes, the same answer.

use super::change::{Does, Parts, Set, SetId};
use super::*;
use crate::bounded::List;
use crate::id::Hash;
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ROOT, ReadDoc};
use proptest::prelude::*;

fn device(number: u8) -> DeviceId {
    DeviceId([number; 32])
}

fn text(words: &str) -> Value {
    Value::text(words).unwrap()
}

fn begin() -> (Document, Change) {
    Document::begin(device(1), Timestamp(1_000), &[("t", Some(text("one")))]).unwrap()
}

/// Two devices set the same key at once.
fn conflict() -> (Document, Vec<Change>) {
    let (mut left, first) = begin();
    let mut right = left.clone();
    let a = left.edit(
        device(1),
        Timestamp(2_000),
        &[("t", Some(text("left"))), ("x", Some(text("l")))],
    );
    let b = right.edit(device(2), Timestamp(3_000), &[("t", Some(text("right")))]);
    let changes = vec![first, a.unwrap().unwrap(), b.unwrap().unwrap()];
    (Document::load(changes.clone()).unwrap(), changes)
}

#[test]
fn a_change_travels_unchanged() {
    let (document, change) = begin();
    let again = Change::decode(&change.encode(), device(1)).unwrap();
    assert_eq!(again, change);
    assert_eq!(Document::load([again]).unwrap().text("t"), Some("one"));
    assert_eq!(document.begun(), Timestamp(1_000));
}

#[test]
fn any_automerge_opens_a_saved_document() {
    let (document, _) = conflict();
    let opened = automerge::AutoCommit::load(&document.save().unwrap()).unwrap();
    let read = |key| {
        opened
            .get(ROOT, key)
            .unwrap()
            .unwrap()
            .0
            .as_str()
            .map(str::to_owned)
    };
    assert_eq!(read("t").as_deref(), document.text("t"));
    assert_eq!(read("x").as_deref(), Some("l"));
    assert_eq!(
        opened.get_all(ROOT, "t").unwrap().len(),
        2,
        "with its history"
    );
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    assert_eq!(begin().1.encode(), begin().1.encode());
    let (again, (_, changes)) = (conflict().1, conflict());
    assert_eq!(changes, again);
}

#[test]
fn the_format_stays_as_it_is() {
    let (_, changes) = conflict();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    };
    // seq, start, time, deps, sets: key, some text, over
    assert_eq!(hex(&changes[0].encode()), "0101e807000101740103036f6e6500");
    let id = hex(&changes[0].id().0);
    assert_eq!(
        id,
        "59d14ff7da27232ec5ba93daa358b86c0dcc4b6e76c0590840bea3985fef17ff"
    );
    let one = "01".repeat(33);
    let left = format!("017401 03 04 {} 01 {one}", hex(b"left"));
    let x = format!("0178 01 03 01 {} 00", hex(b"l"));
    let second = format!("02 02 d00f 01 {id} 02 {left} {x}").replace(' ', "");
    assert_eq!(hex(&changes[1].encode()), second);
}

#[test]
fn automerge_itself_would_write_the_same_changes() {
    let mut theirs = Automerge::new();
    theirs.set_actor(ActorId::from(device(1).0));
    let mut transaction = theirs.transaction();
    transaction.put(ROOT, "t", "one").unwrap();
    transaction.commit_with(CommitOptions::default().with_time(1_000));
    let mut fork = theirs.fork().with_actor(ActorId::from(device(2).0));
    for (document, time, words) in [(&mut theirs, 2_000, "left"), (&mut fork, 3_000, "right")] {
        let mut transaction = document.transaction();
        transaction.put(ROOT, "t", words).unwrap();
        if words == "left" {
            transaction.put(ROOT, "x", "l").unwrap();
        }
        transaction.commit_with(CommitOptions::default().with_time(time));
    }
    theirs.merge(&mut fork).unwrap();
    let mut transaction = theirs.transaction();
    transaction.put(ROOT, "t", "both").unwrap();
    transaction.commit_with(CommitOptions::default().with_time(4_000));

    let (mut ours, _) = conflict();
    ours.edit(device(1), Timestamp(4_000), &[("t", Some(text("both")))])
        .unwrap()
        .unwrap();
    let merged = ours.history.merge().unwrap();
    // Heads are hashes over the bytes of all changes.
    assert_eq!(merged.get_heads(), theirs.get_heads());
}

#[test]
fn concurrent_values_resolve_to_the_greater_device() {
    let (document, _) = conflict();
    assert_eq!(document.text("t"), Some("right"));
    assert_eq!(document.text("x"), Some("l"));
}

#[test]
fn clearing_a_key_and_setting_it_again() {
    let (mut document, _) = begin();
    document
        .edit(device(2), Timestamp(2), &[("t", None)])
        .unwrap()
        .unwrap();
    assert_eq!(document.get("t"), None);
    assert_eq!(
        document.edit(device(2), Timestamp(2), &[("t", None)]),
        Ok(None)
    );
    document
        .edit(device(1), Timestamp(3), &[("t", Some(text("again")))])
        .unwrap()
        .unwrap();
    assert_eq!(document.text("t"), Some("again"));
}

#[test]
fn an_edit_that_changes_nothing_is_none() {
    let (mut document, _) = begin();
    assert_eq!(
        document.edit(device(1), Timestamp(5), &[("t", Some(text("one")))]),
        Ok(None)
    );
}

#[test]
fn a_change_waits_for_its_past() {
    let (_, changes) = conflict();
    let mut document = Document::load(changes[..1].to_vec()).unwrap();
    let third = document
        .edit(device(1), Timestamp(9), &[("t", Some(text("two")))])
        .unwrap()
        .unwrap();
    assert_eq!(Document::load([third.clone()]).unwrap_err(), Error::Empty);
    let (mut early, first) = begin();
    let other = early
        .edit(device(3), Timestamp(4), &[("y", Some(text("y")))])
        .unwrap()
        .unwrap();
    let fourth = early
        .edit(device(1), Timestamp(5), &[("t", Some(text("three")))])
        .unwrap()
        .unwrap();
    let mut document = Document::load([fourth, first]).unwrap();
    assert_eq!(document.text("t"), Some("one"));
    document.apply([other]).unwrap();
    assert_eq!(document.text("t"), Some("three"));
}

#[test]
fn of_two_changes_with_one_number_one_counts_on_every_replica() {
    let (document, first) = begin();
    let [a, b] = ["a", "b"].map(|words| {
        let mut copy = document.clone();
        copy.edit(device(1), Timestamp(2), &[("t", Some(text(words)))])
            .unwrap()
            .unwrap()
    });
    let one = Document::load([first.clone(), a.clone(), b.clone()]).unwrap();
    let mut two = Document::load([b, first]).unwrap();
    two.apply([a]).unwrap();
    assert_eq!(one.values, two.values);
    assert!(matches!(one.text("t"), Some("a" | "b")));
}

#[test]
fn another_devices_bytes_do_not_continue_its_own() {
    let (_, changes) = conflict();
    let stolen = Change::decode(&changes[1].encode(), device(7)).unwrap();
    let document = Document::load([changes[0].clone(), stolen]).unwrap();
    assert_eq!(document.text("t"), Some("one"));
}

#[test]
fn what_does_not_continue_properly_does_not_count() {
    let (_, changes) = conflict();
    let [_, second, third] = changes.as_slice() else {
        panic!("three changes")
    };
    let broken: [fn(&mut Parts); 4] = [
        |parts| parts.seq += 1,
        |parts| parts.start += 1,
        |parts| parts.deps = List::default(),
        |parts| {
            let mut sets = parts.sets().to_vec();
            sets[0].over = List::new(vec![SetId(1, device(9))]).unwrap();
            parts.does = Does::Sets(List::new(sets).unwrap());
        },
    ];
    for (index, breaks) in broken.iter().enumerate() {
        let mut change = second.clone();
        breaks(&mut change.parts);
        let all = [changes[0].clone(), change, third.clone()];
        assert_eq!(Document::load(all).unwrap().get("x"), None, "case {index}");
    }
}

#[test]
fn numbers_and_orders_outside_the_format_are_refused() {
    let (_, changes) = conflict();
    let broken: [fn(&mut Parts); 7] = [
        |parts| parts.seq = 0,
        |parts| parts.seq = u64::from(u32::MAX) + 1,
        |parts| parts.start = u64::from(u32::MAX),
        |parts| parts.time = Timestamp(u64::MAX),
        |parts| parts.does = Does::Sets(List::default()),
        |parts| {
            let turned = parts.sets().iter().rev().cloned().collect();
            parts.does = Does::Sets(List::new(turned).unwrap());
        },
        |parts| {
            let dep = parts.deps[0];
            parts.deps = List::new(vec![dep, dep]).unwrap();
        },
    ];
    for (index, breaks) in broken.iter().enumerate() {
        let mut change = changes[1].clone();
        breaks(&mut change.parts);
        let refused = Change::decode(&change.encode(), device(1));
        assert_eq!(refused, Err(Error::IllFormed), "case {index}");
    }
}

#[test]
fn too_many_changes_are_refused() {
    let changes = (0..=MAX_CHANGES as u64).map(|time| {
        let begun = Document::begin(device(1), Timestamp(time), &[("t", Some(text("x")))]);
        begun.unwrap().1
    });
    assert_eq!(
        Document::load(changes).unwrap_err(),
        Error::TooLong(TooLong(MAX_CHANGES))
    );
}

/// Who edits which key, and whose changes they have just received.
fn scripts() -> impl Strategy<Value = Vec<(usize, usize, usize, Option<u8>)>> {
    proptest::collection::vec(
        (0..3_usize, 0..3_usize, 0..3_usize, any::<Option<u8>>()),
        1..24,
    )
}

/// Plays a script on three replicas and returns all changes made.
fn play(script: &[(usize, usize, usize, Option<u8>)]) -> Vec<Change> {
    let (first, change) = begin();
    let mut replicas = [first.clone(), first.clone(), first];
    let mut changes = vec![change];
    for (step, (who, from, key, value)) in script.iter().enumerate() {
        let known: Vec<Change> = replicas[*from].history.known().cloned().collect();
        replicas[*who].apply(known).unwrap();
        let value = value.map(|number| Value::Uint(number.into()));
        let edit = [(["t", "u", "v"][*key], value)];
        let time = Timestamp(step as u64);
        changes.extend(
            replicas[*who]
                .edit(device(1 + *who as u8), time, &edit)
                .unwrap(),
        );
    }
    changes
}

/// Changes that no honest device makes, but whose bytes are well formed.
fn hostile() -> impl Strategy<Value = Vec<(u8, Parts, Vec<usize>)>> {
    let over = proptest::collection::btree_set((1..4_u64, 1..4_u8), 0..3);
    let set = (0..3_usize, any::<Option<u8>>(), over);
    let sets = proptest::collection::vec(set, 1..4);
    let change = (
        1..4_u8,
        1..4_u64,
        1..6_u64,
        sets,
        proptest::collection::vec(0..30_usize, 0..4),
    );
    let change = change.prop_map(|(who, seq, start, sets, deps)| {
        let sets = sets.into_iter().map(|(key, value, over)| Set {
            key: Text::new(["t", "u", "v"][key]).unwrap(),
            value: value.map(|number| Value::Uint(number.into())),
            over: over
                .into_iter()
                .map(|(number, who)| SetId(number, device(who)))
                .collect::<Vec<_>>()
                .try_into_list(),
        });
        let mut sets: Vec<Set> = sets.collect();
        sets.sort_by(|a, b| a.key.cmp(&b.key));
        sets.dedup_by(|a, b| a.key == b.key);
        let (time, does) = (Timestamp(0), Does::Sets(sets.try_into_list()));
        (
            who,
            Parts {
                seq,
                start,
                time,
                deps: List::default(),
                does,
            },
            deps,
        )
    });
    proptest::collection::vec(change, 0..24)
}

trait TryIntoList<T> {
    fn try_into_list<const MAX: usize>(self) -> List<T, MAX>;
}

impl<T> TryIntoList<T> for Vec<T> {
    fn try_into_list<const MAX: usize>(self) -> List<T, MAX> {
        List::new(self).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_does_not_matter(
        (changes, shuffled) in scripts().prop_map(|script| play(&script)).prop_flat_map(|changes| {
            (Just(changes.clone()), Just(changes).prop_shuffle())
        }),
        cut in 0..24_usize,
    ) {
        let whole = Document::load(changes.clone()).unwrap();
        prop_assert_eq!(whole.history.heads(), Document::load(shuffled.clone()).unwrap().history.heads());
        prop_assert_eq!(&whole.values, &Document::load(shuffled.clone()).unwrap().values);
        let (early, late) = shuffled.split_at(cut.min(shuffled.len()));
        let (_, first) = begin();
        let mut grown = Document::load(early.iter().cloned().chain([first])).unwrap();
        grown.apply(late.to_vec()).unwrap();
        prop_assert_eq!(&whole.values, &grown.values);
        prop_assert_eq!(whole.history.heads(), grown.history.heads());
        // Every change of an honest device counts.
        prop_assert_eq!(whole.history.heads().is_empty(), false);
        prop_assert_eq!(whole.history.counting(), changes.len());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(change) = Change::decode(&bytes, device(1)) {
            prop_assert_eq!(change.encode(), bytes);
            let _ = Document::load([change]);
        }
    }

    #[test]
    fn mutated_changes_never_panic(
        which in 0..3_usize,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (_, changes) = conflict();
        let mut bytes = changes[which].encode();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(change) = Change::decode(&bytes, device(1)) {
            let document = Document::load(changes.into_iter().chain([change])).unwrap();
            prop_assert!(document.history.merge().is_ok());
        }
    }

    #[test]
    fn well_formed_nonsense_converges_and_never_reaches_automerge(
        script in scripts(), nonsense in hostile(),
    ) {
        let mut changes = play(&script);
        for (who, mut parts, deps) in nonsense {
            let mut deps: Vec<Hash> = deps
                .into_iter()
                .map(|dep| changes.get(dep).map_or(Hash([7; 32]), Change::id))
                .collect();
            deps.sort_unstable();
            deps.dedup();
            parts.deps = deps.try_into_list();
            let bytes = parts.encode();
            changes.extend(Change::decode(&bytes, device(who)));
        }
        let document = Document::load(changes.clone()).unwrap();
        prop_assert!(document.history.merge().is_ok());
        changes.reverse();
        prop_assert_eq!(document.values, Document::load(changes).unwrap().values);
    }

    #[test]
    fn one_change_reads_as_automerge_reads_it(number in any::<u64>(), words in ".{0,40}") {
        let sets = [("a", Some(Value::Uint(number))), ("b", Some(Value::text(&words).unwrap()))];
        let (document, _) = Document::begin(device(1), Timestamp(0), &sets).unwrap();
        let merged = document.history.merge().unwrap();
        let shown = |key| merged.get(ROOT, key).unwrap().unwrap().0.into_owned();
        prop_assert_eq!(shown("a"), automerge::Value::from(number));
        prop_assert_eq!(shown("b"), automerge::Value::from(words.as_str()));
    }
}
