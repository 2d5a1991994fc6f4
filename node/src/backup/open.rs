//! Reading a backup: open it, see that it is whole, go through its pieces.

use super::head::{Head, SIZE};
use super::problems::{damaged, locked, newer, unreadable, words_only};
use super::{PERSON, Person, VERSION};
use crate::chunks::Opener;
use crate::keystore::{Passphrase, Secret};
use crate::new_file::out_of_reach;
use crate::problem::Problem;
use circlet_model::codec;
use circlet_model::key;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// What opens a backup.
#[derive(Debug)]
pub enum Unlock<'a> {
    /// The passphrase of the home it was made of, as it was then.
    Passphrase(&'a Passphrase),
    /// The root seed: the 24 words.
    Words(&'a key::Secret),
}

/// An open backup, of which all is there and unchanged.
pub struct Backup {
    file: File,
    head: Vec<u8>,
    key: Secret,
    pub(super) person: Person,
}

/// Says whether a passphrase opens a backup, beside the words.
pub fn needs_passphrase(path: &Path) -> Result<bool, Problem> {
    let mut file = File::open(path).map_err(|error| out_of_reach(error.kind()))?;
    Ok(read_head(&mut file)?.0.has_passphrase())
}

impl Backup {
    /// Opens a backup and reads all of it once, to see that it is whole.
    pub fn open(path: &Path, unlock: &Unlock<'_>) -> Result<Self, Problem> {
        let mut file = File::open(path).map_err(|error| out_of_reach(error.kind()))?;
        let (head, bytes) = read_head(&mut file)?;
        let key = match unlock {
            Unlock::Passphrase(_) if !head.has_passphrase() => return Err(words_only()),
            Unlock::Passphrase(passphrase) => head.open(passphrase),
            Unlock::Words(seed) => head.open_with_seed(&seed.0),
        };
        let key = key.map_err(locked)?;
        let mut stream = Opener::new(BufReader::new(file), key.clone(), bytes.clone());
        let first = stream.next().map_err(unreadable)?.ok_or_else(damaged)?;
        let person = person(&first)?;
        stream.check().map_err(unreadable)?;
        let file = File::open(path).map_err(|error| out_of_reach(error.kind()))?;
        Ok(Self {
            file,
            head: bytes,
            key,
            person,
        })
    }

    /// Goes through the pieces behind the first.
    pub(super) fn each(
        &self,
        mut take: impl FnMut(Vec<u8>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut file = &self.file;
        let at = SeekFrom::Start(SIZE as u64);
        file.seek(at).map_err(|error| out_of_reach(error.kind()))?;
        let from = BufReader::new(file);
        let mut stream = Opener::new(from, self.key.clone(), self.head.clone());
        stream.next().map_err(unreadable)?;
        while let Some(piece) = stream.next().map_err(unreadable)? {
            take(piece)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backup").finish_non_exhaustive()
    }
}

fn read_head(file: &mut File) -> Result<(Head, Vec<u8>), Problem> {
    let mut bytes = Vec::with_capacity(SIZE);
    let read = file.by_ref().take(SIZE as u64).read_to_end(&mut bytes);
    read.map_err(|error| out_of_reach(error.kind()))?;
    let head = Head::from_bytes(&bytes).map_err(locked)?;
    Ok((head, bytes))
}

fn person(piece: &[u8]) -> Result<Person, Problem> {
    let Some((&PERSON, bytes)) = piece.split_first() else {
        return Err(damaged());
    };
    match bytes.first() {
        Some(&VERSION) => codec::decode(bytes).map_err(|_| damaged()),
        Some(_) => Err(newer()),
        None => Err(damaged()),
    }
}
