//! A disk that has no room left, where the system lets a test make one.

use super::{batches, home_in, master};
use circlet_node::storage::{self, Error};
use std::path::Path;
use std::process::Command;

/// A small disk in memory, gone when dropped.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// Mounts one, if this may.
    fn mount(at: &'a Path) -> Option<Self> {
        run(
            "mount",
            &["-t", "tmpfs", "-o", "size=14m", "tmpfs", at.to_str()?],
        )
        .then_some(Self(at))
    }

    fn enlarge(&self) {
        assert!(run(
            "mount",
            &["-o", "remount,size=64m", self.0.to_str().unwrap()]
        ));
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        run("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk_is_said_and_what_was_acknowledged_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        println!("no small disk can be made here; the vault's own tests cover a full disk");
        return;
    };
    let home = home_in(folder.path());
    let vault = storage::open(&home, &master()).unwrap();
    let mut acknowledged = 0;
    let error = loop {
        let written = vault
            .write(batches::batch(acknowledged))
            .and_then(|()| vault.flush());
        match written {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::Full);
    assert!(acknowledged > 100);
    drop(vault);
    disk.enlarge();
    let vault = storage::open(&home, &master()).unwrap();
    let count = batches::count(&vault).unwrap();
    assert!(
        count >= acknowledged,
        "{acknowledged} acknowledged, {count} there"
    );
    vault
        .write(batches::batch(count))
        .and_then(|()| vault.flush())
        .unwrap();
    drop(vault);
}
