//! Tests of texts: what is typed apart comes together, whatever the order and whatever the bytes.

use super::super::change::SetId;
use super::*;
use crate::bounded::Text;
use proptest::prelude::*;
use std::collections::BTreeSet;

const BEGUN: &str = "Anyone may pass.";

fn device(number: u8) -> DeviceId {
    DeviceId([number; 32])
}

fn begin() -> (TextDocument, Change) {
    TextDocument::begin(device(1), Timestamp(1_000), BEGUN).unwrap()
}

/// What a device makes of a text that it sees.
fn edit(document: &TextDocument, who: u8, text: &str) -> (TextDocument, Change) {
    let edited = document.edit(document, text, device(who), Timestamp(2_000));
    edited.unwrap().unwrap()
}

fn shown(changes: &[Change]) -> String {
    let document = TextDocument::load(changes.iter().cloned()).unwrap();
    document.text().unwrap()
}

#[test]
fn a_change_of_a_text_travels_unchanged() {
    let (document, change) = begin();
    let again = Change::decode_text(&change.encode(), device(1)).unwrap();
    assert_eq!(again, change);
    assert_eq!(shown(&[again]), BEGUN);
    assert_eq!(document.text().unwrap(), BEGUN);
    assert_eq!(document.last(), Some((device(1), Timestamp(1_000))));
    assert!(document.is_as_begun());
}

#[test]
fn the_format_of_a_text_stays_as_it_is() {
    let (document, change) = begin();
    let hex = |bytes: &[u8]| {
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<String>()
    };
    // seq, start, time, deps, splices: put in at the beginning
    let first = format!("01 02 e807 00 01 00 00 10 {}", hex(BEGUN.as_bytes()));
    assert_eq!(hex(&change.encode()), first.replace(' ', ""));
    let (_, change) = edit(&document, 2, "Anyone can pass.");
    let (id, one) = (hex(&document.heads()[0].0), "01".repeat(32));
    // put `c` in behind the blank, take `m` out; put `n` in behind the `a`, take `y` out
    let put = |behind: u8, what: &str| format!("00 01 {behind:02x} {one} 01 {what}");
    let take = |first: u8| format!("01 {first:02x} {one} 01");
    let splices = [put(8, "63"), take(9), put(10, "6e"), take(11)];
    let second = format!("01 12 d00f 01 {id} 04 {}", splices.join(" "));
    assert_eq!(hex(&change.encode()), second.replace(' ', ""));
}

#[test]
fn two_who_edit_apart_keep_both_edits() {
    let (document, first) = begin();
    let (_, a) = edit(&document, 2, "Anyone may pass, at any time.");
    let (_, b) = edit(&document, 3, "No fixing.\nAnyone may pass.");
    let both = "No fixing.\nAnyone may pass, at any time.";
    assert_eq!(shown(&[first.clone(), a.clone(), b.clone()]), both);
    assert_eq!(shown(&[b, a, first]), both);
}

#[test]
fn an_edit_takes_out_nothing_that_its_writer_did_not_see() {
    let (seen, first) = begin();
    let (now, second) = edit(&seen, 2, "Anyone may pass. We listen.");
    let edited = now.edit(&seen, "You may pass.", device(3), Timestamp(3_000));
    let (document, third) = edited.unwrap().unwrap();
    assert_eq!(document.text().unwrap(), "You may pass. We listen.");
    assert_eq!(shown(&[third, second, first]), "You may pass. We listen.");
    assert_eq!(document.heads().len(), 1);
    assert!(!document.is_as_begun());
}

#[test]
fn one_device_edits_twice_what_it_saw_once() {
    let (seen, _) = begin();
    let (once, _) = edit(&seen, 1, "Anyone may pass. One.");
    let twice = once.edit(&seen, "Two. Anyone may pass.", device(1), Timestamp(3_000));
    let (document, _) = twice.unwrap().unwrap();
    assert_eq!(document.text().unwrap(), "Two. Anyone may pass. One.");
}

