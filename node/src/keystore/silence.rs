//! After how much silence of its member a home locks itself: a small sealed file, so that nobody who has
//! only the files can read or put off that time.
//!
//! ```text
//! file, opened = seconds (4; 0 = never)
//! ```

use super::sealed::SealedFile;
use super::{Error, Secret, fresh_rng};
use std::path::PathBuf;
use std::time::Duration;

/// The context of the file's key.
const CONTEXT: &str = "circlet 2026-11 at rest: silence";

/// What counts when the file is there and does not open: on the safe side, and bearable.
const DAMAGED: Duration = Duration::from_mins(15);

/// The longest silence that can be chosen: who wants more wants never.
pub(crate) const LONGEST: Duration = Duration::from_hours(30 * 24);

/// The way to the file.
#[derive(Debug)]
pub(crate) struct Silence(SealedFile);

impl Silence {
    pub(super) fn new(path: PathBuf, master: &Secret) -> Self {
        Self(SealedFile::new(path, master, CONTEXT))
    }

    /// Returns after how much silence the home locks itself; `None` = never, as in a home that was never
    /// told.
    pub(crate) fn read(&self) -> Option<Duration> {
        match self.0.read() {
            Ok(None) => None,
            Ok(Some(bytes)) => decode(&bytes),
            Err(_) => Some(DAMAGED),
        }
    }

    /// Keeps another answer.
    pub(crate) fn write(&self, after: Option<Duration>) -> Result<(), Error> {
        let seconds = after.map_or(0, |after| after.min(LONGEST).as_secs());
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        self.0.write(&seconds.to_be_bytes(), &mut fresh_rng()?)
    }
}

fn decode(bytes: &[u8]) -> Option<Duration> {
    let Ok(seconds) = bytes.try_into().map(u32::from_be_bytes) else {
        return Some(DAMAGED);
    };
    let after = Duration::from_secs(seconds.into());
    (!after.is_zero()).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_kept_and_damage_is_taken_for_a_quarter_of_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("silence");
        let silence = Silence::new(path.clone(), &Secret::from([1; 32]));
        assert_eq!(silence.read(), None);
        for after in [Some(Duration::from_mins(5)), None, Some(LONGEST)] {
            silence.write(after).unwrap();
            assert_eq!(silence.read(), after);
        }
        silence.write(Some(Duration::MAX)).unwrap();
        assert_eq!(silence.read(), Some(LONGEST));
        let other = Silence::new(path.clone(), &Secret::from([2; 32]));
        assert_eq!(other.read(), Some(DAMAGED));
        std::fs::write(&path, b"").unwrap();
        assert_eq!(silence.read(), Some(DAMAGED));
        assert_eq!(decode(&[1, 2, 3]), Some(DAMAGED));
    }
}
