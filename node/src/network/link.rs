//! One link: reads and writes its frames and tells its events in order, from `LinkUp` to `LinkDown`.
//!
//! Everything runs in one task per link. Reading stops while the driver takes no events, so that
//! the transport's own windows slow the other side down.

use super::handler::{Arrival, Kind, Port};
use super::{Event, Limits, LinkId, frame};
use futures::AsyncReadExt;
use futures::AsyncWriteExt;
use libp2p::swarm::Stream;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// What is on its way when a link is closed has this long to pass.
const LINGER: Duration = Duration::from_secs(2);

/// What one queued frame costs beside its bytes.
pub(super) const FRAME_COST: usize = 64;

/// What the network asks of a link, in this order.
pub(super) enum Order {
    Hello(Vec<u8>),
    Trust,
    Send(Vec<u8>),
    Close,
}

impl Order {
    /// What it costs while it waits.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Hello(bytes) | Self::Send(bytes) => bytes.len() + FRAME_COST,
            Self::Trust => FRAME_COST,
            // Never refused, so never counted.
            Self::Close => 0,
        }
    }
}

/// What a link's task works with.
pub(super) struct Link {
    pub(super) id: LinkId,
    /// Its `LinkUp`.
    pub(super) up: Event,
    /// Whether the other side dialled, and owes a hello.
    pub(super) inbound: bool,
    pub(super) limits: Limits,
    pub(super) port: Port,
    pub(super) orders: mpsc::Receiver<Order>,
    /// The cost of the orders that wait.
    pub(super) queued: Arc<AtomicUsize>,
    /// Set when the link is to end soon.
    pub(super) closing: CancellationToken,
    pub(super) events: mpsc::Sender<Event>,
    /// The peer's previous link, whose `LinkDown` comes first.
    pub(super) previous: Option<oneshot::Receiver<()>>,
    /// Dropped after `LinkDown`.
    pub(super) over: oneshot::Sender<()>,
}

/// The streams that a link waits for.
struct Streams {
    hello_in: oneshot::Receiver<Stream>,
    sync_in: oneshot::Receiver<Stream>,
    hello_out: oneshot::Receiver<Stream>,
    sync_out: oneshot::Receiver<Stream>,
}

/// Hands arriving streams to those who wait for them.
struct Router {
    hello_in: Option<oneshot::Sender<Stream>>,
    sync_in: Option<oneshot::Sender<Stream>>,
    hello_out: Option<oneshot::Sender<Stream>>,
    sync_out: Option<oneshot::Sender<Stream>>,
}

/// What the parts of a link share.
struct Shared {
    id: LinkId,
    limits: Limits,
    events: mpsc::Sender<Event>,
    heard: Arc<AtomicBool>,
    trusted: CancellationToken,
    closing: CancellationToken,
}

/// Lives a link's life and returns its name.
pub(super) async fn run(link: Link) -> LinkId {
    let Link {
        id,
        up,
        inbound,
        limits,
        port,
        orders,
        queued,
        closing,
        events,
        previous,
        over,
    } = link;
    if let Some(previous) = previous {
        // Ends with an error when the previous link is over: that is what is waited for.
        let _ = previous.await;
    }
    if tell(&events, up, inbound, &closing).await {
        let trusted = CancellationToken::new();
        let heard = Arc::clone(&port.heard);
        let shared = Shared {
            id,
            limits,
            events,
            heard,
            trusted,
            closing,
        };
        converse(&shared, inbound, port, orders, &queued).await;
        // If the driver is gone nobody waits for this.
        let _ = shared.events.send(Event::LinkDown { link: id }).await;
    }
    drop(over);
    id
}

/// Tells that a link is up; says whether the driver knows. One that ended before the driver took it
/// is not told, unless a dial waits for its answer: strangers come and go faster than a driver looks.
async fn tell(
    events: &mpsc::Sender<Event>,
    up: Event,
    inbound: bool,
    closing: &CancellationToken,
) -> bool {
    tokio::select! {
        biased;
        () = closing.cancelled(), if inbound => false,
        told = events.send(up) => told.is_ok(),
    }
}

