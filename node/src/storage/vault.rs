//! The vault: the model's rows at rest, all of them sealed, and things that can be forgotten for good.
//!
//! Heads are sealed under a key derived from the master key, bodies under a random key of their
//! thing. What the model notes of a thing lies with those of its neighbours, in few rows. Things' keys
//! lie in the engine under page keys, page keys in the file `pages`, so that
//! destroying a thing's key costs one batch and one small file (`keystore::Pages` tells the steps).
//! What old segments of the engine still hold afterwards is ciphertext that no key here opens.
//!
//! A vault is one writer and any number of readers; clones share everything. A write is visible when
//! [`Vault::write`] returns and durable when a [`Vault::flush`] after it has returned; a write that
//! forgets is durable at once. After an error it is unknown whether the batch was applied: whole or
//! not at all. Rows, keys and steps: see `row`, `things`, `index` and `plan`.

mod damage;
mod index;
mod plan;
mod row;
mod things;

use super::{Change, Engine, Error, Range, migrate};
use crate::keystore::{Pages, Secret};
use circlet_model::id::ThingId;
use circlet_model::store::{Batch, Body, Key, Reader, Rows, Scan, Space, Value};
use index::{Cache, Index};
use plan::Plan;
use rand_chacha::ChaCha20Rng;
use row::RowKeys;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use things::{Circle, KeyRow, NoteRow, Place, ThingKey};

/// How many page keys are made at once, so that bulk catch-up seldom waits for their file.
const PAGES_AT_ONCE: u32 = 16;

/// How often a reader looks again when a writer changed what it was reading.
const READ_ATTEMPTS: usize = 3;

/// The model's rows, kept sealed in an engine. Cheap to clone; clones share everything.
pub struct Vault<E> {
    shared: Arc<Shared<E>>,
}

struct Shared<E> {
    engine: E,
    rows: RowKeys,
    pages: RwLock<Pages>,
    index: Mutex<Index>,
    cache: Mutex<Cache>,
    writer: Mutex<Writer>,
    /// Whether any row may be in pieces; while none is, writing needs no look at what was there.
    pieces: AtomicBool,
    /// Whether any note may be a row like any other, likewise.
    long_notes: AtomicBool,
}

/// What only the one who writes needs.
#[derive(Debug)]
struct Writer {
    rng: ChaCha20Rng,
    /// Where the next thing's key will lie; `None` when every place is taken.
    next: Option<Place>,
}

impl<E: Engine> Vault<E> {
    /// Opens the vault in an engine, or starts it in an empty one; `pages` is the path of its page
    /// keys. What a crash left half done is ended here.
    pub fn open(
        engine: E,
        pages: PathBuf,
        master: &Secret,
        mut rng: ChaCha20Rng,
    ) -> Result<Self, Error> {
        migrate::run(&engine, migrate::STEPS)?;
        let any = |range: &Range| Ok::<_, Error>(!engine.scan(range)?.is_empty());
        let pages = match Pages::open(pages.clone(), master)? {
            Some(pages) => pages,
            None if any(&things::keys_from(None, 1))? => {
                return Err(Error::Damaged("its page keys are gone".to_owned()));
            }
            None => Pages::create(pages, master, &mut rng)?,
        };
        let pieces = any(&row::any_of(row::PIECES))?;
        let long_notes = any(&row::any_of(Space::Things as u8))?;
        let next = Some(Place::FIRST);
        let shared = Shared {
            engine,
            rows: RowKeys::new(master),
            pages: RwLock::new(pages),
            index: Mutex::default(),
            cache: Mutex::default(),
            writer: Mutex::new(Writer { rng, next }),
            pieces: AtomicBool::new(pieces),
            long_notes: AtomicBool::new(long_notes),
        };
        shared.settle(&mut lock(&shared.writer))?;
        let (index, last) = Index::load(&shared.engine, &shared.pages())?;
        *lock(&shared.index) = index;
        lock(&shared.writer).next = last.map_or(Some(Place::FIRST), Place::next);
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Applies a batch, whole or not at all.
    pub fn write(&self, batch: Batch) -> Result<(), Error> {
        self.shared.write(batch)
    }

    /// Makes everything that was written survive a power cut.
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.engine.flush()
    }

    /// Gives back the room of what is gone, where that is worth the time.
    pub fn shrink(&self) -> Result<(), Error> {
        let _writer = lock(&self.shared.writer);
        self.shared.engine.shrink()
    }
}

