//! Starting and ending a driver: it has a thread of its own, because the store blocks.

use super::{Driver, Parts};
use crate::handle::Handle;
use crate::problem::Problem;
use crate::storage::Engine;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// A driver at work.
#[derive(Debug)]
pub(crate) struct Running {
    /// Talks to it.
    pub(crate) handle: Handle,
    /// Ends it.
    pub(crate) shutdown: CancellationToken,
    /// Says when every circle listens, or could not.
    pub(crate) settled: watch::Receiver<bool>,
    done: oneshot::Receiver<()>,
}

/// Opens every replica and starts the driver. Its networks run on the current runtime.
pub(crate) fn start<E: Engine>(parts: Parts<E>) -> Result<Running, Problem> {
    let (settle, settled) = watch::channel(false);
    let (finished, done) = oneshot::channel();
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let driver = Driver::open(parts, settle)?;
    let (handle, inbox) = Handle::new(driver.moved.subscribe());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.map_err(|_| Problem::bug())?;
    let work = move || {
        runtime.block_on(driver.run(inbox, stop));
        let _ = finished.send(());
    };
    std::thread::Builder::new()
        .name("circlet-driver".to_owned())
        .spawn(work)
        .map_err(|_| Problem::bug())?;
    Ok(Running {
        handle,
        shutdown,
        settled,
        done,
    })
}

impl Running {
    /// Waits until the driver has ended, be it by a fault of its own.
    pub(crate) async fn ended(&mut self) {
        let _ = (&mut self.done).await;
    }

    /// Ends the driver and waits until links are closed and the store is flushed.
    pub(crate) async fn close(mut self) {
        self.shutdown.cancel();
        if !self.done.is_terminated() {
            self.ended().await;
        }
    }
}
