//! Who the person at this computer is: their root seed, their name, and this device's keys in each
//! circle. Kept in one sealed file beside the store, so that no copy of the store carries keys.
//!
//! ```text
//! identity = version (2) ‖ root seed ‖ name ‖ for each circle: hint, device secret, KEM keys (the
//!            newest, then older ones), peer secret, and perhaps the person secret
//! ```
//!
//! In version 1 there was one KEM key for each circle.
//!
//! The person key of a circle follows from the root seed, unless this computer was linked to another one
//! of the person: then it has the secret of that key, for that circle alone.
//!
//! A circle whose keys are here but of which the store has no row was never begun: the computer
//! stopped in between. Its keys are dropped with the next one that begins.

mod problems;

use crate::home::Home;
use crate::keystore::{self, Cost, Keystore, Passphrase, fresh_rng};
use crate::problem::Problem;
use circlet_model::bounded::{List, Text};
use circlet_model::codec;
use circlet_model::key::{Rng, Secret, SigningKey};
use circlet_model::membership::act::MAX_NAME;
use circlet_model::replica;
use circlet_model::secrecy::kem;
use circlet_model::words;
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The version of the file.
const VERSION: u8 = 2;
/// The version before, which is read too.
const ONE_KEY: u8 = 1;

/// The most circles one home can be in: each has sockets of its own.
pub const MAX_CIRCLES: usize = 64;

/// The first bytes of a circle's id: what an invite key says of it.
pub type Hint = [u8; 16];

/// Why the identity cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read, opened or written.
    #[error(transparent)]
    Keystore(#[from] keystore::Error),
    /// There is no such file: setting up was cut short.
    #[error("this home has no identity yet")]
    Missing,
    /// The file is not in the expected form.
    #[error("the identity file is not in the expected form")]
    Format(#[from] codec::Error),
    /// The name is empty or too long.
    #[error("a name has 1 to {MAX_NAME} bytes")]
    Name,
    /// There are too many circles.
    #[error("there are {MAX_CIRCLES} circles already")]
    TooMany,
    /// A key could not be made.
    #[error("a key could not be made")]
    Key(#[from] kem::Error),
}

/// Who the person at this computer is. Its secrets lie each in one place, so that moving it leaves no copy
/// behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    version: u8,
    seed: Box<Secret>,
    name: Text<MAX_NAME>,
    circles: List<Keys, MAX_CIRCLES>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Keys {
    hint: Hint,
    device: Box<Secret>,
    kem: kem::Keys,
    peer: Box<Secret>,
    person: Option<Box<Secret>>,
}

/// The file of version 1.
#[derive(Serialize, Deserialize)]
struct Before {
    version: u8,
    seed: Secret,
    name: Text<MAX_NAME>,
    circles: List<KeysBefore, MAX_CIRCLES>,
}

#[derive(Serialize, Deserialize)]
struct KeysBefore {
    hint: Hint,
    device: Secret,
    kem: kem::SecretKey,
    peer: Secret,
    person: Option<Secret>,
}

/// Sets up a home: draws the root seed and the master key and writes both, sealed.
///
/// A home whose setting up was cut short is set up again from the start.
pub fn set_up(
    home: &Home,
    name: &str,
    passphrase: Option<&Passphrase>,
    cost: Cost,
) -> Result<(), Problem> {
    let mut rng = fresh_rng()?;
    set_up_as(home, &Identity::new(name, &mut rng)?, passphrase, cost)
}

/// Sets up a home for the person whose root seed this is: the words of another computer say it.
pub fn restore(
    home: &Home,
    name: &str,
    seed: &Secret,
    passphrase: Option<&Passphrase>,
    cost: Cost,
) -> Result<(), Problem> {
    let identity = Identity::of(name, seed, &mut fresh_rng()?)?;
    set_up_as(home, &identity, passphrase, cost)
}

fn set_up_as(
    home: &Home,
    identity: &Identity,
    passphrase: Option<&Passphrase>,
    cost: Cost,
) -> Result<(), Problem> {
    home.create()?;
    let _lock = home.lock()?;
    write(home, identity, passphrase, cost)
}

/// Sets up a home whose lock the caller holds, at the cost that suits this computer.
pub(crate) fn set_up_held(
    home: &Home,
    name: &str,
    passphrase: Option<&Passphrase>,
) -> Result<(), Problem> {
    let cost = match passphrase {
        Some(_) => Cost::tuned()?,
        None => Cost::default(),
    };
    let identity = Identity::new(name, &mut fresh_rng()?)?;
    write(home, &identity, passphrase, cost)
}

fn write(
    home: &Home,
    identity: &Identity,
    passphrase: Option<&Passphrase>,
    cost: Cost,
) -> Result<(), Problem> {
    let mut rng = fresh_rng()?;
    may_set_up(home)?;
    if home.keys().exists() {
        std::fs::remove_file(home.keys()).map_err(keystore::Error::from)?;
    }
    let keystore = Keystore::create(home, passphrase, cost, &identity.seed.0, &mut rng)?;
    identity.save(&keystore, &mut rng)?;
    Ok(())
}

/// Says why a home cannot be set up, if it cannot: it is already, or only a part of it is here.
pub fn may_set_up(home: &Home) -> Result<(), Problem> {
    match (home.keys().exists(), home.identity().exists()) {
        (true, true) => Err(set_up_already()),
        // Only these keys open what is there.
        (false, true) => Err(missing(home)),
        (_, false) if was_in_use(home) => Err(missing(home)),
        (_, false) => Ok(()),
    }
}

/// Returns the problem of a home without its keys or its identity: it was never set up, or a part of it
/// is gone.
pub fn missing(home: &Home) -> Problem {
    if was_in_use(home) || (home.identity().exists() && !home.keys().exists()) {
        keystore::Error::Damaged("a file of the home is missing").into()
    } else {
        Problem::not_set_up()
    }
}

/// Says whether a home holds what only a whole one ever writes.
fn was_in_use(home: &Home) -> bool {
    home.store().exists() || home.pages().exists()
}

/// Returns a name as it is kept, if somebody can be called so.
pub(crate) fn name_fits(name: &str) -> Result<Text<MAX_NAME>, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Error::Name);
    }
    Text::new(name).map_err(|_| Error::Name)
}

