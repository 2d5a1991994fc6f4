//! A long file that is sealed piece by piece and read the same way, in bounded memory: what a backup and
//! a bundle have in common.
//!
//! ```text
//! stream = chunk ‖ chunk ‖ ... ‖ last chunk         each 64 KiB and 16 bytes, the last one perhaps less
//! chunk  = XChaCha20-Poly1305(file key, nonce, head)
//! nonce  = zeros (19) ‖ number of the chunk (4, big endian) ‖ 1 for the last one, else 0
//! inside = length (4, big endian, never 0) ‖ piece, again and again ‖ 0 (4) ‖ zeros
//! ```
//!
//! This is the STREAM construction: no chunk can be left out, moved, doubled or taken from another file,
//! and a file that was cut short has no last one. The file key is drawn for this one file; `head` is
//! what stands before the stream.

use crate::keystore::{NONCE, Secret};
use std::io::{self, BufRead, Read, Write};
use zeroize::Zeroizing;

/// How many bytes are sealed at once.
const CHUNK: usize = 64 * 1024;
/// How many bytes a chunk has in the file.
const SEALED: usize = CHUNK + TAG;
const TAG: usize = 16;
/// The longest piece: a frame of the sync session and a little.
pub(crate) const MAX_PIECE: usize = 512 * 1024;
/// The smallest step to which a padded stream is filled up.
const STEP: u64 = 4096;

/// Why a stream cannot be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// It does not open, was cut short or was changed.
    #[error("the file is damaged or was cut short")]
    Damaged,
    /// The operating system refused or failed.
    #[error("the file cannot be reached: {0}")]
    Io(io::ErrorKind),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged,
            other => Self::Io(other),
        }
    }
}

/// Writes a stream.
pub(crate) struct Sealer<W> {
    to: W,
    key: Secret,
    head: Vec<u8>,
    number: u32,
    plain: Zeroizing<Vec<u8>>,
    written: u64,
}

/// Reads a stream.
pub(crate) struct Opener<R> {
    from: R,
    key: Secret,
    head: Vec<u8>,
    number: u32,
    plain: Zeroizing<Vec<u8>>,
    at: usize,
    last: bool,
}

impl<W: Write> Sealer<W> {
    /// Begins a stream behind a head that was written already.
    pub(crate) fn new(to: W, key: Secret, head: Vec<u8>) -> Self {
        Self {
            to,
            key,
            head,
            number: 0,
            plain: Zeroizing::new(Vec::with_capacity(CHUNK)),
            written: 0,
        }
    }

    /// Writes a piece.
    pub(crate) fn put(&mut self, piece: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(piece.len()).map_err(|_| Error::Damaged)?;
        self.bytes(&length.to_be_bytes())?;
        self.bytes(piece)
    }

    /// Ends the stream, filled up so that its length says little if it is to be `padded`.
    pub(crate) fn end(mut self, padded: bool) -> Result<W, Error> {
        self.bytes(&[0; 4])?;
        if padded {
            let zeros = [0; STEP as usize];
            let mut left = step(self.written) - self.written;
            while left > 0 {
                let some = left.min(STEP);
                let some = zeros.get(..usize::try_from(some).unwrap_or(0));
                self.bytes(some.unwrap_or_default())?;
                left -= some.map_or(left, |some| some.len() as u64);
            }
        }
        self.seal(true)?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn bytes(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.written += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.plain.len() == CHUNK {
                self.seal(false)?;
            }
            let room = bytes.len().min(CHUNK - self.plain.len());
            let (some, rest) = bytes.split_at(room);
            self.plain.extend_from_slice(some);
            bytes = rest;
        }
        Ok(())
    }

    fn seal(&mut self, last: bool) -> Result<(), Error> {
        let mut sealed = Vec::with_capacity(SEALED);
        let nonce = nonce(self.number, last);
        let plain: &[&[u8]] = &[self.plain.as_slice()];
        let done = self.key.seal(&nonce, &self.head, plain, &mut sealed);
        done.map_err(|_| Error::Damaged)?;
        self.number = self.number.checked_add(1).ok_or(Error::Damaged)?;
        self.plain.clear();
        self.to.write_all(&sealed)?;
        Ok(())
    }
}

impl<R: BufRead> Opener<R> {
    /// Begins to read behind a head that was read already.
    pub(crate) fn new(from: R, key: Secret, head: Vec<u8>) -> Self {
        Self {
            from,
            key,
            head,
            number: 0,
            plain: Zeroizing::default(),
            at: 0,
            last: false,
        }
    }

