//! The root seed and its 24 words, the keys that it derives for each circle, and the four words that
//! two people compare when one of them is new.
//!
//! ```text
//! words        = BIP 39, English, of the 32 bytes
//! person key   = derive("circlet 1 person key", seed, circle hint), an Ed25519 key
//! recovery key = derive("circlet 1 recovery key", seed, circle hint), a KEM key
//! four words   = the first 44 bits, eleven for each word of the same list, of
//!                hash("circlet 1 four words", circle hint ‖ person ‖ device ‖ KEM key)
//! ```
//!
//! Two circles cannot be linked by these keys. Four words that are the same on both sides say that the
//! keys at hand are the newcomer's own, and not those of somebody who stands between the two.

use crate::codec;
use crate::id::{DeviceId, PersonId};
use crate::key::{self, Secret, SigningKey};
use crate::secrecy::kem::{self, PublicKey, SecretKey};
use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

/// How many words there are.
pub const COUNT: usize = 24;

/// The longest text that is read: 24 words and plenty of space between them.
const MAX_TEXT: usize = 4096;
const PERSON: &str = "circlet 1 person key";
const RECOVERY: &str = "circlet 1 recovery key";
const FOUR: &str = "circlet 1 four words";
/// The bits that one word of the list stands for: there are 2,048.
const WORD_BITS: u32 = 11;

/// Why words are not a root seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not 24 of them.
    #[error("there are {0} words, and {COUNT} are needed")]
    Count(usize),
    /// One is not in the list.
    #[error("word {0} is not one of the list: perhaps it is mistyped")]
    Unknown(usize),
    /// All are in the list, but they do not belong together.
    #[error("one of the words is another one, or two have changed places")]
    Check,
}

/// Returns the 24 words of a root seed, separated by blanks.
pub fn to_words(seed: &Secret) -> Zeroizing<String> {
    // 32 bytes are one of the lengths that BIP 39 knows.
    let words = Mnemonic::from_entropy_in(Language::English, &seed.0);
    let words = words.iter().flat_map(Mnemonic::words);
    let mut text = Zeroizing::new(String::with_capacity(COUNT * 9));
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Returns what counts as words in a text: what stands between blanks, commas and lines. Numbers do not,
/// as in a list on paper.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| c.is_whitespace() || c == ',');
    parts.filter(|part| part.chars().any(|c| !c.is_ascii_digit() && c != '.'))
}

/// Reads 24 words, in either case, as [`split`] finds them.
pub fn from_words(text: &str) -> Result<Secret, Error> {
    if text.len() > MAX_TEXT {
        return Err(Error::Count(split(text).count()));
    }
    let lower = Zeroizing::new(text.to_lowercase());
    let mut words = Zeroizing::new(String::with_capacity(lower.len()));
    let mut count = 0;
    for word in split(&lower) {
        words.push_str(word);
        words.push(' ');
        count += 1;
    }
    if count != COUNT {
        return Err(Error::Count(count));
    }
    let read = Mnemonic::parse_in_normalized(Language::English, &words).map_err(explain)?;
    let (entropy, length) = read.to_entropy_array();
    let entropy = Zeroizing::new(entropy);
    let seed = entropy
        .get(..length)
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    seed.map(Secret).ok_or(Error::Check)
}

/// Returns the person key in the circle with this hint: a newcomer knows no more of it yet.
pub fn person_key(seed: &Secret, hint: &[u8; 16]) -> SigningKey {
    SigningKey::from_secret(&seed.derive(PERSON, hint))
}

/// Returns the KEM key in a circle to which keys can be wrapped, so that the words alone bring them
/// back.
pub fn recovery_key(seed: &Secret, hint: &[u8; 16]) -> Result<SecretKey, kem::Error> {
    SecretKey::derive(kem::DEFAULT, &seed.derive(RECOVERY, hint))
}

/// Returns the four words of somebody's keys in the circle with this hint, separated by blanks: for the
/// ears of both sides when they first meet.
pub fn four(hint: &[u8; 16], person: PersonId, device: DeviceId, kem: &PublicKey) -> String {
    let hash = key::hash(FOUR, &codec::encode(&(hint, person, device, kem)));
    let list = Language::English.word_list();
    let bits = hash
        .first_chunk::<8>()
        .map_or(0, |b| u64::from_be_bytes(*b));
    let words = (1..=4).map(|place| {
        let index = (bits >> (u64::BITS - place * WORD_BITS)) % (1 << WORD_BITS);
        // The list has exactly that many words.
        let word = usize::try_from(index)
            .ok()
            .and_then(|index| list.get(index));
        word.copied().unwrap_or_default()
    });
    words.collect::<Vec<_>>().join(" ")
}

