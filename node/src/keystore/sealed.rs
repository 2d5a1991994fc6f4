//! A small file that is sealed as a whole and replaced as a whole.
//!
//! ```text
//! version (1) ‖ nonce (24) ‖ sealed bytes ‖ tag (16)
//! ```
//!
//! The key is derived from the master key for this file alone; the version is bound to the bytes.

use super::secret::{NONCE, Secret};
use super::{Error, read_small};
use crate::home::atomic_replace;
use rand_core::CryptoRng;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The version that is written.
const VERSION: u8 = 1;

/// A path and the key of what lies there.
#[derive(Debug)]
pub(crate) struct SealedFile {
    path: PathBuf,
    key: Secret,
}

impl SealedFile {
    /// Names a file; `context` is its own and never changes.
    pub(crate) fn new(path: PathBuf, master: &Secret, context: &'static str) -> Self {
        Self {
            path,
            key: master.derive(context),
        }
    }

    /// Reads and opens the file, if there is one.
    pub(crate) fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let Some(bytes) = read_small(&self.path)? else {
            return Ok(None);
        };
        let (version, rest) = bytes.split_first().ok_or(Error::Damaged("a sealed file"))?;
        if *version > VERSION {
            return Err(Error::Newer((*version).into()));
        }
        let (nonce, sealed) = rest
            .split_first_chunk::<NONCE>()
            .ok_or(Error::Damaged("a sealed file"))?;
        let plain = self.key.open(nonce, &[*version], sealed);
        plain
            .map(|plain| Some(Zeroizing::new(plain)))
            .ok_or(Error::Damaged("a sealed file"))
    }

    /// Seals the bytes and replaces the file.
    pub(crate) fn write(&self, plain: &[u8], rng: &mut impl CryptoRng) -> Result<(), Error> {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        // Reserved whole: a buffer that grew would leave copies of the plain bytes behind.
        let mut bytes = Vec::with_capacity(1 + NONCE + plain.len() + super::secret::TAG);
        bytes.push(VERSION);
        bytes.extend_from_slice(&nonce);
        self.key.seal(&nonce, &[VERSION], &[plain], &mut bytes)?;
        Ok(atomic_replace(&self.path, &bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use std::fs;

    #[test]
    fn every_torn_or_changed_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity");
        let master = Secret::from([1; 32]);
        let file = SealedFile::new(path.clone(), &master, "circlet test sealed file");
        assert!(file.read().unwrap().is_none());
        file.write(b"who we are", &mut ChaCha20Rng::seed_from_u64(1))
            .unwrap();
        assert_eq!(file.read().unwrap().unwrap().as_slice(), b"who we are");

        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(
                matches!(file.read(), Err(Error::Damaged(_))),
                "{length} bytes"
            );
        }
        for index in 1..whole.len() {
            let mut changed = whole.clone();
            changed[index] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(
                matches!(file.read(), Err(Error::Damaged(_))),
                "byte {index}"
            );
        }
        let mut newer = whole;
        newer[0] = VERSION + 1;
        fs::write(&path, &newer).unwrap();
        assert!(matches!(file.read(), Err(Error::Newer(2))));
    }
}
