//! A node: a home, its store, its driver, and the socket that answers; from start to a clean end.
//!
//! ```text
//! start   lock the home ─► open keys, store, replicas ─► listen ─► bind the socket ─► ready
//! end     remove the socket ─► end its requests (1 s) ─► close links, flush (3 s) ─► unlock
//! ```

use crate::api::{Api, router};
use crate::config::Config;
use crate::driver::{self, Parts, Running};
use crate::home::Lock;
use crate::identity::Identity;
use crate::keystore::{Keystore, Passphrase};
use crate::problem::Problem;
use crate::storage::{self, Sled};
use axum::Router;
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

mod socket;
#[cfg(test)]
mod tests;

/// How long requests that are under way may take once the node closes.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// How long the networks may take to say where they listen before the node counts as ready anyway.
const LISTENING: Duration = Duration::from_secs(5);

/// A home whose router is asked within this process.
#[derive(Debug)]
pub struct Inside {
    router: Router,
    running: Running,
    _lock: Lock,
}

/// Runs the node of a home until `shutdown` is done or it is asked to stop.
///
/// `passphrase` is asked when the home needs one; `ready` is called once, when every circle listens
/// and the socket answers.
pub async fn run(
    config: Config,
    passphrase: impl FnOnce() -> Result<Option<Passphrase>, Problem>,
    ready: impl FnOnce(),
    shutdown: impl Future<Output = ()>,
) -> Result<(), Problem> {
    if !config.home.keys().exists() {
        return Err(Problem::not_set_up());
    }
    let _lock = config.home.lock()?;
    let home = config.home.clone();
    let mut running = driver::start(open(config, passphrase)?)?;
    let stop = running.shutdown.child_token();
    let api = Api {
        handle: running.handle.clone(),
        home: home.clone(),
        running: true,
        stop: stop.clone(),
    };
    drop(timeout(LISTENING, running.settled.wait_for(|settled| *settled)).await);
    let bound = socket::serve(&home, router(api), stop.clone()).await;
    let (path, server) = match bound {
        Ok(bound) => bound,
        Err(problem) => {
            running.close().await;
            return Err(problem);
        }
    };
    ready();
    let outcome = tokio::select! {
        () = shutdown => Ok(()),
        () = stop.cancelled() => Ok(()),
        () = running.ended() => Err(Problem::bug()),
    };
    drop(std::fs::remove_file(&path));
    stop.cancel();
    drop(timeout(LAST_REQUESTS, server).await);
    running.close().await;
    outcome
}

/// Waits until the system or the person at the terminal asks the program to end.
#[cfg(unix)]
pub async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let term = signal(SignalKind::terminate());
    let interrupt = signal(SignalKind::interrupt());
    let (Ok(mut term), Ok(mut interrupt)) = (term, interrupt) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}

impl Inside {
    /// Opens a home in this process. `lock` is its lock.
    pub(crate) fn open(
        config: Config,
        lock: Lock,
        passphrase: impl FnOnce() -> Result<Option<Passphrase>, Problem>,
    ) -> Result<Self, Problem> {
        let home = config.home.clone();
        let running = driver::start(open(config, passphrase)?)?;
        let stop = running.shutdown.child_token();
        let handle = running.handle.clone();
        let router = router(Api {
            handle,
            home,
            running: false,
            stop,
        });
        Ok(Self {
            router,
            running,
            _lock: lock,
        })
    }

    /// Returns the router.
    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Closes the home; it can be opened again when this returns.
    pub(crate) async fn close(self) {
        let Self {
            router,
            running,
            _lock,
        } = self;
        drop(router);
        running.close().await;
    }
}

/// Opens everything that a driver is made of.
fn open(
    config: Config,
    passphrase: impl FnOnce() -> Result<Option<Passphrase>, Problem>,
) -> Result<Parts<Sled>, Problem> {
    let needed = Keystore::needs_passphrase(&config.home)?;
    let given = if needed { passphrase()? } else { None };
    let keystore = Keystore::open(&config.home, given.as_ref())?;
    let identity = Identity::load(&keystore)?;
    let vault = storage::open(&config.home, keystore.master())?;
    Ok(Parts {
        vault,
        keystore,
        identity,
        config,
    })
}
