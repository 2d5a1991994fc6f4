//! The frames of both protocols: a length of four bytes, big endian, then that many bytes.
//!
//! A frame is never empty and never longer than its protocol's limit; what says otherwise ends the
//! connection before anything is allocated for it.

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use std::io;

/// The longest hello frame: what a stranger may make a node read.
pub const MAX_HELLO: usize = 64 * 1024;

/// The longest sync frame: one batch of 256 KiB and what surrounds it.
pub const MAX_SYNC: usize = (256 + 16) * 1024;

/// The bytes of a length.
const PREFIX: usize = 4;

/// A frame and what follows it.
pub type Split<'a> = (&'a [u8], &'a [u8]);

/// Why bytes are not a frame, or why none came.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A frame without bytes.
    #[error("an empty frame")]
    Empty,
    /// A frame above the limit.
    #[error("a frame above the limit")]
    TooLong,
    /// The stream ended within a frame.
    #[error("a frame that was cut short")]
    CutShort,
    /// The stream did not work.
    #[error("the stream ended")]
    Stream(#[source] io::Error),
}

/// Returns a frame with its length in front.
pub fn encode(frame: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    let prefix = u32::try_from(frame.len())
        .map_err(|_| Error::TooLong)?
        .to_be_bytes();
    length(prefix, limit)?;
    Ok([prefix.as_slice(), frame].concat())
}

/// Takes a frame from the front of `bytes`; returns it and what follows, or `None` while bytes are
/// missing.
pub fn split(bytes: &[u8], limit: usize) -> Result<Option<Split<'_>>, Error> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else {
        return Ok(None);
    };
    Ok(rest.split_at_checked(length(*prefix, limit)?))
}

/// Reads a frame; `None` when the stream ended properly between two frames.
pub(super) async fn read<R>(stream: &mut R, limit: usize) -> Result<Option<Vec<u8>>, Error>
where
    R: AsyncRead + Unpin,
{
    let mut prefix = Vec::with_capacity(PREFIX);
    stream
        .take(PREFIX as u64)
        .read_to_end(&mut prefix)
        .await
        .map_err(Error::Stream)?;
    if prefix.is_empty() {
        return Ok(None);
    }
    let prefix = <[u8; PREFIX]>::try_from(prefix.as_slice()).map_err(|_| Error::CutShort)?;
    let length = length(prefix, limit)?;
    // The buffer grows with what arrives, not with what was promised.
    let mut frame = Vec::new();
    stream
        .take(length as u64)
        .read_to_end(&mut frame)
        .await
        .map_err(Error::Stream)?;
    if frame.len() == length {
        Ok(Some(frame))
    } else {
        Err(Error::CutShort)
    }
}

/// Writes what [`encode`] returned.
pub(super) async fn write<W>(stream: &mut W, encoded: &[u8]) -> Result<(), Error>
where
    W: AsyncWrite + Unpin,
{
    stream.write_all(encoded).await.map_err(Error::Stream)
}

/// Reads a length.
fn length(prefix: [u8; PREFIX], limit: usize) -> Result<usize, Error> {
    match usize::try_from(u32::from_be_bytes(prefix)) {
        Ok(0) => Err(Error::Empty),
        Ok(length) if length <= limit => Ok(length),
        Ok(_) | Err(_) => Err(Error::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use futures::io::Cursor;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const LIMIT: usize = 40;

    proptest! {
        #[test]
        fn frames_lead_back(frames in vec(vec(any::<u8>(), 1..=LIMIT), 0..8)) {
            let bytes: Vec<u8> =
                frames.iter().flat_map(|frame| encode(frame, LIMIT).unwrap()).collect();
            let mut rest = bytes.as_slice();
            let mut reader = Cursor::new(bytes.as_slice());
            for frame in &frames {
                let (front, back) = split(rest, LIMIT).unwrap().unwrap();
                prop_assert_eq!(front, frame.as_slice());
                rest = back;
                let read = block_on(read(&mut reader, LIMIT)).unwrap();
                prop_assert_eq!(read.as_ref(), Some(frame));
            }
            prop_assert!(rest.is_empty());
            prop_assert!(block_on(read(&mut reader, LIMIT)).unwrap().is_none());
        }

        #[test]
        fn any_bytes_are_read_or_refused_alike(
            length in 0_u32..60,
            tail in vec(any::<u8>(), 0..60),
            cut in 0_usize..6,
        ) {
            let mut bytes = [length.to_be_bytes().as_slice(), tail.as_slice()].concat();
            bytes.truncate(bytes.len() - cut.min(bytes.len()));
            let pure = split(&bytes, LIMIT);
            match (pure, block_on(read(&mut Cursor::new(bytes.as_slice()), LIMIT))) {
                (Ok(Some((frame, _))), Ok(Some(read))) => prop_assert_eq!(frame, read.as_slice()),
                (Ok(None), Ok(None)) => prop_assert!(bytes.is_empty()),
                (Ok(None), Err(Error::CutShort))
                | (Err(Error::Empty), Err(Error::Empty))
                | (Err(Error::TooLong), Err(Error::TooLong)) => {}
                (pure, read) => prop_assert!(false, "{:?} but {:?}", pure, read),
            }
        }
    }

    #[test]
    fn limits_hold_when_writing() {
        assert!(matches!(encode(&[], LIMIT), Err(Error::Empty)));
        assert!(matches!(
            encode(&[0; LIMIT + 1], LIMIT),
            Err(Error::TooLong)
        ));
        assert!(encode(&[0; LIMIT], LIMIT).is_ok());
    }

    #[test]
    fn a_large_promise_allocates_nothing() {
        let bytes = u32::MAX.to_be_bytes();
        assert!(matches!(split(&bytes, MAX_SYNC), Err(Error::TooLong)));
    }
}
