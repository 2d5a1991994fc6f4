//! Serving the page: a bounded number of connections, each of which has to say soon what it wants.
//!
//! Every program on this computer can connect to the port. Whoever has shown a session keeps their
//! connections; of the others the oldest makes room, so that a crowd costs little and keeps nobody out.

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// The most bytes of a request that lie in memory at once: a browser's headers have a few KiB.
const BUFFER: usize = 32 * 1024;

/// The pause after the system could not hand over a connection, so that it is not asked in a circle.
const PAUSE: Duration = Duration::from_millis(100);

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How many there are at most: a browser opens six to one place, and a person has few windows.
    pub(super) most: usize,
    /// How long one may take to say what it wants, from its beginning or from the last answer.
    pub(super) head: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            most: 64,
            head: Duration::from_secs(10),
        }
    }
}

/// Whether somebody with a session was heard over a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<AtomicBool>);

/// A connection that is answered.
#[derive(Clone, Debug, Default)]
struct Connection {
    known: Known,
    /// Ends it, and is done once it has ended.
    end: CancellationToken,
}

/// Answers on a port until `stop`, and ends what is under way then.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    bounds: Bounds,
) {
    let under_way = TaskTracker::new();
    let mut connections: Vec<Connection> = Vec::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        make_room(&mut connections, bounds.most);
        let connection = Connection::default();
        connections.push(connection.clone());
        let answered = connection.answer(stream, router.clone(), stop.clone(), bounds.head);
        under_way.spawn(answered);
    }
    drop(listener);
    under_way.close();
    under_way.wait().await;
}

/// Ends the oldest connection of a stranger where there are too many, or else the oldest of all.
fn make_room(connections: &mut Vec<Connection>, most: usize) {
    connections.retain(|connection| !connection.end.is_cancelled());
    if connections.len() < most {
        return;
    }
    let stranger = connections.iter().position(|it| !it.known.is_known());
    connections
        .remove(stranger.unwrap_or_default())
        .end
        .cancel();
}

impl Known {
    /// Notes that somebody with a session was heard.
    pub(super) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Connection {
    async fn answer(
        self,
        stream: TcpStream,
        router: Router,
        stop: CancellationToken,
        head: Duration,
    ) {
        let Self { known, end } = self;
        let _ended = end.clone().drop_guard();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(known.clone());
            router.clone().oneshot(request)
        });
        let answering = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service);
        let mut answering = pin!(answering);
        // How a connection ends is its other side's affair.
        tokio::select! {
            _ = answering.as_mut() => {}
            () = end.cancelled() => {}
            () = stop.cancelled() => {
                answering.as_mut().graceful_shutdown();
                let _ = answering.await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_make_room_before_whoever_has_a_session() {
        let mut all: Vec<Connection> = (0..4).map(|_| Connection::default()).collect();
        let first = all.clone();
        first[0].known.note();
        first[2].end.cancel();
        make_room(&mut all, 4);
        assert_eq!(all.len(), 3, "what has ended does not count");
        make_room(&mut all, 3);
        assert!(first[1].end.is_cancelled() && !first[0].end.is_cancelled());
        first[3].known.note();
        make_room(&mut all, 2);
        assert!(
            first[0].end.is_cancelled(),
            "the oldest, where all are known"
        );
        assert!(!first[3].end.is_cancelled());
    }
}
