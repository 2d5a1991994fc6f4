//! When a member last made a backup of this home. Nobody else learns of it, and no backup holds it: a home that
//! came back from one starts without.

use super::{Local, VERSION};
use circlet_model::codec;
use circlet_model::store::{Batch, Error, Key, Space, Value, Write};
use circlet_model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The row.
#[derive(Serialize, Deserialize)]
struct Row {
    version: u8,
    made: Timestamp,
}

impl Local<'_> {
    /// Returns when the last backup was made. What cannot be read is as if there had been none.
    pub fn last_backup(self) -> Result<Option<Timestamp>, Error> {
        let value = self.0.get(&key())?;
        let row = value.and_then(|value| codec::decode::<Row>(&value.head).ok());
        let row = row.filter(|row| row.version == VERSION);
        Ok(row.map(|row| row.made))
    }

    /// Returns the changes that keep when a backup was made.
    pub fn keep_last_backup(self, made: Timestamp) -> Batch {
        let row = codec::encode(&Row {
            version: VERSION,
            made,
        });
        vec![Write::Put(key(), Value::from(row))]
    }
}

fn key() -> Key {
    Key::new(Space::Local, *b"backup", [])
}
