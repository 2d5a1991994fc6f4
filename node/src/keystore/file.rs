//! The bytes of the file `keys` (see the parent for the format), and the two ways to unwrap it.

use super::wrap::{WRAPPED, take, unwrap, wrap};
use super::{Cost, Error, Key, Passphrase, Secret, read_small};
use rand_core::CryptoRng;
use std::path::Path;
use zeroize::Zeroizing;

/// How the file starts.
const MAGIC: &[u8; 7] = b"circlet";

/// The version that is written.
const VERSION: u8 = 1;

/// The flag of a home without a passphrase.
const NO_PASSPHRASE: u8 = 1;

/// The context of the key that the root seed gives.
const FROM_SEED: &str = "circlet 2026-11 at rest: home key from root seed";

/// What the wrap by the seed is bound to; the passphrase may change without it.
const SEED_WRAP: &[u8] = b"circlet master key by seed";

const SALT: usize = 16;
const HEAD: usize = MAGIC.len() + 2 + 3 * 4 + SALT;
const CHECK: usize = 16;
const WHOLE: usize = HEAD + Secret::SIZE + 2 * WRAPPED + CHECK;

/// The key file as it lies on the disk.
#[derive(Clone, Debug)]
pub(super) struct KeyFile {
    cost: Cost,
    salt: [u8; SALT],
    /// What wraps the master key where there is no passphrase.
    clear: Option<Secret>,
    by_passphrase: [u8; WRAPPED],
    by_seed: [u8; WRAPPED],
}

impl KeyFile {
    /// Wraps a master key both ways.
    pub(super) fn new(
        master: &Secret,
        passphrase: Option<&Passphrase>,
        cost: Cost,
        seed: &[u8; Secret::SIZE],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let by_seed = wrap(master, &seed_key(seed), SEED_WRAP, rng)?;
        let empty = [0; WRAPPED];
        let mut file = Self {
            cost,
            salt: [0; SALT],
            clear: None,
            by_passphrase: empty,
            by_seed,
        };
        file.rewrap(master, passphrase, cost, rng)?;
        Ok(file)
    }

    /// Wraps the master key by another passphrase.
    pub(super) fn rewrap(
        &mut self,
        master: &Secret,
        passphrase: Option<&Passphrase>,
        cost: Cost,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        let mut salt = [0; SALT];
        rng.fill_bytes(&mut salt);
        let cost = cost.checked()?;
        let (key, clear) = if let Some(passphrase) = passphrase {
            (passphrase.key(cost, &salt)?, None)
        } else {
            let key = Secret::random(rng);
            (key.clone(), Some(key))
        };
        (self.cost, self.salt, self.clear) = (cost, salt, clear);
        self.by_passphrase = wrap(master, &key, &self.head(), rng)?;
        Ok(())
    }

    /// Reads the file.
    pub(super) fn load(path: &Path) -> Result<Self, Error> {
        Self::decode(&read_small(path)?.ok_or(Error::Missing)?)
    }

