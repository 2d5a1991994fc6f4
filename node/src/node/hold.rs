//! Who holds the keys of a home: opens it, and lets go of every key when it is locked.
//!
//! One ask at a time, so that a passphrase is tried once at a time, however many wait.

use super::gate::{Ask, Gate};
use super::open;
use crate::api::{Api, router};
use crate::config::Config;
use crate::driver::{self, Running};
use crate::identity;
use crate::keystore::{self, Key, Passphrase, Silence};
use crate::page;
use crate::problem::Problem;
use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How long the networks may take to say where they listen before the node counts as ready anyway.
const LISTENING: Duration = Duration::from_secs(5);

/// How long closing may take before a lock counts as stuck: more than the driver allows its networks.
const CLOSING: Duration = Duration::from_secs(10);

/// The side of a node that holds the keys.
#[derive(Debug)]
pub(super) struct Hold {
    config: Config,
    gate: Gate,
    opened: Option<Opened>,
}

/// Everything of an open home. Nothing of it is kept when the home is locked.
#[derive(Debug)]
struct Opened {
    running: Running,
    silence: Silence,
}

impl Hold {
    /// Opens the home, and lets requests in.
    pub(super) async fn open(
        config: Config,
        gate: Gate,
        key: Option<Key>,
    ) -> Result<Self, Problem> {
        let mut hold = Self::closed(config, gate);
        hold.unlock(key).await?;
        Ok(hold)
    }

    /// Leaves the home as it is: not set up, or locked.
    pub(super) fn closed(config: Config, gate: Gate) -> Self {
        let opened = None;
        Self {
            config,
            gate,
            opened,
        }
    }

    /// Waits until every circle listens, or could not.
    pub(super) async fn listening(&mut self) {
        if let Some(opened) = &mut self.opened {
            let settled = opened.running.settled.wait_for(|settled| *settled);
            drop(timeout(LISTENING, settled).await);
        }
    }

    /// Does what is asked until `end` is done, or until something of its own is at fault.
    pub(super) async fn keep(
        &mut self,
        mut inbox: mpsc::Receiver<Ask>,
        mut end: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Problem> {
        loop {
            let gate = self.gate.clone();
            tokio::select! {
                () = &mut end => return Ok(()),
                () = self.fault() => return Err(Problem::bug()),
                () = gate.silent() => drop(self.lock().await?),
                ask = inbox.recv() => match ask {
                    Some(ask) => self.answer(ask).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    /// Closes the home.
    pub(super) async fn close(mut self) {
        if let Some(opened) = self.opened.take() {
            opened.running.close().await;
        }
    }

    async fn answer(&mut self, ask: Ask) -> Result<(), Problem> {
        // Whoever asked may have gone.
        match ask {
            Ask::Lock(reply) => {
                let locked = self.lock().await;
                drop(reply.send(locked.clone()));
                locked?;
            }
            Ask::Unlock(key, reply) => drop(reply.send(self.unlock(key).await)),
            Ask::Passphrase { key, new, reply } => {
                drop(reply.send(self.change(key, new).await));
            }
            Ask::Silence(after, reply) => drop(reply.send(self.set_silence(after))),
            Ask::SetUp {
                name,
                passphrase,
                reply,
            } => drop(reply.send(self.set_up(name, passphrase).await)),
        }
        Ok(())
    }

    /// Waits for the end of a driver that was not asked to end.
    async fn fault(&mut self) {
        match &mut self.opened {
            Some(opened) => opened.running.ended().await,
            None => pending().await,
        }
    }

    /// Turns requests away, closes every circle and the store, and drops every key with them. An error is
    /// the end of the node, which drops them too.
    async fn lock(&mut self) -> Result<bool, Problem> {
        let Some(opened) = &mut self.opened else {
            return Ok(false);
        };
        self.gate.close().await;
        opened.running.shutdown.cancel();
        if timeout(CLOSING, opened.running.ended()).await.is_err() {
            return Err(stuck());
        }
        self.opened = None;
        tracing::debug!("locked");
        Ok(true)
    }

    async fn unlock(&mut self, key: Option<Key>) -> Result<bool, Problem> {
        if self.opened.is_some() {
            return Ok(false);
        }
        let config = self.config.clone();
        let opened = apart(move || Opened::open(config, key.as_ref())).await?;
        let api = Api {
            handle: opened.running.handle.clone(),
            home: self.config.home.clone(),
            running: true,
        };
        let page = page::screens(api.clone());
        self.gate.open(router(api), page, opened.silence.read());
        self.opened = Some(opened);
        tracing::debug!("unlocked");
        Ok(true)
    }

    async fn set_up(
        &mut self,
        name: String,
        passphrase: Option<Passphrase>,
    ) -> Result<(), Problem> {
        let home = self.config.home.clone();
        let key = passphrase.clone().map(Key::from);
        apart(move || identity::set_up_held(&home, &name, passphrase.as_ref())).await?;
        self.unlock(key).await?;
        Ok(())
    }

    async fn change(&mut self, key: Option<Key>, new: Option<Passphrase>) -> Result<(), Problem> {
        let home = self.config.home.clone();
        let change = move || keystore::change_passphrase(&home, key.as_ref(), new.as_ref());
        apart(move || Ok(change()?)).await
    }

    fn set_silence(&mut self, after: Option<Duration>) -> Result<(), Problem> {
        let opened = self.opened.as_ref().ok_or_else(super::gate::locked)?;
        opened.silence.write(after)?;
        self.gate.set_silence(after);
        Ok(())
    }
}

impl Opened {
    fn open(config: Config, key: Option<&Key>) -> Result<Self, Problem> {
        let home = config.home.clone();
        let parts = open(config, key)?;
        let silence = parts.keystore.silence(&home);
        let running = driver::start(parts)?;
        Ok(Self { running, silence })
    }
}

/// Does what takes its time and handles keys, on a thread of its own: what that leaves on its stack is
/// gone with the thread.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (done, result) = oneshot::channel();
    let runtime = Handle::current();
    let work = move || {
        let _entered = runtime.enter();
        // Whoever waited may have gone.
        drop(done.send(work()));
    };
    let thread = std::thread::Builder::new().name("circlet-keys".to_owned());
    let thread = thread.spawn(work).map_err(|_| Problem::bug())?;
    let result = result.await.map_err(|_| Problem::bug())?;
    // It has nothing left to do but end.
    drop(thread.join());
    result
}

fn stuck() -> Problem {
    Problem::new(
        "lock-by-ending",
        "Circlet could not close what it had open, so it ends altogether: that drops its keys too. What \
         was saved is safe.",
        "`circlet start` brings it back.",
    )
}
