//! HPKE (RFC 9180): the one way keys travel to a device.
//!
//! Suite 2 is X-Wing (ML-KEM-768 with X25519), HKDF-SHA256, ChaCha20-Poly1305; suite 1 is
//! X25519 in its place. The suite byte stands before every key and every sealed message. Base mode:
//! who sealed something is said by the signed act or entry that carries it.

use crate::bounded::{Bytes, List};
use crate::key::{Rng, Secret};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Suite 1: X25519.
pub const X25519: u8 = 1;
/// Suite 2: X-Wing, which stands as long as one of ML-KEM-768 and X25519 does.
pub const XWING: u8 = 2;
/// The suite of new keys.
pub const DEFAULT: u8 = XWING;
/// The bytes by which a sealed message is longer than what it says.
const TAG: usize = 16;
/// The most sealed bytes of one message: a wrap row of 1,024 keys fits.
pub const MAX_SEALED: usize = 40 * 1024;
/// The most keys that a device keeps beside its newest: each is kept for no longer than a month after
/// the next took its place, so that one is common, and two are possible.
pub const MAX_OLD: usize = 3;

/// A device's public KEM key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// 1 = X25519, 2 = X-Wing.
    pub suite: u8,
    /// 32 bytes in suite 1, 1,216 in suite 2.
    pub bytes: Bytes<1216>,
}

/// A device's private KEM key beside its public one, as the device's own keystore keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretKey {
    secret: Secret,
    public: PublicKey,
}

/// A device's private KEM keys: the one it goes by, and those before it to which something may still be
/// on its way. An old one is kept here and nowhere else, so that letting go of it is for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    newest: SecretKey,
    /// The last first.
    old: List<SecretKey, MAX_OLD>,
}

/// A message to one KEM key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The suite of the key it is sealed to; 0 with nothing else = sealed to nobody.
    pub suite: u8,
    /// HPKE's encapsulated key: 32 bytes in suite 1, 1,120 in suite 2.
    pub encapped: Bytes<1120>,
    /// The ciphertext and its tag.
    pub sealed: Bytes<MAX_SEALED>,
}

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A suite that this version does not know, or not the one of the key.
    #[error("suite {0} does not fit here")]
    Suite(u8),
    /// The bytes are not a key of their suite.
    #[error("not a key of its suite")]
    Key,
    /// Longer than a message may be.
    #[error("longer than the {MAX_SEALED} bytes allowed")]
    TooLong,
    /// Sealed to another key, for another purpose, or changed on the way.
    #[error("it does not open with this key")]
    Closed,
}

impl SecretKey {
    /// Returns a fresh key.
    pub fn generate(suite: u8, rng: &mut Rng<'_>) -> Result<Self, Error> {
        Self::derive(suite, &Secret::random(rng))
    }

    /// Returns the key that a secret of the root seed's strength stands for.
    pub fn derive(suite: u8, seed: &Secret) -> Result<Self, Error> {
        match suite {
            X25519 => derive_in::<X25519HkdfSha256>(suite, seed),
            XWING => derive_in::<XWing>(suite, seed),
            other => Err(Error::Suite(other)),
        }
    }

    /// Returns the public key.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Opens a message that was sealed to this key in the same domain with the same bound bytes.
    pub fn open(
        &self,
        domain: &'static str,
        associated: &[u8],
        message: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        if message.suite != self.public.suite {
            return Err(Error::Suite(message.suite));
        }
        match message.suite {
            X25519 => open_in::<X25519HkdfSha256>(&self.secret, domain, associated, message),
            XWING => open_in::<XWing>(&self.secret, domain, associated, message),
            other => Err(Error::Suite(other)),
        }
    }
}

impl Keys {
    /// Returns the public half of the newest key.
    pub fn public(&self) -> &PublicKey {
        self.newest.public()
    }

    /// Returns the public halves of the older ones, the last first.
    pub fn old(&self) -> impl Iterator<Item = &PublicKey> {
        self.old.iter().map(SecretKey::public)
    }

    /// Returns the keys with a fresh one of the same suite as the newest. Of too many the oldest goes.
    pub fn renewed(&self, rng: &mut Rng<'_>) -> Result<Self, Error> {
        let newest = SecretKey::generate(self.newest.public.suite, rng)?;
        let known = core::iter::once(&self.newest).chain(self.old.iter());
        let old = known.take(MAX_OLD).cloned().collect();
        Ok(Self {
            newest,
            old: List::new(old).unwrap_or_default(),
        })
    }

    /// Returns the keys without those older ones that are not wanted any more.
    pub fn without(&self, gone: impl Fn(&PublicKey) -> bool) -> Self {
        let old = self.old.iter().filter(|key| !gone(key.public()));
        Self {
            newest: self.newest.clone(),
            old: List::new(old.cloned().collect()).unwrap_or_default(),
        }
    }