#[test]
fn two_who_begin_apart_begin_the_same_text() {
    let (_, a) = begin();
    let (_, b) = TextDocument::begin(device(2), Timestamp(1_000), "We listen. ").unwrap();
    let text = shown(&[a, b]);
    assert!(
        text.contains(BEGUN) && text.contains("We listen. "),
        "{text}"
    );
}

#[test]
fn what_was_seen_is_found_again_by_its_heads() {
    let (first, _) = begin();
    let (second, _) = edit(&first, 2, "Something else.");
    let then = second.at(&first.heads()).unwrap().unwrap();
    assert_eq!(then.text().unwrap(), BEGUN);
    let now = second.at(&second.heads()).unwrap().unwrap();
    assert_eq!(now.text().unwrap(), "Something else.");
    assert_eq!(second.at(&[]).unwrap().unwrap().text().unwrap(), "");
    assert!(second.at(&[Hash([7; 32])]).unwrap().is_none());
}

#[test]
fn an_edit_of_nothing_is_none() {
    let (document, _) = begin();
    let none = document.edit(&document, BEGUN, device(2), Timestamp(5));
    assert!(none.unwrap().is_none());
}

#[test]
fn a_text_of_which_hardly_a_word_stays_is_replaced() {
    let long = |word: &str| (0..700).fold(String::new(), |text, n| text + &format!("{word}{n} "));
    let (document, first) = TextDocument::begin(device(1), Timestamp(1), &long("a")).unwrap();
    let new = long("bc").chars().rev().collect::<String>();
    let (_, second) = edit(&document, 2, &new);
    assert!(second.encode().len() < 80_000);
    assert_eq!(shown(&[first, second]), new);
}

#[test]
fn more_than_a_change_may_do_is_refused() {
    let long = "a".repeat(MAX_STEPS as usize + 1);
    let refused = TextDocument::begin(device(1), Timestamp(1), &long);
    assert!(matches!(refused, Err(Error::TooLong(_))));
}

#[test]
fn splices_that_cannot_be_are_refused() {
    let (_, change) = begin();
    let put = |behind, text: &str| Splice::Put {
        behind,
        characters: Text::new(text).unwrap(),
    };
    let take = |number, count| Splice::Take {
        first: SetId(number, device(1)),
        count,
    };
    let cases = [
        vec![],
        vec![put(None, "")],
        vec![put(Some(SetId(1, device(1))), "a")],
        vec![put(Some(SetId(2, device(1))), "a")],
        vec![take(2, 1)],
        vec![take(1, 0)],
        vec![take(0, u32::MAX)],
        vec![take(u64::MAX, u32::MAX)],
        vec![put(None, "a"), take(2, 1)],
    ];
    for (index, splices) in cases.into_iter().enumerate() {
        let mut change = change.clone();
        change.parts.does = Does::Splices(List::new(splices).unwrap());
        let refused = Change::decode_text(&change.encode(), device(1));
        assert_eq!(refused, Err(Error::IllFormed), "case {index}");
    }
}

#[test]
fn a_change_that_names_what_it_does_not_build_on_does_not_count() {
    let (document, first) = begin();
    let (_, second) = edit(&document, 2, "Anyone.");
    let elsewhere = Change::decode_text(&second.encode(), device(3)).unwrap();
    assert_eq!(shown(&[first.clone(), elsewhere]), "Anyone.");
    let mut loose = second;
    loose.parts.deps = List::default();
    loose.parts.start = 2;
    let Does::Splices(splices) = &loose.parts.does else {
        panic!("a text")
    };
    let mut splices = splices.to_vec();
    splices.retain(|splice| matches!(splice, Splice::Take { .. }));
    loose.parts.does = Does::Splices(List::new(splices).unwrap());
    assert_eq!(shown(&[first, loose]), BEGUN);
}

/// Who edits, whose changes they have heard, where they type, and whether they take something out.
type Script = Vec<(usize, usize, prop::sample::Index, bool)>;

fn scripts() -> impl Strategy<Value = Script> {
    let step = (
        0..3_usize,
        0..3_usize,
        any::<prop::sample::Index>(),
        any::<bool>(),
    );
    proptest::collection::vec(step, 1..30)
}

