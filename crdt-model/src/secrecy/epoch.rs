//! Epoch keys and the ring of those a device holds.
//!
//! ```text
//! epoch id = hash("circlet 1 epoch key id", key)
//! ```
//!
//! The id commits to the key: an AEAD alone opens under more than one key, so a key counts only when
//! its id is the one that the epoch's act names.

use crate::id::EpochId;
use crate::key::{self, Rng, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const ID: &str = "circlet 1 epoch key id";

/// One key of one epoch: 32 random bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochKey(Secret);

/// The epoch keys that this device holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    keys: BTreeMap<EpochId, EpochKey>,
}

impl EpochKey {
    /// Returns a fresh key.
    pub fn random(rng: &mut Rng<'_>) -> Self {
        Self(Secret::random(rng))
    }

    /// Returns the key with these bytes.
    pub fn from_secret(secret: Secret) -> Self {
        Self(secret)
    }

    /// Returns the bytes, to be wrapped or derived from.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Returns the id: a commitment to the key.
    pub fn id(&self) -> EpochId {
        EpochId(key::hash(ID, &self.0.0))
    }
}

impl Ring {
    /// Takes a key in if it is the one that `id` commits to; returns whether it is.
    pub fn insert(&mut self, id: EpochId, key: EpochKey) -> bool {
        let holds = key.id() == id;
        if holds {
            self.keys.insert(id, key);
        }
        holds
    }

    /// Returns the key with this id.
    pub fn get(&self, id: &EpochId) -> Option<&EpochKey> {
        self.keys.get(id)
    }

    /// Returns whether the key with this id is held.
    pub fn holds(&self, id: &EpochId) -> bool {
        self.keys.contains_key(id)
    }

    /// Forgets a key; returns whether it was held.
    pub fn forget(&mut self, id: &EpochId) -> bool {
        self.keys.remove(id).is_some()
    }

    /// Returns every key, in the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = (&EpochId, &EpochKey)> {
        self.keys.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_takes_only_what_the_id_commits_to() {
        let key = EpochKey::from_secret(Secret([1; 32]));
        let mut ring = Ring::default();
        assert!(!ring.insert(EpochId([2; 32]), key.clone()));
        assert_eq!(ring.iter().count(), 0);
        assert!(ring.insert(key.id(), key.clone()));
        assert_eq!(ring.get(&key.id()), Some(&key));
        assert!(ring.holds(&key.id()));
        assert!(ring.forget(&key.id()));
        assert!(!ring.forget(&key.id()));
    }

    #[test]
    fn vector() {
        let key = EpochKey::from_secret(Secret([1; 32]));
        assert_eq!(
            key.id().to_hex(),
            "ff0ddcf18eb17ac65cdb13bb769151c51718b4fafdb504770d8362792bdc5584"
        );
        assert_eq!(format!("{key:?}"), "EpochKey(Secret(..))");
    }
}
