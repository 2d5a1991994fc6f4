//! Compaction: the store is copied into a fresh one, without what the old segments still hold.
//!
//! sled uses the room of old rows again only in part, so a store in which much was taken back keeps
//! growing. At the next opening, one that has grown is looked through, and where it is nearly twice as
//! large as what lives in it, it is copied:
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
use super::{Engine, Error, Range, io_error};
use crate::home::{Home, sync_dir};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The row that says how large the file was when it was last looked through, in bytes.
const MARK: &[u8] = b"\xFEsize";

/// A store is copied once it is larger than so many tenths of the rows that live in it. What it grows by
/// before it is looked through again still leaves it below twice of them.
const TENTHS: u64 = 19;

/// A store is looked through once it has grown by one in so many parts since the last look.
const PARTS: u64 = 20;

/// Below this nothing is worth the time: sled writes ahead in segments of 512 KiB.
const SMALL: u64 = 4 * 1024 * 1024;

/// A store in use is looked through once it has grown by so much, and by as much again as it was at the
/// last look; and copied once it is so many times as large as its rows.
const MUCH: u64 = 64 * 1024 * 1024;
const TIMES: u64 = 3;

/// How many rows are read at once.
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

/// Copies the store of an engine in use, where it has grown much. Readers read on meanwhile, and wait
/// only while the fresh one is opened.
pub(super) fn shrink(engine: &Sled) -> Result<(), Error> {
    shrink_above(engine, MUCH)
}

fn shrink_above(engine: &Sled, much: u64) -> Result<(), Error> {
    let folder = engine.folder();
    let size = size_of(folder)?;
    if size <= seen(engine)?.saturating_mul(2).saturating_add(much) {
        return Ok(());
    }
    if size <= live_bytes(engine)?.saturating_mul(TIMES) {
        return mark_seen(engine, folder);
    }
    match copy(engine, folder) {
        Ok(()) => engine.reopen(|| take_place(folder)),
        Err(error) => drop_copy(folder, &error),
    }
}

/// Waits until nothing of this program writes to the store of a home any more.
pub(crate) fn wait_until_closed(home: &Home) -> io::Result<()> {
    wait_for(&home.store().join("db"))
}

fn is_due(engine: &Sled, folder: &Path) -> Result<bool, Error> {
    let (size, seen) = (size_of(folder)?, seen(engine)?);
    if !has_grown(size, seen) {
        return Ok(false);
    }
    if size > most_for(live_bytes(engine)?) {
        return Ok(true);
    }
    match mark_seen(engine, folder) {
        // Then it is looked through once more.
        Err(Error::Full) => Ok(false),
        marked => marked.map(|()| false),
    }
}

/// Whether a store is worth a look, by how large it was at the last one.
fn has_grown(size: u64, seen: u64) -> bool {
    size > SMALL && size > seen.saturating_add(seen / PARTS)
}

/// Returns how large a file with so many bytes of rows may be.
fn most_for(live: u64) -> u64 {
    (live.saturating_mul(TENTHS) / 10).max(SMALL)
}

/// Returns how large a store was when it was last looked through.
fn seen(engine: &Sled) -> Result<u64, Error> {
    let mark = engine.get(MARK)?.and_then(|mark| mark.try_into().ok());
    Ok(mark.map_or(0, u64::from_be_bytes))
}

/// Returns the fresh copy of a store; the old one where none could be made.
fn copy_of(engine: Sled, folder: &Path) -> Result<Sled, Error> {
    let copied = copy(&engine, folder);
    drop(engine);
    match copied {
        Ok(()) => take_place(folder)?,
        Err(error) => drop_copy(folder, &error)?,
    }
    Sled::open(folder)
}

/// Puts the fresh copy in the place of the store; both were just closed.
fn take_place(folder: &Path) -> Result<(), Error> {
    let files = [folder, &beside(folder, "new")].map(|folder| folder.join("db"));
    let waited = files.iter().try_for_each(|file| wait_for(file));
    match waited.and_then(|()| swap(folder)) {
        Ok(()) => Ok(()),
        Err(error) => drop_copy(folder, &io_error(&error)),
    }
}

