//! The head of a backup: the key of the file, wrapped by a passphrase and by the root seed.
//!
//! ```text
//! head = magic (14: "circlet backup") ‖ version (1) ‖ flags (1) ‖ memory, rounds, lanes (4 each)
//!        ‖ salt (16)
//!        ‖ wrap by passphrase: nonce (24) ‖ sealed file key (48)      random where there is none
//!        ‖ wrap by seed:       nonce (24) ‖ sealed file key (48)
//!        ‖ check (16): hash of all that stands before
//! flags = 1: no passphrase opens it, only the 24 words
//! ```

use crate::keystore::{Cost, Error, Passphrase, Secret, WRAPPED, take, unwrap, wrap};
use rand_core::CryptoRng;

/// How the file starts.
const MAGIC: &[u8; 14] = b"circlet backup";
/// The version that is written.
const VERSION: u8 = 1;
/// The flag of a backup that only the words open.
const WORDS_ONLY: u8 = 1;
const FROM_SEED: &str = "circlet 2026-11 backup: key from root seed";
const CHECK_CONTEXT: &str = "circlet 2026-11 backup: check of the head";
/// What the wrap by the seed is bound to.
const SEED_WRAP: &[u8] = b"circlet backup key by seed";

const SALT: usize = 16;
const START: usize = MAGIC.len() + 2 + 3 * 4 + SALT;
const CHECK: usize = 16;

/// How many bytes the head has.
pub(super) const SIZE: usize = START + 2 * WRAPPED + CHECK;

/// The head as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// What deriving the key from the passphrase costs; `None` where there is no passphrase.
    cost: Option<Cost>,
    salt: [u8; SALT],
    by_passphrase: [u8; WRAPPED],
    by_seed: [u8; WRAPPED],
}

impl Head {
    /// Wraps the key of a file.
    pub(super) fn new(
        file: &Secret,
        passphrase: Option<(&Passphrase, Cost)>,
        seed: &[u8; Secret::SIZE],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let mut head = Self {
            cost: passphrase.map(|(_, cost)| cost),
            salt: [0; SALT],
            by_passphrase: [0; WRAPPED],
            by_seed: wrap(file, &seed_key(seed), SEED_WRAP, rng)?,
        };
        rng.fill_bytes(&mut head.salt);
        match passphrase {
            Some((passphrase, cost)) => {
                let key = passphrase.key(cost.checked()?, &head.salt)?;
                head.by_passphrase = wrap(file, &key, &head.start(), rng)?;
            }
            None => rng.fill_bytes(&mut head.by_passphrase),
        }
        Ok(head)
    }

    /// Reads a head.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(Error::Missing)?;
        let [version] = take(&mut rest)?;
        if version > VERSION {
            return Err(Error::Newer(version.into()));
        }
        let covered = bytes.get(..SIZE - CHECK).ok_or(CUT)?;
        if version != VERSION || bytes.get(SIZE - CHECK..) != Some(&check(covered)) {
            return Err(CUT);
        }
        let [flags] = take(&mut rest)?;
        let [memory, rounds, lanes] =
            [take(&mut rest)?, take(&mut rest)?, take(&mut rest)?].map(u32::from_be_bytes);
        let cost = Cost {
            memory,
            rounds,
            lanes,
        };
        Ok(Self {
            cost: (flags & WORDS_ONLY == 0)
                .then(|| cost.checked())
                .transpose()?,
            salt: take(&mut rest)?,
            by_passphrase: take(&mut rest)?,
            by_seed: take(&mut rest)?,
        })
    }

    /// Returns the bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.start();
        bytes.extend_from_slice(&self.by_passphrase);
        bytes.extend_from_slice(&self.by_seed);
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        bytes
    }

    /// Says whether a passphrase opens it.
    pub(super) fn has_passphrase(&self) -> bool {
        self.cost.is_some()
    }

    /// Unwraps the key of the file by the passphrase.
    pub(super) fn open(&self, passphrase: &Passphrase) -> Result<Secret, Error> {
        let cost = self.cost.ok_or(Error::WrongPassphrase)?;
        let key = passphrase.key(cost, &self.salt)?;
        unwrap(&self.by_passphrase, &key, &self.start()).ok_or(Error::WrongPassphrase)
    }

    /// Unwraps the key of the file by the root seed.
    pub(super) fn open_with_seed(&self, seed: &[u8; Secret::SIZE]) -> Result<Secret, Error> {
        unwrap(&self.by_seed, &seed_key(seed), SEED_WRAP).ok_or(Error::WrongSeed)
    }

    fn start(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        bytes.push(if self.cost.is_some() { 0 } else { WORDS_ONLY });
        let cost = self.cost.unwrap_or_default();
        for number in [cost.memory, cost.rounds, cost.lanes] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.salt);
        bytes
    }
}

/// What a head is that was cut or changed.
const CUT: Error = Error::Damaged("the head of the backup");

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let hash = blake3::derive_key(CHECK_CONTEXT, bytes);
    hash.first_chunk().copied().unwrap_or_default()
}

fn seed_key(seed: &[u8; Secret::SIZE]) -> Secret {
    Secret::from(*seed).derive(FROM_SEED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const SEED: [u8; 32] = [5; 32];

    #[test]
    fn the_passphrase_and_the_words_open_and_nothing_else_does() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let file = Secret::random(&mut rng);
        let words = Passphrase::from("blue door");
        for with in [Some((&words, Cost::TINY)), None] {
            let head = Head::new(&file, with, &SEED, &mut rng).unwrap();
            let bytes = head.to_bytes();
            assert_eq!(bytes.len(), SIZE);
            let head = Head::from_bytes(&bytes).unwrap();
            assert_eq!(head.has_passphrase(), with.is_some());
            let opened = head.open(&words).map(|key| *key.as_bytes());
            let expected = with.map(|_| *file.as_bytes());
            assert_eq!(opened, expected.ok_or(Error::WrongPassphrase));
            let other = Passphrase::from("red door");
            assert_eq!(head.open(&other).err(), Some(Error::WrongPassphrase));
            let opened = head.open_with_seed(&SEED).unwrap();
            assert_eq!(opened.as_bytes(), file.as_bytes());
            let other = head.open_with_seed(&[6; 32]);
            assert_eq!(other.err(), Some(Error::WrongSeed));
            for at in 0..SIZE {
                assert!(Head::from_bytes(&bytes[..at]).is_err(), "{at}");
                let mut changed = bytes.clone();
                changed[at] ^= 0x40;
                assert!(Head::from_bytes(&changed).is_err(), "{at}");
            }
            let mut newer = bytes;
            newer[MAGIC.len()] = 2;
            assert_eq!(Head::from_bytes(&newer).err(), Some(Error::Newer(2)));
        }
    }
}