    /// Reads the next piece; `None` at the end, where all of the file was seen.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length == 0 {
            return self.see_the_rest().map(|()| None);
        }
        if length > MAX_PIECE {
            return Err(Error::Damaged);
        }
        let mut piece = vec![0; length];
        self.fill(&mut piece)?;
        Ok(Some(piece))
    }

    /// Reads everything to the end, and keeps nothing.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        while self.next()?.is_some() {}
        Ok(())
    }

    fn fill(&mut self, mut out: &mut [u8]) -> Result<(), Error> {
        while !out.is_empty() {
            let rest = self.plain.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.open()?;
                continue;
            }
            let some = rest.len().min(out.len());
            let (now, later) = out.split_at_mut(some);
            now.copy_from_slice(rest.get(..some).unwrap_or_default());
            self.at += some;
            out = later;
        }
        Ok(())
    }

    fn see_the_rest(&mut self) -> Result<(), Error> {
        loop {
            let rest = self.plain.get(self.at..).unwrap_or_default();
            if rest.iter().any(|byte| *byte != 0) {
                return Err(Error::Damaged);
            }
            if self.last {
                return Ok(());
            }
            self.open()?;
        }
    }

    /// Opens the next chunk.
    fn open(&mut self) -> Result<(), Error> {
        if self.last {
            return Err(Error::Damaged);
        }
        let mut sealed = Vec::with_capacity(SEALED);
        let mut chunk = self.from.by_ref().take(SEALED as u64);
        chunk.read_to_end(&mut sealed)?;
        self.last = self.from.fill_buf()?.is_empty();
        let plain = self
            .key
            .open(&nonce(self.number, self.last), &self.head, &sealed);
        self.plain = Zeroizing::new(plain.ok_or(Error::Damaged)?);
        self.number = self.number.checked_add(1).ok_or(Error::Damaged)?;
        self.at = 0;
        Ok(())
    }
}

fn nonce(number: u32, last: bool) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    let (_, end) = nonce.split_at_mut(NONCE - 5);
    let number = number.to_be_bytes();
    for (to, from) in end.iter_mut().zip(number.iter().chain(&[u8::from(last)])) {
        *to = *from;
    }
    nonce
}

/// Returns the next length to which a stream is filled up: at most an eighth more.
fn step(length: u64) -> u64 {
    let eighth = 1_u64 << length.checked_ilog2().unwrap_or(0).saturating_sub(3);
    length.next_multiple_of(eighth.max(STEP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Secret {
        Secret::from([7; 32])
    }

    fn sealed(pieces: &[Vec<u8>], padded: bool) -> Vec<u8> {
        let mut sealer = Sealer::new(Vec::new(), key(), b"head".to_vec());
        for piece in pieces {
            sealer.put(piece).unwrap();
        }
        sealer.end(padded).unwrap()
    }

    fn opened(bytes: &[u8], head: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let mut opener = Opener::new(bytes, key(), head.to_vec());
        let mut pieces = Vec::new();
        while let Some(piece) = opener.next()? {
            pieces.push(piece);
        }
        Ok(pieces)
    }

    #[test]
    fn pieces_of_any_length_come_back() {
        for length in [
            1,
            4,
            CHUNK - 9,
            CHUNK - 8,
            CHUNK - 7,
            CHUNK,
            2 * CHUNK,
            200_000,
        ] {
            for padded in [false, true] {
                let pieces = vec![vec![1; length], vec![2; 3]];
                let bytes = sealed(&pieces, padded);
                assert_eq!(opened(&bytes, b"head"), Ok(pieces), "{length}");
                assert_eq!(opened(&bytes, b"other"), Err(Error::Damaged));
            }
        }
        assert_eq!(opened(&sealed(&[], false), b"head"), Ok(Vec::new()));
    }

    #[test]
    fn every_cut_and_every_change_is_noticed() {
        let bytes = sealed(&[vec![1; CHUNK - 100], vec![2; 500]], false);
        for length in (0..bytes.len())
            .step_by(97)
            .chain([SEALED, bytes.len() - 1])
        {
            assert_eq!(
                opened(&bytes[..length], b"head"),
                Err(Error::Damaged),
                "{length}"
            );
        }
        for index in (0..bytes.len()).step_by(101).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(opened(&changed, b"head"), Err(Error::Damaged), "{index}");
        }
        let (one, two) = bytes.split_at(SEALED);
        for other in [
            [two, one].concat(),
            [one, one, two].concat(),
            [&bytes[..], &[0]].concat(),
        ] {
            assert_eq!(opened(&other, b"head"), Err(Error::Damaged));
        }
    }

    #[test]
    fn a_padded_length_says_little() {
        let lengths = (1..40).map(|n| sealed(&[vec![1; n * 50]], true).len());
        let lengths: std::collections::BTreeSet<_> = lengths.collect();
        assert_eq!(lengths.len(), 1);
        for length in [1, 5000, 70_000, 1_000_000, 123_456_789] {
            let step = step(length);
            assert!(step >= length && step <= length + (length / 8).max(STEP));
        }
    }
}
