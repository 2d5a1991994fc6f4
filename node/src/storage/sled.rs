//! Rows in sled 0.34.7, used so that what was flushed is there after a power cut.
//!
//! On Linux, `flush` of this version asks for the written range only (`sync_file_range`), which
//! says nothing about the file's size or the disk's own cache. So its background flushing is off,
//! and every flush here ends with an fsync of the database file through a second handle.
//!
//! A leaf of its tree that grows above 128 KiB goes to a file of its own, which nothing syncs; rows of
//! at most [`super::MAX_ROW`] keep that from happening.
//!
//! After an error of the disk, this version may wait without end: in the next flush, in a read of
//! what was not written out, and when it is closed. So writing stops while there is still a reserve
//! of room; and after any error the engine only says that it has stopped and is never closed, until
//! the node starts again. The exception is a leaf of which the check does not match when it is read.

use super::{Change, Engine, Error, Range, Rows, compact, io_error};
use crate::home::{create_private_dir, sync_dir};
use std::fmt;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How many bytes of rows are kept in memory: more brought nothing in measurements.
const CACHE: u64 = 32 * 1024 * 1024;

/// How much room a disk must have left for a batch, besides twice its bytes: sled writes segments of
/// 512 KiB ahead, and the small files of the home must stay replaceable.
const RESERVE: u64 = 8 * 1024 * 1024;

/// How often the lock of a store that was just closed is tried again, and how long after: 5 s in all.
const LOCK_TRIES: u32 = 500;
const LOCK_WAIT: Duration = Duration::from_millis(10);

/// An engine on the disk.
pub struct Sled {
    /// Behind a lock only because a copy may take its place; `None` where that went wrong.
    open: RwLock<Option<Opened>>,
    folder: PathBuf,
    reserve: u64,
    /// Whether there was an error.
    broken: AtomicBool,
}

/// What an engine has open.
struct Opened {
    db: sled::Db,
    /// The database file again, only to sync it.
    file: File,
}

impl Sled {
    /// Opens the rows in a folder of their own, or starts them.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_with(folder, RESERVE)
    }

    fn open_with(folder: &Path, reserve: u64) -> Result<Self, Error> {
        Ok(Self {
            open: RwLock::new(Some(Opened::at(folder)?)),
            folder: folder.to_owned(),
            reserve,
            broken: AtomicBool::new(false),
        })
    }

    /// Returns its folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Closes the store, lets somebody change its folder, and opens what is there then. Whoever reads
    /// waits.
    pub(super) fn reopen(&self, change: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        drop(open.take());
        let opened = change().and_then(|()| Opened::at(&self.folder));
        self.broken.store(opened.is_err(), Ordering::Relaxed);
        *open = Some(opened?);
        Ok(())
    }

    /// Puts one row into a store that nobody reads before all of it is durable: a batch takes more room.
    pub(super) fn fill(&self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        self.ask(|open| open.db.insert(key, value)).map(drop)
    }

    /// Asks sled for something, and remembers if it fails.
    fn ask<T>(&self, question: impl FnOnce(&Opened) -> sled::Result<T>) -> Result<T, Error> {
        let answer = self.read(question);
        answer.inspect_err(|_| self.broken.store(true, Ordering::Relaxed))
    }

    /// Reads something. A leaf that is damaged on the disk concerns the rows in it: the others go on.
    fn read<T>(&self, question: impl FnOnce(&Opened) -> sled::Result<T>) -> Result<T, Error> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let open = open.as_ref().ok_or(Error::Stopped)?;
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        question(open).map_err(|error| {
            let damaged = matches!(error, sled::Error::Corruption { .. });
            self.broken.fetch_or(!damaged, Ordering::Relaxed);
            sled_error(error)
        })
    }

    /// Refuses a batch that might leave the disk full.
    fn check_room(&self, changes: &[Change]) -> Result<(), Error> {
        let bytes = |(key, value): &Change| key.len() + value.as_ref().map_or(0, Vec::len);
        let batch = 2 * changes.iter().map(bytes).sum::<usize>() as u64;
        let room = free_room(&self.folder).map_err(|error| io_error(&error))?;
        if room < batch.saturating_add(self.reserve) {
            Err(Error::Full)
        } else {
            Ok(())
        }
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        if self.broken.load(Ordering::Relaxed) {
            // Closing might never end: see above.
            std::mem::forget(open.take());
        }
    }
}

