//! The door to the page: a port of this computer's own loopback, a link that opens it once, and a cookie.
//!
//! ```text
//! `circlet open` ─ socket ─► a code ─► http://127.0.0.1:<port>/<path>/open?code=…
//!                ─► cookie (HttpOnly, SameSite=Strict, Path=/<path>/) ─► /<path>/
//! ```
//!
//! Port, path and sessions are new with every node, and there is no port before the first link. A cookie is
//! sent to every port of this computer, but only below its path, which nobody else knows.

use super::guard;
use super::serve::{Bounds, Known, serve};
use super::setup;
use super::show::{Base, closed, used_twice};
use super::spoken;
use super::unlock;
use super::visitors::{Opened, Under, Visitor, Visitors, secret};
use crate::home::Home;
use crate::identity::may_set_up;
use crate::keystore::{self, Keystore, fresh_rng};
use crate::node::gate::{Ask, Gate, Reply};
use crate::problem::Problem;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// The cookie's name.
const COOKIE: &str = "circlet";

/// The files that every screen names; nothing of a member is in them.
const FILES: [(&str, &str, &str); 3] = [
    (
        "app.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/app.css"),
    ),
    (
        "app.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/app.js"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../../assets/icon.svg"),
    ),
];

/// The door of a node.
#[derive(Clone, Debug)]
pub(crate) struct Door(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    gate: Gate,
    home: Home,
    /// Ends the node.
    stop: CancellationToken,
    place: OnceCell<Place>,
    visitors: Visitors,
    serving: TaskTracker,
}

/// Where the page is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) base: Base,
}

