//! What a member may rely on: who opens a home, and what each damage is called.

use super::*;
use std::fs;

const SEED: [u8; 32] = [5; 32];

struct Place {
    _folder: tempfile::TempDir,
    home: Home,
    rng: ChaCha20Rng,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    home.create().unwrap();
    Place {
        _folder: folder,
        home,
        rng: ChaCha20Rng::seed_from_u64(1),
    }
}

fn words(text: &str) -> Passphrase {
    Passphrase::from(text)
}

fn opened(result: Result<Keystore, Error>) -> Result<[u8; 32], Error> {
    result.map(|keystore| *keystore.master().as_bytes())
}

#[test]
fn the_passphrase_and_the_seed_open_and_nothing_else_does() {
    let Place {
        home,
        mut rng,
        _folder,
    } = place();
    assert_eq!(opened(Keystore::open(&home, None)), Err(Error::Missing));
    let created = Keystore::create(
        &home,
        Some(&words("blue door")),
        Cost::TINY,
        &SEED,
        &mut rng,
    );
    let master = opened(created).unwrap();
    assert_eq!(Keystore::needs_passphrase(&home), Ok(true));
    assert_eq!(
        opened(Keystore::open(&home, Some(&words("blue door")))),
        Ok(master)
    );
    assert_eq!(opened(Keystore::open_with_seed(&home, &SEED)), Ok(master));
    assert_eq!(
        opened(Keystore::open(&home, None)),
        Err(Error::NeedsPassphrase)
    );
    let wrong = Keystore::open(&home, Some(&words("red door")));
    assert_eq!(opened(wrong), Err(Error::WrongPassphrase));
    assert_eq!(
        opened(Keystore::open_with_seed(&home, &[6; 32])),
        Err(Error::WrongSeed)
    );
    let again = Keystore::create(&home, None, Cost::TINY, &SEED, &mut rng);
    assert_eq!(opened(again), Err(Error::Exists));
}

#[test]
fn a_home_without_passphrase_opens_by_itself_and_says_so() {
    let Place {
        home,
        mut rng,
        _folder,
    } = place();
    let master = opened(Keystore::create(&home, None, Cost::TINY, &SEED, &mut rng)).unwrap();
    assert_eq!(Keystore::needs_passphrase(&home), Ok(false));
    assert_eq!(opened(Keystore::open(&home, None)), Ok(master));
    assert_eq!(
        opened(Keystore::open(&home, Some(&words("any")))),
        Ok(master)
    );
    assert_eq!(opened(Keystore::open_with_seed(&home, &SEED)), Ok(master));
}

#[test]
fn a_new_passphrase_takes_the_place_of_the_old() {
    let Place {
        home,
        mut rng,
        _folder,
    } = place();
    let mut keystore =
        Keystore::create(&home, Some(&words("old")), Cost::TINY, &SEED, &mut rng).unwrap();
    let master = *keystore.master().as_bytes();
    keystore
        .change_passphrase(Some(&words("new")), Cost::TINY, &mut rng)
        .unwrap();
    let old = Keystore::open(&home, Some(&words("old")));
    assert_eq!(opened(old), Err(Error::WrongPassphrase));
    assert_eq!(
        opened(Keystore::open(&home, Some(&words("new")))),
        Ok(master)
    );
    keystore
        .change_passphrase(None, Cost::TINY, &mut rng)
        .unwrap();
    assert_eq!(opened(Keystore::open(&home, None)), Ok(master));
    keystore
        .change_passphrase(Some(&words("again")), Cost::TINY, &mut rng)
        .unwrap();
    assert_eq!(
        opened(Keystore::open(&home, None)),
        Err(Error::NeedsPassphrase)
    );
    assert_eq!(opened(Keystore::open_with_seed(&home, &SEED)), Ok(master));
}

#[test]
fn a_passphrase_that_could_not_be_saved_changes_nothing() {
    let Place {
        home,
        mut rng,
        _folder,
    } = place();
    let mut keystore =
        Keystore::create(&home, Some(&words("old")), Cost::TINY, &SEED, &mut rng).unwrap();
    let in_the_way = home.root().join("keys.new");
    fs::create_dir(&in_the_way).unwrap();
    let changed = keystore.change_passphrase(Some(&words("new")), Cost::TINY, &mut rng);
    assert!(matches!(changed, Err(Error::Io(_))));
    fs::remove_dir(&in_the_way).unwrap();
    assert!(Keystore::open(&home, Some(&words("old"))).is_ok());
}

