//! Where members of each circle were last, in a small sealed file beside the store: by it a circle comes
//! back when the store itself cannot be read.
//!
//! ```text
//! file, opened = version (1) ‖ for each circle: hint, name, the text of its card
//! ```

use crate::identity::{Hint, MAX_CIRCLES};
use crate::keystore::{Error, Keystore, SealedFile, Secret, fresh_rng};
use circlet_model::bounded::{List, Text};
use circlet_model::codec;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The context of the file's key.
const CONTEXT: &str = "circlet 2026-11 at rest: cards";

/// The version of the file.
const VERSION: u8 = 1;

/// The longest name and the longest card.
const MAX_TEXT: usize = 512;

/// What is kept of one circle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which circle.
    pub hint: Hint,
    /// Its name.
    pub name: Text<MAX_TEXT>,
    /// Its card.
    pub card: Text<MAX_TEXT>,
}

/// The way to the file.
#[derive(Debug)]
pub struct Cards(SealedFile);

impl Cards {
    fn new(path: PathBuf, master: &Secret) -> Self {
        Self(SealedFile::new(path, master, CONTEXT))
    }

    /// Returns the way to the file that belongs to some keys.
    pub fn of(keystore: &Keystore) -> Self {
        Self::new(keystore.beside("cards"), keystore.master())
    }

    /// Returns what is kept; nothing where the file is not there or does not open: it is written anew.
    pub fn read(&self) -> Vec<Kept> {
        let opened = self.0.read().ok().flatten();
        let decoded = opened.and_then(|bytes| match bytes.split_first() {
            Some((&VERSION, rest)) => codec::decode::<List<Kept, MAX_CIRCLES>>(rest).ok(),
            _ => None,
        });
        decoded.map(List::into_inner).unwrap_or_default()
    }

    /// Keeps this instead.
    pub fn write(&self, kept: &[Kept]) -> Result<(), Error> {
        let kept: List<Kept, MAX_CIRCLES> = List::new(kept.to_vec()).unwrap_or_default();
        let mut bytes = vec![VERSION];
        bytes.append(&mut codec::encode(&kept));
        self.0.write(&bytes, &mut fresh_rng()?)
    }
}

impl Kept {
    /// Returns what is kept of a circle; `None` where a text is too long.
    pub fn new(hint: Hint, name: &str, card: &str) -> Option<Self> {
        let (name, card) = (Text::new(name).ok()?, Text::new(card).ok()?);
        Some(Self { hint, name, card })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_and_what_does_not_open_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cards");
        let cards = Cards::new(path.clone(), &Secret::from([1; 32]));
        assert_eq!(cards.read(), []);
        let kept = [Kept::new([7; 16], "Tuesday", "a card").unwrap()];
        cards.write(&kept).unwrap();
        assert_eq!(cards.read(), kept);
        assert_eq!(Cards::new(path.clone(), &Secret::from([2; 32])).read(), []);
        std::fs::write(&path, b"torn").unwrap();
        assert_eq!(cards.read(), []);
    }
}
