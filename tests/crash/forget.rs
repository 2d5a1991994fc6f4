//! What is forgotten stays forgotten, also by who kept a copy of the store.

use super::{batches, home_in, master};
use circlet_model::store::{Reader, Write};
use circlet_node::storage;
use circlet_tests::disk::{any_file_holds, copy_folder};
use std::fs;

#[test]
fn no_key_of_the_home_opens_a_kept_copy_of_a_forgotten_thing() {
    let folder = tempfile::tempdir().unwrap();
    let home = home_in(folder.path());
    let vault = storage::open(&home, &master()).unwrap();
    for number in 0..6 {
        vault.write(batches::batch(number)).unwrap();
    }
    vault.flush().unwrap();
    drop(vault);
    let kept = folder.path().join("kept");
    copy_folder(&home.store(), &kept);

    let vault = storage::open(&home, &master()).unwrap();
    vault.write(vec![Write::Forget(batches::thing(4))]).unwrap();
    assert!(vault.get(&batches::log(4)).unwrap().unwrap().body.is_none());
    assert!(vault.get(&batches::log(5)).unwrap().unwrap().body.is_some());
    drop(vault);
    assert!(
        !any_file_holds(folder.path(), b"what batch"),
        "text lies on the disk in clear"
    );

    // The old store, with the keys that the home has now.
    fs::remove_dir_all(home.store()).unwrap();
    fs::rename(&kept, home.store()).unwrap();
    let opened = storage::open(&home, &master());
    assert!(matches!(opened, Err(storage::Error::Damaged(_))));
}

#[test]
fn a_lost_or_torn_page_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let home = home_in(folder.path());
    storage::open(&home, &master())
        .unwrap()
        .write(batches::batch(0))
        .unwrap();
    let whole = fs::read(home.pages()).unwrap();
    fs::write(home.pages(), &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(
        storage::open(&home, &master()),
        Err(storage::Error::Damaged(_))
    ));
    fs::remove_file(home.pages()).unwrap();
    assert!(matches!(
        storage::open(&home, &master()),
        Err(storage::Error::Damaged(_))
    ));
    fs::write(home.pages(), &whole).unwrap();
    assert_eq!(
        batches::count(&storage::open(&home, &master()).unwrap()),
        Ok(1)
    );
}