impl Identity {
    /// Returns a new person.
    pub fn new(name: &str, rng: &mut Rng<'_>) -> Result<Self, Error> {
        let name = name_fits(name)?;
        let seed = Box::new(Secret::random(rng));
        Ok(Self {
            version: VERSION,
            seed,
            name,
            circles: List::default(),
        })
    }

    /// Opens the file.
    pub fn load(keystore: &Keystore) -> Result<Self, Error> {
        let bytes = keystore.load_identity()?.ok_or(Error::Missing)?;
        match bytes.first() {
            Some(&VERSION) => Ok(codec::decode(&bytes)?),
            Some(&ONE_KEY) => Ok(codec::decode::<Before>(&bytes)?.into()),
            Some(&other) => Err(codec::Error::Version(other).into()),
            None => Err(codec::Error::Malformed.into()),
        }
    }

    /// Writes the file; it is durable when this returns.
    pub fn save(&self, keystore: &Keystore, rng: &mut ChaCha20Rng) -> Result<(), Error> {
        let bytes = Zeroizing::new(codec::encode(self));
        Ok(keystore.save_identity(&bytes, rng)?)
    }

    /// Returns the person's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the 24 words of the root seed.
    pub fn words(&self) -> Zeroizing<String> {
        words::to_words(&self.seed)
    }

    /// Says whether these 24 words are the ones of this home.
    pub fn is_of(&self, seed: &Secret) -> bool {
        *self.seed == *seed
    }