    /// Opens a message that was sealed to one of these keys, as [`SecretKey::open`] does.
    pub fn open(
        &self,
        domain: &'static str,
        associated: &[u8],
        message: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let newest = self.newest.open(domain, associated, message);
        newest.or_else(|error| {
            let mut old = self.old.iter();
            let opened = old.find_map(|key| key.open(domain, associated, message).ok());
            opened.ok_or(error)
        })
    }
}

impl From<SecretKey> for Keys {
    fn from(newest: SecretKey) -> Self {
        let old = List::default();
        Self { newest, old }
    }
}

/// Seals `plaintext` to a device's key, bound to a domain and to some bytes that both sides know.
pub fn seal(
    to: &PublicKey,
    domain: &'static str,
    associated: &[u8],
    plaintext: &[u8],
    rng: &mut Rng<'_>,
) -> Result<Sealed, Error> {
    match to.suite {
        X25519 => seal_in::<X25519HkdfSha256>(to, domain, associated, plaintext, rng),
        XWING => seal_in::<XWing>(to, domain, associated, plaintext, rng),
        other => Err(Error::Suite(other)),
    }
}

/// Returns how long the two parts of a message of so many bytes are, in a suite that is known here.
pub fn lengths(suite: u8, plaintext: usize) -> Option<(usize, usize)> {
    let encapped = match suite {
        X25519 => 32,
        XWING => 1120,
        _ => return None,
    };
    Some((encapped, plaintext + TAG))
}

fn derive_in<K: Kem>(suite: u8, seed: &Secret) -> Result<SecretKey, Error> {
    let (secret, public) = K::derive_keypair(&seed.0);
    let mut bytes = Secret([0; 32]);
    // Both suites have private keys of 32 bytes; another length would panic in `write_exact`.
    let written = Zeroizing::new(secret.to_bytes().to_vec());
    bytes.0 = written.as_slice().try_into().map_err(|_| Error::Key)?;
    let public = Bytes::new(public.to_bytes().to_vec()).map_err(|_| Error::Key)?;
    Ok(SecretKey {
        secret: bytes,
        public: PublicKey {
            suite,
            bytes: public,
        },
    })
}

fn seal_in<K: Kem>(
    to: &PublicKey,
    domain: &'static str,
    associated: &[u8],
    plaintext: &[u8],
    rng: &mut Rng<'_>,
) -> Result<Sealed, Error> {
    let key = K::PublicKey::from_bytes(&to.bytes).map_err(|_| Error::Key)?;
    let mut rng = rng;
    let (encapped, sealed) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, K>(
        &OpModeS::Base,
        &key,
        domain.as_bytes(),
        plaintext,
        associated,
        &mut rng,
    )
    .map_err(|_| Error::Key)?;
    Ok(Sealed {
        suite: to.suite,
        encapped: Bytes::new(encapped.to_bytes().to_vec()).map_err(|_| Error::Key)?,
        sealed: Bytes::new(sealed).map_err(|_| Error::TooLong)?,
    })
}

