//! The vault against a reference model, through every failing step of a forgetting, and at rest.

use super::*;
use crate::storage::{Change, Memory, Rows as EngineRows, Sled};
use circlet_model::store::{Space, Write};
use proptest::prelude::*;
use rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicUsize;

const MASTER: [u8; 32] = [9; 32];

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn open<E: Engine>(engine: E, pages: &Path, seed: u64) -> Result<Vault<E>, Error> {
    Vault::open(engine, pages.to_owned(), &Secret::from(MASTER), rng(seed))
}

fn key(owner: &[u8], order: &[u8]) -> Key {
    Key::new(Space::Log, owner, order)
}

fn thing(number: u32) -> ThingId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    ThingId(id)
}

fn body(number: u32, bytes: &[u8]) -> Value {
    let body = Some(Body {
        thing: thing(number),
        bytes: bytes.to_vec(),
    });
    Value {
        head: number.to_be_bytes().to_vec(),
        body,
    }
}

/// Row `number` of one owner, with a body under thing `number`.
fn put(number: u32) -> Write {
    Write::Put(key(b"o", &number.to_be_bytes()), body(number, b"the text"))
}

fn read(vault: &impl Reader, number: u32) -> Option<Vec<u8>> {
    let value = vault
        .get(&key(b"o", &number.to_be_bytes()))
        .unwrap()
        .unwrap();
    assert_eq!(value.head, number.to_be_bytes());
    value.body.map(|body| body.bytes)
}

// ---- the reference model

type Address = (Vec<u8>, Vec<u8>);

#[derive(Default)]
struct Reference {
    rows: BTreeMap<Address, Value>,
}

impl Reference {
    fn apply(&mut self, batch: &[Write]) {
        for write in batch {
            match write {
                Write::Put(key, value) => {
                    self.rows
                        .insert((key.owner.clone(), key.order.clone()), value.clone());
                }
                Write::Delete(key) => {
                    self.rows.remove(&(key.owner.clone(), key.order.clone()));
                }
                Write::Forget(thing) => {
                    for value in self.rows.values_mut() {
                        value.body.take_if(|body| body.thing == *thing);
                    }
                }
            }
        }
    }

    fn scan(&self, scan: &Scan) -> Rows {
        let fits =
            |order: &Vec<u8>| *order >= scan.from && scan.to.as_ref().is_none_or(|to| order < to);
        let mut rows: Rows = self
            .rows
            .iter()
            .filter(|((owner, order), _)| *owner == scan.owner && fits(order))
            .map(|((_, order), value)| (order.clone(), value.clone()))
            .collect();
        if scan.backwards {
            rows.reverse();
        }
        rows.truncate(scan.limit);
        rows
    }
}

fn any_name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![]),
        Just(vec![0xff]),
        Just(vec![0xff; 3]),
        proptest::collection::vec(0..3u8, 1..3),
    ]
}

fn any_key() -> impl Strategy<Value = Key> {
    (any_name(), any_name()).prop_map(|(owner, order)| key(&owner, &order))
}

fn any_value() -> impl Strategy<Value = Value> {
    let size = prop_oneof![8 => 0..100usize, 1 => 61_000..62_000usize, 1 => 120_000..190_000usize];
    let body = proptest::option::of((0..600u32, size, any::<u8>()));
    let head = prop_oneof![9 => 0..50usize, 1 => 61_000..70_000usize];
    (head, body).prop_map(|(head, body)| Value {
        head: vec![1; head],
        body: body.map(|(number, size, byte)| Body {
            thing: thing(number % 7 * 97),
            bytes: vec![byte; size],
        }),
    })
}

fn any_write() -> impl Strategy<Value = Write> {
    prop_oneof![
        4 => (any_key(), any_value()).prop_map(|(key, value)| Write::Put(key, value)),
        1 => any_key().prop_map(Write::Delete),
        1 => (0..7u32).prop_map(|number| Write::Forget(thing(number * 97))),
    ]
}

