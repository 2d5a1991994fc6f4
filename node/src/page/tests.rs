//! The page as a browser meets it, without a port: every request goes through the whole door.

mod agreement;
mod computer;
mod crowd;
mod door;
mod first_run;
mod gestures;
mod languages;
mod live;
mod looks;
mod own;
mod private;
mod problems;
mod screens;
mod unlock;

use super::door::{Door, Place};
use super::show::Base;
use crate::api::{Api, router};
use crate::clock::Clock;
use crate::config::Config;
use crate::driver;
use crate::home::Home;
use crate::identity::{self, Identity};
use crate::keystore::{Cost, Keystore, change_passphrase, fresh_rng};
use crate::node::gate::{Ask, Gate};
use crate::storage::{Memory, Vault};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const HOST: &str = "127.0.0.1:40123";
const BASE: &str = "/abc/";

/// A home with a page, and one browser.
struct Browser {
    _folder: tempfile::TempDir,
    home: Home,
    gate: Gate,
    door: Door,
    router: Router,
    cookie: Option<String>,
    stop: CancellationToken,
    running: Option<driver::Running>,
}

/// What came back.
struct Came {
    status: u16,
    to: String,
    cookie: Option<String>,
    body: String,
    headers: header::HeaderMap,
}

impl Browser {
    /// Returns a browser before a home that is not set up.
    fn bare() -> (Self, mpsc::Receiver<Ask>) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        let (gate, inbox) = Gate::new(Clock::default());
        let stop = CancellationToken::new();
        let door = Door::new(gate.clone(), home.clone(), stop.clone());
        let place = Place {
            host: HOST.to_owned(),
            base: Base::new("abc"),
        };
        let browser = Self {
            _folder: folder,
            home,
            gate,
            router: door.router(&place),
            door,
            cookie: None,
            stop,
            running: None,
        };
        (browser, inbox)
    }

    /// Returns a browser before Ana's open home, with no session yet.
    fn before() -> Self {
        let (mut browser, inbox) = Self::bare();
        identity::set_up(&browser.home, "Ana", None, Cost::TINY).unwrap();
        browser.running = Some(open(&browser.home, &browser.gate));
        tokio::spawn(answer(browser.home.clone(), browser.gate.clone(), inbox));
        browser
    }

    /// Returns a browser in Ana's open home.
    async fn inside() -> Self {
        let mut browser = Self::before();
        let came = browser.follow().await;
        browser.cookie = came.cookie;
        browser
    }

    /// Follows a fresh link; returns what came back.
    async fn follow(&self) -> Came {
        let code = self.code();
        self.get(&format!("open?code={code}")).await
    }

    /// Returns the code of a fresh link.
    fn code(&self) -> String {
        self.door.code().unwrap()
    }

    async fn get(&self, path: &str) -> Came {
        self.ask(self.request(Method::GET, path, "")).await
    }

    async fn post(&self, path: &str, fields: &str) -> Came {
        self.ask(self.request(Method::POST, path, fields)).await
    }

    /// Posts a form, and loads what the browser is sent on to.
    async fn does(&self, path: &str, fields: &str) -> Came {
        let came = self.post(path, fields).await;
        assert_eq!(came.status, 303, "{path}: {}", came.body);
        let to = came.to.strip_prefix(BASE).unwrap();
        self.get(to.split('#').next().unwrap()).await
    }

    fn request(&self, method: Method, path: &str, fields: &str) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{BASE}{path}"))
            .header(header::HOST, HOST)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        request.body(Body::from(fields.to_owned())).unwrap()
    }

    async fn ask(&self, request: Request<Body>) -> Came {
        Came::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    async fn close(self) {
        if let Some(running) = self.running {
            running.close().await;
        }
    }
}

impl Came {
    async fn of(answer: Response<Body>) -> Self {
        let (parts, body) = answer.into_parts();
        let text = |name| {
            let value = parts.headers.get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let cookie = text(header::SET_COOKIE);
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status.as_u16(),
            to: text(header::LOCATION).unwrap_or_default(),
            cookie: cookie.map(|cookie| cookie.split(';').next().unwrap().to_owned()),
            body: String::from_utf8(bytes.to_vec())
                .unwrap()
                .replace(['\u{2068}', '\u{2069}'], ""),
            headers: parts.headers,
        }
    }

    /// Fails unless this is what a closed page says, and nothing more.
    #[track_caller]
    fn is_closed(&self) {
        assert_eq!(self.status, 401, "{}", self.body);
        assert!(self.body.contains("This page is closed"), "{}", self.body);
        assert!(!self.body.contains("<form") && !self.body.contains("<nav"));
    }

    /// Fails unless the page says this.
    #[track_caller]
    fn says(&self, text: &str) {
        assert!(self.body.contains(text), "{text}\n{}", self.body);
    }

    /// Returns what stands in the page between the first two of these.
    #[track_caller]
    fn between(&self, start: &str, end: &str) -> String {
        let (_, rest) = self.body.split_once(start).expect(start);
        rest.split_once(end).expect(end).0.to_owned()
    }
}

/// Opens a home with its store in memory.
fn open(home: &Home, gate: &Gate) -> driver::Running {
    open_with(home, gate, Keystore::open(home, None).unwrap())
}

/// Opens a home that these keys open.
fn open_with(home: &Home, gate: &Gate, keystore: Keystore) -> driver::Running {
    let identity = Identity::load(&keystore).unwrap();
    let rng = fresh_rng().unwrap();
    let vault = Vault::open(Memory::default(), home.pages(), keystore.master(), rng).unwrap();
    let running = driver::start(driver::Parts {
        vault,
        keystore,
        identity,
        config: Config::offline(home.clone()),
    })
    .unwrap();
    let api = Api {
        handle: running.handle.clone(),
        home: home.clone(),
        running: true,
    };
    gate.open(router(api.clone()), super::screens(api), None);
    running
}

/// Does what only whoever holds the keys can do.
async fn answer(home: Home, gate: Gate, mut inbox: mpsc::Receiver<Ask>) {
    while let Some(ask) = inbox.recv().await {
        match ask {
            Ask::Lock(reply) => {
                gate.close().await;
                reply.send(Ok(true)).unwrap();
            }
            Ask::Silence(after, reply) => {
                gate.set_silence(after);
                reply.send(Ok(())).unwrap();
            }
            Ask::Passphrase { key, new, reply } => {
                let changed = change_passphrase(&home, key.as_ref(), new.as_ref());
                reply.send(changed.map_err(Into::into)).unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
}