fn open_in<K: Kem>(
    secret: &Secret,
    domain: &'static str,
    associated: &[u8],
    message: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let key = K::PrivateKey::from_bytes(&secret.0).map_err(|_| Error::Key)?;
    let encapped = K::EncappedKey::from_bytes(&message.encapped).map_err(|_| Error::Closed)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, K>(
        &OpModeR::Base,
        &key,
        &encapped,
        domain.as_bytes(),
        &message.sealed,
        associated,
    )
    .map(Zeroizing::new)
    .map_err(|_| Error::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EpochId;
    use crate::{codec, key};
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    const DOMAIN: &str = "circlet 1 test";

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([1; 32])
    }

    fn keys(suite: u8) -> SecretKey {
        SecretKey::generate(suite, &mut rng()).unwrap()
    }

    #[test]
    fn both_suites_lead_back_and_are_bound() {
        for suite in [X25519, XWING] {
            let mine = keys(suite);
            let message = seal(mine.public(), DOMAIN, b"bound", b"words", &mut rng()).unwrap();
            let long = (message.encapped.len(), message.sealed.len());
            assert_eq!(lengths(suite, b"words".len()), Some(long));
            assert_eq!(
                mine.open(DOMAIN, b"bound", &message).unwrap().as_slice(),
                b"words"
            );
            assert_eq!(mine.open(DOMAIN, b"other", &message), Err(Error::Closed));
            assert_eq!(
                mine.open("circlet 1 other", b"bound", &message),
                Err(Error::Closed)
            );
            let other = SecretKey::derive(suite, &Secret([9; 32])).unwrap();
            assert_eq!(other.open(DOMAIN, b"bound", &message), Err(Error::Closed));
            for changed in [
                Sealed {
                    encapped: Bytes::default(),
                    ..message.clone()
                },
                Sealed {
                    sealed: Bytes::default(),
                    ..message.clone()
                },
                Sealed {
                    encapped: Bytes::new(vec![0; 32]).unwrap(),
                    ..message.clone()
                },
                Sealed {
                    encapped: Bytes::new(vec![0; 1120]).unwrap(),
                    ..message.clone()
                },
            ] {
                assert_eq!(mine.open(DOMAIN, b"bound", &changed), Err(Error::Closed));
            }
        }
    }

    #[test]
    fn suites_do_not_mix() {
        let message = seal(keys(X25519).public(), DOMAIN, b"", b"", &mut rng()).unwrap();
        assert_eq!(
            keys(XWING).open(DOMAIN, b"", &message),
            Err(Error::Suite(X25519))
        );
        let nobody = Sealed::default();
        assert_eq!(keys(XWING).open(DOMAIN, b"", &nobody), Err(Error::Suite(0)));
        assert_eq!(SecretKey::derive(3, &Secret([0; 32])), Err(Error::Suite(3)));
    }

    #[test]
    fn a_key_keeps_through_the_keystore_and_shows_nothing() {
        for suite in [X25519, XWING] {
            let mine = keys(suite);
            let stored = codec::encode(&mine);
            assert_eq!(codec::decode::<SecretKey>(&stored).unwrap(), mine);
            let shown = format!("{mine:?}");
            assert!(
                shown.starts_with("SecretKey { secret: Secret(..), public"),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_was_sealed_to_an_older_key_opens_until_it_is_let_go_of() {
        for suite in [X25519, XWING] {
            let (mut rng, first) = (ChaCha20Rng::from_seed([2; 32]), keys(suite));
            let message = seal(first.public(), DOMAIN, b"", b"words", &mut rng).unwrap();
            let both = Keys::from(first.clone()).renewed(&mut rng).unwrap();
            assert_eq!(both.public().suite, suite);
            assert_ne!(both.public(), first.public());
            assert!(both.old().eq([first.public()]));
            let opened = both.open(DOMAIN, b"", &message);
            assert_eq!(opened.unwrap().as_slice(), b"words");
            let stored = codec::encode(&both);
            assert_eq!(codec::decode::<Keys>(&stored).unwrap(), both);
            let one = both.without(|key| key == first.public());
            assert_eq!(one.open(DOMAIN, b"", &message), Err(Error::Closed));
            assert_eq!(one.public(), both.public());
            let holds = |bytes: &[u8]| bytes.windows(32).any(|part| part == first.secret.0);
            assert!(holds(&stored) && !holds(&codec::encode(&one)));
        }
    }

    #[test]
    fn of_too_many_keys_the_oldest_goes() {
        let mut all = Keys::from(keys(X25519));
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let first = all.public().clone();
        for _ in 0..MAX_OLD {
            all = all.renewed(&mut rng).unwrap();
        }
        assert_eq!(all.old().last(), Some(&first));
        all = all.renewed(&mut rng).unwrap();
        assert_eq!(all.old().count(), MAX_OLD);
        assert!(!all.old().any(|key| *key == first));
    }

    proptest! {
        #[test]
        fn any_bytes_as_a_key_are_used_or_refused(
            suite in 0_u8..4,
            length in prop_oneof![Just(32_usize), Just(1216), 0_usize..1216],
            byte in any::<u8>(),
        ) {
            let key = PublicKey { suite, bytes: Bytes::new(vec![byte; length]).unwrap() };
            let _ = seal(&key, DOMAIN, b"", b"words", &mut rng());
        }
    }

    #[test]
    fn sizes_and_vectors() {
        for (suite, public, encapped, vector) in [
            (
                X25519,
                32,
                32,
                "96fa5962d22e47a25b855d6a815ea95e808e35c3ff2f32e123a68579d6b46478",
            ),
            (
                XWING,
                1216,
                1120,
                "f3c467e9fc4b292529e74bc155622690245c3323ab14692395c02b2ce507298f",
            ),
        ] {
            let mine = SecretKey::derive(suite, &Secret([3; 32])).unwrap();
            let message = seal(mine.public(), DOMAIN, b"bound", b"words", &mut rng()).unwrap();
            assert_eq!(mine.public().bytes.len(), public);
            assert_eq!(message.encapped.len(), encapped);
            assert_eq!(message.sealed.len(), 5 + 16);
            let both = codec::encode(&(mine.public(), &message));
            assert_eq!(EpochId(key::hash(DOMAIN, &both)).to_hex(), vector);
        }
    }
}
