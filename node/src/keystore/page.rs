//! The page keys: the few keys that a store's erasures stand on, in one small file beside it.
//!
//! Each page key seals the at-rest keys of up to 256 things. To destroy the key of one thing, the
//! page *turns*: it gets a fresh key, the other things' keys are sealed anew under that, and the old
//! page key is dropped from the file. While this goes on, the file holds both:
//!
//! ```text
//! 1  file:  old and fresh key          rows: under the old key
//! 2  file:  old and fresh key          rows: under the fresh key   (one batch, durable)
//! 3  file:  fresh key                  rows: under the fresh key
//! ```
//!
//! A crash in between leaves a page with two keys; the rows say which of them to keep.
//!
//! ```text
//! file, opened = (page (4) ‖ kept (1: 1 or 2 keys) ‖ (turn (4) ‖ key (32)) × kept) × pages
//! ```

use super::sealed::SealedFile;
use super::{Error, Secret};
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The context of the file's key.
const CONTEXT: &str = "circlet 2026-11 at rest: page keys";

/// How many bytes one page takes at most.
const PAGE_SIZE: usize = 4 + 1 + 2 * (4 + Secret::SIZE);

/// Which of a page's keys, counted from 0.
pub type Turn = u32;

/// The page keys of one store.
#[derive(Debug)]
pub struct Pages {
    file: SealedFile,
    table: BTreeMap<u32, Page>,
    unsaved: bool,
}

impl Pages {
    /// Reads the file; `None` if there is none.
    pub fn open(path: PathBuf, master: &Secret) -> Result<Option<Self>, Error> {
        let file = SealedFile::new(path, master, CONTEXT);
        let Some(plain) = file.read()? else {
            return Ok(None);
        };
        let table = decode(&plain).ok_or(Error::Damaged("the page keys"))?;
        Ok(Some(Self {
            file,
            table,
            unsaved: false,
        }))
    }

    /// Starts an empty file.
    pub fn create(path: PathBuf, master: &Secret, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let file = SealedFile::new(path, master, CONTEXT);
        let mut pages = Self {
            file,
            table: BTreeMap::new(),
            unsaved: true,
        };
        pages.save(rng)?;
        Ok(pages)
    }

    /// Makes the file say what this says, durably. Costs nothing when it does already.
    pub fn save(&mut self, rng: &mut impl CryptoRng) -> Result<(), Error> {
        if self.unsaved {
            self.file.write(&encode(&self.table), rng)?;
            self.unsaved = false;
        }
        Ok(())
    }

    /// Makes sure that a page has a key. The file knows only after [`Pages::save`].
    pub fn ensure(&mut self, page: u32, rng: &mut impl CryptoRng) {
        self.table.entry(page).or_insert_with(|| {
            self.unsaved = true;
            Page {
                turn: 0,
                key: Secret::random(rng),
                fresh: None,
            }
        });
    }

    /// Gives a page a fresh key beside its old one. Does nothing to a page that is not there.
    pub fn turn(&mut self, page: u32, rng: &mut impl CryptoRng) {
        if let Some(page) = self.table.get_mut(&page) {
            page.fresh = Some(Secret::random(rng));
            self.unsaved = true;
        }
    }

    /// Returns the pages that have two keys, with the turn of the fresh one.
    pub fn turning(&self) -> Vec<(u32, Turn)> {
        let turning = self.table.iter().filter(|(_, page)| page.fresh.is_some());
        turning
            .map(|(number, page)| (*number, page.turn.wrapping_add(1)))
            .collect()
    }

    /// Ends the turning of a page: drops the old key, or else the fresh one.
    pub fn settle(&mut self, page: u32, keep_fresh: bool) {
        let Some(page) = self.table.get_mut(&page) else {
            return;
        };
        if let Some(fresh) = page.fresh.take() {
            self.unsaved = true;
            if keep_fresh {
                page.turn = page.turn.wrapping_add(1);
                page.key = fresh;
            }
        }
    }

    /// Returns the key that new rows of a page are sealed under.
    pub fn newest(&self, page: u32) -> Option<(Turn, &Secret)> {
        let page = self.table.get(&page)?;
        Some(match &page.fresh {
            Some(fresh) => (page.turn.wrapping_add(1), fresh),
            None => (page.turn, &page.key),
        })
    }

