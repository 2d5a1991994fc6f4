//! Repair: a damaged store is set aside, and every circle comes back as on a new computer of the same person,
//! from what can still be read here and from the other members.
//!
//! ```text
//! read     the store as it is; where it does not open, a copy of it without sled's own summary, which
//!          then reads its log from the beginning, as far as it is whole
//! fill     a fresh store beside it, with keys of new devices (`backup/rescue.rs`)
//! put      the fresh one in its place; what was damaged is kept whole (`repair/swap.rs`)
//! ```
//!
//! Nothing is changed before all of it is durable, and nothing where nothing is damaged.

pub(crate) mod swap;

pub use crate::backup::rescue::Back;

use crate::backup::rescue::{Rescue, Rescued};
use crate::cards::Cards;
use crate::home::Home;
use crate::identity::{self, Identity};
use crate::keystore::{self, Key, Keystore, fresh_rng};
use crate::problem::Problem;
use crate::storage::{self, Sled, Vault};
use circlet_model::store::Error;
use circlet_model::time::Timestamp;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How the files begin in which sled sums up its log.
const SUMMARY: &str = "snap.";

/// What was repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The circles: each with its name as far as it is known, and with what became of it.
    pub circles: Vec<(String, Back)>,
    /// Whether drafts, the crisis card or whom somebody muted may be lost.
    pub lost_alone: bool,
    /// Where what was damaged is kept.
    pub kept: PathBuf,
}

/// What was put into the fresh store: the circles, and whether something kept for oneself alone is lost.
type Filled = (Vec<(String, Back)>, bool);

/// A store as far as it can be read.
struct Read {
    vault: Vault<Sled>,
    torn: bool,
}

/// Repairs a home. The caller holds its lock.
pub fn repair(home: &Home, key: Option<&Key>, now: Timestamp) -> Result<Account, Problem> {
    let keystore = Keystore::open_by(home, key)?;
    swap::end(home).map_err(unreached)?;
    let identity = match Identity::load(&keystore) {
        Err(identity::Error::Missing) => return Err(identity::missing(home)),
        loaded => loaded?,
    };
    let stage = swap::begin(home).map_err(unreached)?;
    let made = read(home, &stage, &keystore)
        .and_then(|read| make((home, &stage), read, (&keystore, &identity), now));
    match made {
        Ok(Some((circles, lost_alone))) => {
            let kept = swap::commit(home).map_err(unreached)?;
            Ok(Account {
                circles,
                lost_alone,
                kept,
            })
        }
        Ok(None) => {
            swap::give_up(home).map_err(unreached)?;
            Err(nothing_damaged())
        }
        Err(problem) => {
            // What cannot be removed is removed by the next opening.
            drop(swap::give_up(home));
            Err(problem)
        }
    }
}

/// Lets go of what repairs have set aside; says whether there was any. The caller holds the home's lock.
pub fn forget(home: &Home) -> Result<bool, Problem> {
    swap::forget(home).map_err(unreached)
}

/// Fills the fresh home; returns what became of the circles, or nothing where nothing is damaged.
fn make(
    (home, stage): (&Home, &Home),
    read: Option<Read>,
    (keystore, identity): (&Keystore, &Identity),
    now: Timestamp,
) -> Result<Option<Filled>, Problem> {
    let fill = |read: Option<&Read>| {
        let to = storage::open(stage, keystore.master())?;
        let rescue = Rescue {
            from: read.map(|read| &read.vault),
            torn: read.is_some_and(|read| read.torn),
            to: &to,
            identity,
            cards: &Cards::of(keystore).read(),
            now,
        };
        rescue.fill()
    };
    // What is left of a torn store may be anything, so sled reads it on a thread of its own; where that
    // leads nowhere, nothing of it is used.
    let filled = std::thread::scope(|scope| scope.spawn(|| fill(read.as_ref())).join());
    let rescued = match filled {
        Ok(Ok(rescued)) => rescued,
        Ok(Err(problem)) if problem.code != "store-damaged" => return Err(problem),
        Ok(Err(_)) | Err(_) => {
            swap::empty(stage).map_err(unreached)?;
            fill(None)?
        }
    };
    let Rescued {
        identity,
        circles,
        lost_alone,
        damaged,
    } = rescued;
    let opened = read.is_some_and(|read| !read.torn);
    if opened && !damaged {
        return Ok(None);
    }
    identity.save(&keystore.for_home(stage), &mut fresh_rng()?)?;
    // Before a folder is moved, nothing of this program writes to it any more.
    for home in [Some(stage), opened.then_some(home)].into_iter().flatten() {
        storage::wait_until_closed(home).map_err(unreached)?;
    }
    Ok(Some((circles, lost_alone)))
}

/// Opens the store; where it does not open, what its log says from the beginning.
fn read(home: &Home, stage: &Home, keystore: &Keystore) -> Result<Option<Read>, Problem> {
    match storage::open(home, keystore.master()) {
        Ok(vault) => Ok(Some(Read { vault, torn: false })),
        Err(Error::Damaged(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
    .map(|read| read.or_else(|| read_log(home, stage, keystore)))
}

/// Opens a copy of a store that does not open, by its log alone.
fn read_log(home: &Home, stage: &Home, keystore: &Keystore) -> Option<Read> {
    let copy = Home::at(stage.root().join("log"));
    copy_of(&home.store(), &copy.store()).ok()?;
    fs::copy(home.pages(), copy.pages()).ok()?;
    let open = || storage::open(&copy, keystore.master()).ok();
    let opened = std::thread::scope(|scope| scope.spawn(open).join());
    let vault = opened.ok().flatten()?;
    Some(Read { vault, torn: true })
}

fn copy_of(from: &Path, to: &Path) -> io::Result<()> {
    crate::home::create_private_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let summary = entry.file_name().to_string_lossy().starts_with(SUMMARY);
        if entry.file_type()?.is_file() && !summary {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn unreached(error: io::Error) -> Problem {
    keystore::Error::from(error).into()
}

fn nothing_damaged() -> Problem {
    Problem::new(
        "nothing-damaged",
        "Circlet read everything that it keeps here, and nothing is damaged. Nothing was changed.",
        "`circlet doctor` looks at other causes of trouble.",
    )
}
