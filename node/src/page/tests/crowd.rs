//! Other programs at the page's port: however many, they cost a bounded number of connections.

use super::super::serve::{Bounds, serve};
use super::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A page behind a port of its own.
struct Port {
    browser: Browser,
    host: String,
    serving: JoinHandle<()>,
}

impl Port {
    /// Opens the port of Ana's page, for a browser with a session.
    async fn open(bounds: Bounds) -> Self {
        let mut browser = Browser::inside().await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let place = Place {
            host: host.clone(),
            base: Base::new("abc"),
        };
        browser.router = browser.door.router(&place);
        let (router, stop) = (browser.router.clone(), browser.stop.clone());
        let serving = tokio::spawn(serve(listener, router, stop, bounds));
        Self {
            browser,
            host,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.host).await.unwrap()
    }

    /// Asks for a path over a connection, and leaves it open; returns the first line of the answer.
    async fn ask(&self, stream: &mut TcpStream, path: &str) -> String {
        let cookie = self.browser.cookie.as_deref().unwrap_or("none=1");
        let request = format!(
            "GET {BASE}{path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n",
            self.host
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        loop {
            let mut some = [0; 4096];
            let read = stream.read(&mut some).await.unwrap();
            assert_ne!(read, 0, "it was closed in the middle");
            answer.extend_from_slice(&some[..read]);
            let text = String::from_utf8_lossy(&answer).to_lowercase();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                return head.lines().next().unwrap().to_owned();
            }
        }
    }

    async fn close(self) {
        self.browser.stop.cancel();
        self.serving.await.unwrap();
        self.browser.close().await;
    }
}

/// Waits until the other side closes a connection.
async fn is_closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // It may also have been reset.
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn a_crowd_of_strangers_keeps_nobody_out_and_costs_little() {
    let most = Bounds::default().most;
    let port = Port::open(Bounds::default()).await;
    let mut ours = port.connect().await;
    assert_eq!(port.ask(&mut ours, "circles").await, "http/1.1 200 ok");
    let mut crowd = Vec::new();
    for _ in 0..3 * most {
        let mut stranger = port.connect().await;
        stranger.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
        crowd.push(stranger);
    }
    // Whoever is in stays in, and can open further windows.
    assert_eq!(port.ask(&mut ours, "circles").await, "http/1.1 200 ok");
    let mut another = port.connect().await;
    assert_eq!(port.ask(&mut another, "new").await, "http/1.1 200 ok");
    let late = crowd.split_off(2 * most);
    for stranger in &mut crowd {
        is_closed(stranger).await;
    }
    drop(late);
    port.close().await;
}

#[tokio::test]
async fn whoever_says_nothing_is_not_waited_for() {
    let bounds = Bounds {
        head: Duration::from_millis(20),
        ..Bounds::default()
    };
    let port = Port::open(bounds).await;
    let mut silent = port.connect().await;
    is_closed(&mut silent).await;
    let mut half = port.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    is_closed(&mut half).await;
    port.close().await;
}

#[tokio::test]
async fn a_request_without_end_is_cut_off() {
    let port = Port::open(Bounds::default()).await;
    let mut endless = port.connect().await;
    endless.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let some = [b'x'; 4096];
    // More than is ever kept of a request: the other side closes instead of reading on.
    while endless.write_all(&some).await.is_ok() {}
    port.close().await;
}

#[tokio::test]
async fn the_end_of_the_node_ends_what_is_under_way() {
    let port = Port::open(Bounds::default()).await;
    let (mut ours, mut silent) = (port.connect().await, port.connect().await);
    port.ask(&mut ours, "circles").await;
    port.close().await;
    is_closed(&mut ours).await;
    is_closed(&mut silent).await;
}
