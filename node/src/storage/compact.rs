//! Compaction: the store is copied into a fresh one, without what the old segments still hold.
//!
//! sled uses the room of old rows again only in part, so a store in which much was taken back keeps
//! growing. When it has grown to several times what the last copy had, it is copied anew at the next
//! opening:
//!
//! ```text
//! 1  store                          store.new: some rows, until all of them are durable
//! 2              store.old          store.new, whole
//! 3  store       store.old          the fresh one
//! 4  store
//! ```
//!
//! While `store` is there, it counts, and what lies beside it goes; where it is not, `store.new` is whole.
//! So a stop at any moment leaves one of both. Whatever keeps a copy from being made, such as too little
//! room, leaves the old store as it is: it is only larger.

use super::sled::{Sled, free_room};
use super::{Change, Engine, Error, Range, io_error};
use crate::home::{Home, sync_dir};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The row that says how large the file was after the last copy, in bytes.
const MARK: &[u8] = b"\xFEsize";

/// A store is copied once it is this many times as large as its last copy, ...
const GROWN: u64 = 3;

/// ... and so much more: below it nothing is worth the time.
const LEAST: u64 = 32 * 1024 * 1024;

/// How many rows are copied at once.
const ROWS_AT_ONCE: usize = 512;

/// How often a store that was just closed is asked whether it is let go of, and how long after: 5 s in all.
const TRIES: u32 = 500;
const WAIT: Duration = Duration::from_millis(10);

/// Opens the engine of a home's store; copies it first where it has grown too much.
pub(super) fn open(home: &Home) -> Result<Sled, Error> {
    let folder = home.store();
    end_swap(&folder).map_err(|error| io_error(&error))?;
    let engine = Sled::open(&folder)?;
    if is_due(&engine, &folder)? {
        copy_of(engine, &folder)
    } else {
        Ok(engine)
    }
}

/// Copies the store of a home now. The caller holds the home's lock.
pub fn compact(home: &Home) -> Result<(), Error> {
    let folder = home.store();
    end_swap(&folder).map_err(|error| io_error(&error))?;
    copy_of(Sled::open(&folder)?, &folder).map(drop)
}

fn is_due(engine: &Sled, folder: &Path) -> Result<bool, Error> {
    let size = size_of(folder).map_err(|error| io_error(&error))?;
    if size < LEAST {
        return Ok(false);
    }
    let mark = engine.get(MARK)?.and_then(|mark| mark.try_into().ok());
    let last = mark.map_or(0, u64::from_be_bytes);
    Ok(size > last.saturating_mul(GROWN).saturating_add(LEAST))
}

/// Returns the fresh copy of a store; the old one where none could be made.
fn copy_of(engine: Sled, folder: &Path) -> Result<Sled, Error> {
    let copied = copy(&engine, folder);
    drop(engine);
    let swapped = copied.and_then(|()| {
        let files = [folder, &beside(folder, "new")].map(|folder| folder.join("db"));
        files.iter().try_for_each(|file| wait_for(file))?;
        swap(folder)
    });
    if let Err(error) = swapped {
        tracing::warn!(kind = ?error.kind(), "the store was not copied");
        end_swap(folder).map_err(|error| io_error(&error))?;
    }
    Sled::open(folder)
}

/// Copies every row into `store.new`, durably.
fn copy(engine: &Sled, folder: &Path) -> io::Result<()> {
    let room = free_room(folder)?;
    if room < size_of(folder)?.saturating_add(LEAST) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let target = beside(folder, "new");
    let fresh = Sled::open(&target).map_err(io::Error::other)?;
    let mut from = Vec::new();
    loop {
        let range = Range {
            from: from.clone(),
            to: None,
            backwards: false,
            limit: ROWS_AT_ONCE,
        };
        let rows = engine.scan(&range).map_err(io::Error::other)?;
        let Some((last, _)) = rows.last() else { break };
        // The next key there can be.
        from = [last.as_slice(), &[0]].concat();
        let rows = rows.into_iter().filter(|(key, _)| key != MARK);
        let changes: Vec<Change> = rows.map(|(key, value)| (key, Some(value))).collect();
        fresh.write(changes).map_err(io::Error::other)?;
    }
    fresh.flush().map_err(io::Error::other)?;
    let mark = (
        MARK.to_vec(),
        Some(size_of(&target)?.to_be_bytes().to_vec()),
    );
    fresh.write(vec![mark]).map_err(io::Error::other)?;
    fresh.flush().map_err(io::Error::other)
}

