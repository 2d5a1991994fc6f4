//! From a passphrase to a key, slowly on purpose: Argon2id with stored costs.

use super::{Error, Secret};
use argon2::{Algorithm, Argon2, Params, Version};
use std::fmt;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long opening a home should take at least: dear to one who guesses, bearable to one who knows.
const TARGET: Duration = Duration::from_millis(250);

/// The most rounds that tuning may choose: a computer that is fast today must stay able to open it.
const MAX_TUNED_ROUNDS: u32 = 24;

/// The most memory a key file may ask for, in KiB: a damaged file must not exhaust the computer.
const MAX_MEMORY: u32 = 1024 * 1024;

/// The most rounds a key file may ask for, for the same reason.
const MAX_ROUNDS: u32 = 256;

/// The most lanes a key file may ask for, for the same reason.
const MAX_LANES: u32 = 16;

/// The most KiB times rounds a key file may ask for: ten times what tuning chooses at most, and still a
/// matter of seconds.
const MAX_WORK: u64 = 16 * 1024 * 1024;

/// Words that only the person knows. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Returns the words, to be sent to the home's own node.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Derives the key that wraps another one.
    pub(crate) fn key(&self, cost: Cost, salt: &[u8]) -> Result<Secret, Error> {
        let params = Params::new(cost.memory, cost.rounds, cost.lanes, Some(Secret::SIZE))
            .map_err(|_| Error::Damaged("the costs of the passphrase"))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Secret::fill_with(|out| argon.hash_password_into(self.0.as_bytes(), salt, out))
            .map_err(|_| Error::NoMemory)
    }
}

impl From<String> for Passphrase {
    fn from(words: String) -> Self {
        Self(Zeroizing::new(words))
    }
}

impl From<&str> for Passphrase {
    fn from(words: &str) -> Self {
        Self(Zeroizing::new(words.to_owned()))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// What deriving a key costs; kept in the key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// How often the memory is gone through.
    pub rounds: u32,
    /// How many lanes could be worked on side by side.
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            memory: 64 * 1024,
            rounds: 3,
            lanes: 1,
        }
    }
}

impl Cost {
    /// The smallest cost there is: for tests only, it protects nobody.
    pub const TINY: Self = Self {
        memory: 8,
        rounds: 1,
        lanes: 1,
    };

    /// Returns the default cost, raised until this computer needs a quarter of a second.
    pub fn tuned() -> Result<Self, Error> {
        let mut cost = Self::default();
        let sample = Passphrase::from("a sample to measure with");
        loop {
            let start = Instant::now();
            sample.key(cost, &[0; 16])?;
            let Some(rounds) = more_rounds(cost.rounds, start.elapsed()) else {
                return Ok(cost);
            };
            cost.rounds = rounds;
        }
    }

    /// Refuses what no release has ever written.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let work = u64::from(self.memory) * u64::from(self.rounds);
        let fits = self.memory <= MAX_MEMORY
            && self.rounds <= MAX_ROUNDS
            && self.lanes <= MAX_LANES
            && work <= MAX_WORK;
        if fits {
            Ok(self)
        } else {
            Err(Error::Damaged("the costs of the passphrase"))
        }
    }
}

/// Returns how many rounds to try next, or `None` when these took long enough.
fn more_rounds(rounds: u32, took: Duration) -> Option<u32> {
    if took >= TARGET || rounds >= MAX_TUNED_ROUNDS {
        return None;
    }
    let wanted = u128::from(rounds) * TARGET.as_micros() / took.as_micros().max(1);
    let wanted = u32::try_from(wanted).unwrap_or(MAX_TUNED_ROUNDS);
    Some(wanted.clamp(rounds + 1, MAX_TUNED_ROUNDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_rise_until_it_takes_long_enough() {
        assert_eq!(more_rounds(3, Duration::from_millis(250)), None);
        assert_eq!(more_rounds(3, Duration::from_millis(100)), Some(7));
        assert_eq!(more_rounds(3, Duration::from_millis(249)), Some(4));
        assert_eq!(more_rounds(3, Duration::ZERO), Some(MAX_TUNED_ROUNDS));
        assert_eq!(more_rounds(MAX_TUNED_ROUNDS, Duration::ZERO), None);
    }

    #[test]
    fn the_key_depends_on_words_salt_and_cost() {
        let key = |words: &str, salt: u8, rounds| {
            let cost = Cost {
                rounds,
                ..Cost::TINY
            };
            *Passphrase::from(words)
                .key(cost, &[salt; 16])
                .unwrap()
                .as_bytes()
        };
        assert_eq!(key("one", 1, 1), key("one", 1, 1));
        assert_ne!(key("one", 1, 1), key("two", 1, 1));
        assert_ne!(key("one", 1, 1), key("one", 2, 1));
        assert_ne!(key("one", 1, 1), key("one", 1, 2));
    }

    #[test]
    fn a_file_cannot_ask_for_everything() {
        assert!(
            Cost {
                memory: u32::MAX,
                ..Cost::TINY
            }
            .checked()
            .is_err()
        );
        assert!(
            Cost {
                rounds: u32::MAX,
                ..Cost::TINY
            }
            .checked()
            .is_err()
        );
        assert!(
            Cost {
                lanes: u32::MAX,
                ..Cost::TINY
            }
            .checked()
            .is_err()
        );
        assert!(Cost::default().checked().is_ok());
    }
}
