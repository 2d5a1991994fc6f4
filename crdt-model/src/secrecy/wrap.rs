//! Wraps: how epoch keys travel to devices, beside the membership graph.
//!
//! ```text
//! row of an epoch = HPKE to the device, domain "circlet 1 wrap, epoch", of commons ‖ stories key,
//!                   bound to (circle, device, [commons id, stories id])
//! row of a share  = HPKE to the device, domain "circlet 1 wrap, share", of the keys in their order,
//!                   bound to (circle, device, ids)
//! row hash        = hash("circlet 1 wrap row", canonical bytes of Row)
//! table hash      = hash("circlet 1 wrap table", canonical bytes of the list of row hashes)
//! ```
//!
//! A table has one row for each device of the act's `to`, in that order; a share's has one. Rows travel
//! with the list of hashes, as few as are needed (256 rows would not fit into one frame), and each can
//! be checked against the act. A device
//! whose KEM key does not work gets an empty row: it harms nobody but itself.

use crate::bounded::List;
use crate::codec;
use crate::id::{CircleId, DeviceId, EpochId, Hash};
use crate::key::{self, Rng, Secret};
use crate::membership::act::{Kind, MAX_DEVICES};
use crate::secrecy::epoch::{EpochKey, Ring};
use crate::secrecy::kem::{self, Keys, PublicKey, Sealed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The most keys of one share: its row stays below 48 KiB.
pub const MAX_SHARED: usize = 1024;

const EPOCH: &str = "circlet 1 wrap, epoch";
const SHARE: &str = "circlet 1 wrap, share";
const ROW: &str = "circlet 1 wrap row";
const TABLE: &str = "circlet 1 wrap table";

/// Keys, sealed to one device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row(pub Sealed);

/// A wrap table, or a part of it: the hashes of all rows, and some of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The hash of each row, in the order of the act's devices.
    pub hashes: List<Hash, MAX_DEVICES>,
    /// Rows with their place in `hashes`, in ascending order.
    pub rows: List<(u16, Row), MAX_DEVICES>,
}

/// A new epoch: its keys, what its act says, and its rows.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The commons key.
    pub commons: EpochKey,
    /// The stories key.
    pub stories: EpochKey,
    /// The devices that get both, in ascending order.
    pub to: List<DeviceId, MAX_DEVICES>,
    /// The whole table.
    pub table: Table,
}

/// Keys of earlier epochs for one device: what the act says, and its row.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The device.
    pub to: DeviceId,
    /// The keys, in the order they are wrapped.
    pub keys: List<EpochId, MAX_SHARED>,
    /// The whole table, of one row.
    pub table: Table,
}

/// Why keys could not be wrapped or unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More devices or keys than an act names, or none at all.
    #[error("too many devices or keys for one act, or none")]
    Count,
    /// A key that this device does not hold.
    #[error("a key to be shared is not held here")]
    NotHeld,
    /// The table is not the one that the act commits to.
    #[error("the wrap table is not the one of its act")]
    Table,
    /// The row does not open.
    #[error("the row does not open: {0}")]
    Closed(#[from] kem::Error),
    /// The row opens to something else than the keys of its act.
    #[error("the row does not hold the keys of its act")]
    OtherKeys,
}

/// Makes a new epoch for these devices (the caller's own and its person's others among them).
pub fn mint(
    circle: CircleId,
    devices: &BTreeMap<DeviceId, &PublicKey>,
    rng: &mut Rng<'_>,
) -> Result<Minted, Error> {
    if devices.is_empty() {
        return Err(Error::Count);
    }
    let to = List::new(devices.keys().copied().collect()).map_err(|_| Error::Count)?;
    let (commons, stories) = (EpochKey::random(rng), EpochKey::random(rng));
    let ids = [commons.id(), stories.id()];
    let rows = devices
        .iter()
        .map(|(device, kem)| {
            Row::seal(
                (EPOCH, circle, *device, &ids),
                kem,
                &[&commons, &stories],
                rng,
            )
        })
        .collect();
    Ok(Minted {
        table: Table::whole(rows)?,
        commons,
        stories,
        to,
    })
}

/// Wraps keys that this device holds for another that lacks them.
pub fn share(
    circle: CircleId,
    to: (DeviceId, &PublicKey),
    ids: &[EpochId],
    held: &Ring,
    rng: &mut Rng<'_>,
) -> Result<Shared, Error> {
    if ids.is_empty() {
        return Err(Error::Count);
    }
    let (device, kem) = to;
    let keys: Vec<&EpochKey> = ids
        .iter()
        .map(|id| held.get(id))
        .collect::<Option<_>>()
        .ok_or(Error::NotHeld)?;
    let ids = List::new(ids.to_vec()).map_err(|_| Error::Count)?;
    let row = Row::seal((SHARE, circle, device, &ids), kem, &keys, rng);
    Ok(Shared {
        to: device,
        keys: ids,
        table: Table::whole(vec![row])?,
    })
}

/// Opens this device's row of an epoch: the commons and the stories key.
pub fn open_epoch_row(
    circle: CircleId,
    me: (DeviceId, &Keys),
    ids: [EpochId; 2],
    row: &Row,
) -> Result<(EpochKey, EpochKey), Error> {
    let keys = row.open((EPOCH, circle, me.0, &ids), me.1)?;
    let keys: [EpochKey; 2] = keys.try_into().map_err(|_| Error::OtherKeys)?;
    let [commons, stories] = keys;
    Ok((commons, stories))
}