impl Engine for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self
            .read(|open| open.db.get(key))?
            .map(|value| value.to_vec()))
    }

    fn scan(&self, range: &Range) -> Result<Rows, Error> {
        if range.to.as_ref().is_some_and(|to| *to <= range.from) {
            return Ok(Rows::new());
        }
        let end = range
            .to
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        self.read(|open| {
            let found = open
                .db
                .range::<&[u8], _>((Bound::Included(range.from.as_slice()), end));
            let copied = |row: sled::Result<(sled::IVec, sled::IVec)>| {
                row.map(|(key, value)| (key.to_vec(), value.to_vec()))
            };
            if range.backwards {
                found.rev().take(range.limit).map(copied).collect()
            } else {
                found.take(range.limit).map(copied).collect()
            }
        })
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), Error> {
        self.check_room(&changes)?;
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.ask(|open| open.db.apply_batch(batch))
    }

    fn flush(&self) -> Result<(), Error> {
        self.ask(Opened::flush)
    }

    fn shrink(&self) -> Result<(), Error> {
        compact::shrink(self)
    }
}

impl Opened {
    fn at(folder: &Path) -> Result<Self, Error> {
        create_private_dir(folder).map_err(|error| io_error(&error))?;
        let config = sled::Config::new()
            .path(folder)
            .flush_every_ms(None)
            .cache_capacity(CACHE);
        let db = patiently(|| config.open()).map_err(sled_error)?;
        let file = sync_handle(&folder.join("db")).map_err(|error| io_error(&error))?;
        let open = Self { db, file };
        if let Err(error) = open.flush() {
            // Closing might never end: see above.
            std::mem::forget(open);
            return Err(sled_error(error));
        }
        // Its settings, which sled writes once and never syncs.
        let settings = sync_handle(&folder.join("conf"));
        let synced = settings.and_then(|settings| settings.sync_all());
        synced.map_err(|error| io_error(&error))?;
        sync_dir(folder).map_err(|error| io_error(&error))?;
        Ok(open)
    }

    fn flush(&self) -> sled::Result<()> {
        self.db.flush()?;
        // A sync that failed may report success the next time without having kept anything.
        Ok(self.file.sync_all()?)
    }
}

impl fmt::Debug for Sled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sled").finish_non_exhaustive()
    }
}

