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
use crate::keystore::Passphrase;
use crate::node::Inside;
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
use tokio::time::{Instant, sleep};
use tower::ServiceExt as _;

/// The largest answer: all stories of a large circle.
const MAX_ANSWER: usize = 256 * 1024 * 1024;

/// How long to wait for a home that another command has open, or whose node is just starting.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a node may take to close: what `circlet node run` promises, and a little.
const CLOSING: Duration = Duration::from_secs(8);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(25);

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
    /// `passphrase` is asked only when the files are opened here and need one.
    pub async fn connect(
        home: &Home,
        passphrase: impl FnOnce() -> Result<Option<Passphrase>, Problem>,
    ) -> Result<Self, Problem> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(probe) = probe(home).await? {
                if probe.protocol != PROTOCOL {
                    return Err(updated());
                }
                return Ok(Self {
                    door: Door::Socket(home.socket()?.to_owned()),
                });
            }
            match take(home)? {
                Some(lock) => {
                    let inside = Inside::open(Config::offline(home.clone()), lock, passphrase)?;
                    return Ok(Self {
                        door: Door::Inside(Box::new(inside)),
                    });
                }
                None if Instant::now() > deadline => return Err(Problem::busy()),
                None => sleep(PAUSE).await,
            }
        }
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
        match &self.door {
            Door::Socket(socket) => over_socket(socket, request(method, path, body)?).await,
            Door::Inside(inside) => in_process(inside.router(), request(method, path, body)?).await,
        }
    }
}

/// Returns what the home's node says of itself; `None` when none answers.
pub async fn probe(home: &Home) -> Result<Option<Probe>, Problem> {
    let ask = request(Method::GET, "/v1/node", Vec::new())?;
    match over_socket(home.socket()?, ask).await {
        Ok(value) => serde_json::from_value(value)
            .map(Some)
            .map_err(|_| updated()),
        Err(problem) if problem.kind == Kind::NodeNeeded => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Asks the home's node to close, and waits until it has.
pub async fn stop(home: &Home) -> Result<(), Problem> {
    let ask = request(Method::POST, "/v1/node/stop", b"{}".to_vec())?;
    over_socket(home.socket()?, ask).await?;
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
    Ok(())
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
        return Err(Problem::not_set_up());
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

async fn over_socket(socket: &Path, ask: Request<Full<Bytes>>) -> Result<Value, Problem> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|_| not_running())?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|_| not_running())?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(ask).await.map_err(|_| cut_off())?;
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
    let bytes = body.map_err(|_| cut_off())?.to_bytes();
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

fn cut_off() -> Problem {
    Problem::new(
        "cut-off",
        "Circlet closed before it answered. It may or may not have done what you asked for.",
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

    #[test]
    fn a_query_carries_any_name() {
        let path = with_query("/v1/stories", &[("circle", "Tür & Tor"), ("all", "true")]);
        assert_eq!(path, "/v1/stories?circle=T%C3%BCr%20%26%20Tor&all=true");
    }
}