    /// Returns the bytes of the file.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(WHOLE));
        bytes.extend_from_slice(&self.head());
        match &self.clear {
            Some(clear) => bytes.extend_from_slice(clear.as_bytes()),
            None => bytes.extend_from_slice(&[0; Secret::SIZE]),
        }
        bytes.extend_from_slice(&self.by_passphrase);
        bytes.extend_from_slice(&self.by_seed);
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        bytes
    }

    /// Says whether a passphrase is what opens the file.
    pub(super) fn needs_passphrase(&self) -> bool {
        self.clear.is_none()
    }

    /// Unwraps the master key by what the person has.
    pub(super) fn unwrap_by(&self, key: Option<&Key>) -> Result<Secret, Error> {
        match key {
            None => self.unwrap_by_passphrase(None),
            Some(Key::Passphrase(passphrase)) => self.unwrap_by_passphrase(Some(passphrase)),
            Some(Key::Seed(seed)) => self.unwrap_by_seed(&seed.0),
        }
    }

    /// Unwraps the master key by the passphrase, or by what the file says instead.
    pub(super) fn unwrap_by_passphrase(
        &self,
        passphrase: Option<&Passphrase>,
    ) -> Result<Secret, Error> {
        if let Some(clear) = &self.clear {
            let master = unwrap(&self.by_passphrase, clear, &self.head());
            return master.ok_or(Error::Damaged("the wrapped key"));
        }
        let key = passphrase
            .ok_or(Error::NeedsPassphrase)?
            .key(self.cost, &self.salt)?;
        unwrap(&self.by_passphrase, &key, &self.head()).ok_or(Error::WrongPassphrase)
    }

    /// Unwraps the master key by the root seed.
    pub(super) fn unwrap_by_seed(&self, seed: &[u8; Secret::SIZE]) -> Result<Secret, Error> {
        unwrap(&self.by_seed, &seed_key(seed), SEED_WRAP).ok_or(Error::WrongSeed)
    }

    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut rest = bytes
            .strip_prefix(MAGIC)
            .ok_or(Error::Damaged("it starts otherwise"))?;
        let [version] = take(&mut rest)?;
        if version > VERSION {
            return Err(Error::Newer(version.into()));
        }
        let covered = bytes.len().saturating_sub(CHECK);
        let (covered, stored) = bytes.split_at(covered);
        if bytes.len() != WHOLE || version != VERSION || stored != check(covered) {
            return Err(Error::Damaged("its check does not match"));
        }
        let [flags] = take(&mut rest)?;
        let [memory, rounds, lanes] =
            [take(&mut rest)?, take(&mut rest)?, take(&mut rest)?].map(u32::from_be_bytes);
        let cost = Cost {
            memory,
            rounds,
            lanes,
        }
        .checked()?;
        let salt = take(&mut rest)?;
        let clear = Secret::from(take(&mut rest)?);
        let clear = (flags & NO_PASSPHRASE != 0).then_some(clear);
        let (by_passphrase, by_seed) = (take(&mut rest)?, take(&mut rest)?);
        Ok(Self {
            cost,
            salt,
            clear,
            by_passphrase,
            by_seed,
        })
    }

    fn head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(HEAD);
        head.extend_from_slice(MAGIC);
        head.push(VERSION);
        head.push(if self.clear.is_some() {
            NO_PASSPHRASE
        } else {
            0
        });
        for number in [self.cost.memory, self.cost.rounds, self.cost.lanes] {
            head.extend_from_slice(&number.to_be_bytes());
        }
        head.extend_from_slice(&self.salt);
        head
    }
}

fn seed_key(seed: &[u8; Secret::SIZE]) -> Secret {
    Secret::from(blake3::derive_key(FROM_SEED, seed))
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    blake3::Hasher::new()
        .update(bytes)
        .finalize_xof()
        .fill(&mut check);
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const STORED: Cost = Cost {
        memory: 32,
        rounds: 2,
        lanes: 2,
    };

    fn file() -> KeyFile {
        let (master, passphrase) = (Secret::from([1; 32]), Passphrase::from("blue door"));
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        KeyFile::new(&master, Some(&passphrase), STORED, &[5; 32], &mut rng).unwrap()
    }

    /// Returns the file as somebody would leave it who knows how it is checked.
    fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = file().encode().to_vec();
        bytes.truncate(WHOLE - CHECK);
        change(&mut bytes);
        let check = check(&bytes);
        [bytes.as_slice(), &check].concat()
    }

    fn opened(bytes: &[u8]) -> Result<Secret, Error> {
        let passphrase = Passphrase::from("blue door");
        KeyFile::decode(bytes)?.unwrap_by_passphrase(Some(&passphrase))
    }

    #[test]
    fn the_costs_that_are_stored_are_the_ones_that_count() {
        assert_eq!(KeyFile::decode(&file().encode()).unwrap().cost, STORED);
        assert!(opened(&forged(|_| {})).is_ok());
        for number in 0..3 {
            let other = forged(|bytes| bytes[MAGIC.len() + 2 + 4 * number + 3] ^= 1);
            let result = opened(&other).err();
            assert_eq!(result, Some(Error::WrongPassphrase), "number {number}");
        }
    }

    #[test]
    fn costs_that_no_computer_bears_are_refused_before_they_are_paid() {
        let at = MAGIC.len() + 2;
        let numbers = [
            [u32::MAX, 1, 1],
            [64 * 1024, u32::MAX, 1],
            [64 * 1024, 3, u32::MAX],
            // Each by itself would be borne.
            [1024 * 1024, 256, 1],
            [0, 1, 1],
            [64 * 1024, 0, 1],
            [64 * 1024, 3, 0],
            [8, 1, 16],
        ];
        for costs in numbers {
            let bytes = forged(|bytes| {
                for (number, cost) in costs.iter().enumerate() {
                    bytes[at + 4 * number..][..4].copy_from_slice(&cost.to_be_bytes());
                }
            });
            let result = opened(&bytes);
            assert!(matches!(result, Err(Error::Damaged(_))), "{costs:?}");
        }
    }
}