fn any_scan() -> impl Strategy<Value = Scan> {
    let limit = prop_oneof![Just(usize::MAX), 0..4usize];
    (
        any_name(),
        any_name(),
        proptest::option::of(any_name()),
        any::<bool>(),
        limit,
    )
        .prop_map(|(owner, from, to, backwards, limit)| Scan {
            space: Space::Log,
            owner,
            from,
            to,
            backwards,
            limit,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_vault_is_a_map_that_forgets(
        batches in proptest::collection::vec(
            (proptest::collection::vec(any_write(), 0..12), any::<bool>()), 1..8),
        scans in proptest::collection::vec(any_scan(), 4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("pages");
        let engine = Memory::default();
        let mut vault = open(engine.clone(), &pages, 0).unwrap();
        let mut reference = Reference::default();
        for (number, (batch, reopen)) in batches.into_iter().enumerate() {
            reference.apply(&batch);
            vault.write(batch).unwrap();
            if reopen {
                vault = open(engine.clone(), &pages, 1 + number as u64).unwrap();
            }
            for ((owner, order), value) in &reference.rows {
                let found = vault.get(&key(owner, order)).unwrap();
                prop_assert_eq!(found.as_ref(), Some(value));
            }
            for scan in &scans {
                prop_assert_eq!(vault.scan(scan).unwrap(), reference.scan(scan));
            }
        }
        // No piece outlives its row.
        let keys = reference.rows.keys().map(|(owner, order)| Write::Delete(key(owner, order)));
        vault.write(keys.collect()).unwrap();
        prop_assert!(engine.scan(&row::any_of(row::PIECES)).unwrap().is_empty());
    }
}

// ---- crashes

/// Rows in memory that remember what was flushed, and an engine that fails at a chosen step.
#[derive(Clone, Default)]
struct Failing {
    rows: Memory,
    flushed: Memory,
    /// How many writes and flushes still succeed.
    left: Arc<AtomicUsize>,
    /// A path to put something in the way of, once the steps are used up.
    block: Option<PathBuf>,
}

impl Failing {
    fn step(&self) -> Result<(), Error> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        if left == 0 { Err(Error::Full) } else { Ok(()) }
    }
}

impl Engine for Failing {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.rows.get(key)
    }
    fn scan(&self, range: &Range) -> Result<EngineRows, Error> {
        self.rows.scan(range)
    }
    fn write(&self, changes: Vec<Change>) -> Result<(), Error> {
        self.step()?;
        self.rows.write(changes)
    }
    fn flush(&self) -> Result<(), Error> {
        self.step()?;
        copy(&self.rows, &self.flushed);
        if let Some(path) = self
            .block
            .as_ref()
            .filter(|_| self.left.load(Ordering::Relaxed) == 0)
        {
            fs::create_dir(path).unwrap();
        }
        Ok(())
    }
}

fn everything() -> Range {
    Range {
        from: vec![],
        to: None,
        backwards: false,
        limit: usize::MAX,
    }
}

fn copy(from: &Memory, to: &Memory) {
    let gone = to
        .scan(&everything())
        .unwrap()
        .into_iter()
        .map(|(key, _)| (key, None));
    to.write(gone.collect()).unwrap();
    let rows = from.scan(&everything()).unwrap().into_iter();
    to.write(rows.map(|(key, value)| (key, Some(value))).collect())
        .unwrap();
}

/// Prepares rows 0 to 299 (two pages), forgets 5 and 6 with `steps` engine steps allowed, and
/// returns what was left behind.
fn forget_with(folder: &Path, steps: usize, block: bool) -> (Failing, Result<(), Error>) {
    let pages = folder.join("pages");
    let in_the_way = folder.join("pages.new");
    let mut engine = Failing::default();
    engine.left.store(usize::MAX, Ordering::Relaxed);
    let vault = open(engine.clone(), &pages, 1).unwrap();
    vault.write((0..300).map(put).collect()).unwrap();
    vault.flush().unwrap();
    drop(vault);
    engine.block = block.then(|| in_the_way.clone());
    let vault = open(engine.clone(), &pages, 2).unwrap();
    if block && steps == 0 {
        fs::create_dir(&in_the_way).unwrap();
    }
    engine.left.store(steps, Ordering::Relaxed);
    let result = vault.write(vec![
        Write::Forget(thing(5)),
        Write::Forget(thing(6)),
        put(1000),
    ]);
    engine.left.store(usize::MAX, Ordering::Relaxed);
    if block {
        // The vault in which a step failed goes on once nothing is in the way any more.
        fs::remove_dir(&in_the_way).unwrap();
    }
    if result.is_err() {
        let forgotten = read(&vault, 5).is_none();
        assert_eq!(forgotten, read(&vault, 6).is_none());
    }
    engine.block = None;
    (engine, result)
}

#[test]
fn a_forgetting_cut_at_any_step_is_whole_or_not_at_all() {
    // Steps of the engine that succeed, whether the page file is blocked after the last of them,
    // and whether the things are forgotten afterwards.
    let cuts = [
        (0, true, false),
        (0, false, false),
        (1, false, true),
        (2, true, true),
    ];
    for (steps, block, applied) in cuts {
        for power_lost in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let pages = folder.path().join("pages");
            let (engine, result) = forget_with(folder.path(), steps, block);
            assert!(result.is_err(), "{steps} {block}");
            if power_lost {
                copy(&engine.flushed, &engine.rows);
            }
            // Only what was flushed is there after a power cut.
            let forgotten = applied && !(power_lost && steps < 2);
            for reopening in 0..2 {
                let vault = open(engine.clone(), &pages, 3 + reopening).unwrap();
                assert!(vault.shared.pages().turning().is_empty());
                for number in (0..300).step_by(7) {
                    assert_eq!(
                        read(&vault, number).unwrap(),
                        b"the text",
                        "{steps} {block}"
                    );
                }
                assert_eq!(
                    read(&vault, 5).is_none(),
                    forgotten,
                    "{steps} {block} {power_lost}"
                );
                assert_eq!(read(&vault, 6).is_none(), forgotten);
                let added = vault.get(&key(b"o", &1000u32.to_be_bytes())).unwrap();
                assert_eq!(added.is_some(), forgotten);
            }
            let vault = open(engine.clone(), &pages, 9).unwrap();
            vault
                .write(vec![Write::Forget(thing(5)), put(2000)])
                .unwrap();
            assert_eq!(read(&vault, 5), None);
            assert_eq!(read(&vault, 2000).unwrap(), b"the text");
        }
    }
}

