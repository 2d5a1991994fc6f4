//! Random circles, each from a seed: walked through faults, healed, and checked for agreement.
//!
//! A seed that fails is printed with the command that walks it again. More seeds, or one:
//! `CIRCLET_SEEDS=0..10000 CIRCLET_STEPS=200 cargo nextest run --release --profile long -p
//! circlet-tests --test simulation part_converge` shares them out between four tests, which takes well
//! over half an hour. (The profile lifts the limit of a minute on each test.)

use crate::agree;
use crate::walk::Walk;
use core::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many seeds are walked unless told otherwise: a few seconds for each test.
const SEEDS: u64 = 32;
/// How many steps each takes unless told otherwise.
const STEPS: usize = 200;
/// The seeds are shared out between so many tests, which run side by side.
const PARTS: u64 = 4;

#[test]
fn seeds_of_the_first_part_converge() {
    walk_part(0);
}

#[test]
fn seeds_of_the_second_part_converge() {
    walk_part(1);
}

#[test]
fn seeds_of_the_third_part_converge() {
    walk_part(2);
}

#[test]
fn seeds_of_the_fourth_part_converge() {
    walk_part(3);
}

#[test]
fn seeds_that_once_went_wrong_converge() {
    // 14: a retract of somebody removed. 82: entries of somebody let in by an invite used up
    // elsewhere. 122: a key stored just before a crash. 1211, 1581: let in, but whoever did so went before
    // saying so. 1860, 3200: disks put back without the keys of later, or without any. 2828, 3268: pieces of two branches in one. 3572: acts that came without their keys.
    // 3807: a retract of somebody who turned out never to have belonged. 4499: a key that was only on
    // a disk that was put back. 7910: a farewell that only somebody heard who was removed elsewhere.
    // 3435: a key of somebody whose removal undid it. 8175: a key of somebody whose admission was undone.
    let failed: Vec<_> = [
        14, 82, 122, 1211, 1581, 1860, 2828, 3200, 3268, 3435, 3572, 3807, 4499, 7910, 8175,
    ]
    .into_iter()
    .filter_map(|seed| walk_to_the_end(Walk::without_words(seed), seed).err())
    .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn seeds_with_edits_fading_and_bundles_that_once_went_wrong_converge() {
    // 5713: a key whose maker has gone, and whom it met came too late to have it. 5904: who turned out to
    // be too many no longer heard that they belong after all. 7058: a response whose story faded meanwhile.
    let failed: Vec<_> = [5713, 5904, 7058]
        .into_iter()
        .filter_map(|seed| walk_to_the_end(Walk::new(seed), seed).err())
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let trace = |seed| {
        let mut walk = Walk::new(seed);
        walk.steps(60);
        (walk.world.traffic, walk.world.passed(), walk.did)
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}

/// Walks every seed of a part, whatever becomes of the ones before it.
fn walk_part(part: u64) {
    let failed: Vec<String> = seeds()
        .filter(|seed| seed % PARTS == part)
        .filter_map(|seed| {
            walk_one(seed)
                .err()
                .map(|why| format!("seed {seed}: {why}"))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Walks a seed; what went wrong is returned.
fn walk_one(seed: u64) -> Result<(), String> {
    walk_to_the_end(Walk::new(seed), seed)
}

/// Walks on; what went wrong is returned, and the way to see it again printed.
fn walk_to_the_end(mut walk: Walk, seed: u64) -> Result<(), String> {
    let walked = catch_unwind(AssertUnwindSafe(|| {
        walk.steps(steps());
        walk.rest();
        agree::check(&walk);
    }));
    walked.map_err(|panic| {
        if std::env::var_os("CIRCLET_TRACE").is_some() {
            println!("{}", walk.did.join("\n"));
        }
        println!(
            "again: CIRCLET_SEEDS={seed} CIRCLET_STEPS={} CIRCLET_TRACE=1 \
             cargo nextest run -p circlet-tests --test simulation seeds",
            steps()
        );
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_default()
    })
}

fn steps() -> usize {
    let told = std::env::var("CIRCLET_STEPS").ok();
    told.map_or(STEPS, |steps| steps.parse().expect("a number of steps"))
}

/// `CIRCLET_SEEDS` is one seed, or a range such as `0..10000`.
fn seeds() -> Range<u64> {
    let Ok(told) = std::env::var("CIRCLET_SEEDS") else {
        return 0..SEEDS;
    };
    let number = |text: &str| text.parse::<u64>().expect("a seed");
    match told.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(&told)..number(&told) + 1,
    }
}
