//! The files that are kept elsewhere: a backup, and the head of a bundle.

use crate::book::{Book, Frozen};
use crate::cast;
use circlet_model::key::Secret;
use circlet_model::secrecy::bundle::{BundleKey, Head};
use circlet_model::secrecy::kem;
use circlet_model::time::Timestamp;
use circlet_model::words;
use circlet_node::backup::{Backup, Unlock};
use circlet_node::keystore::Passphrase;
use std::fs;

/// What the backup opens by.
const PASSPHRASE: &str = "a passphrase for the vectors";

#[test]
fn files() {
    let mut book = Book::new("files");
    // Written by `circlet backup make` in a home with a passphrase, with one circle of Ana's and one story.
    book.keep("backup", Vec::new);
    book.keep("backup, words", Vec::new);
    let (file, hint) = (Secret([0xf1; 32]), cast::circle().hint());
    let [commons, _] = cast::epoch_keys();
    let by = BundleKey::of_epoch(&commons);
    let kem = cast::kem(kem::DEFAULT, 0x23);
    let head = Head::seal(&file, &hint, Some(&by), &[kem.public()], &mut cast::rng()).unwrap();
    book.put("bundle, file key", file.0);
    book.put("bundle, head", head.to_bytes());
    files_mean(&book.freeze());
}

fn files_mean(frozen: &Frozen) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    fs::write(&path, frozen.bytes("backup")).unwrap();
    let written = String::from_utf8(frozen.bytes("backup, words")).unwrap();
    let seed = words::from_words(&written).unwrap();
    let passphrase = Passphrase::from(PASSPHRASE);
    for unlock in [Unlock::Passphrase(&passphrase), Unlock::Words(&seed)] {
        let backup = Backup::open(&path, &unlock).unwrap();
        let account = backup.check(Timestamp(1_900_000_000_000)).unwrap();
        assert_eq!(account.name, "Ana");
        let circle = ("Tuesday".to_owned(), vec!["Ana".to_owned()]);
        assert_eq!(account.circles, [circle]);
    }
    let head = Head::from_bytes(&frozen.bytes("bundle, head")).unwrap();
    let file = Secret(frozen.array("bundle, file key"));
    let hint = cast::circle().hint();
    let epochs = cast::epoch_keys();
    assert_eq!(head.open_by(&hint, epochs.iter()), Some(file.clone()));
    let mine = kem::Keys::from(cast::kem(kem::DEFAULT, 0x23));
    assert_eq!(head.open_as(&hint, &mine), Some(file));
}