/// Goes on with the old store.
fn drop_copy(folder: &Path, error: &Error) -> Result<(), Error> {
    tracing::warn!(%error, "the store was not copied");
    end_swap(folder).map_err(|error| io_error(&error))
}

/// Copies every row into `store.new`, durably.
///
/// Every key is put in before any value: so no leaf of the tree is split, or written as a whole, that
/// has values in it, and each value is written once. In between, one row is changed again and again:
/// each time sled writes its leaf as a whole, after ten changes, it moves another leaf out of a segment
/// that is mostly dead. So the values go where the keys had been, and a fresh file is hardly
/// larger than its rows.
fn copy(engine: &Sled, folder: &Path) -> Result<(), Error> {
    let room = free_room(folder).map_err(|error| io_error(&error))?;
    if room < most_for(live_bytes(engine)?).saturating_add(SMALL) {
        return Err(Error::Full);
    }
    let target = beside(folder, "new");
    let fresh = Sled::open(&target)?;
    let mut rows = 0_u64;
    each_row(engine, |key, _| {
        rows += 1;
        fresh.fill(key, &[])
    })?;
    // Eight or nine rows to a leaf, and some changes more than it takes.
    for change in 0..rows + rows / 2 {
        fresh.fill(MARK, &change.to_be_bytes())?;
    }
    each_row(engine, |key, value| fresh.fill(key, value))?;
    fresh.flush()?;
    mark_seen(&fresh, &target)
}

/// Notes how large a store is, durably.
fn mark_seen(engine: &Sled, folder: &Path) -> Result<(), Error> {
    let size = size_of(folder)?.to_be_bytes().to_vec();
    engine.write(vec![(MARK.to_vec(), Some(size))])?;
    engine.flush()
}

/// Returns how many bytes the rows of a store have, keys and values.
fn live_bytes(engine: &Sled) -> Result<u64, Error> {
    let mut bytes = 0;
    each_row(engine, |key, value| {
        bytes += (key.len() + value.len()) as u64;
        Ok(())
    })?;
    Ok(bytes)
}

