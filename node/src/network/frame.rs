//! The frames of both protocols: a length of four bytes, big endian, then that many bytes.
//!
//! A frame is never empty and never longer than its protocol's limit; what says otherwise ends the
//! connection before anything is allocated for it.

use futures::future::{Either, select};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use std::future::Future;
use std::io;
use std::pin::pin;

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
    /// Nothing moved for too long.
    #[error("a reader that stalls")]
    Stalled,
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

/// Writes what [`encode`] returned. `wait` begins anew with every part that moves: a slow link may
/// take as long as it needs, one on which nothing moves may not.
pub(super) async fn write<W, F>(
    stream: &mut W,
    encoded: &[u8],
    wait: impl Fn() -> F,
) -> Result<(), Error>
where
    W: AsyncWrite + Unpin,
    F: Future<Output = ()>,
{
    let mut rest = encoded;
    while !rest.is_empty() {
        let written = match select(stream.write(rest), pin!(wait())).await {
            Either::Left((written, _)) => written.map_err(Error::Stream)?,
            Either::Right(((), _)) => return Err(Error::Stalled),
        };
        if written == 0 {
            return Err(Error::Stream(io::ErrorKind::WriteZero.into()));
        }
        rest = rest.get(written..).unwrap_or_default();
    }
    Ok(())
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
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::task::{Context, Poll};

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

    /// Takes one byte of every few times it is asked, up to some, and none after that.
    struct Slow {
        left: usize,
        asked: usize,
    }

    impl AsyncWrite for Slow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            cx.waker().wake_by_ref();
            self.asked += 1;
            if self.left == 0 || !self.asked.is_multiple_of(4) {
                return Poll::Pending;
            }
            self.left -= 1;
            Poll::Ready(Ok(bytes.len().min(1)))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Is over when it was asked six times: time as these tests tell it.
    fn wait() -> impl Future<Output = ()> {
        let mut asked = 0;
        poll_fn(move |_| {
            asked += 1;
            if asked < 6 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
    }

    #[test]
    fn a_slow_stream_gets_its_frame_and_one_that_stalls_does_not() {
        let frame = encode(&[7; LIMIT], LIMIT).unwrap();
        let left = frame.len();
        let mut slow = Slow { left, asked: 0 };
        block_on(write(&mut slow, &frame, wait)).unwrap();
        assert_eq!(slow.left, 0);
        let left = frame.len() - 1;
        let stalled = block_on(write(&mut Slow { left, asked: 0 }, &frame, wait));
        assert!(matches!(stalled, Err(Error::Stalled)));
    }

    #[test]
    fn a_large_promise_allocates_nothing() {
        let bytes = u32::MAX.to_be_bytes();
        assert!(matches!(split(&bytes, MAX_SYNC), Err(Error::TooLong)));
    }
}
