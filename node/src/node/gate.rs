//! The gate between the socket and an open home: lets requests in while the home is open, and turns them
//! away while it is locked. The socket stays; what lies behind it comes and goes.
//!
//! ```text
//! socket ─► gate ─┬─ open ───► the home's router
//!                 └─ locked ─► a problem of the kind `Locked`
//!             └──► asks (lock, unlock, another passphrase) ──► `hold`, which has the keys
//! ```

use crate::clock::Clock;
use crate::keystore::{Key, Passphrase};
use crate::problem::{Kind, Problem};
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use circlet_model::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tower::ServiceExt as _;

/// Asks that may wait: a passphrase takes a quarter of a second of a whole core and 64 MiB each, so more
/// than a few are turned away.
const WAITING: usize = 4;

/// How long requests that are under way may take once the home is locked.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// Lets requests in, or not.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    shared: Arc<Shared>,
    asks: mpsc::Sender<Ask>,
}

/// Where the answer to an ask goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Problem>>;

/// What only the side that holds the keys can do.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Drop every key; says whether the home was open.
    Lock(Reply<bool>),
    /// Open the home; says whether it was locked.
    Unlock(Option<Key>, Reply<bool>),
    /// Let another passphrase, or none, open it from now on.
    Passphrase {
        key: Option<Key>,
        new: Option<Passphrase>,
        reply: Reply<()>,
    },
    /// Lock by itself after so much silence, or never.
    Silence(Option<Duration>, Reply<()>),
    /// Set the home up for somebody of this name, and open it.
    SetUp {
        name: String,
        passphrase: Option<Passphrase>,
        reply: Reply<()>,
    },
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Wakes whoever waits for the silence to be long enough.
    changed: Notify,
    clock: Clock,
}

#[derive(Debug)]
struct State {
    way: Option<Way>,
    /// After how much silence the home locks itself.
    after: Option<Duration>,
    last: Moment,
}

/// The way in, and who is on it.
#[derive(Debug)]
struct Way {
    router: Router,
    /// The screens of the page.
    page: Router,
    requests: TaskTracker,
    /// Done once the home is locked. Whatever shows the home for longer than one request watches this, and
    /// ends with it.
    session: CancellationToken,
}

/// A moment by two clocks: one that cannot be set, and one that goes on while the computer sleeps.
#[derive(Clone, Copy, Debug)]
struct Moment {
    passed: Instant,
    said: Timestamp,
}