impl Door {
    /// Returns a door at which nobody can knock yet.
    pub(crate) fn new(gate: Gate, home: Home, stop: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            gate,
            home,
            stop,
            place: OnceCell::new(),
            visitors: Visitors::default(),
            serving: TaskTracker::new(),
        }))
    }

    /// Returns a link that opens the page once; opens the port if this is the first.
    pub(crate) async fn link(&self) -> Result<String, Problem> {
        let code = self.code()?;
        let place = self.0.place.get_or_try_init(|| self.open()).await?;
        let Place { host, base } = place;
        Ok(format!("http://{host}{base}open?code={code}"))
    }

    /// Returns the code of a new link.
    pub(super) fn code(&self) -> Result<String, Problem> {
        let under = self.0.gate.session().map_or(Under::Before, Under::Open);
        let visitors = &self.0.visitors;
        Ok(visitors.link(&mut fresh_rng()?, Instant::now(), under))
    }

    /// Waits until nothing is answered any more, once the node was asked to stop.
    pub(crate) async fn closed(&self) {
        self.0.serving.close();
        self.0.serving.wait().await;
    }

    /// Says whether there is no home yet.
    fn is_first_run(&self) -> bool {
        self.0.gate.is_locked() && may_set_up(&self.0.home).is_ok()
    }

    async fn open(&self) -> Result<Place, Problem> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(keystore::Error::from)?;
        let port = listener.local_addr().map_err(keystore::Error::from)?.port();
        let place = Place {
            host: format!("127.0.0.1:{port}"),
            base: Base::new(&secret(&mut fresh_rng()?)),
        };
        let (router, stop) = (self.router(&place), self.0.stop.clone());
        let serving = serve(listener, router, stop, Bounds::default());
        self.0.serving.spawn(serving);
        Ok(place)
    }

    /// Returns what answers there.
    pub(super) fn router(&self, place: &Place) -> Router {
        let (door, base) = (self.clone(), place.base.clone());
        let answer = move |request| {
            let (door, base) = (door.clone(), base.clone());
            async move { door.answer(base, request).await }
        };
        guard::before(Router::new().fallback(answer), place.host.clone())
    }

    async fn answer(&self, base: Base, request: Request) -> Response {
        let base = base.speaking(spoken::of(&self.0.home, request.headers()));
        let Some(path) = base.strip(request.uri().path()) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let cookie = cookie(request.headers());
        match (request.method(), path) {
            (&Method::GET, "open") => return self.follow(&base, request.uri(), cookie),
            (&Method::GET, path) if let Some(file) = file(path) => return file,
            _ => {}
        }
        let visitor = cookie.and_then(|cookie| self.0.visitors.find(Instant::now(), cookie));
        let Some(visitor) = visitor else {
            return closed(&base);
        };
        if let Some(connection) = request.extensions().get::<Known>() {
            connection.note();
        }
        match (request.method(), path) {
            (&Method::POST, "leave") => return self.leave(&base).await,
            (&Method::POST, "language") => {
                return spoken::choose(&self.0.home, &base, request).await;
            }
            _ => {}
        }
        let Some(mut request) = inside(&base, request, &visitor) else {
            return closed(&base);
        };
        request.extensions_mut().insert(self.clone());
        if let Some(screens) = self.before(&visitor) {
            return screens.oneshot(request).await.into_response();
        }
        let answer = if visitor.inside {
            self.0.gate.show(request).await
        } else {
            // Somebody else opened the home.
            None
        };
        answer.unwrap_or_else(|| closed(&base))
    }

    /// Returns what is shown while the home is locked, or not set up.
    fn before(&self, visitor: &Visitor) -> Option<Router> {
        if visitor.inside || !self.0.gate.is_locked() {
            None
        } else if self.is_first_run() {
            Some(setup::router(self.clone()))
        } else {
            Some(unlock::router(self.clone()))
        }
    }

    /// Follows a link.
    fn follow(&self, base: &Base, uri: &Uri, cookie: Option<&str>) -> Response {
        let code = uri.query().and_then(|query| query.strip_prefix("code="));
        let (Some(code), Ok(mut rng)) = (code, fresh_rng()) else {
            return closed(base);
        };
        let visitors = &self.0.visitors;
        match visitors.open(&mut rng, Instant::now(), code, cookie) {
            Opened::Unknown => closed(base),
            Opened::Twice => used_twice(base),
            Opened::Already => Redirect::to(&base.to("")).into_response(),
            Opened::Now(session) => {
                (sets_cookie(base, &session, ""), Redirect::to(&base.to(""))).into_response()
            }
        }
    }

    /// Locks the home: every page of it is closed from now on.
    async fn leave(&self, base: &Base) -> Response {
        self.0.visitors.leave_before(Instant::now());
        if self.is_first_run() {
            self.0.stop.cancel();
        } else if self.0.gate.ask(Ask::Lock).await.is_err() {
            // It could not let go of its keys, and ends altogether.
            self.0.stop.cancel();
        }
        let mut answer = closed(base);
        let gone = HeaderValue::from_static("\"cache\"");
        answer.headers_mut().insert("clear-site-data", gone);
        *answer.status_mut() = StatusCode::OK;
        // With its cookie a browser also lets go of the pages that Back would show without asking anybody.
        (sets_cookie(base, "", "; Max-Age=0"), answer).into_response()
    }

    /// Notes what somebody wants to be called.
    pub(super) fn call(&self, visitor: &Visitor, name: String) {
        self.0.visitors.call(Instant::now(), visitor, name);
    }

    /// Sets the home up, and lets whoever did go on in it.
    pub(super) async fn set_up(
        &self,
        visitor: &Visitor,
        name: String,
        passphrase: Option<keystore::Passphrase>,
    ) -> Result<(), Problem> {
        let ask = |reply| Ask::SetUp {
            name,
            passphrase,
            reply,
        };
        self.0.gate.ask(ask).await?;
        self.go_in(visitor);
        Ok(())
    }

    /// Unlocks the home, and lets whoever did go on in it.
    pub(super) async fn unlock(
        &self,
        visitor: &Visitor,
        key: Option<keystore::Key>,
    ) -> Result<(), Problem> {
        self.0.gate.ask(|reply| Ask::Unlock(key, reply)).await?;
        self.go_in(visitor);
        Ok(())
    }

    /// Lets whoever opened the home go on in it, and nobody else who waited before it.
    fn go_in(&self, visitor: &Visitor) {
        let visitors = &self.0.visitors;
        if let Some(session) = self.0.gate.session() {
            visitors.go_on(Instant::now(), visitor, session);
        }
        visitors.leave_before(Instant::now());
    }

    /// Asks the side that holds the keys.
    pub(super) async fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Problem> {
        self.0.gate.ask(ask).await
    }

    /// Returns after how much silence the home locks itself.
    pub(super) fn silence(&self) -> Option<Duration> {
        self.0.gate.silence()
    }

    /// Says whether it takes a passphrase to open the home.
    pub(super) fn needs_passphrase(&self) -> bool {
        Keystore::needs_passphrase(&self.0.home).unwrap_or(true)
    }
}

/// Returns the header that gives a browser our cookie.
fn sets_cookie(base: &Base, value: &str, more: &str) -> [(HeaderName, String); 1] {
    let cookie = format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path={base}{more}");
    [(header::SET_COOKIE, cookie)]
}

/// Returns the value of our cookie.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut ours = pairs.filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    ours.next()
}

fn file(path: &str) -> Option<Response> {
    let (_, kind, text) = FILES.iter().find(|(name, ..)| *name == path)?;
    Some(([(header::CONTENT_TYPE, *kind)], *text).into_response())
}

/// Returns a request as the screens know it: below `/`, with who asks.
fn inside(base: &Base, mut request: Request, visitor: &Visitor) -> Option<Request> {
    let path = base.strip(request.uri().path())?;
    let uri = match request.uri().query() {
        Some(query) => format!("/{path}?{query}"),
        None => format!("/{path}"),
    };
    let base = if request.method() == Method::GET {
        base.clone().at(uri.strip_prefix('/')?)
    } else {
        base.clone()
    };
    *request.uri_mut() = uri.parse().ok()?;
    request.extensions_mut().insert(base);
    request.extensions_mut().insert(visitor.clone());
    Some(request)
}
