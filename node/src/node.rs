//! A node: a home, its store, its driver, and the socket that answers; from start to a clean end.
//!
//! ```text
//! start   take the home ─► open keys, store, replicas ─► listen ─► bind the socket ─► ready
//! lock    turn requests away (1 s) ─► close links, flush (3 s) ─► drop every key; the socket stays
//! end     remove the socket ─► end its requests (1 s) ─► close links, flush (3 s) ─► let the home go
//! ```
//!
//! `gate` is what requests meet, `hold` has the keys.
//!
//! A node that has not ended after `ENDING` ends as it is: nothing in it was acknowledged that is not
//! durable. A passphrase is asked for while nothing is locked, since typing takes its time.

use crate::api::lock::{Front, front_router};
use crate::api::{Api, router};
use crate::client;
use crate::config::Config;
use crate::driver::{self, Parts, Running};
use crate::home::{self, Home, Lock};
use crate::identity::{self, Identity};
use crate::keystore::{self, Key, Keystore};
use crate::page::door::Door;
use crate::problem::Problem;
use crate::repair;
use crate::storage::{self, Sled};
use axum::Router;
use gate::Gate;
use hold::Hold;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

pub(crate) mod gate;
mod hold;
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

/// The longest time between two looks at how long it was silent, so that a sleep of the computer is
/// noticed.
const LOOK: Duration = Duration::from_secs(30);

/// A home whose router is asked within this process.
#[derive(Debug)]
pub struct Inside {
    router: Router,
    running: Running,
    lock: Lock,
}

/// Runs the node of a home until `shutdown` is done or it is asked to stop.
///
/// `key` is asked when the home needs one; `ready` is called once, when every circle listens and the
/// socket answers.
pub async fn run(
    config: Config,
    key: impl FnOnce() -> Result<Option<Key>, Problem>,
    ready: impl FnOnce(),
    shutdown: impl Future<Output = ()>,
) -> Result<(), Problem> {
    let home = config.home.clone();
    let for_page = config.for_page;
    if for_page && identity::may_set_up(&home).is_ok() {
        home.create()?;
    } else if !home.keys().exists() {
        return Err(identity::missing(&home));
    }
    let mut lock = take(&home).await?;
    let (gate, inbox) = Gate::new(config.clock);
    let asks = !home.keys().exists() || Keystore::needs_passphrase(&home)?;
    let mut hold = if for_page && asks {
        Hold::closed(config, gate.clone())
    } else {
        let mut given = None;
        if asks {
            drop(lock);
            given = key()?;
            lock = take(&home).await?;
        }
        // Only here: what was given is not kept for as long as the node runs.
        Hold::open(config, gate.clone(), given).await?
    };
    let stop = CancellationToken::new();
    let door = Door::new(gate.clone(), home.clone(), stop.clone());
    let front = Front {
        gate,
        door: door.clone(),
        home: home.clone(),
        stop: stop.clone(),
    };
    hold.listening().await;
    let bound = socket::serve(&home, front_router(front), stop.clone()).await;
    let (path, server) = match bound {
        Ok(bound) => bound,
        Err(problem) => {
            end(hold.close(), lock).await;
            return Err(problem);
        }
    };
    ready();
    let asked_to_end = async {
        tokio::select! {
            () = shutdown => {}
            () = stop.cancelled() => {}
        }
    };
    let outcome = hold.keep(inbox, std::pin::pin!(asked_to_end)).await;
    drop(std::fs::remove_file(&path));
    stop.cancel();
    let closed = async {
        let answered = async { tokio::join!(server, door.closed()) };
        drop(timeout(LAST_REQUESTS, answered).await);
        hold.close().await;
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
    pub(crate) fn open(config: Config, lock: Lock, key: Option<&Key>) -> Result<Self, Problem> {
        let home = config.home.clone();
        let running = driver::start(open(config, key)?)?;
        let handle = running.handle.clone();
        let router = router(Api {
            handle,
            home,
            running: false,
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
fn open(config: Config, key: Option<&Key>) -> Result<Parts<Sled>, Problem> {
    repair::swap::end(&config.home).map_err(keystore::Error::from)?;
    let keystore = Keystore::open_by(&config.home, key)?;
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