fn explain(error: bip39::Error) -> Error {
    match error {
        bip39::Error::BadWordCount(count) => Error::Count(count),
        bip39::Error::UnknownWord(index) => Error::Unknown(index + 1),
        bip39::Error::BadEntropyBitCount(_)
        | bip39::Error::InvalidChecksum
        | bip39::Error::AmbiguousLanguages(_) => Error::Check,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EpochId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_lead_back(seed in any::<[u8; 32]>()) {
            let seed = Secret(seed);
            let words = to_words(&seed);
            prop_assert_eq!(words.split(' ').count(), COUNT);
            prop_assert_eq!(from_words(&words), Ok(seed.clone()));
            let loose = format!("\n {}\n", words.to_uppercase().replace(' ', ",  "));
            prop_assert_eq!(from_words(&loose), Ok(seed.clone()));
            let listed = words.split(' ').zip(1..).map(|(word, place)| format!("{place}. {word}\n"));
            prop_assert_eq!(from_words(&listed.collect::<String>()), Ok(seed));
        }

        #[test]
        fn a_mistyped_word_is_named(seed in any::<[u8; 32]>(), place in 0..COUNT) {
            let words = to_words(&Secret(seed));
            let mut words: Vec<&str> = words.split(' ').collect();
            words[place] = "abandonn";
            prop_assert_eq!(from_words(&words.join(" ")), Err(Error::Unknown(place + 1)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            prop_assert!(from_words(&text).is_err());
        }
    }

    #[test]
    fn too_few_too_many_and_other_words() {
        let words = to_words(&Secret([0; 32]));
        assert_eq!(from_words(""), Err(Error::Count(0)));
        assert_eq!(
            from_words(&words.replacen("abandon ", "", 1)),
            Err(Error::Count(23))
        );
        assert_eq!(
            from_words(&format!("{} abandon", *words)),
            Err(Error::Count(25))
        );
        assert_eq!(
            from_words(&words.replacen("abandon", "ability", 1)),
            Err(Error::Check)
        );
        assert!(from_words(&"abandon ".repeat(1000)).is_err());
    }

    #[test]
    fn circles_have_different_keys() {
        let seed = Secret([1; 32]);
        let (one, two) = ([1; 16], [2; 16]);
        assert_ne!(
            person_key(&seed, &one).person(),
            person_key(&seed, &two).person()
        );
        assert_ne!(recovery_key(&seed, &one), recovery_key(&seed, &two));
    }

    #[test]
    fn four_words_are_of_all_the_keys() {
        let kem = |seed| {
            let key = SecretKey::derive(kem::DEFAULT, &Secret([seed; 32]));
            key.unwrap().public().clone()
        };
        let (hint, person, device) = ([1; 16], PersonId([2; 32]), DeviceId([3; 32]));
        let words = four(&hint, person, device, &kem(4));
        assert_eq!(words, "hamster athlete physical solution");
        let list = Language::English.word_list();
        assert_eq!(words.split(' ').count(), 4);
        assert!(words.split(' ').all(|word| list.contains(&word)));
        let others = [
            four(&[9; 16], person, device, &kem(4)),
            four(&hint, PersonId([9; 32]), device, &kem(4)),
            four(&hint, person, DeviceId([9; 32]), &kem(4)),
            four(&hint, person, device, &kem(9)),
        ];
        for (place, other) in others.iter().enumerate() {
            assert_ne!(*other, words);
            assert!(!others[place + 1..].contains(other));
        }
    }

    #[test]
    fn vectors() {
        // From the reference vectors of BIP 39.
        let words = to_words(&Secret([0x7f; 32]));
        assert!(words.starts_with("legal winner thank year wave sausage worth useful legal"));
        assert!(words.ends_with("worth title"));
        let (seed, hint) = (Secret([1; 32]), [2; 16]);
        assert_eq!(
            person_key(&seed, &hint).person().to_hex(),
            "b06b1f6dc5c3c1f95dca96720e8b891f74b17950190d161a2ff56c9eb2f58132"
        );
        let recovery = recovery_key(&seed, &hint).unwrap();
        let hash = key::hash("circlet 1 test", &recovery.public().bytes);
        assert_eq!(
            EpochId(hash).to_hex(),
            "7fbc3a7a3072c9ab8bb36bae58a553543364b228c9f1c62ff10473ca0b73ff71"
        );
    }
}
