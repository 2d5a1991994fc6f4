//! A node: a home, its store, its driver, and the socket that answers; from start to a clean end.
//!
//! ```text
//! start   lock the home ─► open keys, store, replicas ─► listen ─► bind the socket ─► ready
//! end     remove the socket ─► end its requests (1 s) ─► close links, flush (3 s) ─► unlock
//! ```
//!
//! A node that has not ended after `ENDING` ends as it is: nothing in it was acknowledged that is not
//! durable. A passphrase is asked for while nothing is locked, since typing takes its time.

use crate::api::{Api, router};
use crate::client;
use crate::config::Config;
use crate::driver::{self, Parts, Running};
use crate::home::{self, Home, Lock};
use crate::identity::{self, Identity};
use crate::keystore::{Keystore, Passphrase};
use crate::problem::Problem;
use crate::storage::{self, Sled};
use axum::Router;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

pub(crate) mod socket;
#[cfg(test)]
mod tests;

/// How long to wait for a home that another command has open, or whose node is just starting.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(25);

/// How long all of the end may take: half a second less than services are promised.
const ENDING: Duration = Duration::from_millis(4500);

/// How long requests that are under way may take once the node closes.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// How long the networks may take to say where they listen before the node counts as ready anyway.
const LISTENING: Duration = Duration::from_secs(5);

/// A home whose router is asked within this process.
#[derive(Debug)]
pub struct Inside {
    router: Router,
    running: Running,
    lock: Lock,
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
    let home = config.home.clone();
    if !home.keys().exists() {
        return Err(identity::missing(&home));
    }
    let mut lock = take(&home).await?;
    let mut given = None;
    if Keystore::needs_passphrase(&home)? {
        drop(lock);
        given = passphrase()?;
        lock = take(&home).await?;
    }
    let mut running = driver::start(open(config, given.as_ref())?)?;
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
            end(running.close(), lock).await;
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
    let closed = async {
        drop(timeout(LAST_REQUESTS, server).await);
        running.close().await;
    };
    end(closed, lock).await;
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
        passphrase: Option<&Passphrase>,
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
            lock,
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
            lock,
        } = self;
        drop(router);
        end(running.close(), lock).await;
    }
}

/// Takes the home's lock, waiting for a command that is about to let go of it; not for a node that
/// answers, which will not.
async fn take(home: &Home) -> Result<Lock, Problem> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match home.lock() {
            Err(home::Error::Busy) if Instant::now() < deadline => {}
            taken => return Ok(taken?),
        }
        if client::probe(home).await?.is_some() {
            return Err(home::Error::Busy.into());
        }
        sleep(PAUSE).await;
    }
}

/// Waits for what closes a home, and unlocks it. What takes too long may still be writing: then the
/// home stays locked until this process ends.
async fn end(closed: impl Future<Output = ()>, lock: Lock) {
    if timeout(ENDING, closed).await.is_err() {
        tracing::debug!("closing took too long");
        std::mem::forget(lock);
    }
}

/// Opens everything that a driver is made of.
fn open(config: Config, passphrase: Option<&Passphrase>) -> Result<Parts<Sled>, Problem> {
    let keystore = Keystore::open(&config.home, passphrase)?;
    let identity = match Identity::load(&keystore) {
        Err(identity::Error::Missing) => return Err(identity::missing(&config.home)),
        loaded => loaded?,
    };
    let vault = storage::open(&config.home, keystore.master())?;
    Ok(Parts {
        vault,
        keystore,
        identity,
        config,
    })
}