/// Does everything between `LinkUp` and `LinkDown`; whatever ends first ends the link.
async fn converse(
    shared: &Shared,
    inbound: bool,
    port: Port,
    orders: mpsc::Receiver<Order>,
    queued: &AtomicUsize,
) {
    let Port {
        arrivals, requests, ..
    } = port;
    let (router, streams) = router();
    let Streams {
        hello_in,
        sync_in,
        hello_out,
        sync_out,
    } = streams;
    let outbound = Outbound {
        requests,
        hello: Some(hello_out),
        sync: Some(sync_out),
        open: None,
    };
    let reason = tokio::select! {
        () = route(shared, arrivals, router) => "the other side broke the rules",
        () = hear(shared, hello_in) => "more than one hello came",
        () = read(shared, sync_in) => "the other side's stream ended",
        () = write(shared, orders, queued, outbound) => "closed",
        () = expire(shared, inbound) => "not introduced in time",
        () = linger(shared) => "closed, with frames left",
    };
    tracing::debug!(reason, "a link ends");
}

fn router() -> (Router, Streams) {
    let (hello_in_sender, hello_in) = oneshot::channel();
    let (sync_in_sender, sync_in) = oneshot::channel();
    let (hello_out_sender, hello_out) = oneshot::channel();
    let (sync_out_sender, sync_out) = oneshot::channel();
    let router = Router {
        hello_in: Some(hello_in_sender),
        sync_in: Some(sync_in_sender),
        hello_out: Some(hello_out_sender),
        sync_out: Some(sync_out_sender),
    };
    (
        router,
        Streams {
            hello_in,
            sync_in,
            hello_out,
            sync_out,
        },
    )
}

/// Routes streams until a rule is broken; when the connection ends, lets the others finish.
async fn route(shared: &Shared, mut arrivals: mpsc::Receiver<Arrival>, mut router: Router) {
    while let Some(arrival) = arrivals.recv().await {
        let (waiting, stream) = match arrival {
            Arrival::Inbound(Kind::Hello, stream) => (router.hello_in.take(), stream),
            Arrival::Inbound(Kind::Sync, stream) => (router.sync_in.take(), stream),
            Arrival::Outbound(Kind::Hello, stream) => (router.hello_out.take(), stream),
            Arrival::Outbound(Kind::Sync, stream) => (router.sync_out.take(), stream),
            Arrival::Refused => return,
        };
        let Some(waiting) = waiting else {
            return;
        };
        // Nobody waits any more when the link is ending.
        let _ = waiting.send(stream);
    }
    drop(router);
    shared.closing.cancel();
    pending::<()>().await;
}

/// Reads the other side's hello; returns only if there is more than that.
async fn hear(shared: &Shared, stream: oneshot::Receiver<Stream>) {
    let Ok(mut stream) = stream.await else {
        return pending::<()>().await;
    };
    match frame::read(&mut stream, frame::MAX_HELLO).await {
        Ok(Some(frame)) => {
            shared.heard.store(true, Ordering::Relaxed);
            if shared
                .events
                .send(Event::Hello {
                    link: shared.id,
                    frame,
                })
                .await
                .is_err()
            {
                return;
            }
        }
        Ok(None) => return,
        Err(error) => {
            tracing::debug!(%error, "no hello");
            return;
        }
    }
    // Something other than the end of the stream is a second frame.
    if !matches!(stream.read(&mut [0]).await, Ok(1..)) {
        drop(stream);
        pending::<()>().await;
    }
}

/// Reads the other side's frames as fast as the driver takes them, once the link is trusted.
async fn read(shared: &Shared, stream: oneshot::Receiver<Stream>) {
    let Ok(mut stream) = stream.await else {
        return;
    };
    shared.trusted.cancelled().await;
    loop {
        match frame::read(&mut stream, frame::MAX_SYNC).await {
            Ok(Some(frame)) => {
                let event = Event::Frame {
                    link: shared.id,
                    frame,
                };
                if shared.events.send(event).await.is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(%error, "a sync stream ends");
                return;
            }
        }
    }
}

