//! The real store, ended at any moment: what was acknowledged is there, whole, and it opens.
//!
//! `CIRCLET_CRASH_ROUNDS` sets the number of cuts of each kind, `CIRCLET_CRASH_SEED` the seed.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]

mod batches;
mod faults;
mod faulty;
mod forget;
mod full;

use circlet_node::home::Home;
use circlet_node::keystore::Secret;
use circlet_tests::disk::{Child, PowerCut};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::path::Path;

/// The variable that makes a child of a test: the home to write to.
const CHILD: &str = "CIRCLET_CRASH_CHILD";

/// The variable that makes a child copy the store over and over.
const COPYING: &str = "CIRCLET_CRASH_COPYING";

/// How many cuts of each kind, unless told.
const ROUNDS: u32 = 12;

/// How many cuts one home lives through.
const CUTS_PER_HOME: u32 = 8;

fn master() -> Secret {
    Secret::from([3; 32])
}

/// Not a test of its own: what the children run.
#[test]
fn child() {
    let Some(home) = std::env::var_os(CHILD).map(Home::at) else {
        return;
    };
    if std::env::var_os(COPYING).is_some() {
        batches::copy_without_end(&home);
    } else {
        batches::write_without_end(&home);
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_acknowledged() {
    let (mut rng, rounds) = setting();
    for_each_home(rounds, |home, cuts| {
        for _ in 0..cuts {
            let child = Child::start("child", &[(CHILD, home.root())]);
            let acknowledged = cut(child, &mut rng);
            check(home, acknowledged).unwrap();
        }
    });
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    let (mut rng, rounds) = setting();
    let scratch = tempfile::tempdir().unwrap();
    for_each_home(rounds, |home, cuts| {
        let disk = PowerCut::new(scratch.path(), home.root(), false);
        for _ in 0..cuts {
            let acknowledged = run_on(&disk, home, |child| cut(child, &mut rng));
            disk.restore();
            check(home, acknowledged).unwrap();
        }
    });
}

#[test]
fn a_cut_while_the_store_is_copied_leaves_one_of_both() {
    let (mut rng, rounds) = setting();
    let scratch = tempfile::tempdir().unwrap();
    for_each_home(rounds, |home, cuts| {
        let vault = circlet_node::storage::open(home, &master()).unwrap();
        for number in 0..60 {
            vault.write(batches::batch(number)).unwrap();
        }
        vault.flush().unwrap();
        drop(vault);
        let disk = PowerCut::new(scratch.path(), home.root(), false);
        for cut in 0..cuts {
            let mut variables = disk.connect();
            variables.extend([(CHILD, home.root()), (COPYING, Path::new("1"))]);
            let child = Child::start("child", &variables);
            child.cut(rng.next_u32() % 2, rng.next_u32() % 20_000_000);
            // Now a kill, now a power cut.
            if cut % 2 == 0 {
                disk.restore();
            }
            check(home, Some(59)).unwrap();
        }
    });
}

/// Shows that a power cut finds what is not durable: the same as above, without the sync after sled's flush.
#[test]
fn without_the_second_sync_a_power_cut_loses_acknowledged_rows() {
    let scratch = tempfile::tempdir().unwrap();
    let mut lost = 0;
    for_each_home(4, |home, _| {
        let disk = PowerCut::new(scratch.path(), home.root(), true);
        let acknowledged = run_on(&disk, home, |child| child.cut(40, 0));
        disk.restore();
        let home = home.clone();
        // A store that was cut like this may also be beyond what sled copes with.
        let checked = std::panic::catch_unwind(|| check(&home, acknowledged));
        lost += u32::from(!matches!(checked, Ok(Ok(()))));
    });
    assert!(lost > 0, "the disk kept what nobody synced");
}

fn setting() -> (ChaCha8Rng, u32) {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse().ok())
    };
    let seed = number("CIRCLET_CRASH_SEED").unwrap_or(u64::from(std::process::id()));
    println!("CIRCLET_CRASH_SEED={seed}");
    let rounds = number("CIRCLET_CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds as u32);
    (ChaCha8Rng::seed_from_u64(seed), rounds)
}

fn for_each_home(rounds: u32, mut test: impl FnMut(&Home, u32)) {
    for first in (0..rounds).step_by(CUTS_PER_HOME as usize) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        home.create().unwrap();
        test(&home, CUTS_PER_HOME.min(rounds - first));
    }
}

fn run_on(disk: &PowerCut, home: &Home, run: impl FnOnce(Child) -> Option<u32>) -> Option<u32> {
    let mut variables = disk.connect();
    variables.push((CHILD, home.root()));
    run(Child::start("child", &variables))
}

/// Cuts at a moment that the seed chooses; one in eight while the store is being opened.
fn cut(child: Child, rng: &mut impl Rng) -> Option<u32> {
    let spins = rng.next_u32();
    match rng.next_u32() % 8 {
        0 => child.cut(0, spins % 4_000_000),
        _ => child.cut(1 + rng.next_u32() % 40, spins % 200_000),
    }
}

/// Checks that a home opens and holds whole batches up to the last acknowledged at least.
fn check(home: &Home, acknowledged: Option<u32>) -> Result<(), String> {
    let vault = circlet_node::storage::open(home, &master()).map_err(|error| error.to_string())?;
    if std::fs::read_dir(home.store().join("blobs"))
        .unwrap()
        .next()
        .is_some()
    {
        return Err("sled wrote a file of its own, which nothing syncs".to_owned());
    }
    let count = batches::count(&vault)?;
    let least = acknowledged.map_or(0, |last| last + 1);
    if count < least {
        return Err(format!(
            "{least} batches were acknowledged and {count} are there"
        ));
    }
    Ok(())
}

/// Returns a home in a folder, made.
fn home_in(folder: &Path) -> Home {
    let home = Home::at(folder.join("home"));
    home.create().unwrap();
    home
}
