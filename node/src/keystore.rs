//! The keys at rest: the master key behind a passphrase, and what is sealed directly under it.
//!
//! Everything in a home is ciphertext under one random master key. The file `keys` holds that key
//! twice: wrapped by the passphrase (Argon2id) and by a key derived from the root seed, so that the
//! 24 words open the home too. A new passphrase wraps the same master key anew, in one replacement of
//! the file: cut short at any moment, either the old passphrase opens the home or the new one does.
//!
//! ```text
//! keys     = magic (7) ‖ version (1) ‖ flags (1) ‖ memory, rounds, lanes (4 each) ‖ salt (16)
//!            ‖ clear key (32; zeros unless there is no passphrase)
//!            ‖ wrap by passphrase: nonce (24) ‖ sealed master key (48)
//!            ‖ wrap by seed:       nonce (24) ‖ sealed master key (48)
//!            ‖ check (16): hash of all that stands before
//! flags    = 1: there is no passphrase, and the clear key is what wraps the master key:
//!            whoever can read the file can read the home
//! ```

mod file;
mod key;
mod page;
mod passphrase;
mod sealed;
mod secret;
mod silence;
mod wrap;

pub use key::{Key, change_passphrase};
pub use page::{Pages, Turn};
pub use passphrase::{Cost, Passphrase};
pub(crate) use sealed::SealedFile;
pub(crate) use secret::NONCE;
pub use secret::Secret;
pub(crate) use silence::Silence;
pub(crate) use wrap::{WRAPPED, take, unwrap, wrap};

use crate::home::{Home, atomic_replace, remove_unfinished};
use file::KeyFile;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// The most bytes a key file may have: it is read whole, and none comes near it.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// The context of the identity file's key.
const IDENTITY: &str = "circlet 2026-11 at rest: identity";

/// Why the keys cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no key file.
    #[error("this home has no keys yet")]
    Missing,
    /// There is a key file already.
    #[error("this home has keys already")]
    Exists,
    /// The home is behind a passphrase and none was given.
    #[error("this home opens with a passphrase")]
    NeedsPassphrase,
    /// Another passphrase than the one given opens it.
    #[error("this is not the passphrase of this home")]
    WrongPassphrase,
    /// Another seed than the one given opens it.
    #[error("these are not the words of this home")]
    WrongSeed,
    /// A file is there, but not as it was written.
    #[error("a key file is damaged: {0}")]
    Damaged(&'static str),
    /// A file was written by a newer version.
    #[error("the keys were written by a newer version of Circlet ({0})")]
    Newer(u32),
    /// There is too little memory to derive the key.
    #[error("there is too little free memory to open the home")]
    NoMemory,
    /// The disk has no room left.
    #[error("the disk is full")]
    Full,
    /// The operating system refused or failed.
    #[error("a key file cannot be reached: {0}")]
    Io(io::ErrorKind),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        let full = matches!(
            kind,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        if full { Self::Full } else { Self::Io(kind) }
    }
}

/// The open keys of a home.
#[derive(Debug)]
pub struct Keystore {
    path: PathBuf,
    file: KeyFile,
    master: Secret,
    identity: SealedFile,
}

impl Keystore {
    /// Draws a master key for a home that has none and writes its key file.
    ///
    /// Without a passphrase, the file itself says what opens it: whoever can read it reads all.
    pub fn create(
        home: &Home,
        passphrase: Option<&Passphrase>,
        cost: Cost,
        seed: &[u8; Secret::SIZE],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        if home.keys().try_exists()? {
            return Err(Error::Exists);
        }
        let master = Secret::random(rng);
        let file = KeyFile::new(&master, passphrase, cost, seed, rng)?;
        let keystore = Self::assemble(home, file, master);
        keystore.save()?;
        Ok(keystore)
    }

    /// Opens the keys with what the person has; with nothing, if the home needs nothing. The caller
    /// holds the home's lock.
    pub fn open_by(home: &Home, key: Option<&Key>) -> Result<Self, Error> {
        Self::open_file(home, |file| file.unwrap_by(key))
    }

    /// Opens the keys with the passphrase; with none, if the home needs none.
    pub fn open(home: &Home, passphrase: Option<&Passphrase>) -> Result<Self, Error> {
        Self::open_file(home, |file| file.unwrap_by_passphrase(passphrase))
    }

    /// Opens the keys with the root seed: for someone who lost the passphrase and has the words.
    pub fn open_with_seed(home: &Home, seed: &[u8; Secret::SIZE]) -> Result<Self, Error> {
        Self::open_file(home, |file| file.unwrap_by_seed(seed))
    }

    /// Says whether this opens a home, without opening it.
    pub fn check(home: &Home, key: Option<&Key>) -> Result<(), Error> {
        KeyFile::load(&home.keys())?.unwrap_by(key).map(drop)
    }

    /// Says whether a home needs a passphrase, without opening it.
    pub fn needs_passphrase(home: &Home) -> Result<bool, Error> {
        Ok(KeyFile::load(&home.keys())?.needs_passphrase())
    }

    /// Lets another passphrase, or none, open the home from now on. The words still do, too.
    pub fn change_passphrase(
        &mut self,
        passphrase: Option<&Passphrase>,
        cost: Cost,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        let before = self.file.clone();
        self.file.rewrap(&self.master, passphrase, cost, rng)?;
        self.save().inspect_err(|_| self.file = before)
    }

    /// Returns the key that everything in the home is sealed under.
    pub fn master(&self) -> &Secret {
        &self.master
    }

    /// Reads what the caller last saved as the identity.
    pub fn load_identity(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        self.identity.read()
    }

    /// Seals and replaces the identity: bytes that only the caller understands.
    pub fn save_identity(&self, bytes: &[u8], rng: &mut impl CryptoRng) -> Result<(), Error> {
        self.identity.write(bytes, rng)
    }

    /// Returns the path of another file beside the keys.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// Returns the same keys for a home that is being made beside this one.
    pub(crate) fn for_home(&self, home: &Home) -> Self {
        Self::assemble(home, self.file.clone(), self.master.clone())
    }

    /// Returns the way to what is kept of when the home locks itself.
    pub(crate) fn silence(&self, home: &Home) -> Silence {
        Silence::new(home.silence(), &self.master)
    }

    fn open_file(
        home: &Home,
        unwrap: impl FnOnce(&KeyFile) -> Result<Secret, Error>,
    ) -> Result<Self, Error> {
        let file = KeyFile::load(&home.keys())?;
        let master = unwrap(&file)?;
        // A change that was cut short may have left the master key there under a passphrase, or under
        // none, that never came into force.
        remove_unfinished(&home.keys());
        Ok(Self::assemble(home, file, master))
    }

    fn assemble(home: &Home, file: KeyFile, master: Secret) -> Self {
        let identity = SealedFile::new(home.identity(), &master, IDENTITY);
        Self {
            path: home.keys(),
            file,
            master,
            identity,
        }
    }

    fn save(&self) -> Result<(), Error> {
        Ok(atomic_replace(&self.path, self.file.encode().as_slice())?)
    }
}

/// Returns a fast generator of unpredictable bytes, started from the operating system's.
pub fn fresh_rng() -> Result<ChaCha20Rng, Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Error::Io(io::ErrorKind::Other))?;
    let rng = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    Ok(rng)
}

/// Reads a whole file of bounded size; `None` if there is none.
fn read_small(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let size = file.metadata()?.len();
    if size > MAX_FILE {
        return Err(Error::Damaged("it is far too long"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(size as usize + 1));
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests;