#[test]
fn a_vault_goes_on_after_a_step_failed() {
    for (steps, block) in [(0, true), (0, false), (1, false), (2, true)] {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("pages");
        let mut engine = Failing::default();
        engine.left.store(usize::MAX, Ordering::Relaxed);
        engine.block = block.then(|| folder.path().join("pages.new"));
        let vault = open(engine.clone(), &pages, 1).unwrap();
        vault.write((0..300).map(put).collect()).unwrap();
        if block && steps == 0 {
            fs::create_dir(folder.path().join("pages.new")).unwrap();
        }
        engine.left.store(steps, Ordering::Relaxed);
        vault.write(vec![Write::Forget(thing(5))]).unwrap_err();
        engine.left.store(usize::MAX, Ordering::Relaxed);
        if block {
            fs::remove_dir(folder.path().join("pages.new")).unwrap();
        }
        vault
            .write(vec![
                Write::Forget(thing(5)),
                Write::Forget(thing(7)),
                put(400),
            ])
            .unwrap();
        for vault in [vault.clone(), open(engine.clone(), &pages, 2).unwrap()] {
            assert_eq!((read(&vault, 5), read(&vault, 7)), (None, None));
            assert_eq!(read(&vault, 400).unwrap(), b"the text");
            assert_eq!(read(&vault, 299).unwrap(), b"the text");
        }
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    let engine = Failing::default();
    engine.left.store(usize::MAX, Ordering::Relaxed);
    let vault = open(engine.clone(), &pages, 1).unwrap();
    vault.write(vec![put(1)]).unwrap();
    vault.flush().unwrap();
    engine.left.store(0, Ordering::Relaxed);
    assert_eq!(vault.write(vec![put(2)]), Err(Error::Full));
    assert_eq!(vault.flush(), Err(Error::Full));
    engine.left.store(usize::MAX, Ordering::Relaxed);
    vault.write(vec![put(3)]).unwrap();
    let vault = open(engine, &pages, 2).unwrap();
    assert_eq!(read(&vault, 1).unwrap(), b"the text");
    assert_eq!(read(&vault, 3).unwrap(), b"the text");
}

// ---- keys

#[test]
fn old_rows_and_old_segments_do_not_open_after_a_forgetting() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    let engine = Memory::default();
    let vault = open(engine.clone(), &pages, 1).unwrap();
    vault.write((0..300).map(put).collect()).unwrap();
    let before = Memory::default();
    copy(&engine, &before);
    vault
        .write(vec![Write::Forget(thing(5)), Write::Forget(thing(290))])
        .unwrap();
    // Whoever put the old rows back, with the keys of now, would still not read them: nothing of
    // the page opens, for its keys are under a page key that is gone.
    assert!(matches!(open(before, &pages, 2), Err(Error::Damaged(_))));
    // A body that stayed behind does not open under its thing's next key either.
    vault
        .write(vec![Write::Put(key(b"o", b"again"), body(5, b"new text"))])
        .unwrap();
    assert_eq!(read(&vault, 5), None);
    let again = vault.get(&key(b"o", b"again")).unwrap().unwrap();
    assert_eq!(again.body.unwrap().bytes, b"new text");
}