impl Gate {
    /// Returns a locked gate, and what is asked through it.
    pub(crate) fn new(clock: Clock) -> (Self, mpsc::Receiver<Ask>) {
        let (asks, inbox) = mpsc::channel(WAITING);
        let state = State {
            way: None,
            after: None,
            last: Moment::now(clock),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Notify::new(),
            clock,
        });
        (Self { shared, asks }, inbox)
    }

    /// Lets requests in to this router and to the screens of the page, until there was this much silence.
    pub(crate) fn open(&self, router: Router, page: Router, after: Option<Duration>) {
        let mut state = self.state();
        state.way = Some(Way {
            router,
            page,
            requests: TaskTracker::new(),
            session: CancellationToken::new(),
        });
        (state.after, state.last) = (after, Moment::now(self.shared.clock));
        drop(state);
        self.shared.changed.notify_one();
    }

    /// Turns requests away from now on, and ends those under way, after a moment.
    pub(crate) async fn close(&self) {
        let Some(way) = self.state().way.take() else {
            return;
        };
        way.requests.close();
        if timeout(LAST_REQUESTS, way.requests.wait()).await.is_err() {
            tracing::debug!("requests were cut short by the lock");
        }
        way.session.cancel();
        way.requests.wait().await;
    }

    /// Sets the silence after which the home locks itself.
    pub(crate) fn set_silence(&self, after: Option<Duration>) {
        self.state().after = after;
        self.shared.changed.notify_one();
    }

    /// Returns the silence after which the home locks itself.
    pub(crate) fn silence(&self) -> Option<Duration> {
        self.state().after
    }

    /// Waits until the home is open and there was silence for long enough.
    pub(super) async fn silent(&self) {
        loop {
            let left = self.state().left(Moment::now(self.shared.clock));
            match left {
                Some(Duration::ZERO) => return,
                Some(left) => {
                    // Looked at often, because this wait stands still while the computer sleeps.
                    let pause = left.min(super::LOOK);
                    drop(timeout(pause, self.shared.changed.notified()).await);
                }
                None => self.shared.changed.notified().await,
            }
        }
    }

    /// Says whether requests are turned away.
    pub(crate) fn is_locked(&self) -> bool {
        self.state().way.is_none()
    }

    /// Hands a request on to the home; `None` when it is locked.
    pub(crate) async fn pass(&self, request: Request) -> Option<Response> {
        let (router, session, _under_way) = self.enter(|way| &way.router)?;
        Some(tokio::select! {
            answer = router.oneshot(request) => answer.into_response(),
            () = session.cancelled() => cut_short().into_response(),
        })
    }

    /// Hands a request on to the screens of the page; `None` when the home is locked, or is before there
    /// is an answer.
    pub(crate) async fn show(&self, request: Request) -> Option<Response> {
        let (page, session, _under_way) = self.enter(|way| &way.page)?;
        tokio::select! {
            answer = page.oneshot(request) => Some(answer.into_response()),
            () = session.cancelled() => None,
        }
    }

    /// Returns what is done once the home is locked; `None` when it is already.
    pub(crate) fn session(&self) -> Option<CancellationToken> {
        Some(self.state().way.as_ref()?.session.clone())
    }

    /// Asks the side that holds the keys.
    pub(crate) async fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        match self.asks.try_send(ask(reply)) {
            Ok(()) => answer.await.map_err(|_| Problem::closing())?,
            Err(mpsc::error::TrySendError::Full(_)) => Err(too_many()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Problem::closing()),
        }
    }

    fn enter(
        &self,
        which: impl FnOnce(&Way) -> &Router,
    ) -> Option<(Router, CancellationToken, TaskTrackerToken)> {
        let mut state = self.state();
        let now = Moment::now(self.shared.clock);
        if state.left(now) == Some(Duration::ZERO) {
            // The computer slept: it locks as soon as it gets to it, and nobody comes in before.
            self.shared.changed.notify_one();
            return None;
        }
        state.last = now;
        let way = state.way.as_ref()?;
        let router = which(way).clone();
        Some((router, way.session.clone(), way.requests.token()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns how much longer the silence may last; `None` while nothing waits for its end.
    fn left(&self, now: Moment) -> Option<Duration> {
        let after = self.way.as_ref().and(self.after)?;
        Some(after.saturating_sub(now.since(self.last)))
    }
}

impl Moment {
    fn now(clock: Clock) -> Self {
        Self {
            passed: Instant::now(),
            said: clock.now(),
        }
    }

    /// Returns how long ago another moment was, by the clock that says more.
    fn since(self, earlier: Self) -> Duration {
        let passed = self.passed.duration_since(earlier.passed);
        passed.max(self.said.since(earlier.said))
    }
}

/// Returns the problem of a home that is locked while its node runs.
pub(crate) fn locked() -> Problem {
    Problem::new(
        "locked",
        "Circlet is locked on this computer. What was shared is safe, and nothing was changed.",
        "`circlet unlock` opens it again.",
    )
    .of(Kind::Locked)
}

fn cut_short() -> Problem {
    Problem::new(
        "locked",
        "Circlet was locked before it answered. It may or may not have done what you asked for.",
        "`circlet unlock` opens it again; look with `circlet status` or `circlet read` before you try \
         again.",
    )
    .of(Kind::Locked)
}

fn too_many() -> Problem {
    Problem::new(
        "busy",
        "Circlet is busy with other passphrases. Nothing was changed.",
        "Try again in a few seconds.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;

    fn request() -> Request {
        Request::get("/").body(Body::empty()).unwrap()
    }

    /// Returns the status of an answer; 0 = turned away.
    async fn status(gate: &Gate) -> u16 {
        gate.pass(request())
            .await
            .map_or(0, |answer| answer.status().as_u16())
    }

    #[tokio::test]
    async fn nobody_comes_in_before_it_is_open_or_after_it_is_locked() {
        let (gate, _inbox) = Gate::new(Clock::default());
        assert_eq!(status(&gate).await, 0);
        let router = Router::new().route("/", get(|| async { "here" }));
        gate.open(router, Router::new(), None);
        assert_eq!(status(&gate).await, 200);
        gate.close().await;
        gate.close().await;
        assert!(gate.is_locked());
        assert_eq!(status(&gate).await, 0);
    }

    #[tokio::test]
    async fn what_is_under_way_ends_or_is_ended() {
        let (gate, _inbox) = Gate::new(Clock::default());
        let closing = Arc::new(Notify::new());
        let slow = get({
            let closing = Arc::clone(&closing);
            || async move { closing.notified().await }
        });
        let endless = get(std::future::pending::<()>);
        let router = Router::new().route("/", slow).route("/endless", endless);
        gate.open(router, Router::new(), None);
        let under_way = |path: &'static str| {
            let gate = gate.clone();
            let request = Request::get(path).body(Body::empty()).unwrap();
            tokio::spawn(async move { gate.pass(request).await.unwrap().status().as_u16() })
        };
        let (slow, endless) = (under_way("/"), under_way("/endless"));
        tokio::task::yield_now().await;
        tokio::join!(gate.close(), async { closing.notify_one() });
        assert_eq!(slow.await.unwrap(), 200);
        assert_eq!(endless.await.unwrap(), 423);
    }

    #[tokio::test]
    async fn silence_counts_from_the_last_request_by_the_clock_that_says_more() {
        let clock = Clock::default();
        let (gate, _inbox) = Gate::new(clock);
        let after = Duration::from_mins(15);
        let left = |passed: Duration, said: Duration| {
            let mut now = gate.state().last;
            now.passed += passed;
            now.said.0 += u64::try_from(said.as_millis()).unwrap();
            gate.state().left(now)
        };
        let (none, five, hour) = (Duration::ZERO, after / 3, after * 4);
        gate.set_silence(Some(after));
        assert_eq!(left(hour, hour), None, "it is not open");
        let router = Router::new().route("/", get(|| async {}));
        gate.open(router, Router::new(), Some(after));
        assert_eq!(left(five, five), Some(after.saturating_sub(five)));
        assert_eq!(left(hour, none), Some(none), "the clock was put back");
        assert_eq!(left(none, hour), Some(none), "the computer slept");
        gate.set_silence(None);
        assert_eq!(left(hour, hour), None);
    }

    #[tokio::test]
    async fn a_computer_that_slept_is_locked_before_anybody_comes_in() {
        let (gate, _inbox) = Gate::new(Clock::default());
        let router = Router::new().route("/", get(|| async {}));
        gate.open(router, Router::new(), Some(Duration::from_hours(1)));
        assert_eq!(status(&gate).await, 200);
        gate.state().last.said.0 -= 2 * 60 * 60 * 1000;
        assert_eq!(status(&gate).await, 0);
        gate.silent().await;
        gate.set_silence(None);
        assert_eq!(status(&gate).await, 200);
    }

    #[tokio::test]
    async fn few_asks_wait_and_the_rest_is_told() {
        let (gate, inbox) = Gate::new(Clock::default());
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.ask(Ask::Lock).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.ask(Ask::Lock).await.unwrap_err().code, "busy");
        drop(inbox);
        for ask in waiting {
            assert_eq!(ask.await.unwrap().unwrap_err().code, "closing");
        }
        assert_eq!(gate.ask(Ask::Lock).await.unwrap_err().code, "closing");
    }
}
