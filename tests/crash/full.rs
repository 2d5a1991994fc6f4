//! A disk that has no room left.

use super::{batches, home_in, master};
use circlet_node::storage::{self, Error};
use circlet_tests::disk::SmallDisk;
use circlet_tests::namespace;

#[test]
fn a_full_disk_is_said_and_what_was_acknowledged_is_there() {
    if !namespace::is_here(
        "full::a_full_disk_is_said_and_what_was_acknowledged_is_there",
        &["--mount"],
    ) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(folder.path(), 14);
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
    disk.resize(64);
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
