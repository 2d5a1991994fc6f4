//! A draft: what somebody writes in their editor, in a private folder until it is sent.
//!
//! ```text
//! HOME/run/draft-NAME/     0700; locked while its command runs
//!   draft.txt              0600; beside it whatever the editor leaves there
//! ```
//!
//! The folder goes as a whole, and only once its words are sent, or when there are none. What stayed
//! behind is named by the next command that writes or shows the status.

use crate::error::Failure;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How the folders' names begin.
const PREFIX: &str = "draft-";

/// The name of the file in it.
const FILE: &str = "draft.txt";

/// How long an empty draft stays: an editor in a window of its own may still be open.
const EMPTY_FOR: Duration = Duration::from_hours(24);

/// So much older is a draft that nobody has saved.
const SAVED_LATER: Duration = Duration::from_secs(10);

/// A draft of this command.
#[derive(Debug)]
pub(crate) struct Draft {
    folder: PathBuf,
    /// When the words that were there already were put in; nothing = there were none.
    filled: Option<SystemTime>,
    _lock: File,
}

/// A draft that an earlier command left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// The file; the folder where the words are only in what the editor left.
    pub(crate) path: PathBuf,
    /// When it was last written to.
    pub(crate) written: SystemTime,
}

impl Draft {
    /// Begins one in the folder for what lives as long as a command.
    pub(crate) fn new(run: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(run)?
            .keep();
        let lock = File::open(&folder)?;
        // Where it cannot be locked, it may be named too early, and nothing else.
        drop(lock.try_lock());
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.join(FILE))?;
        Ok(Self {
            folder,
            filled: None,
            _lock: lock,
        })
    }

    /// Returns the file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Lets it begin with the words that are there already.
    pub(crate) fn fill(&mut self, already: &str) -> io::Result<()> {
        let lines = already.lines().map(|line| format!("{line}\n"));
        std::fs::write(self.path(), lines.collect::<String>())?;
        let file = OpenOptions::new().write(true).open(self.path())?;
        // A save shows even where the disk keeps no more than seconds.
        file.set_modified(SystemTime::now() - SAVED_LATER)?;
        self.filled = Some(file.metadata()?.modified()?);
        Ok(())
    }

    /// Says whether an editor has saved it, perhaps with the words that were there already.
    pub(crate) fn is_saved(&self) -> bool {
        let written = self.path().metadata().and_then(|it| it.modified()).ok();
        written.is_none() || written != self.filled
    }

    /// Says whether nothing was added to the words that were there already.
    pub(crate) fn holds_only(&self, already: &str) -> bool {
        let held = std::fs::read(self.path());
        held.is_ok_and(|held| held.trim_ascii_end() == already.trim_end().as_bytes())
    }

    /// Removes it with all that an editor left beside it.
    pub(crate) fn remove(self) {
        // What cannot be removed is named by the next command.
        drop(std::fs::remove_dir_all(&self.folder));
    }

    /// Keeps it if there are words in it, and says where.
    pub(crate) fn keep(self, mut failure: Failure) -> Failure {
        let Some(left) = look(&self.folder).filter(|_| has_words(&self.folder)) else {
            self.remove();
            return failure;
        };
        let (shown, typed) = (left.path.display(), quoted(&left.path));
        let kept = format!(
            "Your words are kept in {shown}\nTo send them, run the same command with `- < {typed}` \
             behind it."
        );
        if !failure.next.is_empty() {
            failure.next.push('\n');
        }
        failure.next.push_str(&kept);
        failure
    }

    /// Keeps it though it is empty, for an editor that may still be open.
    pub(crate) fn keep_open(self, mut failure: Failure) -> Failure {
        if has_words(&self.folder) {
            return self.keep(failure);
        }
        failure.next = format!(
            "If your editor is still open, save there; then run the same command with `- < {}` behind \
             it.",
            quoted(&self.path())
        );
        failure
    }
}

/// Returns the drafts that nobody works on any more, the oldest first; removes those without words.
pub(crate) fn left_behind(run: &Path) -> Vec<Left> {
    let folders = std::fs::read_dir(run).into_iter().flatten().flatten();
    let named = folders.filter(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with(PREFIX) && entry.path().is_dir()
    });
    let mut all = Vec::new();
    for folder in named.map(|entry| entry.path()) {
        let free = File::open(&folder).is_ok_and(|lock| lock.try_lock().is_ok());
        let Some(left) = look(&folder).filter(|_| free) else {
            continue;
        };
        let old = left.written.elapsed().is_ok_and(|age| age > EMPTY_FOR);
        if has_words(&folder) {
            all.push(left);
        } else if old {
            drop(std::fs::remove_dir_all(&folder));
        }
    }
    all.sort_by_key(|left| left.written);
    all
}

/// Returns a path as it can be typed into a shell.
pub(crate) fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// Says whether anything in a draft's folder is not empty.
fn has_words(folder: &Path) -> bool {
    files(folder).any(|(_, length, _)| length > 0)
}

fn look(folder: &Path) -> Option<Left> {
    let (file, written) = (
        folder.join(FILE),
        files(folder).map(|(.., written)| written),
    );
    let written = written
        .max()
        .or_else(|| folder.metadata().ok()?.modified().ok())?;
    let filled = files(folder).any(|(path, length, _)| path == file && length > 0);
    let path = if filled { file } else { folder.to_owned() };
    Some(Left { path, written })
}

fn files(folder: &Path) -> impl Iterator<Item = (PathBuf, u64, SystemTime)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let found = entry.metadata().ok()?;
        Some((entry.path(), found.len(), found.modified().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_private_and_goes_as_a_whole() {
        let run = tempfile::tempdir().unwrap();
        let draft = Draft::new(run.path()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&draft.folder), mode(&draft.path())), (0o700, 0o600));
        std::fs::write(draft.folder.join("draft.txt~"), "a copy").unwrap();
        draft.remove();
        assert_eq!(std::fs::read_dir(run.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_left_behind_is_found_once_its_command_has_ended() {
        let run = tempfile::tempdir().unwrap();
        let (words, copy, empty) = [(); 3].map(|()| Draft::new(run.path()).unwrap()).into();
        std::fs::write(words.path(), "words").unwrap();
        std::fs::write(copy.folder.join(".draft.txt.swp"), "words").unwrap();
        assert_eq!(left_behind(run.path()), []);
        let expected = [words.path(), copy.folder.clone()];
        let (folder, old) = (empty.folder.clone(), SystemTime::now() - 2 * EMPTY_FOR);
        File::options()
            .write(true)
            .open(empty.path())
            .unwrap()
            .set_modified(old)
            .unwrap();
        drop((words, copy, empty));
        let mut found: Vec<_> = left_behind(run.path())
            .into_iter()
            .map(|left| left.path)
            .collect();
        found.sort_by_key(|path| !expected[..1].contains(path));
        assert_eq!(found, expected);
        assert!(!folder.exists(), "nothing was in it");
    }

    #[test]
    fn a_path_can_be_typed_as_it_stands() {
        assert_eq!(quoted(Path::new("/a/b-c_d.txt")), "/a/b-c_d.txt");
        assert_eq!(quoted(Path::new("/it's here")), r"'/it'\''s here'");
    }
}