/// Does something with every row, in order.
fn each_row(
    engine: &Sled,
    mut work: impl FnMut(&[u8], &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut from = Vec::new();
    loop {
        let rows = engine.scan(&Range {
            from,
            to: None,
            backwards: false,
            limit: ROWS_AT_ONCE,
        })?;
        for (key, value) in rows.iter().filter(|(key, _)| key != MARK) {
            work(key, value)?;
        }
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        // The next key there can be.
        from = [last.as_slice(), &[0]].concat();
    }
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

fn size_of(folder: &Path) -> Result<u64, Error> {
    let file = fs::metadata(folder.join("db"));
    Ok(file.map_err(|error| io_error(&error))?.len())
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
    fn it_is_looked_through_when_it_has_grown_and_copied_when_little_of_it_lives() {
        let (_place, home) = home();
        let engine = open(&home).unwrap();
        let file = File::options()
            .write(true)
            .open(home.store().join("db"))
            .unwrap();
        let due = |size: u64| {
            file.set_len(size).unwrap();
            is_due(&engine, &home.store()).unwrap()
        };
        let seen = || {
            let mark = engine.get(MARK).unwrap();
            mark.map(|mark| u64::from_be_bytes(mark.try_into().unwrap()))
        };
        assert!(!due(SMALL));
        assert_eq!(seen(), None);
        assert!(due(SMALL + 1024));
        assert!(!has_grown(SMALL, 0));
        assert!(!has_grown(7_350_000, 7_000_000));
        assert!(has_grown(7_350_001, 7_000_000));
        let (_place, home) = rows_of(1000, 4500);
        compact(&home).unwrap();
        let engine = Sled::open(&home.store()).unwrap();
        let before = vec![0; 8];
        engine.write(vec![(MARK.to_vec(), Some(before))]).unwrap();
        assert!(!is_due(&engine, &home.store()).unwrap());
        assert!(super::seen(&engine).unwrap() > 4_500_000);
    }

    #[test]
    fn a_store_that_is_opened_is_at_most_twice_what_lived_and_a_small_one_is_left_alone() {
        let (_place, home) = home();
        for round in 0..4_u32 {
            let engine = open(&home).unwrap();
            let live = live_bytes(&engine).unwrap();
            let size = size_of(&home.store()).unwrap();
            // More lives in it each round, so at the last look it was not more than now.
            assert!(size <= (2 * live).max(SMALL), "{size} bytes for {live}");
            for number in 0..2000_u32 {
                let key = [round.to_be_bytes(), number.to_be_bytes()].concat();
                let gone = number
                    .checked_sub(9)
                    .filter(|number| !number.is_multiple_of(4));
                let gone =
                    gone.map(|number| ([round.to_be_bytes(), number.to_be_bytes()].concat(), None));
                let rows = gone.into_iter().chain([(key, Some(vec![7; 900]))]);
                engine.write(rows.collect()).unwrap();
            }
            engine.flush().unwrap();
        }
    }

    /// Makes a store of so many rows of so many bytes.
    fn rows_of(bytes: usize, rows: u32) -> (tempfile::TempDir, Home) {
        let (place, home) = home();
        let engine = Sled::open(&home.store()).unwrap();
        let row = |number: u32| {
            let key = [[4; 17].as_slice(), &number.to_be_bytes()].concat();
            (key, Some(vec![7; bytes - 21]))
        };
        for start in (0..rows).step_by(100) {
            let rows = (start..start + 100).map(row);
            engine.write(rows.collect()).unwrap();
        }
        engine.flush().unwrap();
        drop(engine);
        (place, home)
    }

    #[test]
    fn a_store_in_use_is_copied_when_it_has_grown_much_and_goes_on() {
        let (_place, home) = home();
        let rows = fill(&home);
        let engine = Sled::open(&home.store()).unwrap();
        let before = size_of(&home.store()).unwrap();
        shrink(&engine).unwrap();
        assert_eq!(size_of(&home.store()).unwrap(), before);
        std::thread::scope(|threads| {
            let shrinking = threads.spawn(|| shrink_above(&engine, 1024 * 1024).unwrap());
            while !shrinking.is_finished() {
                assert_eq!(all(&engine), rows);
            }
        });
        let after = size_of(&home.store()).unwrap();
        assert!(after * 3 < before, "{before} bytes became {after}");
        goes_on(engine, &home, &rows);
    }

    #[test]
    fn a_store_in_use_that_cannot_be_swapped_goes_on_as_it_is() {
        let (_place, home) = home();
        let rows = fill(&home);
        let engine = Sled::open(&home.store()).unwrap();
        let before = size_of(&home.store()).unwrap();
        let old = beside(&home.store(), "old");
        fs::create_dir(&old).unwrap();
        fs::write(old.join("in the way"), b"").unwrap();
        shrink_above(&engine, 1024 * 1024).unwrap();
        assert!(size_of(&home.store()).unwrap() >= before);
        goes_on(engine, &home, &rows);
    }

    fn goes_on(engine: Sled, home: &Home, rows: &super::super::Rows) {
        assert_eq!(fs::read_dir(home.root()).unwrap().count(), 1);
        assert_eq!(all(&engine), *rows);
        let later = (vec![9; 9], Some(b"later".to_vec()));
        engine.write(vec![later]).unwrap();
        engine.flush().unwrap();
        drop(engine);
        let engine = open(home).unwrap();
        assert_eq!(engine.get(&[9; 9]).unwrap().unwrap(), b"later");
        assert_eq!(all(&engine).len(), rows.len() + 1);
    }

    /// Rows of the size that a story leaves once it was taken back.
    #[test]
    fn a_fresh_copy_of_small_rows_is_well_below_twice_as_large() {
        let (_place, home) = rows_of(220, 30_000);
        compact(&home).unwrap();
        let engine = Sled::open(&home.store()).unwrap();
        let (live, size) = (
            live_bytes(&engine).unwrap(),
            size_of(&home.store()).unwrap(),
        );
        assert!(size * 10 <= live * 17, "{size} bytes for {live}");
        assert_eq!(all(&engine).len(), 30_000);
    }
}