#[test]
fn notes_of_things_are_rows_that_share_rows() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    let engine = Memory::default();
    let mut vault = open(engine.clone(), &pages, 1).unwrap();
    let note_of = |circle: u8, number: u32| {
        let owner = [[circle; 16], thing(number).0].concat();
        Key::new(Space::Things, owner, [])
    };
    let mut expected: BTreeMap<Key, Value> = BTreeMap::new();
    let mut rng = rng(7);
    let mut draw = |below: u64| Rng::next_u64(&mut rng) % below;
    for step in 0..600 {
        let (circle, number) = (draw(3) as u8, draw(60) as u32);
        let key = note_of(circle, number);
        let length = [3, 90, things::MAX_NOTE, things::MAX_NOTE + 1, 5000][draw(5) as usize];
        let mut value = Value::from(vec![draw(256) as u8; length]);
        let write = match draw(12) {
            0 => Write::Forget(thing(number)),
            1..=3 => Write::Delete(key.clone()),
            4 => {
                value.body = body(number, b"with a body").body;
                Write::Put(key.clone(), value.clone())
            }
            _ => Write::Put(key.clone(), value.clone()),
        };
        match &write {
            Write::Put(..) => drop(expected.insert(key, value)),
            Write::Delete(_) => drop(expected.remove(&key)),
            Write::Forget(thing) => {
                let bodies = expected.values_mut().map(|value| &mut value.body);
                for of in bodies {
                    of.take_if(|body| body.thing == *thing);
                }
            }
        }
        vault.write(vec![write]).unwrap();
        if step % 100 == 0 {
            vault = open(engine.clone(), &pages, 2 + step).unwrap();
            for circle in 0..3 {
                for number in 0..60 {
                    let key = note_of(circle, number);
                    assert_eq!(vault.get(&key).unwrap().as_ref(), expected.get(&key));
                }
            }
        }
    }
}

#[test]
fn a_newcomer_s_batch_is_few_rows() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Memory::default();
    let vault = open(engine.clone(), &folder.path().join("pages"), 1).unwrap();
    let before = engine.scan(&everything()).unwrap().len();
    let notes = (0..64).map(|number| {
        let owner = [[1; 16], thing(number).0].concat();
        Write::Put(Key::new(Space::Things, owner, []), Value::from(vec![1; 90]))
    });
    vault
        .write((0..64).map(put).chain(notes).collect())
        .unwrap();
    let rows = engine.scan(&everything()).unwrap().len() - before;
    assert_eq!(rows, 64 + 4 + 1, "bodies, notes, keys");
}

#[test]
fn a_write_that_failed_leaves_no_wrong_place_behind() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    let engine = Failing::default();
    engine.left.store(usize::MAX, Ordering::Relaxed);
    let vault = open(engine.clone(), &pages, 1).unwrap();
    vault.write(vec![put(1)]).unwrap();
    engine.left.store(0, Ordering::Relaxed);
    let again = vec![Write::Forget(thing(1)), put(1), put(2)];
    vault.write(again.clone()).unwrap_err();
    engine.left.store(usize::MAX, Ordering::Relaxed);
    assert_eq!(read(&vault, 1).unwrap(), b"the text");
    vault.write(again).unwrap();
    assert_eq!(read(&vault, 1).unwrap(), b"the text");
    assert_eq!(read(&vault, 2).unwrap(), b"the text");
}

