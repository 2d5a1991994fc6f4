//! What a member keeps for themselves alone, on this computer: drafts, whom they muted, the crisis card,
//! where they were in the feed, and when they last made a backup. None of it enters a chain, a session or a log.
//!
//! ```text
//! Local ‖ "drafts" ‖ tag of its id  ->  version (1) | a draft
//! Local ‖ "muted" ‖ hint            ->  version (1) | whom they do not want to see in a circle
//! Local ‖ "card"                    ->  version (1) | the crisis card
//! Local ‖ "place" ‖ hint            ->  version (1) ‖ where they were in the feed of a circle
//! Local ‖ "backup"                  ->  version (1) ‖ when the last backup was made
//! Things ‖ OURS ‖ thing             ->  nothing
//! ```
//!
//! What stands behind `|` is the body of a thing of its own, so that it is forgotten as what was shared is:
//! with its key. The empty note beside it says that the key is ours, so that a damaged row of keys closes no
//! circle on account of it.

mod backup;
pub mod card;
pub mod draft;
pub mod mute;
pub mod place;

mod rescue;

use crate::keystore::fresh_rng;
use crate::problem::Problem;
use circlet_model::codec;
use circlet_model::id::ThingId;
use circlet_model::store::{Batch, Body, Error, Key, Reader, Space, Value, Write};
use rand_core::Rng as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// The version of these rows.
const VERSION: u8 = 1;

/// Stands in place of a circle where a thing's note is ours.
const OURS: &[u8; 16] = b"only this member";

/// What is kept for a member alone, to be looked at.
#[derive(Clone, Copy)]
pub struct Local<'a>(&'a dyn Reader);

impl<'a> Local<'a> {
    /// Returns what a store keeps.
    pub fn new(reader: &'a dyn Reader) -> Self {
        Self(reader)
    }

    fn read<T: Serialize + DeserializeOwned>(self, key: &Key) -> Result<Option<T>, Error> {
        let value = self.0.get(key)?;
        Ok(value.map(|value| open(&value)).transpose()?.flatten())
    }

    /// Returns the changes that put a value in the place of the one before, whose key is destroyed.
    fn replace<T: Serialize>(
        self,
        key: Key,
        fresh: ThingId,
        value: Option<&T>,
    ) -> Result<Batch, Error> {
        let before = self.0.get(&key)?.and_then(|value| value.body);
        let mut batch = before.map_or_else(Batch::new, |body| forget(key.clone(), body.thing));
        if let Some(value) = value {
            batch.extend(put(key, fresh, value));
        }
        Ok(batch)
    }
}

/// Returns the name of a thing that nobody else has, to keep something under.
pub(crate) fn fresh_thing() -> Result<ThingId, Problem> {
    let mut thing = ThingId::default();
    fresh_rng()?.fill_bytes(&mut thing.0);
    Ok(thing)
}

/// Reads a row; `None` where its key was destroyed.
fn open<T: Serialize + DeserializeOwned>(value: &Value) -> Result<Option<T>, Error> {
    match value.head.first() {
        Some(&VERSION) => {}
        Some(&other) => return Err(Error::Newer(other.into())),
        None => return Err(Error::Damaged("a row without a version".to_owned())),
    }
    let decoded = value.body.as_ref().map(|body| codec::decode(&body.bytes));
    decoded
        .transpose()
        .map_err(|error| Error::Damaged(error.to_string()))
}

/// Returns the changes that keep a value under the key of a thing of its own.
fn put<T: Serialize>(key: Key, thing: ThingId, value: &T) -> Batch {
    let bytes = codec::encode(value);
    let value = Value {
        head: vec![VERSION],
        body: Some(Body { thing, bytes }),
    };
    vec![
        Write::Put(note(thing), Value::default()),
        Write::Put(key, value),
    ]
}

/// Returns the changes that forget a value.
fn forget(key: Key, thing: ThingId) -> Batch {
    vec![
        Write::Delete(key),
        Write::Delete(note(thing)),
        Write::Forget(thing),
    ]
}

fn note(thing: ThingId) -> Key {
    Key::new(Space::Things, [*OURS, thing.0].concat(), [])
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for Local<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local(..)")
    }
}

#[cfg(test)]
mod tests;
