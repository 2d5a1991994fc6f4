//! An entry as it lies in the store: the header and its signature stay, the sealed body can go.

use crate::codec;
use crate::id::{DeviceId, EntryId};
use crate::key::Signature;
use crate::log::header::{Header, VerifiedHeader};
use crate::store::{Body, Error, Key, Space, Value};
use serde::{Deserialize, Serialize};

/// Where an entry lies: whose chain, which branch of it, which place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The device.
    pub device: DeviceId,
    /// 0, or 1 for the other branch of a forked chain.
    pub branch: u8,
    /// The sequence number.
    pub seq: u64,
}

/// A verified entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The header.
    pub header: VerifiedHeader,
    /// Its own signature, where it is held: then the entry is an anchor.
    pub signature: Option<Signature>,
    /// The sealed body; `None` once erased, and in a retract.
    pub body: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct Stored {
    header: Header,
    signature: Option<Signature>,
}

impl Entry {
    /// Returns the entry's id.
    pub fn id(&self) -> EntryId {
        self.header.id()
    }

    /// Returns the row to store.
    pub fn to_value(&self) -> Value {
        let header = self.header.header();
        let thing = header.thing;
        let body = self.body.clone().map(|bytes| Body { thing, bytes });
        Value {
            head: codec::encode(&(header, self.signature)),
            body,
        }
    }

    /// Reads a row of this device's own store.
    pub fn from_value(value: Value) -> Result<Self, Error> {
        let stored: Stored = postcard::from_bytes(&value.head)
            .map_err(|_| Error::Damaged("an entry does not decode".into()))?;
        Ok(Self {
            header: VerifiedHeader::trusted(stored.header),
            signature: stored.signature,
            body: value.body.map(|body| body.bytes),
        })
    }
}

impl Place {
    /// Returns the owner part of the address of a chain's rows.
    pub fn owner(hint: &[u8; 16], device: &DeviceId, branch: u8) -> Vec<u8> {
        [hint.as_slice(), &device.0, &[branch]].concat()
    }

    /// Returns the address of the entry's row.
    pub fn key(&self, hint: &[u8; 16]) -> Key {
        Key::new(
            Space::Log,
            Self::owner(hint, &self.device, self.branch),
            self.seq.to_be_bytes(),
        )
    }
}
