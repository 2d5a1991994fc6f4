//! The shell's own row for a circle: that it was begun here, and the ports and addresses it keeps.
//!
//! ```text
//! Home ‖ "circles" ‖ hint  ->  version (1) ‖ hint ‖ since ‖ ports ‖ reachable
//! ```

use crate::identity::Hint;
use circlet_model::address::Address;
use circlet_model::bounded::List;
use circlet_model::codec;
use circlet_model::store::{Error, Key, Reader, Space, Value, Write};
use circlet_model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the row.
const VERSION: u8 = 1;

/// The owner of these rows.
const OWNER: &[u8] = b"circles";

/// The most addresses that one circle's node keeps.
const MAX_ADDRESSES: usize = 16;

/// What the shell keeps of a circle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    version: u8,
    /// Which circle.
    pub(crate) hint: Hint,
    /// Since when it is here.
    pub(crate) since: Timestamp,
    ports: List<(Address, u16), MAX_ADDRESSES>,
    reachable: List<Address, MAX_ADDRESSES>,
}

impl Row {
    /// Returns the row of a circle that begins now.
    pub(crate) fn new(hint: Hint, since: Timestamp) -> Self {
        Self {
            version: VERSION,
            hint,
            since,
            ports: List::default(),
            reachable: List::default(),
        }
    }

    /// Reads the rows of the circles that this home has keys for, the longest-standing first. Of one
    /// that cannot be read only the ports are lost: it begins anew, as the last.
    pub(crate) fn all(
        reader: &dyn Reader,
        hints: &[Hint],
        now: Timestamp,
    ) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        for hint in hints {
            match Self::read(reader, *hint) {
                Ok(row) => all.extend(row),
                Err(Error::Damaged(_)) => {
                    tracing::debug!("a circle's own row is damaged");
                    all.push(Self::new(*hint, now));
                }
                Err(error) => return Err(error),
            }
        }
        all.sort_by_key(|row| (row.since, row.hint));
        Ok(all)
    }

    fn read(reader: &dyn Reader, hint: Hint) -> Result<Option<Self>, Error> {
        let Some(value) = reader.get(&Self::key(hint))? else {
            return Ok(None);
        };
        let row = match value.head.first() {
            Some(&VERSION) => codec::decode::<Self>(&value.head),
            Some(&other) => return Err(Error::Newer(other.into())),
            None => Err(codec::Error::Malformed),
        };
        row.map(Some)
            .map_err(|error| Error::Damaged(error.to_string()))
    }

    fn key(hint: Hint) -> Key {
        Key::new(Space::Home, OWNER, hint)
    }

    /// Returns the change that keeps this row.
    pub(crate) fn put(&self) -> Write {
        Write::Put(Self::key(self.hint), Value::from(codec::encode(self)))
    }

    /// Returns the port that was chosen for an address of port 0.
    pub(crate) fn port(&self, asked: &Address) -> Option<u16> {
        self.ports
            .iter()
            .find(|(known, _)| known == asked)
            .map(|(_, port)| *port)
    }

    /// Keeps the port that was chosen for an address of port 0; says whether the row changed.
    pub(crate) fn keep_port(&mut self, asked: Address, port: u16) -> bool {
        let mut ports = self.ports.clone().into_inner();
        ports.retain(|(known, _)| *known != asked);
        ports.insert(0, (asked, port));
        ports.truncate(MAX_ADDRESSES);
        if self.port(&asked) == Some(port) {
            return false;
        }
        self.ports = List::new(ports).unwrap_or_default();
        true
    }

    /// Returns where the node could be reached when it last ran.
    pub(crate) fn reachable(&self) -> Vec<Address> {
        self.reachable.to_vec()
    }

    /// Keeps where the node can be reached; says whether the row changed.
    pub(crate) fn keep_reachable(&mut self, addresses: &[Address]) -> bool {
        let kept: Vec<Address> = addresses.iter().copied().take(MAX_ADDRESSES).collect();
        if *self.reachable == *kept {
            return false;
        }
        self.reachable = List::new(kept).unwrap_or_default();
        true
    }
}
