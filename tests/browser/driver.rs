//! The driver of a browser, and what it is asked: W3C `WebDriver`, which is JSON over HTTP.
//!
//! Thirty lines of HTTP instead of a crate: those there are switch on features of others that the product
//! is built without, so that all tests would try another program than members run.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a browser may take to answer: it starts cold, on a busy computer.
const PATIENCE: Duration = Duration::from_mins(2);

/// The driver's process with one browser; ends both.
pub(crate) struct Driver {
    process: Child,
    port: u16,
    session: String,
}

impl Driver {
    /// Starts a browser that can do this.
    pub(crate) fn start(capabilities: &Value) -> Self {
        let process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = process.expect("chromedriver: Debian's package chromium-driver has it");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let mut driver = Self {
            process,
            port: port.expect("the driver says its port"),
            session: String::new(),
        };
        // Whatever it says from here on is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let session = driver.ask("POST", "/session", &wanted).unwrap();
        session["sessionId"]
            .as_str()
            .unwrap()
            .clone_into(&mut driver.session);
        driver
    }

    /// Asks something about the session; returns the value, or the driver's own name for what went wrong.
    pub(crate) fn get(&self, path: &str) -> Result<Value, String> {
        self.ask("GET", &self.path(path), &Value::Null)
    }

    /// Has the session do something.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.ask("POST", &self.path(path), body)
    }

    fn path(&self, path: &str) -> String {
        format!("/session/{}/{path}", self.session)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let answer = self.http(method, path, body).map_err(|e| e.to_string())?;
        match answer["value"]["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", answer["value"]["message"])),
            None => Ok(answer["value"].clone()),
        }
    }

    fn http(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (port, length) = (self.port, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        // The driver says the length, and leaves the connection open for a while whatever it was asked.
        let mut answer = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while answer.read_line(&mut line)? > 2 {
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            line.clear();
        }
        Ok(serde_json::from_reader(answer.take(length))?)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // A browser that has gone already is what is wanted.
            let _ = self.http(
                "DELETE",
                &format!("/session/{}", self.session),
                &Value::Null,
            );
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