    /// Returns the key of one turn of a page, while it is kept.
    pub fn get(&self, page: u32, turn: Turn) -> Option<&Secret> {
        let page = self.table.get(&page)?;
        if turn == page.turn {
            return Some(&page.key);
        }
        page.fresh
            .as_ref()
            .filter(|_| turn == page.turn.wrapping_add(1))
    }
}

/// The key of a page, and the fresh one while it turns.
#[derive(Debug)]
struct Page {
    turn: Turn,
    key: Secret,
    fresh: Option<Secret>,
}

fn encode(table: &BTreeMap<u32, Page>) -> Zeroizing<Vec<u8>> {
    // Reserved whole: a buffer that grew would leave copies of keys behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(table.len() * PAGE_SIZE));
    for (number, page) in table {
        bytes.extend_from_slice(&number.to_be_bytes());
        bytes.push(if page.fresh.is_some() { 2 } else { 1 });
        bytes.extend_from_slice(&page.turn.to_be_bytes());
        bytes.extend_from_slice(page.key.as_bytes());
        if let Some(fresh) = &page.fresh {
            bytes.extend_from_slice(&page.turn.wrapping_add(1).to_be_bytes());
            bytes.extend_from_slice(fresh.as_bytes());
        }
    }
    bytes
}

fn decode(mut bytes: &[u8]) -> Option<BTreeMap<u32, Page>> {
    let mut table = BTreeMap::new();
    while !bytes.is_empty() {
        let number = take_number(&mut bytes)?;
        let (kept, rest) = bytes.split_first()?;
        bytes = rest;
        let (turn, key) = (take_number(&mut bytes)?, take_secret(&mut bytes)?);
        let fresh = match kept {
            1 => None,
            2 if take_number(&mut bytes)? == turn.wrapping_add(1) => Some(take_secret(&mut bytes)?),
            _ => return None,
        };
        table.insert(number, Page { turn, key, fresh });
    }
    Some(table)
}

fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*number))
}

fn take_secret(bytes: &mut &[u8]) -> Option<Secret> {
    let (secret, rest) = bytes.split_at_checked(Secret::SIZE)?;
    *bytes = rest;
    Secret::from_slice(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn key(pages: &Pages, page: u32, turn: Turn) -> Option<[u8; 32]> {
        pages.get(page, turn).map(|key| *key.as_bytes())
    }

    #[test]
    fn a_page_turns_and_settles_either_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages");
        let master = Secret::from([1; 32]);
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        assert!(Pages::open(path.clone(), &master).unwrap().is_none());
        let mut pages = Pages::create(path.clone(), &master, &mut rng).unwrap();
        pages.ensure(3, &mut rng);
        pages.ensure(9, &mut rng);
        let old = key(&pages, 3, 0).unwrap();
        pages.turn(3, &mut rng);
        pages.turn(7, &mut rng);
        pages.save(&mut rng).unwrap();

        let mut pages = Pages::open(path.clone(), &master).unwrap().unwrap();
        assert_eq!(pages.turning(), [(3, 1)]);
        assert_eq!(key(&pages, 3, 0).unwrap(), old);
        let fresh = key(&pages, 3, 1).unwrap();
        assert_eq!(pages.newest(3).unwrap().0, 1);
        assert_eq!(pages.newest(9).unwrap().0, 0);

        let mut other = Pages::open(path.clone(), &master).unwrap().unwrap();
        other.settle(3, false);
        assert_eq!((key(&other, 3, 0), key(&other, 3, 1)), (Some(old), None));

        pages.settle(3, true);
        pages.save(&mut rng).unwrap();
        let pages = Pages::open(path.clone(), &master).unwrap().unwrap();
        assert_eq!((key(&pages, 3, 0), key(&pages, 3, 1)), (None, Some(fresh)));
        assert!(pages.turning().is_empty());
        assert!(matches!(
            Pages::open(path, &Secret::from([2; 32])),
            Err(Error::Damaged(_))
        ));
    }

    #[test]
    fn what_does_not_decode_is_refused() {
        let page = Page {
            turn: 4,
            key: Secret::from([1; 32]),
            fresh: Some([2; 32].into()),
        };
        let whole = encode(&BTreeMap::from([(5, page)]));
        assert_eq!(decode(&whole).unwrap().len(), 1);
        for length in 1..whole.len() {
            assert!(decode(&whole[..length]).is_none(), "{length} bytes");
        }
        let mut changed = whole.clone();
        changed[4] = 3;
        assert!(decode(&changed).is_none());
    }
}