/// Waits until nothing of this program writes to a closed store any more: sled lets go of its lock when
/// its last thread has ended.
fn wait_for(file: &Path) -> io::Result<()> {
    let file = File::open(file)?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return file.unlock(),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(WAIT),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Puts `store.new` in the place of the store.
fn swap(folder: &Path) -> io::Result<()> {
    fs::rename(folder, beside(folder, "old"))?;
    sync_parent(folder)?;
    end_swap(folder)
}

/// Ends what a stop left half done.
fn end_swap(folder: &Path) -> io::Result<()> {
    let (fresh, old) = (beside(folder, "new"), beside(folder, "old"));
    if !folder.exists() && old.exists() && fresh.exists() {
        fs::rename(&fresh, folder)?;
        sync_parent(folder)?;
    }
    for gone in [fresh, old] {
        if folder.exists() && gone.exists() {
            fs::remove_dir_all(gone)?;
            sync_parent(folder)?;
        }
    }
    Ok(())
}

fn sync_parent(folder: &Path) -> io::Result<()> {
    folder.parent().map_or(Ok(()), sync_dir)
}

fn beside(folder: &Path, ending: &str) -> PathBuf {
    folder.with_extension(ending)
}

fn size_of(folder: &Path) -> io::Result<u64> {
    Ok(fs::metadata(folder.join("db"))?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let place = tempfile::tempdir().unwrap();
        let home = Home::at(place.path());
        (place, home)
    }

    fn all(engine: &Sled) -> super::super::Rows {
        let all = Range {
            from: Vec::new(),
            to: None,
            backwards: false,
            limit: usize::MAX,
        };
        let mut rows = engine.scan(&all).unwrap();
        rows.retain(|(key, _)| key != MARK);
        rows
    }

    /// Fills a store with rows, most of which are taken out again.
    fn fill(home: &Home) -> super::super::Rows {
        let engine = open(home).unwrap();
        for number in 0..1500_u32 {
            let row = (number.to_be_bytes().to_vec(), Some(vec![7; 1000]));
            engine.write(vec![row]).unwrap();
        }
        for number in (0..1500_u32).filter(|number| number % 10 != 0) {
            engine
                .write(vec![(number.to_be_bytes().to_vec(), None)])
                .unwrap();
        }
        engine.flush().unwrap();
        let rows = all(&engine);
        assert_eq!(rows.len(), 150);
        rows
    }

    #[test]
    fn a_copy_holds_the_same_and_is_smaller() {
        let (_place, home) = home();
        let rows = fill(&home);
        let before = size_of(&home.store()).unwrap();
        compact(&home).unwrap();
        let after = size_of(&home.store()).unwrap();
        assert!(after * 3 < before, "{before} bytes became {after}");
        let engine = open(&home).unwrap();
        assert_eq!(all(&engine), rows);
        assert_eq!(fs::read_dir(home.root()).unwrap().count(), 1);
    }

    #[test]
    fn a_stop_at_any_moment_leaves_one_of_both() {
        let (_place, home) = home();
        let rows = fill(&home);
        let [fresh, old] = ["new", "old"].map(|ending| beside(&home.store(), ending));
        // Before everything was copied.
        fs::create_dir(&fresh).unwrap();
        fs::write(fresh.join("db"), b"half").unwrap();
        assert_eq!(all(&open(&home).unwrap()), rows);
        assert!(!fresh.exists());
        // Between both renames.
        copy(&open(&home).unwrap(), &home.store()).unwrap();
        for folder in [&home.store(), &fresh] {
            wait_for(&folder.join("db")).unwrap();
        }
        fs::rename(home.store(), &old).unwrap();
        assert_eq!(all(&open(&home).unwrap()), rows);
        assert!(!fresh.exists() && !old.exists());
        // Before the old one was gone.
        fs::create_dir(&old).unwrap();
        assert_eq!(all(&open(&home).unwrap()), rows);
        assert!(!old.exists());
    }

    #[test]
    fn it_is_due_when_it_has_grown_several_times() {
        let (_place, home) = home();
        let engine = open(&home).unwrap();
        let file = File::options()
            .write(true)
            .open(home.store().join("db"))
            .unwrap();
        let due = |engine: &Sled, size: u64| {
            file.set_len(size).unwrap();
            is_due(engine, &home.store()).unwrap()
        };
        assert!(!due(&engine, LEAST - 1));
        assert!(due(&engine, LEAST + 1));
        engine
            .write(vec![(MARK.to_vec(), Some(LEAST.to_be_bytes().to_vec()))])
            .unwrap();
        assert!(!due(&engine, (GROWN + 1) * LEAST));
        assert!(due(&engine, (GROWN + 1) * LEAST + 1));
    }
}
