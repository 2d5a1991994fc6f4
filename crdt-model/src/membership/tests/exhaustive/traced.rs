//! Histories at which the walk of every small history stopped, each with what was wrong.

use super::{DEVICES, FOUR, MANY, REMOVALS, ROLES, THREE};
use crate::membership::act::Role;
use crate::membership::roster::Roster;
use crate::membership::testing::{names, person};

fn replayed(letters: &'static [&'static str], acts: &[(&str, &[usize])]) -> Roster {
    replayed_with(letters, 0, acts)
}

fn replayed_with(
    letters: &'static [&'static str],
    forks: usize,
    acts: &[(&str, &[usize])],
) -> Roster {
    let history = THREE.with(letters, forks).explorer().replay(acts);
    history.graph.roster().clone()
}

/// The rules were wrong. Cai saw Bo's word first, so Ana's falls (R6), Bo's removal of Cai counts, and what
/// Cai wrote beside it is void. R9 dropped that act, as Ana knew of the removal too: without it Ana's
/// word won, Cai belonged again, and Cai's own computer did not know that it had written.
#[test]
fn what_the_removed_saw_is_not_dropped_when_the_removal_hangs_on_it() {
    let roster = replayed(
        ROLES,
        &[
            ("ana demotes bo", &[]),
            ("bo demotes ana", &[]),
            ("bo removes cai", &[1]),
            ("ana leaves", &[0, 1, 2]),
            ("cai removes ana", &[1]),
        ],
    );
    assert_eq!(names(&roster), ["bo"]);
    assert_eq!(roster.role_of(&person("bo")), Role::Keeper);
}

/// The check was wrong: it took Bo's second computer, which knew Dee, for a witness against the removal that
/// Bo's first one wrote. A witness is independent of both sides (R5), and Bo is one of them.
#[test]
fn who_was_met_only_by_another_computer_of_the_remover_falls_with_the_removed() {
    let roster = replayed(
        DEVICES,
        &[
            ("bo adds bo2", &[]),
            ("cai admits dee", &[]),
            ("bo2 ends bo", &[0, 1]),
            ("bo removes ana", &[0]),
            ("cai acks", &[0, 1, 3]),
        ],
    );
    assert_eq!(names(&roster), ["bo", "cai"]);
}

/// The check was wrong: it took for certain a removal that lies on a fork. Ana's key was used twice, and one
/// branch removes Cai. Cai saw the other one first, and is a witness of it (R3).
#[test]
fn who_is_removed_on_a_branch_is_a_witness_of_the_other() {
    let letters = &["ana acks", "ana removes cai", "bo acks", "cai acks"];
    let acts: &[(&str, &[usize])] = &[
        ("ana acks", &[]),
        ("ana removes cai", &[]),
        ("bo acks", &[0, 1]),
        ("cai acks", &[0]),
    ];
    let roster = replayed_with(letters, 1, acts);
    assert_eq!(names(&roster), ["ana", "bo", "cai"]);
}

/// The rules were wrong. Two keepers remove Dee, and only Bo's word knows both of theirs; Cai knows Ana's alone. R9
/// took Cai for one who knows of the removal, and dropped Dee's word, which would have shown that too few do.
#[test]
fn who_knows_one_of_two_words_does_not_know_of_the_removal() {
    let acts: &[(&str, &[usize])] = &[
        ("ana removes dee", &[]),
        ("ana removes dee", &[0]),
        ("bo removes dee", &[0]),
        ("cai keeps dee", &[0]),
        ("dee demotes bo", &[0, 1]),
    ];
    let roster = FOUR.explorer().replay(acts).graph.roster().clone();
    assert_eq!(names(&roster), ["ana", "bo", "cai"]);
}

/// A roster that was gone on with was wrong. Ana removes Bo and knows that Cai would remove her: with another word
/// that would decide, so nothing of Bo's is dropped. In one order of delivery it was.
#[test]
fn nothing_is_dropped_while_somebody_says_that_the_remover_should_go() {
    let acts: &[(&str, &[usize])] = &[
        ("ana acks", &[]),
        ("bo removes ana", &[]),
        ("cai removes ana", &[]),
        ("ana removes bo", &[0, 2]),
        ("cai acks", &[0, 2, 3]),
    ];
    let roster = replayed(REMOVALS, acts);
    assert_eq!(names(&roster), ["ana", "cai"]);
}

/// The same device comes in by two acts. A roster that was gone on with named the later one.
#[test]
fn of_two_acts_that_bring_a_device_in_one_counts_however_they_came() {
    let acts: &[(&str, &[usize])] = &[
        ("bo adds bo8", &[]),
        ("bo ends bo4", &[]),
        ("bo2 adds bo9", &[]),
        ("bo8 adds bo10", &[0, 1]),
        ("bo adds bo8", &[0, 1, 2, 3]),
    ];
    MANY.explorer().replay(acts);
}
