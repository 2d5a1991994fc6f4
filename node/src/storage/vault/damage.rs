//! What of a store cannot be read any more because a row of keys is damaged, and which circles that
//! touches: the rest goes on.
//!
//! The row does not say any more whose keys it held. The notes of the same places do: they are sealed
//! otherwise, and name their circles. A circle that is touched is not to be opened, since what is
//! missing looks like what was taken back. When its page turns, the row stays as damaged as it is.

use super::super::{Engine, Error};
use super::things::{self, Circle, NoteRow, Place};
use super::{Shared, Vault, lock};
use std::collections::BTreeSet;

impl<E: Engine> Vault<E> {
    /// Says whether some of what is kept of a circle cannot be read any more. Where it is not known
    /// whose keys are lost, every circle's may be among them.
    pub fn is_damaged(&self, circle: Circle) -> bool {
        let places = lock(&self.shared.index).damaged.clone();
        places.into_iter().any(|place| {
            let touched = self.shared.circles_beside(place).unwrap_or_default();
            touched.is_empty() || touched.contains(&circle)
        })
    }
}

impl<E: Engine> Shared<E> {
    /// Returns the circles that note something of the things whose keys lie in a place's row.
    fn circles_beside(&self, place: Place) -> Result<BTreeSet<Circle>, Error> {
        let mut circles = BTreeSet::new();
        for row in things::notes_beside(place) {
            if let Some(value) = self.engine.get(&row)? {
                let notes = NoteRow::decode(&self.rows.open(&row, &value)?.head)?;
                circles.extend(notes.0.into_keys().map(|(_, circle)| circle));
            }
        }
        Ok(circles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::Secret;
    use crate::storage::Memory;
    use circlet_model::id::ThingId;
    use circlet_model::store::{Body, Key, Reader, Space, Value, Write};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use std::path::Path;

    const FIRST: Circle = [1; 16];
    const SECOND: Circle = [2; 16];

    fn open(engine: &Memory, pages: &Path, seed: u64) -> Result<Vault<Memory>, Error> {
        let rng = ChaCha20Rng::seed_from_u64(seed);
        let master = Secret::from([9; 32]);
        Vault::open(engine.clone(), pages.to_owned(), &master, rng)
    }

    fn thing(number: u8) -> ThingId {
        ThingId([number; 16])
    }

    fn put(number: u8, circle: Circle) -> [Write; 2] {
        let body = Some(Body {
            thing: thing(number),
            bytes: b"the text".to_vec(),
        });
        let value = Value {
            head: vec![number],
            body,
        };
        let note = things::note_key(circle, &thing(number));
        [
            Write::Put(Key::new(Space::Log, b"o", [number]), value),
            Write::Put(note, Value::from(vec![7])),
        ]
    }

    fn text(vault: &Vault<Memory>, number: u8) -> Option<Vec<u8>> {
        let row = vault.get(&Key::new(Space::Log, b"o", [number])).unwrap();
        Some(row.unwrap().body?.bytes)
    }

    /// Changes one byte of the row of keys that a place lies in.
    fn harm(engine: &Memory, place: Place) {
        let row = place.key_row();
        let mut value = engine.get(&row).unwrap().unwrap();
        *value.last_mut().unwrap() ^= 1;
        engine.write(vec![(row, Some(value))]).unwrap();
    }

    #[test]
    fn one_damaged_row_of_keys_closes_the_circles_in_it_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("pages");
        let engine = Memory::default();
        let vault = open(&engine, &pages, 1).unwrap();
        vault
            .write((0..64).flat_map(|n| put(n, FIRST)).collect())
            .unwrap();
        vault
            .write((64..100).flat_map(|n| put(n, SECOND)).collect())
            .unwrap();
        assert!(!vault.is_damaged(FIRST) && !vault.is_damaged(SECOND));
        drop(vault);
        harm(&engine, Place::FIRST);

        let vault = open(&engine, &pages, 2).unwrap();
        assert!(vault.is_damaged(FIRST) && !vault.is_damaged(SECOND));
        assert_eq!(text(&vault, 64).unwrap(), b"the text");
        // The page turns, and new things come: neither makes the damage worse, or hides it.
        vault.write(vec![Write::Forget(thing(70))]).unwrap();
        vault.write(put(200, SECOND).to_vec()).unwrap();
        drop(vault);
        let vault = open(&engine, &pages, 3).unwrap();
        assert!(vault.is_damaged(FIRST) && !vault.is_damaged(SECOND));
        assert_eq!(text(&vault, 70), None);
        for number in [64, 99, 200] {
            assert_eq!(text(&vault, number).unwrap(), b"the text");
        }
    }

    #[test]
    fn damage_of_which_nothing_is_known_may_be_anyones() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("pages");
        let engine = Memory::default();
        let vault = open(&engine, &pages, 1).unwrap();
        let [row, _] = put(1, FIRST);
        vault.write(vec![row]).unwrap();
        drop(vault);
        harm(&engine, Place::FIRST);
        assert!(open(&engine, &pages, 2).unwrap().is_damaged(SECOND));
    }
}
