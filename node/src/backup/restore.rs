//! Restoring a backup: a new home, made beside its place and put there when it is whole.

use super::in_memory::Shelf;
use super::open::Backup;
use crate::driver::row::Row;
use crate::home::{Home, sync_dir};
use crate::keystore::{self, Cost, Keystore, Passphrase, fresh_rng};
use crate::problem::Problem;
use crate::storage::{self, Sled, Vault};
use circlet_model::store::{self, Batch, Reader};
use circlet_model::time::Timestamp;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// How a restored home is to be.
#[derive(Debug)]
pub struct Restore<'a> {
    /// Its passphrase; `None` = none.
    pub passphrase: Option<&'a Passphrase>,
    /// What deriving its key costs.
    pub cost: Cost,
    /// Whether everything is shown though nobody can be asked what was taken back since.
    pub show_now: bool,
    /// The time.
    pub now: Timestamp,
}

impl Shelf for Vault<Sled> {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }

    fn write(&self, batch: Batch) -> Result<(), store::Error> {
        if batch.is_empty() {
            return Ok(());
        }
        Self::write(self, batch)
    }
}

/// Restores a backup into a home that does not exist yet; returns the names of its circles.
pub fn restore(home: &Home, backup: &Backup, how: &Restore<'_>) -> Result<Vec<String>, Problem> {
    refuse_taken(home.root())?;
    let mut beside = home.root().as_os_str().to_owned();
    beside.push(".restoring");
    let stage = Home::at(beside);
    stage.create()?;
    let lock = stage.lock()?;
    // What an earlier try left.
    clear(stage.root())?;
    let made = fill(&stage, backup, how).and_then(|names| {
        refuse_taken(home.root())?;
        put_in_place(stage.root(), home.root())?;
        Ok(names)
    });
    if made.is_err() {
        // What cannot be removed is removed by the next try.
        let _ = fs::remove_dir_all(stage.root());
    }
    drop(lock);
    made
}

/// Refuses a folder in which anything lies that is not just made by asking for it.
pub fn refuse_taken(root: &Path) -> Result<(), Problem> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(keystore::Error::from)?,
    };
    for entry in entries {
        if entry.map_err(keystore::Error::from)?.file_name() != "lock" {
            return Err(Problem::new(
                "set-up-already",
                "Circlet is set up on this computer already. Nothing was changed.",
                "To restore beside it, choose another folder: set CIRCLET_HOME, then run this again.",
            ));
        }
    }
    Ok(())
}

/// Makes the home, whole and durable.
fn fill(stage: &Home, backup: &Backup, how: &Restore<'_>) -> Result<Vec<String>, Problem> {
    let mut rng = fresh_rng()?;
    let seed = &backup.person.seed.0;
    let keystore = Keystore::create(stage, how.passphrase, how.cost, seed, &mut rng)?;
    let vault = storage::open(stage, keystore.master())?;
    let mut loading = backup.load(&vault, how.now)?;
    let mut names = Vec::new();
    for at in 0..loading.circles.len() {
        if how.show_now {
            loading.show_now(at)?;
        }
        let circle = loading.circles.get(at);
        let (hint, replica) = circle.ok_or_else(Problem::bug)?;
        names.push(replica.overview().name);
        vault.write(vec![Row::new(*hint, how.now).put()])?;
    }
    loading.identity.save(&keystore, &mut rng)?;
    vault.flush()?;
    Ok(names)
}

fn put_in_place(stage: &Path, root: &Path) -> Result<(), Problem> {
    let moved = || -> io::Result<()> {
        sync_dir(stage)?;
        if root.exists() {
            clear_file(&root.join("lock"))?;
            fs::remove_dir(root)?;
        }
        fs::rename(stage, root)?;
        match root.parent() {
            Some(parent) => sync_dir(parent),
            None => Ok(()),
        }
    };
    Ok(moved().map_err(keystore::Error::from)?)
}

/// Empties the folder of an earlier try.
fn clear(stage: &Path) -> Result<(), Problem> {
    let emptied = || -> io::Result<()> {
        for entry in fs::read_dir(stage)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else if entry.file_name() != "lock" {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    Ok(emptied().map_err(keystore::Error::from)?)
}

fn clear_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
