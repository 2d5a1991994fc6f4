//! The client of the local API, with two doors and one router behind both.
//!
//! ```text
//! a node's socket answers   ──►  HTTP over the socket
//! nobody answers            ──►  take the home's lock, open the store, ask the same router in this
//!                                process, without network; what is shared goes out later
//! ```

use crate::api::PROTOCOL;
use crate::api::node::Probe;
use crate::config::Config;
use crate::home::{self, Home, Lock};
use crate::identity;
use crate::keystore::{Key, Keystore};
use crate::node::{Inside, PATIENCE, PAUSE, socket};
use crate::problem::{Kind, Problem};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt as _;

/// The largest answer: all stories of a large circle.
const MAX_ANSWER: usize = 256 * 1024 * 1024;

/// How long an answer may take: nothing that is asked waits for another computer.
const ANSWER: Duration = Duration::from_secs(30);

/// How long all stories of a large circle may take, on a slow computer.
const ALL: Duration = Duration::from_mins(5);

/// How long a file of everything may take, to a slow stick; what goes on is said meanwhile.
const FILES: Duration = Duration::from_hours(2);

/// How long a node may take from its first file to its socket: to open the store, and to listen.
const STARTING: Duration = Duration::from_secs(10);

/// How long a node may take to close: what `circlet node run` promises, and a little.
const CLOSING: Duration = Duration::from_secs(8);

/// The code of a request whose answer never came.
const CUT_OFF: &str = "cut-off";

mod locking;

pub use locking::{change_passphrase, lock, page, set_silence, unlock};

/// The way to a home's circles.
#[derive(Debug)]
pub struct Client {
    door: Door,
}

#[derive(Debug)]
enum Door {
    Socket(PathBuf),
    Inside(Box<Inside>),
}

impl Client {
    /// Returns a client of this home: of its node, or, where none runs, of its files.
    ///
    /// `key` is asked only when the files are opened here and need one.
    pub async fn connect(
        home: &Home,
        key: impl FnOnce() -> Result<Option<Key>, Problem>,
    ) -> Result<Self, Problem> {
        let (lock, given) = match reach_with(home, key).await? {
            Reached::Node(socket) => {
                return Ok(Self {
                    door: Door::Socket(socket),
                });
            }
            Reached::Alone(lock, given) => (lock, given),
        };
        let config = Config::offline(home.clone());
        let inside = Inside::open(config, lock, given.as_ref())?;
        Ok(Self {
            door: Door::Inside(Box::new(inside)),
        })
    }

    /// Says whether a running node answers, so that what is shared goes out at once.
    pub fn through_node(&self) -> bool {
        matches!(self.door, Door::Socket(_))
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> Result<Value, Problem> {
        self.ask(Method::GET, path, Vec::new()).await
    }

    /// Asks to do something.
    pub async fn post<T: Serialize>(&self, path: &str, body: &T) -> Result<Value, Problem> {
        let body = serde_json::to_vec(body).map_err(|_| Problem::bug())?;
        self.ask(Method::POST, path, body).await
    }

    /// Ends cleanly: files that were opened here are closed when this returns.
    pub async fn close(self) {
        if let Door::Inside(inside) = self.door {
            inside.close().await;
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Value, Problem> {
        let files = ["/v1/backups", "/v1/bundles", "/v1/copies"];
        let files = files.iter().any(|start| path.starts_with(start));
        let patience = match path.contains("all=true") {
            _ if files => FILES,
            true => ALL,
            false => ANSWER,
        };
        let ask = request(method, path, body)?;
        match &self.door {
            Door::Socket(socket) => answered(patience, over_socket(socket, own(), ask)).await,
            Door::Inside(inside) => answered(patience, in_process(inside.router(), ask)).await,
        }
    }
}

/// Who has a home.
enum Reached {
    /// A node that answers at this socket.
    Node(PathBuf),
    /// This program alone, with what opens the home if it needs anything.
    Alone(Lock, Option<Key>),
}

/// Waits until a node answers, or else until the home is this program's alone.
async fn reach_with(
    home: &Home,
    key: impl FnOnce() -> Result<Option<Key>, Problem>,
) -> Result<Reached, Problem> {
    let mut deadline = Instant::now() + PATIENCE;
    let (mut key, mut given) = (Some(key), None);
    loop {
        if let Some(probe) = probe(home).await? {
            if probe.protocol != PROTOCOL {
                return Err(updated());
            }
            return Ok(Reached::Node(home.socket()?.to_owned()));
        }
        match take(home)? {
            Some(lock) => {
                if Keystore::needs_passphrase(home)?
                    && let Some(ask) = key.take()
                {
                    // Nobody waits for somebody who types.
                    drop(lock);
                    given = ask()?;
                    deadline = Instant::now() + PATIENCE;
                    continue;
                }
                return Ok(Reached::Alone(lock, given));
            }
            None if Instant::now() > deadline => return Err(Problem::busy()),
            None => sleep(PAUSE).await,
        }
    }
}

/// Returns what the home's node says of itself; `None` when none answers, or one that closes.
pub async fn probe(home: &Home) -> Result<Option<Probe>, Problem> {
    let ask = request(Method::GET, "/v1/node", Vec::new())?;
    match answered(PATIENCE, over_socket(home.socket()?, own(), ask)).await {
        Ok(value) => serde_json::from_value(value)
            .map(Some)
            .map_err(|_| updated()),
        Err(problem) if problem.kind == Kind::NodeNeeded || problem.code == CUT_OFF => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Asks the home's node to close, and waits until it has; one that is just starting is waited for.
/// Says whether there was one.
pub async fn stop(home: &Home) -> Result<bool, Problem> {
    let deadline = Instant::now() + STARTING;
    while probe(home).await?.is_none() {
        if !home.keys().exists() || take(home)?.is_some() {
            return Ok(false);
        }
        if Instant::now() > deadline {
            return Err(Problem::busy());
        }
        sleep(PAUSE).await;
    }
    let ask = request(Method::POST, "/v1/node/stop", b"{}".to_vec())?;
    match answered(ANSWER, over_socket(home.socket()?, own(), ask)).await {
        // It is closing already.
        Err(problem) if problem.kind == Kind::NodeNeeded || problem.code == CUT_OFF => {}
        asked => drop(asked?),
    }
    let deadline = Instant::now() + CLOSING;
    while take(home)?.is_none() {
        if Instant::now() > deadline {
            return Err(Problem::new(
                "still-closing",
                "Circlet is closing, and it takes longer than usual. What was saved is safe.",
                "Look again in a minute with `circlet status`.",
            ));
        }
        sleep(PAUSE).await;
    }
    Ok(true)
}

/// Returns a path with a query: `with_query("/v1/stories", &[("circle", "Tuesday")])`.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    for (index, (name, value)) in pairs.iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    text.push(char::from(byte));
                }
                other => text.extend(['%', hex(other >> 4), hex(other & 15)]),
            }
        }
    }
    text
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16)
        .unwrap_or('0')
        .to_ascii_uppercase()
}