/// Opens the row of a share to this device: the keys, in the order of the act's ids.
pub fn open_share_row(
    circle: CircleId,
    me: (DeviceId, &Keys),
    ids: &[EpochId],
    row: &Row,
) -> Result<Vec<EpochKey>, Error> {
    row.open((SHARE, circle, me.0, ids), me.1)
}

/// What a row is bound to: its domain, the circle, the device and the ids of the keys.
type Bound<'a> = (&'static str, CircleId, DeviceId, &'a [EpochId]);

impl Row {
    /// Whether it is as long as so many keys are, in a suite that is known here; or empty.
    pub fn fits(&self, keys: usize) -> bool {
        let Sealed {
            suite,
            encapped,
            sealed,
        } = &self.0;
        match *suite {
            0 => encapped.is_empty() && sealed.is_empty(),
            suite => kem::lengths(suite, 32 * keys) == Some((encapped.len(), sealed.len())),
        }
    }

    /// Returns the hash that the table's list holds.
    pub fn hash(&self) -> Hash {
        Hash(key::hash(ROW, &codec::encode(self)))
    }

    fn seal(bound: Bound<'_>, kem: &PublicKey, keys: &[&EpochKey], rng: &mut Rng<'_>) -> Self {
        let mut plaintext = Zeroizing::new(Vec::with_capacity(32 * keys.len()));
        for key in keys {
            plaintext.extend(key.secret().0);
        }
        let (domain, associated) = (bound.0, associated(bound));
        Self(kem::seal(kem, domain, &associated, &plaintext, rng).unwrap_or_default())
    }

    fn open(&self, bound: Bound<'_>, kem: &Keys) -> Result<Vec<EpochKey>, Error> {
        let (domain, associated, ids) = (bound.0, associated(bound), bound.3);
        let plaintext = kem.open(domain, &associated, &self.0)?;
        let (keys, rest) = plaintext.as_chunks::<32>();
        let keys: Vec<EpochKey> = keys
            .iter()
            .map(|bytes| EpochKey::from_secret(Secret(*bytes)))
            .collect();
        let as_named = keys.iter().map(EpochKey::id).eq(ids.iter().copied());
        if as_named && rest.is_empty() {
            Ok(keys)
        } else {
            Err(Error::OtherKeys)
        }
    }
}

impl Table {
    /// Returns the hash that an act commits to.
    pub fn hash(&self) -> Hash {
        Hash(key::hash(TABLE, &codec::encode(&self.hashes)))
    }

    /// Checks the hashes against an act's commitment, and each row that is there against its hash.
    pub fn check(&self, committed: Hash, devices: usize) -> Result<(), Error> {
        let ascending = self
            .rows
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.0 < b.0));
        let rows = self
            .rows
            .iter()
            .all(|(place, row)| self.hashes.get(usize::from(*place)) == Some(&row.hash()));
        let whole = self.hash() == committed && self.hashes.len() == devices;
        if whole && ascending && rows {
            Ok(())
        } else {
            Err(Error::Table)
        }
    }

    /// Returns the row at a place of the act's devices, if it is there.
    pub fn row(&self, place: usize) -> Option<&Row> {
        self.rows
            .iter()
            .find(|(at, _)| usize::from(*at) == place)
            .map(|(_, row)| row)
    }

    /// Returns the table with only those rows whose place is asked for.
    pub fn only(&self, wanted: impl Fn(usize) -> bool) -> Self {
        let rows = self
            .rows
            .iter()
            .filter(|(place, _)| wanted(usize::from(*place)))
            .cloned()
            .collect();
        Self {
            hashes: self.hashes.clone(),
            rows: List::new(rows).unwrap_or_default(),
        }
    }

    /// Adds the rows of another part of the same table. Returns whether any was not there.
    pub fn add(&mut self, other: Self) -> bool {
        let before = self.rows.len();
        let mut rows: BTreeMap<u16, Row> = std::mem::take(&mut self.rows)
            .into_inner()
            .into_iter()
            .collect();
        rows.extend(other.rows.into_inner());
        self.hashes = other.hashes;
        self.rows = List::new(rows.into_iter().collect()).unwrap_or_default();
        self.rows.len() > before
    }

    fn whole(rows: Vec<Row>) -> Result<Self, Error> {
        let hashes = rows.iter().map(Row::hash).collect();
        Ok(Self {
            hashes: List::new(hashes).map_err(|_| Error::Count)?,
            rows: List::new((0..).zip(rows).collect()).map_err(|_| Error::Count)?,
        })
    }
}

impl Minted {
    /// Returns what the act says.
    pub fn kind(&self) -> Kind {
        Kind::Epoch {
            commons: self.commons.id(),
            stories: self.stories.id(),
            to: self.to.clone(),
            table: self.table.hash(),
        }
    }
}

impl Shared {
    /// Returns what the act says.
    pub fn kind(&self) -> Kind {
        Kind::Share {
            to: self.to,
            keys: self.keys.clone(),
            table: self.table.hash(),
        }
    }
}

fn associated((_, circle, device, ids): Bound<'_>) -> Vec<u8> {
    codec::encode(&(circle, device, ids))
}

#[cfg(test)]
mod tests;