#[test]
fn one_turn_serves_all_forgettings_of_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    let vault = open(Memory::default(), &pages, 1).unwrap();
    vault.write((0..600).map(put).collect()).unwrap();
    let turn = |page| vault.shared.pages().newest(page).map(|(turn, _)| turn);
    vault
        .write(
            (0..256)
                .map(|number| Write::Forget(thing(number)))
                .collect(),
        )
        .unwrap();
    assert_eq!((turn(0), turn(1), turn(2)), (Some(1), Some(0), Some(0)));
    vault
        .write(vec![
            Write::Forget(thing(300)),
            Write::Forget(thing(100_000)),
        ])
        .unwrap();
    assert_eq!((turn(0), turn(1), turn(2)), (Some(1), Some(1), Some(0)));
}

#[test]
fn a_thing_made_and_forgotten_in_one_batch_leaves_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Memory::default();
    let vault = open(engine.clone(), &folder.path().join("pages"), 1).unwrap();
    vault.write(vec![put(1), Write::Forget(thing(1))]).unwrap();
    assert_eq!(read(&vault, 1), None);
    assert!(engine.scan(&things::keys_from(None, 1)).unwrap().is_empty());
}

#[test]
fn another_master_key_or_missing_page_keys_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    let engine = Memory::default();
    open(engine.clone(), &pages, 1)
        .unwrap()
        .write(vec![put(1)])
        .unwrap();
    let other = Vault::open(
        engine.clone(),
        pages.clone(),
        &Secret::from([8; 32]),
        rng(2),
    );
    assert!(matches!(other, Err(Error::Damaged(_))));
    fs::remove_file(&pages).unwrap();
    assert!(matches!(open(engine, &pages, 3), Err(Error::Damaged(_))));
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    let engine = Memory::default();
    engine
        .write(vec![(b"\xffformat".to_vec(), Some(vec![0, 0, 0, 7]))])
        .unwrap();
    assert!(matches!(open(engine, &pages, 1), Err(Error::Newer(7))));
    assert!(!pages.exists());
}

#[test]
fn readers_beside_a_writer_see_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(Memory::default(), &folder.path().join("pages"), 1).unwrap();
    vault.write((0..40).map(put).collect()).unwrap();
    let large =
        |byte: u8, size: usize| Write::Put(key(b"large", b""), body(10_000, &vec![byte; size]));
    vault.write(vec![large(0, 10)]).unwrap();
    let reader = vault.clone();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..20u32 {
                vault
                    .write(vec![Write::Forget(thing(number)), put(100 + number)])
                    .unwrap();
                vault
                    .write(vec![large(
                        number as u8,
                        50_000 * (1 + number as usize % 3),
                    )])
                    .unwrap();
            }
        });
        while !writer.is_finished() {
            assert_eq!(read(&reader, 39).unwrap(), b"the text");
            reader.get(&key(b"o", &0u32.to_be_bytes())).unwrap();
            assert!(reader.scan(&Scan::all(Space::Log, b"o")).unwrap().len() >= 40);
        }
    });
    assert_eq!(read(&reader, 0), None);
    assert_eq!(
        reader
            .get(&key(b"large", b""))
            .unwrap()
            .unwrap()
            .body
            .unwrap()
            .bytes
            .len(),
        100_000
    );
}

// ---- at rest

#[test]
fn no_file_ever_holds_text_owner_or_thing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let pages = folder.path().join("pages");
    let marker = b"a marker that nobody may find";
    let owner = b"owner that nobody may find";
    let vault = open(Sled::open(&path).unwrap(), &pages, 1).unwrap();
    for number in 0..50u32 {
        let value = Value {
            head: marker.to_vec(),
            body: Some(Body {
                thing: ThingId(*b"thing not found!"),
                bytes: marker.repeat(90),
            }),
        };
        vault
            .write(vec![Write::Put(key(owner, &number.to_be_bytes()), value)])
            .unwrap();
    }
    vault
        .write(vec![Write::Forget(ThingId(*b"thing not found!"))])
        .unwrap();
    drop(vault);
    let vault = open(Sled::open(&path).unwrap(), &pages, 2).unwrap();
    assert_eq!(vault.scan(&Scan::all(Space::Log, owner)).unwrap().len(), 50);
    drop(vault);
    let mut files = 0;
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = fs::read(&path).unwrap();
            for secret in [&marker[..8], &owner[..8], b"thing not"] {
                let found = bytes.windows(secret.len()).any(|window| window == secret);
                assert!(!found, "{}", path.display());
            }
        }
    }
    assert!(files >= 3);
}
