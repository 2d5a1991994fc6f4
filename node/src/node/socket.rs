//! The Unix socket of a node: for its owner only, checked at every connection.

use crate::home::{Home, create_private_dir};
use crate::keystore;
use crate::problem::Problem;
use axum::Router;
use axum::serve::Listener;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::unix::SocketAddr;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The pause after the system could not hand over a connection, so that it is not asked in a circle.
const PAUSE: Duration = Duration::from_millis(100);

/// Binds the socket and answers on it until `stop`. The caller holds the home's lock.
pub(super) async fn serve(
    home: &Home,
    router: Router,
    stop: CancellationToken,
) -> Result<(PathBuf, JoinHandle<()>), Problem> {
    let path = home.socket()?.to_owned();
    make_way(home, &path).await?;
    let listener = UnixListener::bind(&path).map_err(keystore::Error::from)?;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&path, private).map_err(keystore::Error::from)?;
    let owner = rustix::process::geteuid().as_raw();
    let guarded = Guarded { listener, owner };
    let server = tokio::spawn(async move {
        let ended = axum::serve(guarded, router)
            .with_graceful_shutdown(stop.cancelled_owned())
            .await;
        if ended.is_err() {
            tracing::error!("the socket ended by itself");
        }
    });
    Ok((path, server))
}

/// Removes the socket file that a killed node left behind; nothing else, and none that answers.
async fn make_way(home: &Home, path: &Path) -> Result<(), Problem> {
    match path.parent() {
        Some(folder) if folder != home.root() && !folder.exists() => {
            create_private_dir(folder).map_err(keystore::Error::from)?;
        }
        Some(_) | None => {}
    }
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() || UnixStream::connect(path).await.is_ok() {
        return Err(taken());
    }
    std::fs::remove_file(path).map_err(keystore::Error::from)?;
    Ok(())
}

/// A listener that hands over only the connections of the home's owner.
struct Guarded {
    listener: UnixListener,
    owner: u32,
}

impl Listener for Guarded {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (UnixStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) if is_of(&stream, self.owner) => return (stream, address),
                Ok(_) => tracing::warn!("somebody else of this computer was turned away"),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Says whether this person's programs are at the other end.
pub(crate) fn is_of(stream: &UnixStream, owner: u32) -> bool {
    stream.peer_cred().is_ok_and(|other| other.uid() == owner)
}

/// Returns the problem of a socket that is not this person's node.
pub(crate) fn taken() -> Problem {
    Problem::new(
        "socket-taken",
        "Something else is where Circlet's socket belongs. Nothing was changed.",
        "Set CIRCLET_SOCKET to another path, or end the other program.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;

    #[tokio::test]
    async fn somebody_else_is_turned_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let owner = rustix::process::geteuid().as_raw() + 1;
        let mut guarded = Guarded { listener, owner };
        let mut theirs = UnixStream::connect(&path).await.unwrap();
        let mut byte = [0];
        tokio::select! {
            _ = guarded.accept() => unreachable!("nobody else may come in"),
            read = theirs.read(&mut byte) => assert_eq!(read.unwrap(), 0),
        }
    }
}
