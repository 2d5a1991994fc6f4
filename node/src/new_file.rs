//! A file that somebody asked for at a place of their own: written beside it, made durable, then put
//! there whole; never over another one unless that was asked for, and never inside the home.

use crate::home::{Home, sync_dir};
use crate::problem::{Kind, Problem};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file on its way to its place. Dropped before that, nothing of it is left.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
    fresh: PathBuf,
    done: bool,
}

impl NewFile {
    /// Begins a file, readable by its owner only.
    pub(crate) fn begin(
        path: &Path,
        home: &Home,
        replace: bool,
    ) -> Result<(Self, BufWriter<File>), Problem> {
        if path.file_name().is_none() || path.is_dir() {
            return Err(Problem::new(
                "not-a-file",
                format!("{} is a folder. Nothing was written.", path.display()),
                "Give the name of a file in it.",
            ));
        }
        if is_inside(path, home) {
            return Err(Problem::new(
                "inside-home",
                "That is inside Circlet's own folder, where it would be lost together with the rest. \
                 Nothing was written.",
                "Choose another place: best on another disk.",
            ));
        }
        if !replace && path.exists() {
            return Err(Problem::new(
                "file-exists",
                format!(
                    "{} is there already, and was left as it is.",
                    path.display()
                ),
                "Choose another name, or add `--force` to write over it.",
            ));
        }
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".new");
        let fresh = PathBuf::from(fresh);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&fresh);
        let file = file.map_err(|error| out_of_reach(error.kind()))?;
        let this = Self {
            path: path.to_owned(),
            fresh,
            done: false,
        };
        Ok((this, BufWriter::new(file)))
    }

    /// Puts the file in its place, once it is on the disk.
    pub(crate) fn finish(mut self, mut file: BufWriter<File>) -> io::Result<()> {
        file.flush()?;
        file.get_ref().sync_all()?;
        drop(file);
        fs::rename(&self.fresh, &self.path)?;
        self.done = true;
        match self.path.parent().filter(|it| !it.as_os_str().is_empty()) {
            Some(parent) => sync_dir(parent),
            None => sync_dir(Path::new(".")),
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.done {
            // What cannot be removed is overwritten by the next try.
            let _ = fs::remove_file(&self.fresh);
        }
    }
}

/// Says why a file that somebody named cannot be read or written.
pub(crate) fn out_of_reach(kind: io::ErrorKind) -> Problem {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::new(
            "no-room",
            "There is no room left on that disk, so the file was not written. Nothing else was changed.",
            "Free some space there, or choose another place.",
        ),
        io::ErrorKind::NotFound => Problem::new(
            "no-file",
            "There is no such file or folder. Nothing was changed.",
            "Look whether the name is right, and whether the disk is connected.",
        )
        .of(Kind::NotFound),
        other => Problem::new(
            "file-out-of-reach",
            format!("The file cannot be reached: {other}. Nothing was changed."),
            "Look whether the disk is connected, and whether you may read and write there.",
        ),
    }
}

/// Says whether a path lies in the home, whatever links lead there.
pub(crate) fn is_inside(path: &Path, home: &Home) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let parents = path.ancestors().find_map(real);
    real(home.root()).is_some_and(|root| parents.is_some_and(|path| path.starts_with(root)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        home.create().unwrap();
        let path = folder.path().join("file");
        let (new, mut file) = NewFile::begin(&path, &home, false).unwrap();
        file.write_all(b"half").unwrap();
        drop((new, file));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let (new, mut file) = NewFile::begin(&path, &home, false).unwrap();
        file.write_all(b"whole").unwrap();
        new.finish(file).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        let refused = NewFile::begin(&path, &home, false).unwrap_err();
        assert_eq!(refused.code, "file-exists");
        assert!(NewFile::begin(&path, &home, true).is_ok());
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        let inside = home.root().join("a/b");
        assert_eq!(
            NewFile::begin(&inside, &home, false).unwrap_err().code,
            "inside-home"
        );
        let at = NewFile::begin(folder.path(), &home, false).unwrap_err();
        assert_eq!(at.code, "not-a-file");
    }
}