/// Our side of the streams.
struct Outbound {
    requests: mpsc::Sender<Kind>,
    hello: Option<oneshot::Receiver<Stream>>,
    sync: Option<oneshot::Receiver<Stream>>,
    /// The sync stream, once it is open.
    open: Option<Stream>,
}

/// Carries out orders; returns when told to close a link on which nothing was said.
///
/// Where something was said, the other side gets a little time to read it and to end its side.
async fn write(
    shared: &Shared,
    mut orders: mpsc::Receiver<Order>,
    queued: &AtomicUsize,
    mut outbound: Outbound,
) {
    while let Some(order) = orders.recv().await {
        if matches!(order, Order::Close) && outbound.is_unused() {
            return;
        }
        let cost = order.cost();
        let quiet = orders.is_empty();
        let done = timeout(
            shared.limits.write_wait,
            outbound.carry_out(shared, order, quiet),
        )
        .await;
        queued.fetch_sub(cost, Ordering::Relaxed);
        if done != Ok(Some(())) {
            break;
        }
    }
    shared.closing.cancel();
    pending::<()>().await;
}

impl Outbound {
    fn is_unused(&self) -> bool {
        self.hello.is_some() && self.sync.is_some()
    }

    /// Returns `None` when there is nothing more to write.
    async fn carry_out(&mut self, shared: &Shared, order: Order, quiet: bool) -> Option<()> {
        match order {
            Order::Hello(bytes) => {
                let opened = self.hello.take()?;
                self.requests.send(Kind::Hello).await.ok()?;
                let mut stream = within(shared, opened).await?.ok()?;
                write_frame(shared, &mut stream, &bytes).await?;
                within(shared, stream.close()).await?.ok()
            }
            Order::Trust if shared.trusted.is_cancelled() => Some(()),
            Order::Trust => {
                let opened = self.sync.take()?;
                shared.trusted.cancel();
                self.requests.send(Kind::Sync).await.ok()?;
                self.open = Some(within(shared, opened).await?.ok()?);
                Some(())
            }
            Order::Send(bytes) => {
                let stream = self.open.as_mut()?;
                write_frame(shared, stream, &bytes).await?;
                if quiet {
                    within(shared, stream.flush()).await?.ok()
                } else {
                    Some(())
                }
            }
            Order::Close => {
                if let Some(stream) = self.open.as_mut() {
                    within(shared, stream.close()).await?.ok()?;
                }
                None
            }
        }
    }
}

/// Writes a frame, as long as some of it moves now and then.
async fn write_frame(shared: &Shared, stream: &mut Stream, bytes: &[u8]) -> Option<()> {
    let wait = || sleep(shared.limits.stall_wait);
    frame::write(stream, bytes, wait).await.ok()
}

/// Waits for what is done at one go, as long as a stall may take.
async fn within<T>(shared: &Shared, step: impl Future<Output = T>) -> Option<T> {
    timeout(shared.limits.stall_wait, step).await.ok()
}

/// Waits for the time by which a link must have been introduced.
async fn expire(shared: &Shared, inbound: bool) {
    sleep(shared.limits.hello_wait).await;
    let introduced = shared.heard.load(Ordering::Relaxed) || shared.trusted.is_cancelled();
    if inbound && !introduced {
        return;
    }
    sleep(
        shared
            .limits
            .trust_wait
            .saturating_sub(shared.limits.hello_wait),
    )
    .await;
    if shared.trusted.is_cancelled() {
        pending::<()>().await;
    }
}

/// Gives what is on its way a little time once the link is closing.
async fn linger(shared: &Shared) {
    shared.closing.cancelled().await;
    sleep(LINGER).await;
}