    /// Returns the person whose root seed this is, under this name, in no circle yet.
    pub(crate) fn of(name: &str, seed: &Secret, rng: &mut Rng<'_>) -> Result<Self, Error> {
        let seed = Box::new(seed.clone());
        Ok(Self {
            seed,
            ..Self::new(name, rng)?
        })
    }

    /// Returns the root seed.
    pub(crate) fn seed(&self) -> &Secret {
        &self.seed
    }

    /// Returns the secret of the person key in a circle where it does not follow from the root seed.
    pub(crate) fn person(&self, hint: Hint) -> Option<&Secret> {
        let keys = self.circles.iter().find(|keys| keys.hint == hint)?;
        keys.person.as_deref()
    }

    /// Returns the keys of this device in a circle.
    pub fn keys(&self, hint: Hint) -> Option<replica::Identity> {
        let keys = self.circles.iter().find(|keys| keys.hint == hint)?;
        Some(replica::Identity {
            person: match &keys.person {
                Some(person) => SigningKey::from_secret(person),
                None => words::person_key(&self.seed, &hint),
            },
            device: SigningKey::from_secret(&keys.device),
            kem: keys.kem.clone(),
            peer: SigningKey::from_secret(&keys.peer),
        })
    }

    /// Returns the circles that there are keys for.
    pub fn hints(&self) -> Vec<Hint> {
        self.circles.iter().map(|keys| keys.hint).collect()
    }

    /// Keeps the secret of the person key in a circle, as another device of the person gave it.
    pub fn with_person(&self, hint: Hint, person: &Secret) -> Self {
        self.with(hint, |keys| keys.person = Some(Box::new(person.clone())))
    }

    /// Keeps these KEM keys of this device in a circle, and no others.
    pub fn with_kem(&self, hint: Hint, kem: &kem::Keys) -> Self {
        self.with(hint, |keys| keys.kem = kem.clone())
    }

    /// Draws a device's keys for a circle, in place of older ones, and forgets the circles that
    /// are not `kept`. Whose device it is stays.
    pub fn with_circle(
        &self,
        hint: Hint,
        device: &SigningKey,
        kept: &[Hint],
        rng: &mut Rng<'_>,
    ) -> Result<Self, Error> {
        let mut circles = self.circles.clone().into_inner();
        let before = circles.iter().find(|keys| keys.hint == hint);
        let person = before.and_then(|keys| keys.person.clone());
        circles.retain(|keys| keys.hint != hint && kept.contains(&keys.hint));
        circles.push(Keys {
            hint,
            device: Box::new(device.to_secret()),
            kem: kem::SecretKey::generate(kem::DEFAULT, rng)?.into(),
            peer: Box::new(Secret::random(rng)),
            person,
        });
        let circles = List::new(circles).map_err(|_| Error::TooMany)?;
        Ok(Self {
            circles,
            ..self.clone()
        })
    }

    fn with(&self, hint: Hint, change: impl Fn(&mut Keys)) -> Self {
        let mut circles = self.circles.clone().into_inner();
        circles
            .iter_mut()
            .filter(|keys| keys.hint == hint)
            .for_each(change);
        Self {
            circles: List::new(circles).unwrap_or_default(),
            ..self.clone()
        }
    }
}

impl From<Before> for Identity {
    fn from(before: Before) -> Self {
        let circles = before.circles.into_inner().into_iter();
        let circles = circles.map(|keys| Keys {
            hint: keys.hint,
            device: Box::new(keys.device),
            kem: keys.kem.into(),
            peer: Box::new(keys.peer),
            person: keys.person.map(Box::new),
        });
        Self {
            version: VERSION,
            seed: Box::new(before.seed),
            name: before.name,
            circles: List::new(circles.collect()).unwrap_or_default(),
        }
    }
}

fn set_up_already() -> Problem {
    Problem::new(
        "set-up-already",
        "Circlet is set up on this computer already. Nothing was changed.",
        "`circlet status` shows your circles; `circlet new NAME` begins one.",
    )
}