impl<E: Engine> Reader for Vault<E> {
    fn get(&self, key: &Key) -> Result<Option<Value>, Error> {
        if let Some((circle, thing)) = things::noted(key) {
            let note = self.shared.note_of(circle, &thing)?;
            if note.is_some() || !self.shared.has_long_notes() {
                return Ok(note.map(Value::from));
            }
        }
        self.shared.read(&self.shared.rows.key(key)?)
    }

    fn scan(&self, scan: &Scan) -> Result<Rows, Error> {
        let prefix = self.shared.rows.prefix(scan.space, &scan.owner);
        let start = prefix.len();
        let at = |order: &[u8]| [&prefix, order].concat();
        let range = Range {
            from: at(&scan.from),
            to: scan
                .to
                .as_deref()
                .map_or_else(|| row::end_of(&prefix), |to| Some(at(to))),
            backwards: scan.backwards,
            limit: scan.limit,
        };
        let mut rows = Rows::new();
        for (key, value) in self.shared.engine.scan(&range)? {
            let value = match row::length_in_pieces(&value)? {
                None => Some(self.shared.open_row(&key, &value)?),
                Some(_) => self.shared.read(&key)?,
            };
            let order = key.get(start..).unwrap_or_default().to_vec();
            rows.extend(value.map(|value| (order, value)));
        }
        Ok(rows)
    }

    fn tag(&self, name: &[u8]) -> [u8; 16] {
        self.shared.rows.tag(name)
    }
}

impl<E> Clone for Vault<E> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<E> fmt::Debug for Vault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl<E: Engine> Shared<E> {
    fn write(&self, batch: Batch) -> Result<(), Error> {
        let mut writer = lock(&self.writer);
        let writer = &mut *writer;
        self.settle(writer)?;
        let mut plan = Plan::new(self, writer, batch)?;
        if plan.pieces {
            self.pieces.store(true, Ordering::Relaxed);
        }
        if plan.long_notes {
            self.long_notes.store(true, Ordering::Relaxed);
        }
        self.prepare_pages(&plan, writer)?;
        let changes = plan.changes(self, &self.pages(), writer)?;
        self.apply(&plan, changes)?;
        if plan.turning().is_empty() {
            return Ok(());
        }
        self.engine.flush()?;
        let mut pages = self.pages_mut();
        for page in plan.turning() {
            pages.settle(*page, true);
        }
        Ok(pages.save(&mut writer.rng)?)
    }

    /// Writes a plan's changes. What is new is in the index before any reader can come across it.
    fn apply(&self, plan: &Plan, changes: Vec<Change>) -> Result<(), Error> {
        let mut index = lock(&self.index);
        for (thing, made) in plan.keys() {
            if let Some((place, _)) = made {
                index.places.insert(*thing, *place);
            }
        }
        drop(index);
        let written = self.engine.write(changes);
        let mut index = lock(&self.index);
        index.stale |= written.is_err();
        let mut cache = lock(&self.cache);
        for (thing, made) in plan.keys() {
            cache.forget(thing);
            match made {
                Some((_, key)) if written.is_ok() => cache.insert(*thing, Arc::clone(key)),
                Some(_) => {}
                None => drop(index.places.remove(thing)),
            }
        }
        written
    }

    /// Has every page key that a plan needs on the disk, before any row needs it.
    fn prepare_pages(&self, plan: &Plan, writer: &mut Writer) -> Result<(), Error> {
        let mut pages = self.pages_mut();
        for page in plan.new_pages().iter().copied() {
            if pages.newest(page).is_none() {
                for page in page..page.saturating_add(PAGES_AT_ONCE) {
                    pages.ensure(page, &mut writer.rng);
                }
            }
        }
        for page in plan.turning() {
            pages.turn(*page, &mut writer.rng);
        }
        Ok(pages.save(&mut writer.rng)?)
    }

    /// Ends what a crash or an error left of a forgetting: forwards if its rows are there, else back.
    fn settle(&self, writer: &mut Writer) -> Result<(), Error> {
        let turning = self.pages().turning();
        if turning.is_empty() {
            return Ok(());
        }
        // The rows that are seen now must not go back after the key that they do without is gone.
        self.engine.flush()?;
        for (page, fresh) in turning {
            let rows = self.engine.scan(&things::page_range(page))?;
            let mut under_fresh = 0;
            for (_, value) in &rows {
                under_fresh += usize::from(things::turn_of(value)? == fresh);
            }
            if under_fresh != 0 && under_fresh != rows.len() {
                return Err(row::damaged());
            }
            self.pages_mut().settle(page, under_fresh == rows.len());
        }
        Ok(self.pages_mut().save(&mut writer.rng)?)
    }