/// Returns how many bytes a disk still takes.
#[cfg(unix)]
pub(super) fn free_room(folder: &Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Returns how many bytes a disk still takes: not known here.
#[cfg(not(unix))]
pub(super) fn free_room(_: &Path) -> std::io::Result<u64> {
    Ok(u64::MAX)
}

/// Opens a file for syncing: to write only where the platform syncs no other handle.
fn sync_handle(path: &Path) -> std::io::Result<File> {
    File::options().read(true).write(cfg!(windows)).open(path)
}

/// Opens a store whose lock may not be free yet: one that this same program just closed lets go of it
/// only when sled's last thread has ended. The home's own lock keeps other programs out.
fn patiently<T>(mut open: impl FnMut() -> sled::Result<T>) -> sled::Result<T> {
    let mut left = LOCK_TRIES;
    loop {
        match open() {
            // Sled says this of its lock, and of nothing else.
            Err(sled::Error::Io(error)) if error.kind() == ErrorKind::Other && left > 0 => {
                left -= 1;
                std::thread::sleep(LOCK_WAIT);
            }
            opened => return opened,
        }
    }
}

fn sled_error(error: sled::Error) -> Error {
    match error {
        sled::Error::Io(error) => io_error(&error),
        sled::Error::Corruption { .. } => Error::Damaged("its check does not match".to_owned()),
        sled::Error::CollectionNotFound(_) => Error::Damaged("a table is missing".to_owned()),
        sled::Error::Unsupported(_) => Error::Damaged("it was written otherwise".to_owned()),
        sled::Error::ReportableBug(_) => Error::Damaged("the engine contradicts itself".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conforms() {
        let folder = tempfile::tempdir().unwrap();
        let mut number = 0;
        let mut path = folder.path().to_owned();
        let make = || {
            number += 1;
            path = folder.path().join(number.to_string());
            let path = path.clone();
            (Sled::open(&path).unwrap(), path)
        };
        super::super::conformance::check_at(make, |(engine, path)| {
            drop(engine);
            (Sled::open(&path).unwrap(), path)
        });
    }

    #[test]
    fn a_lock_that_is_let_go_of_late_is_waited_for() {
        let locked = || sled::Error::Io(std::io::Error::other("could not acquire lock"));
        let mut asked = 0;
        let opened = patiently(|| {
            asked += 1;
            if asked < 3 { Err(locked()) } else { Ok(asked) }
        });
        assert_eq!(opened, Ok(3));
        let full = || sled::Error::Io(ErrorKind::StorageFull.into());
        let mut asked = 0;
        let opened = patiently(|| {
            asked += 1;
            Err::<(), _>(full())
        });
        assert!(opened.is_err());
        assert_eq!(asked, 1);
    }

    #[test]
    fn a_disk_without_room_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Sled::open_with(folder.path(), u64::MAX).unwrap();
        assert_eq!(
            engine.write(vec![(vec![1], Some(vec![2]))]),
            Err(Error::Full)
        );
        assert_eq!(engine.get(&[1]).unwrap(), None);
        engine.flush().unwrap();
    }

    /// Runs again where it may mount a disk: in a namespace of its own, which needs no rights.
    #[test]
    fn after_an_error_everything_ends_soon() {
        const INSIDE: &str = "CIRCLET_SMALL_DISK";
        const NAME: &str = "storage::sled::tests::after_an_error_everything_ends_soon";
        if std::env::var_os(INSIDE).is_some() {
            return fill_a_small_disk();
        }
        let inside = std::process::Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount"])
            .arg(std::env::current_exe().unwrap())
            .args([NAME, "--exact", "--nocapture"])
            .env(INSIDE, "1")
            .status();
        assert!(inside.unwrap().success(), "in a namespace of its own");
    }

    fn fill_a_small_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(folder.path())
            .status();
        assert!(mount.unwrap().success(), "no small disk");
        let engine = Sled::open_with(&folder.path().join("store"), 0).unwrap();
        let rows = |start: u32| {
            let row = |number: u32| (number.to_be_bytes().to_vec(), Some(vec![7; 400]));
            (start..start + 20).map(row).collect()
        };
        let write = |start| engine.write(rows(start)).and_then(|()| engine.flush());
        let error = (0..1000).find_map(|batch| write(batch * 20).err());
        // It is still used, but its folder can be removed.
        let umount = std::process::Command::new("umount")
            .arg("-l")
            .arg(folder.path())
            .status();
        assert!(umount.unwrap().success());
        assert_eq!(error, Some(Error::Full));
        if engine.broken.load(Ordering::Relaxed) {
            assert_eq!(engine.get(&[0; 4]), Err(Error::Stopped));
            assert_eq!(engine.flush(), Err(Error::Stopped));
        }
        drop(engine);
    }

    #[test]
    fn a_damaged_leaf_takes_no_other_row_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let row = |number: u32| {
            (
                number.to_be_bytes().to_vec(),
                Some(number.to_be_bytes().repeat(200)),
            )
        };
        let engine = Sled::open(folder.path()).unwrap();
        // In order and more than two segments of 512 KiB, so that row 250 does not lie in the last.
        for number in 0..2000 {
            engine.write(vec![row(number)]).unwrap();
        }
        engine.flush().unwrap();
        drop(engine);
        // Then it stands in a snapshot.
        drop(Sled::open(folder.path()).unwrap());
        drop(Sled::open(folder.path()).unwrap());
        let (file, text) = (folder.path().join("db"), 250_u32.to_be_bytes().repeat(50));
        let mut bytes = std::fs::read(&file).unwrap();
        for at in 0..bytes.len() - text.len() {
            if bytes[at..].starts_with(&text) {
                bytes[at] ^= 1;
            }
        }
        std::fs::write(&file, bytes).unwrap();
        let engine = Sled::open(folder.path()).unwrap();
        let get = |number: u32| engine.get(&number.to_be_bytes());
        assert!(matches!(get(250), Err(Error::Damaged(_))), "{:?}", get(250));
        assert_eq!(get(0).unwrap(), row(0).1);
        assert_eq!(get(1999).unwrap(), row(1999).1);
        engine.write(vec![row(2000)]).unwrap();
        engine.flush().unwrap();
        assert_eq!(get(2000).unwrap(), row(2000).1);
    }

    #[test]
    fn after_an_error_it_says_that_it_has_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Sled::open(folder.path()).unwrap();
        let full = || sled::Error::Io(ErrorKind::StorageFull.into());
        assert_eq!(engine.ask(|_| Err::<(), _>(full())), Err(Error::Full));
        assert_eq!(engine.get(&[1]), Err(Error::Stopped));
        assert_eq!(engine.flush(), Err(Error::Stopped));
    }

    #[test]
    fn errors_keep_their_meaning() {
        let full = std::io::Error::from(ErrorKind::StorageFull);
        assert_eq!(sled_error(sled::Error::Io(full)), Error::Full);
        let refused = std::io::Error::from(ErrorKind::PermissionDenied);
        assert!(matches!(sled_error(sled::Error::Io(refused)), Error::Io(_)));
        let corrupt = sled::Error::Corruption { at: None, bt: () };
        assert!(matches!(sled_error(corrupt), Error::Damaged(_)));
    }
}