/// Takes the home's lock; `None` when somebody else has it.
fn take(home: &Home) -> Result<Option<Lock>, Problem> {
    if !home.keys().exists() {
        return Err(identity::missing(home));
    }
    match home.lock() {
        Ok(lock) => Ok(Some(lock)),
        Err(home::Error::Busy) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn request(method: Method, path: &str, body: Vec<u8>) -> Result<Request<Full<Bytes>>, Problem> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "circlet")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::from(body))
        .map_err(|_| Problem::not_understood("the request's path"))
}

/// Waits for an answer, but not without end.
async fn answered(
    patience: Duration,
    answer: impl Future<Output = Result<Value, Problem>>,
) -> Result<Value, Problem> {
    timeout(patience, answer)
        .await
        .unwrap_or_else(|_| Err(cut_off("Circlet did not answer in time.")))
}

/// Returns the number of the account that this program runs in.
fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Asks the program at a socket, if it is this owner's: what is asked may be words or keys.
async fn over_socket(path: &Path, owner: u32, ask: Request<Full<Bytes>>) -> Result<Value, Problem> {
    let stream = UnixStream::connect(path).await.map_err(|_| not_running())?;
    if !socket::is_of(&stream, owner) {
        return Err(socket::taken());
    }
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|_| not_running())?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(ask).await.map_err(|_| closed())?;
    let value = read(answer).await;
    connection.abort();
    value
}

async fn in_process(router: &Router, ask: Request<Full<Bytes>>) -> Result<Value, Problem> {
    let Ok(answer) = router.clone().oneshot(ask.map(Body::new)).await;
    read(answer).await
}

async fn read<B>(answer: Response<B>) -> Result<Value, Problem>
where
    B: hyper::body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    let bytes = body.map_err(|_| closed())?.to_bytes();
    if status == StatusCode::OK {
        return serde_json::from_slice(&bytes).map_err(|_| updated());
    }
    let problem: Problem = serde_json::from_slice(&bytes).map_err(|_| updated())?;
    Err(problem.of(Kind::of_status(status.as_u16())))
}

fn not_running() -> Problem {
    Problem::new(
        "not-running",
        "Circlet isn't running on this computer. What was saved is safe.",
        "Run `circlet start`.",
    )
    .of(Kind::NodeNeeded)
}

fn closed() -> Problem {
    cut_off("Circlet closed before it answered.")
}

fn cut_off(why: &str) -> Problem {
    Problem::new(
        CUT_OFF,
        format!("{why} It may or may not have done what you asked for."),
        "Look with `circlet status` or `circlet read` before you try again.",
    )
}

fn updated() -> Problem {
    Problem::new(
        "updated",
        "Circlet was updated while it was running, and the two versions don't understand each \
         other. What was saved is safe.",
        "Run `circlet stop`, then `circlet start`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::UnixListener;

    fn ask() -> Request<Full<Bytes>> {
        request(Method::POST, "/v1/stories", b"words".to_vec()).unwrap()
    }

    #[tokio::test]
    async fn somebody_elses_socket_hears_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let refused = over_socket(&path, own() + 1, ask()).await.unwrap_err();
        assert_eq!(refused.code, "socket-taken");
        let (mut theirs, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        theirs.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"");
    }

    #[tokio::test]
    async fn a_node_that_closes_while_it_is_probed_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let listener = UnixListener::bind(home.socket().unwrap()).unwrap();
        let closing = async { drop(listener.accept().await.unwrap()) };
        let (probed, ()) = tokio::join!(probe(&home), closing);
        assert!(probed.unwrap().is_none());
    }

    #[tokio::test]
    async fn nobody_waits_without_end() {
        let never = answered(Duration::ZERO, std::future::pending()).await;
        assert_eq!(never.unwrap_err().code, CUT_OFF);
    }

    #[test]
    fn a_query_carries_any_name() {
        let path = with_query("/v1/stories", &[("circle", "Tür & Tor"), ("all", "true")]);
        assert_eq!(path, "/v1/stories?circle=T%C3%BCr%20%26%20Tor&all=true");
    }
}
