//! The head of a bundle: the key of everything in the file, for the members of one circle and nobody else.
//!
//! ```text
//! head     = (by epoch, to devices), canonical bytes
//! by epoch = nonce (24) ‖ XChaCha20-Poly1305(bundle key of the epoch, nonce, hint, padded file key);
//!            empty where no epoch fits
//! to devices = HPKE("circlet 1 bundle key", hint) of the file key, to the KEM key of each active device,
//!            then to keys that nobody has, up to a multiple of 8
//! bundle key = derive("circlet 1 bundle, from an epoch", commons key)
//! ```
//!
//! By the epoch opens who came after the bundle's maker last heard of them; to its device opens who has
//! not heard of the newest epoch. Neither says whose bundle it is: whoever reads tries what they have.

use crate::bounded::{Bytes, List};
use crate::codec;
use crate::key::{Rng, Secret};
use crate::secrecy::aead::{self, OVERHEAD};
use crate::secrecy::epoch::EpochKey;
use crate::secrecy::kem::{self, PublicKey, Sealed, SecretKey};
use serde::{Deserialize, Serialize};

/// The most devices that a bundle is sealed to: their rows fit into one frame, and more than three for
/// each person of the largest circle that is tested do not matter.
pub const MAX_TO: usize = 192;
/// The rows come in groups of so many, so that their number says little.
const GROUP: usize = 8;
/// How long the part for an epoch is.
const BY_EPOCH: usize = OVERHEAD + 32;

const EPOCH: &str = "circlet 1 bundle, from an epoch";
const DEVICE: &str = "circlet 1 bundle key";

/// A key that bundles are sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleKey(Secret);

/// The head of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    by_epoch: Bytes<BY_EPOCH>,
    to: List<Sealed, MAX_TO>,
}

impl BundleKey {
    /// Returns the bundle key of an epoch, by its commons key.
    pub fn of_epoch(commons: &EpochKey) -> Self {
        Self(commons.secret().derive(EPOCH, b""))
    }
}

impl Head {
    /// Seals the key of a bundle's file for a circle, by an epoch if there is one and to these devices.
    pub fn seal(
        file: &Secret,
        hint: &[u8; 16],
        by: Option<&BundleKey>,
        to: &[&PublicKey],
        rng: &mut Rng<'_>,
    ) -> Result<Self, kem::Error> {
        let by_epoch = by.and_then(|key| {
            let sealed = aead::seal(&key.0, aead::nonce(rng), hint, &file.0, BY_EPOCH)?;
            Bytes::new(sealed).ok()
        });
        let mut rows = Vec::new();
        for key in to.iter().take(MAX_TO) {
            rows.push(kem::seal(key, DEVICE, hint, &file.0, rng)?);
        }
        while !rows.len().is_multiple_of(GROUP) {
            let nobody = SecretKey::generate(kem::DEFAULT, rng)?;
            rows.push(kem::seal(nobody.public(), DEVICE, hint, &file.0, rng)?);
        }
        Ok(Self {
            by_epoch: by_epoch.unwrap_or_default(),
            to: List::new(rows).unwrap_or_default(),
        })
    }

    /// Returns the bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a head from its bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, codec::Error> {
        codec::decode(bytes)
    }

    /// Opens the key of the file by one of these epochs.
    pub fn open_by<'a>(
        &self,
        hint: &[u8; 16],
        mut epochs: impl Iterator<Item = &'a EpochKey>,
    ) -> Option<Secret> {
        let opened = epochs
            .find_map(|commons| aead::open(&BundleKey::of_epoch(commons).0, hint, &self.by_epoch));
        opened.and_then(|bytes| bytes.try_into().ok()).map(Secret)
    }

    /// Opens the key of the file as one of the devices that it is sealed to.
    pub fn open_as(&self, hint: &[u8; 16], kem: &kem::Keys) -> Option<Secret> {
        let mut rows = self.to.iter();
        let opened = rows.find_map(|row| kem.open(DEVICE, hint, row).ok())?;
        opened.as_slice().try_into().ok().map(Secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    const HINT: [u8; 16] = [1; 16];

    #[test]
    fn a_head_opens_by_its_epoch_and_to_its_devices_alone() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let [mine, other] = [2, 3].map(|seed| {
            let key = SecretKey::derive(kem::DEFAULT, &Secret([seed; 32])).unwrap();
            kem::Keys::from(key)
        });
        let [epoch, another] = [4, 5].map(|seed| EpochKey::from_secret(Secret([seed; 32])));
        let file = Secret([6; 32]);
        let by = BundleKey::of_epoch(&epoch);
        let head = Head::seal(&file, &HINT, Some(&by), &[mine.public()], &mut rng).unwrap();
        let head = Head::from_bytes(&head.to_bytes()).unwrap();
        assert_eq!(head.to.len(), GROUP, "their number says little");
        let epochs = [another.clone(), epoch];
        assert_eq!(head.open_by(&HINT, epochs.iter()), Some(file.clone()));
        assert_eq!(
            head.open_by(&[2; 16], epochs.iter()),
            None,
            "another circle"
        );
        assert_eq!(head.open_by(&HINT, [another].iter()), None);
        assert_eq!(head.open_as(&HINT, &mine), Some(file.clone()));
        assert_eq!(head.open_as(&HINT, &other), None);
        let head = Head::seal(&file, &HINT, None, &[], &mut rng).unwrap();
        assert_eq!(head.open_by(&HINT, epochs.iter()), None);
        assert_eq!(head.open_as(&HINT, &mine), None);
    }
}