#[test]
fn a_change_cut_short_at_any_step_leaves_one_of_both_passphrases() {
    for new in [Some(words("new")), None] {
        let Place {
            home,
            mut rng,
            _folder,
        } = place();
        let mut keystore =
            Keystore::create(&home, Some(&words("old")), Cost::TINY, &SEED, &mut rng).unwrap();
        let master = *keystore.master().as_bytes();
        let before = fs::read(home.keys()).unwrap();
        keystore
            .change_passphrase(new.as_ref(), Cost::TINY, &mut rng)
            .unwrap();
        let after = fs::read(home.keys()).unwrap();
        let unfinished = home.root().join("keys.new");
        assert!(!unfinished.exists());
        // The old file stands, and of the new one any part was written.
        for length in 0..=after.len() {
            fs::write(home.keys(), &before).unwrap();
            fs::write(&unfinished, &after[..length]).unwrap();
            let wrong = Keystore::open(&home, Some(&words("other")));
            assert_eq!(opened(wrong), Err(Error::WrongPassphrase));
            let old = Keystore::open(&home, Some(&words("old")));
            assert_eq!(opened(old), Ok(master), "{length} bytes");
            assert!(!unfinished.exists(), "the change that never was is gone");
            assert_eq!(opened(Keystore::open_with_seed(&home, &SEED)), Ok(master));
        }
        fs::write(home.keys(), &after).unwrap();
        assert_eq!(opened(Keystore::open(&home, new.as_ref())), Ok(master));
        let old = opened(Keystore::open(&home, Some(&words("old"))));
        let still = new.is_none().then_some(master);
        assert_eq!(old.ok(), still);
    }
}

#[test]
fn a_home_opens_by_what_the_person_has() {
    let Place {
        home,
        mut rng,
        _folder,
    } = place();
    let seed = |byte| Some(Key::Seed(Box::new(circlet_model::key::Secret([byte; 32]))));
    let passphrase = |text| Some(Key::from(words(text)));
    Keystore::create(&home, Some(&words("old")), Cost::TINY, &SEED, &mut rng).unwrap();
    for right in [passphrase("old"), seed(5)] {
        assert_eq!(Keystore::check(&home, right.as_ref()), Ok(()));
        Keystore::open_by(&home, right.as_ref()).unwrap();
    }
    let wrong = [
        (None, Error::NeedsPassphrase),
        (passphrase("new"), Error::WrongPassphrase),
        (seed(6), Error::WrongSeed),
    ];
    let before = fs::read(home.keys()).unwrap();
    for (key, error) in wrong {
        assert_eq!(Keystore::check(&home, key.as_ref()), Err(error.clone()));
        let changed = change_passphrase(&home, key.as_ref(), None);
        assert_eq!(changed, Err(error));
    }
    assert_eq!(fs::read(home.keys()).unwrap(), before);
    change_passphrase(&home, seed(5).as_ref(), None).unwrap();
    assert_eq!(Keystore::check(&home, None), Ok(()));
}

#[test]
fn the_identity_comes_back_and_is_sealed() {
    let Place {
        home,
        mut rng,
        _folder,
    } = place();
    let keystore = Keystore::create(&home, None, Cost::TINY, &SEED, &mut rng).unwrap();
    assert!(keystore.load_identity().unwrap().is_none());
    keystore
        .save_identity(b"a marker nobody may find", &mut rng)
        .unwrap();
    let again = Keystore::open(&home, None).unwrap();
    assert_eq!(
        again.load_identity().unwrap().unwrap().as_slice(),
        b"a marker nobody may find"
    );
    let bytes = fs::read(home.identity()).unwrap();
    assert!(!bytes.windows(8).any(|window| window == b"a marker"));
}

#[test]
fn every_torn_or_changed_key_file_is_damaged_not_a_wrong_passphrase() {
    let Place {
        home,
        mut rng,
        _folder,
    } = place();
    let passphrase = words("blue door");
    Keystore::create(&home, Some(&passphrase), Cost::TINY, &SEED, &mut rng).unwrap();
    let whole = fs::read(home.keys()).unwrap();
    for length in 0..whole.len() {
        fs::write(home.keys(), &whole[..length]).unwrap();
        let result = opened(Keystore::open(&home, Some(&passphrase)));
        assert!(
            matches!(result, Err(Error::Damaged(_))),
            "{length} bytes: {result:?}"
        );
    }
    for index in (0..whole.len()).filter(|index| *index != 7) {
        let mut changed = whole.clone();
        changed[index] ^= 0x40;
        fs::write(home.keys(), &changed).unwrap();
        let result = opened(Keystore::open(&home, Some(&passphrase)));
        assert!(
            matches!(result, Err(Error::Damaged(_))),
            "byte {index}: {result:?}"
        );
    }
    let mut newer = whole;
    newer[7] = 2;
    newer.extend_from_slice(b"whatever a later version adds");
    fs::write(home.keys(), &newer).unwrap();
    assert_eq!(
        opened(Keystore::open(&home, Some(&passphrase))),
        Err(Error::Newer(2))
    );
}

#[test]
fn nothing_secret_is_shown() {
    let Place {
        home,
        mut rng,
        _folder,
    } = place();
    let keystore = Keystore::create(&home, None, Cost::TINY, &SEED, &mut rng).unwrap();
    assert!(!format!("{keystore:?} {:?}", words("blue door")).contains("blue"));
    assert_eq!(format!("{:?}", keystore.master()), "Secret(..)");
}
