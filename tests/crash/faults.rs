//! The vault on a disk that fails at any call: nothing that was acknowledged is lost, and it always opens.
//!
//! `CIRCLET_FAULT_SEEDS=0..10000` walks other seeds than the usual sixteen, best in a release build.

use super::faulty::{Faulty, Odds};
use super::{batches, master};
use circlet_node::storage::{Error, Vault};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::fs;
use std::path::Path;

/// How many seeds, unless told.
const SEEDS: u64 = 16;

/// The unit of length of the large rows: a few pieces each.
const UNIT: usize = 1000;

/// How many things are tried with each.
const STEPS: u32 = 30;

#[test]
fn whichever_call_fails_nothing_acknowledged_is_lost() {
    // In memory: what is synced here is only to be counted.
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let (mut cuts, mut failures) = (0, 0);
    for seed in seeds() {
        let home = folder.path().join(seed.to_string());
        fs::create_dir(&home).unwrap();
        let mut walk = Walk::new(seed, &home);
        for _ in 0..STEPS {
            walk.step();
        }
        walk.rest();
        cuts += walk.cuts;
        failures += walk.failures;
        fs::remove_dir_all(&home).unwrap();
    }
    println!("{cuts} power cuts, {failures} calls that failed");
    assert!(cuts > 0 && failures > cuts, "the disk was too good");
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(told) = std::env::var("CIRCLET_FAULT_SEEDS") else {
        return 0..SEEDS;
    };
    let (from, to) = told.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

/// Somebody writes, on a disk that fails.
struct Walk<'a> {
    seed: u64,
    rng: ChaCha8Rng,
    engine: Faulty,
    home: &'a Path,
    vault: Option<Vault<Faulty>>,
    /// How many batches were acknowledged.
    acknowledged: u32,
    /// How many batches the store holds; unknown after a failure.
    written: Option<u32>,
    cuts: u32,
    failures: u32,
}

impl<'a> Walk<'a> {
    fn new(seed: u64, home: &'a Path) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let engine = Faulty::new(ChaCha8Rng::seed_from_u64(rng.next_u64()));
        Self {
            seed,
            rng,
            engine,
            home,
            vault: None,
            acknowledged: 0,
            written: None,
            cuts: 0,
            failures: 0,
        }
    }

    fn step(&mut self) {
        // Sometimes nothing can be written for a while: a disk that became read-only.
        let write = [0, 0, 40, 8, 1][(self.rng.next_u32() % 5) as usize];
        self.engine.set(Odds {
            read: [0, 200, 30][(self.rng.next_u32() % 3) as usize],
            write,
            cut: 40,
        });
        self.block_the_page_file(self.rng.clone().next_u32().is_multiple_of(8));
        if let Err(error) = self.act() {
            self.failures += 1;
            let expected = matches!(error, Error::Io(_) | Error::Full);
            assert!(expected, "seed {}: {error}", self.seed);
        }
        if self.engine.is_off() {
            self.turn_on();
        }
    }

    /// Writes a few batches and flushes, as the driver does.
    fn act(&mut self) -> Result<(), Error> {
        let vault = self.open()?;
        let mut next = self.count(&vault)?;
        for _ in 0..=self.rng.next_u32() % 3 {
            self.written = None;
            vault.write(batches::batch_of(next, UNIT))?;
            next += 1;
            self.written = Some(next);
        }
        vault.flush()?;
        self.acknowledged = next;
        Ok(())
    }

    fn open(&mut self) -> Result<Vault<Faulty>, Error> {
        if let Some(vault) = &self.vault {
            return Ok(vault.clone());
        }
        let rng = rand_chacha::ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let pages = self.home.join("pages");
        let vault = Vault::open(self.engine.clone(), pages, &master(), rng)?;
        self.vault = Some(vault.clone());
        Ok(vault)
    }

    /// Returns how many batches the store holds; after a failure by looking.
    fn count(&mut self, vault: &Vault<Faulty>) -> Result<u32, Error> {
        if let Some(written) = self.written {
            return Ok(written);
        }
        let counted = batches::count_of(vault, UNIT).map_err(Error::Io)?;
        self.written = Some(counted);
        Ok(counted)
    }

    /// After a power cut the process begins anew, and with a disk that works all is there.
    fn turn_on(&mut self) {
        self.cuts += 1;
        self.vault = None;
        self.written = None;
        self.engine.restart();
        self.check();
    }

    fn rest(&mut self) {
        self.check();
        self.engine.restart();
        self.vault = None;
        self.check();
    }

    fn check(&mut self) {
        let seed = self.seed;
        self.engine.set(Odds::NONE);
        self.block_the_page_file(false);
        let vault = self.open();
        let vault = vault.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let count = batches::count_of(&vault, UNIT);
        let count = count.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let least = self.acknowledged;
        assert!(
            count >= least,
            "seed {seed}: {least} batches were acknowledged and {count} are there"
        );
        self.written = Some(count);
    }

    /// A folder lies where the new page file would be written.
    fn block_the_page_file(&self, blocked: bool) {
        let fresh = self.home.join("pages.new");
        if blocked && !fresh.exists() {
            fs::create_dir(&fresh).unwrap();
        } else if !blocked && fresh.is_dir() {
            fs::remove_dir(&fresh).unwrap();
        }
    }
}
