//! For one pair of eyes: what a body of audience `sealed` holds inside the circle's seal.
//!
//! ```text
//! inner = canonical bytes of Note { slots: 4 × HPKE of the note's key, sealed }
//! slot  = HPKE, domain "circlet 1 sealed note", bound to the note's place
//! place = canonical bytes of (circle, device, seq, thing) of its header
//! sealed = as a body, under the note's key
//! ```
//!
//! There are always four slots; those that no device needs are sealed to keys that nobody has, so that
//! the number of devices does not show. Nobody can tell from outside whose they are: the addressee's
//! devices try each. A device that opened one keeps the note's own key, and lets go of its KEM key all
//! the same.

use crate::bounded::{Bytes, List};
use crate::codec;
use crate::key::{Rng, Secret};
use crate::log::header::Header;
use crate::secrecy::aead;
use crate::secrecy::kem::{self, Keys, PublicKey, Sealed, SecretKey};
use crate::secrecy::seal::{self, BodyKey, Error};
use serde::{Deserialize, Serialize};

/// How many devices a note reaches.
pub const SLOTS: usize = 4;
/// The longest note in bytes.
pub const MAX_NOTE: usize = 16 * 1024;

/// The largest sealed note: the bucket of [`MAX_NOTE`].
const MAX_SEALED: usize = 18 * 1024;
const DOMAIN: &str = "circlet 1 sealed note";

#[derive(Serialize, Deserialize)]
struct Note {
    slots: List<Sealed, SLOTS>,
    sealed: Bytes<MAX_SEALED>,
}

/// Returns what a note is bound to: its header's place among all entries.
pub fn place(header: &Header) -> Vec<u8> {
    codec::encode(&(header.circle, header.device, header.seq, header.thing))
}

/// Returns the plaintext for the circle's seal: `note`, readable by these devices only.
///
/// `place` is what [`place`] says of its header: what is known of it before the size is.
pub fn seal(
    to: &[&PublicKey],
    place: &[u8],
    note: &[u8],
    rng: &mut Rng<'_>,
) -> Result<Vec<u8>, Error> {
    let suite = match to {
        [first, ..] if to.len() <= SLOTS => first.suite,
        _ => return Err(Error::Devices),
    };
    if note.len() > MAX_NOTE {
        return Err(Error::TooLong);
    }
    let key = BodyKey(Secret::random(rng));
    let mut slots = Vec::with_capacity(SLOTS);
    for device in to {
        slots.push(slot(device, place, &key, rng)?);
    }
    while slots.len() < SLOTS {
        let nobody = SecretKey::generate(suite, rng).map_err(|_| Error::Closed)?;
        slots.push(slot(nobody.public(), place, &key, rng)?);
    }
    // In an order that says nothing: by the encapsulated keys, which are random.
    slots.sort_by(|a, b| a.encapped.cmp(&b.encapped));
    let nonce = aead::nonce(rng);
    let sealed = seal::seal_with(&key, nonce, place, note)?;
    Ok(codec::encode(&Note {
        slots: List::new(slots).map_err(|_| Error::Devices)?,
        sealed: Bytes::new(sealed).map_err(|_| Error::TooLong)?,
    }))
}

/// Opens a note that was sealed for this device; returns its own key too.
pub fn open(mine: &Keys, place: &[u8], inner: &[u8]) -> Result<(BodyKey, Vec<u8>), Error> {
    let note: Note = codec::decode(inner).map_err(|_| Error::Closed)?;
    let opened = note
        .slots
        .iter()
        .find_map(|slot| mine.open(DOMAIN, place, slot).ok());
    let key = opened.ok_or(Error::Closed)?;
    let key = BodyKey(Secret(
        key.as_slice().try_into().map_err(|_| Error::Closed)?,
    ));
    let opened = seal::open_with(&key, place, &note.sealed)?;
    Ok((key, opened))
}

/// Opens a note with its own key.
pub fn open_with(key: &BodyKey, place: &[u8], inner: &[u8]) -> Result<Vec<u8>, Error> {
    let note: Note = codec::decode(inner).map_err(|_| Error::Closed)?;
    seal::open_with(key, place, &note.sealed)
}

fn slot(to: &PublicKey, place: &[u8], key: &BodyKey, rng: &mut Rng<'_>) -> Result<Sealed, Error> {
    kem::seal(to, DOMAIN, place, &key.0.0, rng).map_err(|_| Error::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    fn device(number: u8) -> SecretKey {
        SecretKey::derive(kem::DEFAULT, &Secret([number; 32])).unwrap()
    }

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([1; 32])
    }

    #[test]
    fn the_addressees_devices_open_it_and_nobody_else() {
        let devices = [device(1), device(2), device(3), device(4)];
        let mut sizes = Vec::new();
        for count in 1..=SLOTS {
            let to: Vec<_> = devices[..count].iter().map(SecretKey::public).collect();
            let inner = seal(&to, b"place", b"with you", &mut rng()).unwrap();
            for (number, mine) in devices.iter().enumerate() {
                let opened = open(&Keys::from(mine.clone()), b"place", &inner);
                if number < count {
                    let (key, said) = opened.unwrap();
                    assert_eq!(said, b"with you");
                    assert_eq!(open_with(&key, b"place", &inner), Ok(said));
                    assert_eq!(open_with(&key, b"other", &inner), Err(Error::Closed));
                } else {
                    assert_eq!(opened, Err(Error::Closed));
                }
            }
            let first = Keys::from(devices[0].clone());
            assert_eq!(open(&first, b"other", &inner), Err(Error::Closed));
            sizes.push(inner.len());
        }
        assert!(sizes.windows(2).all(|pair| pair[0] == pair[1]), "{sizes:?}");
    }

    #[test]
    fn limits() {
        let mine = device(1);
        let public = mine.public();
        assert_eq!(seal(&[], b"", b"", &mut rng()), Err(Error::Devices));
        assert_eq!(
            seal(&[public; 5], b"", b"", &mut rng()),
            Err(Error::Devices)
        );
        let long = vec![1; MAX_NOTE + 1];
        assert_eq!(seal(&[public], b"", &long, &mut rng()), Err(Error::TooLong));
        let inner = seal(&[public], b"", &long[1..], &mut rng()).unwrap();
        let (_, said) = open(&Keys::from(mine.clone()), b"", &inner).unwrap();
        assert_eq!(said.len(), MAX_NOTE);
    }

    /// The KEM key is let go of each month: what came before stays readable by the note's own key.
    #[test]
    fn it_opens_to_an_older_key_and_by_its_own_once_that_is_gone() {
        let first = device(1);
        let inner = seal(&[first.public()], b"place", b"with you", &mut rng()).unwrap();
        let both = Keys::from(first.clone()).renewed(&mut rng()).unwrap();
        let (key, _) = open(&both, b"place", &inner).unwrap();
        let one = both.without(|_| true);
        assert_eq!(open(&one, b"place", &inner), Err(Error::Closed));
        assert_eq!(open_with(&key, b"place", &inner).unwrap(), b"with you");
        let other = BodyKey(Secret([9; 32]));
        assert_eq!(open_with(&other, b"place", &inner), Err(Error::Closed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_opened_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(open(&Keys::from(device(1)), b"", &bytes), Err(Error::Closed));
            prop_assert_eq!(open_with(&BodyKey(Secret([1; 32])), b"", &bytes), Err(Error::Closed));
        }
    }
}
