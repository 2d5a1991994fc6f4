//! What a person opens their home with, and how they choose another passphrase.

use super::{Cost, Error, Keystore, Passphrase, fresh_rng};
use crate::home::Home;
use circlet_model::key::Secret;

/// What opens a home. Wiped when dropped, never shown.
#[derive(Clone, Debug)]
pub enum Key {
    /// The passphrase.
    Passphrase(Passphrase),
    /// The root seed, which the 24 words say.
    Seed(Box<Secret>),
}

impl From<Passphrase> for Key {
    fn from(passphrase: Passphrase) -> Self {
        Self::Passphrase(passphrase)
    }
}

/// Lets another passphrase, or none, open a home from now on; the words still do, too. `key` opens it
/// now. Takes a second or two, on purpose. The caller holds the home's lock.
pub fn change_passphrase(
    home: &Home,
    key: Option<&Key>,
    new: Option<&Passphrase>,
) -> Result<(), Error> {
    let mut keystore = Keystore::open_by(home, key)?;
    let cost = match new {
        Some(_) => Cost::tuned()?,
        None => Cost::default(),
    };
    keystore.change_passphrase(new, cost, &mut fresh_rng()?)
}
