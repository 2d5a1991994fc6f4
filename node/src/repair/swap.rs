//! Putting a repaired store in the place of a damaged one, so that a stop at any moment leaves one of both.
//!
//! ```text
//! 1  store, pages, identity          repairing: some of it, until all of it is durable
//! 2  store, pages, identity          repaired: store, pages, identity
//! 3  each of them, one by one        repaired/damaged: what was there before
//! 4  store, pages, identity          damaged: what was there before
//! ```
//!
//! `repairing` counts for nothing and goes. Once it is called `repaired`, the next opening ends what is
//! left to do. The identity of before is not kept: it holds keys that are let go of.

use crate::home::{Home, create_private_dir, sync_dir};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where a store is repaired.
const REPAIRING: &str = "repairing";
/// Where a repaired store waits to be put in its place.
const REPAIRED: &str = "repaired";
/// Where what was damaged is kept; a second one has `-2` behind it.
const DAMAGED: &str = "damaged";
/// The most that are kept.
const MOST: usize = 64;

/// What moves out of the home, and what takes its place.
const MOVED: [&str; 2] = ["store", "pages"];
const IDENTITY: &str = "identity";

/// Returns a fresh place for a repaired home.
pub(super) fn begin(home: &Home) -> io::Result<Home> {
    let stage = home.root().join(REPAIRING);
    free(home.root())?;
    remove(&stage)?;
    create_private_dir(&stage)?;
    Ok(Home::at(stage))
}

/// Empties the place again, to begin anew.
pub(super) fn empty(stage: &Home) -> io::Result<()> {
    remove(&stage.store())?;
    if stage.pages().exists() {
        fs::remove_file(stage.pages())?;
    }
    Ok(())
}

/// Lets go of what was begun.
pub(super) fn give_up(home: &Home) -> io::Result<()> {
    remove(&home.root().join(REPAIRING))
}

/// Decides for the repaired home, all of which is durable, and puts it in its place. Returns where what
/// was damaged is kept.
pub(super) fn commit(home: &Home) -> io::Result<PathBuf> {
    let stage = home.root().join(REPAIRING);
    create_private_dir(&stage.join(DAMAGED))?;
    sync_dir(&stage)?;
    rename(&stage, &home.root().join(REPAIRED))?;
    end(home)?;
    let kept = kept(home)?;
    kept.into_iter()
        .next_back()
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Ends what a stop left half done. The caller holds the home's lock.
pub(crate) fn end(home: &Home) -> io::Result<()> {
    while step(home)? {}
    Ok(())
}

/// Does the next thing that is left to do; says whether there was one.
fn step(home: &Home) -> io::Result<bool> {
    let (root, stage) = (home.root(), home.root().join(REPAIRED));
    if !stage.exists() {
        let begun = root.join(REPAIRING);
        let some = begun.exists();
        remove(&begun)?;
        return Ok(some);
    }
    for name in MOVED {
        let (fresh, here) = (stage.join(name), root.join(name));
        if fresh.exists() {
            if here.exists() {
                rename(&here, &stage.join(DAMAGED).join(name))?;
            } else {
                rename(&fresh, &here)?;
            }
            return Ok(true);
        }
    }
    let (fresh, before) = (stage.join(IDENTITY), stage.join(DAMAGED));
    if fresh.exists() {
        rename(&fresh, &root.join(IDENTITY))?;
    } else if before.exists() {
        rename(&before, &free(root)?)?;
    } else {
        remove(&stage)?;
    }
    Ok(true)
}

/// Returns the folders in which what was damaged is kept, the oldest first.
pub(crate) fn kept(home: &Home) -> io::Result<Vec<PathBuf>> {
    let all = (1..=MOST).map(|number| named(home.root(), number));
    let mut found = Vec::new();
    for path in all {
        if path.try_exists()? {
            found.push(path);
        }
    }
    Ok(found)
}

/// Lets go of what is kept of damaged stores; says whether there was any.
pub(super) fn forget(home: &Home) -> io::Result<bool> {
    let kept = kept(home)?;
    for path in &kept {
        // Without these keys nothing in it opens, should what follows be cut short.
        drop(fs::remove_file(path.join("pages")));
        sync_dir(path)?;
        remove(path)?;
    }
    Ok(!kept.is_empty())
}

fn free(root: &Path) -> io::Result<PathBuf> {
    // After the newest one, so that their order stays that of the repairs.
    let last = (1..=MOST)
        .rev()
        .find(|number| named(root, *number).exists());
    match last.map_or(1, |last| last + 1) {
        number if number <= MOST => Ok(named(root, number)),
        _ => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

fn named(root: &Path, number: usize) -> PathBuf {
    match number {
        1 => root.join(DAMAGED),
        _ => root.join(format!("{DAMAGED}-{number}")),
    }
}

/// Renames durably: at both ends.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    for path in [to, from] {
        path.parent().map_or(Ok(()), sync_dir)?;
    }
    Ok(())
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a home with a repaired one beside it, all of it durable.
    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        fill(home.root(), "old");
        let stage = begin(&home).unwrap();
        fill(stage.root(), "new");
        (folder, home)
    }

    fn fill(root: &Path, what: &str) {
        fs::create_dir_all(root.join("store")).unwrap();
        for name in ["store/db", "pages", "identity"] {
            fs::write(root.join(name), what).unwrap();
        }
    }

    /// Returns what a home holds, and what is kept beside it.
    fn held(home: &Home) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![home.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(home.root()).unwrap().to_owned();
                    found.push((name, fs::read_to_string(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    fn whole(what: &str) -> Vec<(PathBuf, String)> {
        let names = ["identity", "pages", "store/db"];
        names.map(|name| (name.into(), what.to_owned())).into()
    }

    #[test]
    fn a_stop_at_any_moment_leaves_one_of_both_and_keeps_what_was_damaged() {
        let mut repaired = whole("new");
        for name in ["damaged/pages", "damaged/store/db"] {
            repaired.push((name.into(), "old".to_owned()));
        }
        repaired.sort();
        let mut cuts = 0;
        loop {
            let (_folder, home) = home();
            create_private_dir(&home.root().join(REPAIRING).join(DAMAGED)).unwrap();
            fs::rename(home.root().join(REPAIRING), home.root().join(REPAIRED)).unwrap();
            let done = (0..cuts).all(|_| step(&home).unwrap());
            // It is opened again.
            end(&home).unwrap();
            assert_eq!(held(&home), repaired, "after {cuts} steps");
            if !done {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 7, "{cuts} steps");
    }

    #[test]
    fn what_is_not_whole_yet_counts_for_nothing() {
        let (_folder, home) = home();
        end(&home).unwrap();
        assert_eq!(held(&home), whole("old"));
    }

    #[test]
    fn each_repair_keeps_what_it_set_aside_until_it_is_let_go_of() {
        let (_folder, home) = home();
        assert_eq!(commit(&home).unwrap(), home.root().join("damaged"));
        fill(begin(&home).unwrap().root(), "newer");
        assert_eq!(commit(&home).unwrap(), home.root().join("damaged-2"));
        assert_eq!(kept(&home).unwrap().len(), 2);
        assert!(forget(&home).unwrap());
        assert_eq!(held(&home), whole("newer"));
        assert!(!forget(&home).unwrap());
    }
}