    /// Reads a row by the engine's key.
    fn read(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        let mut attempt = 1;
        loop {
            let Some(value) = self.engine.get(key)? else {
                return Ok(None);
            };
            let opened = self.open_row(key, &value);
            // A writer may have replaced some pieces meanwhile.
            let whole = row::length_in_pieces(&value)?.is_none();
            if opened.is_ok() || whole || attempt == READ_ATTEMPTS {
                return opened.map(Some);
            }
            attempt += 1;
        }
    }

    fn open_row(&self, key: &[u8], value: &[u8]) -> Result<Value, Error> {
        if let Some(length) = row::length_in_pieces(value)? {
            let mut whole = Vec::with_capacity(length);
            for number in 0..length.div_ceil(row::PIECE) {
                let piece = self.engine.get(&self.rows.piece(key, number))?;
                whole.extend_from_slice(&piece.ok_or_else(row::damaged)?);
            }
            return self.open_whole(key, &whole);
        }
        self.open_whole(key, value)
    }

    fn open_whole(&self, key: &[u8], value: &[u8]) -> Result<Value, Error> {
        let row = self.rows.open(key, value)?;
        let Some(sealed) = row.body else {
            return Ok(Value {
                head: row.head,
                body: None,
            });
        };
        let thing_key = self.thing_key(&sealed.thing)?;
        let body = match thing_key.filter(|(_, key)| key.id == sealed.key_id) {
            Some((_, thing_key)) => Some(Body {
                thing: sealed.thing,
                bytes: sealed.open(key, &thing_key)?,
            }),
            None => None,
        };
        Ok(Value {
            head: row.head,
            body,
        })
    }

    /// Returns where a thing lies, if it is here.
    fn place(&self, thing: &ThingId) -> Result<Option<Place>, Error> {
        let mut index = lock(&self.index);
        if index.stale {
            (*index, _) = Index::load(&self.engine, &self.pages())?;
        }
        Ok(index.places.get(thing).copied())
    }

    /// Returns where a thing lies and its key, if it is here.
    fn thing_key(&self, thing: &ThingId) -> Result<Option<(Place, Arc<ThingKey>)>, Error> {
        for _ in 0..READ_ATTEMPTS {
            let Some(place) = self.place(thing)? else {
                return Ok(None);
            };
            let mut cache = lock(&self.cache);
            if let Some(key) = cache.get(thing) {
                return Ok(Some((place, key)));
            }
            let forgotten = cache.forgotten();
            drop(cache);
            let row = place.key_row();
            let Some(value) = self.engine.get(&row)? else {
                return Ok(None);
            };
            // The page may have turned since the row was read.
            let Some(mut keys) = KeyRow::open(&row, &value, &self.pages())? else {
                continue;
            };
            let Some((_, key)) = keys.0.remove(&place.slot).filter(|(of, _)| of == thing) else {
                return Ok(None);
            };
            let key = Arc::new(ThingKey::new(key));
            lock(&self.cache).insert_read(*thing, Arc::clone(&key), forgotten);
            return Ok(Some((place, key)));
        }
        Err(row::damaged())
    }

    /// Returns the notes that lie where a place's do.
    fn note_row(&self, place: Place) -> Result<Option<NoteRow>, Error> {
        let row = place.note_row();
        let Some(value) = self.engine.get(&row)? else {
            return Ok(None);
        };
        NoteRow::decode(&self.rows.open(&row, &value)?.head).map(Some)
    }

    /// Returns what a circle notes of a thing, where it is short.
    fn note_of(&self, circle: Circle, thing: &ThingId) -> Result<Option<Vec<u8>>, Error> {
        let Some(place) = self.place(thing)? else {
            return Ok(None);
        };
        let row = self.note_row(place)?;
        Ok(row.and_then(|mut row| row.0.remove(&(place.slot, circle))))
    }

    fn has_long_notes(&self) -> bool {
        self.long_notes.load(Ordering::Relaxed)
    }

    fn has_pieces(&self) -> bool {
        self.pieces.load(Ordering::Relaxed)
    }

    fn pages(&self) -> RwLockReadGuard<'_, Pages> {
        self.pages.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn pages_mut(&self) -> RwLockWriteGuard<'_, Pages> {
        self.pages.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