/// Plays a script on three replicas; each edit types one character that nobody else does. Returns all
/// changes, and what was typed and not taken out.
fn play(script: &Script) -> (Vec<Change>, BTreeSet<char>) {
    let (first, change) = begin();
    let (mut changes, mut replicas) = (vec![change], [first.clone(), first.clone(), first]);
    let (mut typed, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let mut fresh = '\u{4e00}'..;
    for (who, from, place, takes) in script {
        let known = replicas[*from]
            .history
            .known()
            .chain(replicas[*who].history.known());
        let seen = TextDocument::load(known.cloned().collect::<Vec<_>>()).unwrap();
        let mut text: Vec<char> = seen.text().unwrap().chars().collect();
        let at = place.index(text.len() + 1);
        if *takes && at < text.len() && text[at] >= '\u{4e00}' {
            taken.insert(text.remove(at));
        } else {
            let character = fresh.next().unwrap();
            typed.insert(character);
            text.insert(at, character);
        }
        let text: String = text.into_iter().collect();
        let (document, change) = edit(&seen, 1 + *who as u8, &text);
        assert_eq!(document.text().unwrap(), text);
        replicas[*who] = document;
        changes.push(change);
    }
    (changes, typed.difference(&taken).copied().collect())
}

/// Splices whose bytes are well formed or nearly so, by somebody who means harm.
fn hostile() -> impl Strategy<Value = Vec<(u8, Parts, Vec<usize>)>> {
    let id = (0..40_u64, 1..4_u8).prop_map(|(number, who)| SetId(number, device(who)));
    let put = (proptest::option::of(id.clone()), ".{1,3}").prop_map(|(behind, text)| Splice::Put {
        behind,
        characters: Text::new(text).unwrap(),
    });
    let take = (id, 1..6_u32).prop_map(|(first, count)| Splice::Take { first, count });
    let splices = proptest::collection::vec(prop_oneof![put, take], 1..4);
    let deps = proptest::collection::vec(0..30_usize, 0..4);
    let change = (1..4_u8, 1..4_u64, 2..40_u64, splices, deps);
    let change = change.prop_map(|(who, seq, start, splices, deps)| {
        let parts = Parts {
            seq,
            start,
            time: Timestamp(0),
            deps: List::default(),
            does: Does::Splices(List::new(splices).unwrap()),
        };
        (who, parts, deps)
    });
    proptest::collection::vec(change, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn editors_apart_come_together_and_nothing_typed_is_lost(
        ((changes, typed), shuffled) in scripts().prop_map(|script| play(&script)).prop_flat_map(
            |played| (Just(played.clone()), Just(played.0).prop_shuffle()),
        ),
    ) {
        let text = shown(&changes);
        prop_assert_eq!(&text, &shown(&shuffled));
        let kept: BTreeSet<char> = text.chars().filter(|it| *it >= '\u{4e00}').collect();
        prop_assert_eq!(kept, typed);
        let document = TextDocument::load(changes.clone()).unwrap();
        prop_assert_eq!(document.history.counting(), changes.len());
    }

    #[test]
    fn hostile_changes_of_a_text_converge_and_never_panic(
        script in scripts(), nonsense in hostile(),
    ) {
        let (mut changes, _) = play(&script);
        for (who, mut parts, deps) in nonsense {
            let deps = deps.into_iter().filter_map(|dep| changes.get(dep)).map(Change::id);
            let deps: BTreeSet<Hash> = deps.collect();
            parts.deps = List::new(deps.into_iter().collect()).unwrap();
            changes.extend(Change::decode_text(&parts.encode(), device(who)));
        }
        let text = shown(&changes);
        changes.reverse();
        prop_assert_eq!(text, shown(&changes));
    }

    #[test]
    fn mutated_changes_of_a_text_never_panic(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (document, first) = begin();
        let (_, second) = edit(&document, 2, "Anyone can pass. We listen.");
        let mut bytes = second.encode();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(change) = Change::decode_text(&bytes, device(2)) {
            prop_assert_eq!(change.encode(), bytes);
            shown(&[first, second, change]);
        }
    }
}
