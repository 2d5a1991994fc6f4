//! The home: the one folder a node owns, where everything lies in it, and how a file there is replaced.
//!
//! ```text
//! HOME/                 0700; CIRCLET_HOME, else the platform's data folder
//!   lock                held while a node has the home open
//!   keys                the master key, wrapped by the passphrase and by the root seed (`keystore`)
//!   identity            what the person is, sealed under the master key (`keystore`)
//!   pages               the page keys of the store, sealed under the master key (`keystore::Pages`)
//!   cards               where members of each circle were last, sealed (`cards`)
//!   silence             after how much silence the home locks itself, sealed (`keystore::Silence`)
//!   language            what the page speaks, if that was chosen: two letters, not sealed (`page::spoken`)
//!   store/              the rows, all of them ciphertext (`storage`)
//!   damaged/            what a repair set aside, until its member lets go of it (`repair`)
//!   node.sock           the local API, unless CIRCLET_SOCKET says where
//!   run/                drafts that are not sent yet, and the log of the background node
//! ```
//!
//! Every file is 0600. A file that is replaced is first written whole as `NAME.new`; what is left of
//! such a file after a crash is overwritten by the next replacement, and that of `keys` is removed as
//! soon as the home is opened.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The variable that says where the home is.
pub const HOME_VARIABLE: &str = "CIRCLET_HOME";

/// The variable that says where the socket is.
pub const SOCKET_VARIABLE: &str = "CIRCLET_SOCKET";

/// The longest path a Unix socket may have: the kernel's field less the closing zero.
pub const SOCKET_PATH_LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Why the home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither the variable nor the platform says where the home is.
    #[error("no folder for Circlet's files is known; set CIRCLET_HOME to one")]
    Nowhere,
    /// Another node has the home open.
    #[error("another Circlet has this home open")]
    Busy,
    /// The socket's path does not fit into the kernel's field.
    #[error(
        "the path of the socket has {length} bytes and this system allows {limit}; \
         set CIRCLET_SOCKET to a shorter one"
    )]
    SocketPath {
        /// How long the path is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The operating system refused or failed.
    #[error("the home cannot be used")]
    Io(#[from] io::Error),
}

/// The folder a node owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
    socket: PathBuf,
}

impl Home {
    /// Returns the home at a path, with the socket in it.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let socket = root.join("node.sock");
        Self { root, socket }
    }

    /// Returns the home that the environment names. Touches no file.
    ///
    /// `variable` looks up an environment variable: `|name| std::env::var_os(name)`.
    pub fn find(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let given = |name| {
            variable(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let mut home = match given(HOME_VARIABLE) {
            Some(root) => Self::at(std::path::absolute(root)?),
            None => Self::at(platform_folder()?),
        };
        if let Some(socket) = given(SOCKET_VARIABLE) {
            home.socket = std::path::absolute(socket)?;
        }
        Ok(home)
    }

    /// Makes the folder, for its owner only. Fine if it is there.
    pub fn create(&self) -> Result<(), Error> {
        create_private_dir(&self.root)?;
        Ok(())
    }

    /// Takes the home for this node alone, until the lock is dropped or the node ends.
    pub fn lock(&self) -> Result<Lock, Error> {
        let mut options = private_options();
        let file = options
            .create(true)
            .truncate(false)
            .open(self.root.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Returns the folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of the socket, if the system can bind it.
    pub fn socket(&self) -> Result<&Path, Error> {
        let length = self.socket.as_os_str().len();
        if length > SOCKET_PATH_LIMIT {
            return Err(Error::SocketPath {
                length,
                limit: SOCKET_PATH_LIMIT,
            });
        }
        Ok(&self.socket)
    }

    /// Returns the path of the wrapped master key.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Returns the path of the sealed identity.
    pub fn identity(&self) -> PathBuf {
        self.root.join("identity")
    }

    /// Returns the path of the store's page keys.
    pub fn pages(&self) -> PathBuf {
        self.root.join("pages")
    }

    /// Returns the path of what is kept of when the home locks itself.
    pub fn silence(&self) -> PathBuf {
        self.root.join("silence")
    }

    /// Returns the path of what is kept of the language that the page speaks.
    pub(crate) fn language(&self) -> PathBuf {
        self.root.join("language")
    }

    /// Returns the folder of the store.
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }
}

/// Proof that this node alone has the home open.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Replaces a file so that at any moment, also after a power cut, either the old or the new one is
/// there whole, and the new one is on the disk when this returns.
pub fn atomic_replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = unfinished(path);
    let replaced = write_whole(&fresh, bytes).and_then(|()| fs::rename(&fresh, path));
    replaced.inspect_err(|_| remove_unfinished(path))?;
    sync_parent(path)
}

/// Removes what a replacement of a file that was cut short left behind, if it did.
pub(crate) fn remove_unfinished(path: &Path) {
    // Where there is none, or it cannot go, the next replacement writes over it.
    drop(fs::remove_file(unfinished(path)));
}

/// Makes a folder and what leads to it, for its owner only, and makes its name durable.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    sync_parent(path)
}

/// Makes the names in a folder durable. Where folders cannot be synced, this does nothing.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()
    } else {
        Ok(())
    }
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private_options().create(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        Some(_) | None => sync_dir(Path::new(".")),
    }
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn platform_folder() -> Result<PathBuf, Error> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().map_err(|_| Error::Nowhere)?;
    Ok(strategy.data_dir().join("circlet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        let pairs: Vec<(String, OsString)> = pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        move |name| {
            pairs
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        }
    }

    #[test]
    fn the_environment_says_where() {
        let home = Home::find(environment(&[("CIRCLET_HOME", "/somewhere")])).unwrap();
        assert_eq!(home.root(), Path::new("/somewhere"));
        assert_eq!(home.socket().unwrap(), Path::new("/somewhere/node.sock"));
        let pairs = [
            ("CIRCLET_HOME", "/somewhere"),
            ("CIRCLET_SOCKET", "/run/ours.sock"),
        ];
        let home = Home::find(environment(&pairs)).unwrap();
        assert_eq!(home.socket().unwrap(), Path::new("/run/ours.sock"));
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let home = Home::find(environment(&[("CIRCLET_HOME", "")])).unwrap();
        assert!(home.root().ends_with("circlet"));
    }

    #[test]
    fn a_socket_path_that_is_too_long_is_named() {
        let home = Home::at(format!("/{}", "x".repeat(SOCKET_PATH_LIMIT)));
        let error = home.socket().unwrap_err();
        assert!(matches!(error, Error::SocketPath { length, .. } if length > SOCKET_PATH_LIMIT));
        assert!(error.to_string().contains("CIRCLET_SOCKET"));
        let length = SOCKET_PATH_LIMIT - "/node.sock".len();
        assert!(
            Home::at(format!("/{}", "x".repeat(length - 1)))
                .socket()
                .is_ok()
        );
    }

    #[test]
    fn one_lock_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        home.create().unwrap();
        let lock = home.lock().unwrap();
        assert!(matches!(home.lock(), Err(Error::Busy)));
        drop(lock);
        home.lock().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_look() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("a/home"));
        home.create().unwrap();
        home.create().unwrap();
        let _lock = home.lock().unwrap();
        atomic_replace(&home.keys(), b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(home.root()), 0o700);
        assert_eq!(mode(&home.keys()), 0o600);
        assert_eq!(mode(&home.root().join("lock")), 0o600);
    }

    #[test]
    fn replacing_overwrites_what_a_crash_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        fs::write(folder.path().join("keys.new"), b"left over and longer").unwrap();
        atomic_replace(&path, b"one").unwrap();
        atomic_replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
