//! The three players of the demo: a home, a node and the commands of each, as real processes.

use crate::error::{Failure, Result};
use crate::output::Printer;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How long one command may take, on a slow and busy computer.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// How long the players may take to see the same, on a slow and busy computer.
const STEP_LIMIT: Duration = Duration::from_secs(45);

/// How often the demo looks meanwhile.
const LOOK: Duration = Duration::from_millis(250);

/// Where the nodes listen: on this computer only, on any port that is free.
const LISTEN: [&str; 2] = ["/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"];

/// The three players and the place of their homes.
pub(super) struct Stage {
    pub(super) ana: Player,
    pub(super) bo: Player,
    pub(super) cai: Player,
    homes: TempDir,
    printer: Printer,
}

/// One of them.
pub(super) struct Player {
    pub(super) name: &'static str,
    program: PathBuf,
    home: PathBuf,
    node: Option<Child>,
}

impl Stage {
    /// Makes a place for three homes.
    pub(super) fn new(printer: Printer) -> Result<Self> {
        let could_not = |error| Failure::computer("The demo could not make its homes", &error);
        let homes = tempfile::Builder::new()
            .prefix("circlet-demo-")
            .tempdir()
            .map_err(could_not)?;
        let program = std::env::current_exe().map_err(could_not)?;
        let player = |name: &'static str| Player {
            name,
            program: program.clone(),
            home: homes.path().join(name.to_lowercase()),
            node: None,
        };
        let (ana, bo, cai) = (player("Ana"), player("Bo"), player("Cai"));
        Ok(Self {
            ana,
            bo,
            cai,
            homes,
            printer,
        })
    }

    /// Tells what has just happened.
    pub(super) fn tell(&self, words: &str) {
        self.printer.say(words);
    }

    /// Ends the nodes and removes the homes, or returns where they are if they are to stay.
    pub(super) async fn clear(self, keep: bool) -> Option<PathBuf> {
        for mut player in [self.ana, self.bo, self.cai] {
            // Already ended, or ending with us: either way it is gone afterwards.
            let _ = player.stop().await;
            if let Some(mut node) = player.node.take() {
                let _ = node.kill().await;
            }
        }
        if keep {
            return Some(self.homes.keep());
        }
        if let Err(error) = self.homes.close() {
            self.printer
                .say(&format!("The demo's homes could not be removed: {error}."));
        }
        None
    }
}

impl Player {
    /// Runs a command of `circlet` as this player; returns its data.
    pub(super) async fn ask(&self, args: &[&str]) -> Result<Value> {
        self.ask_with(args, "").await
    }

    /// Runs a command with words on its stdin.
    pub(super) async fn ask_with(&self, args: &[&str], stdin: &str) -> Result<Value> {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| could_not_run(&error))?;
        if let Some(mut pipe) = child.stdin.take() {
            // A command that reads nothing may have ended already.
            let _ = pipe.write_all(stdin.as_bytes()).await;
        }
        let output = timeout(COMMAND_LIMIT, child.wait_with_output())
            .await
            .map_err(|_| self.otherwise(args, "did not end"))?
            .map_err(|error| could_not_run(&error))?;
        self.answer(args, &output.stdout)
    }

    /// Starts the node and waits for the line that says it is ready.
    pub(super) async fn start(&mut self) -> Result<()> {
        let mut args = vec!["node", "run"];
        for address in LISTEN {
            args.extend(["--listen", address]);
        }
        let mut node = self
            .command(&args)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| could_not_run(&error))?;
        let mut line = String::new();
        if let Some(stdout) = node.stdout.take() {
            timeout(COMMAND_LIMIT, BufReader::new(stdout).read_line(&mut line))
                .await
                .map_err(|_| self.otherwise(&args, "did not become ready"))?
                .map_err(|error| could_not_run(&error))?;
        }
        self.node = Some(node);
        self.answer(&args, line.as_bytes()).map(drop)
    }

    /// Stops the node and waits until it has ended.
    pub(super) async fn stop(&mut self) -> Result<()> {
        let Some(node) = &mut self.node else {
            return Ok(());
        };
        if node.try_wait().ok().flatten().is_none() {
            self.ask(&["stop"]).await?;
        }
        let Some(mut node) = self.node.take() else {
            return Ok(());
        };
        let Ok(ended) = timeout(COMMAND_LIMIT, node.wait()).await else {
            self.node = Some(node);
            return Err(self.otherwise(&["stop"], "did not end the node"));
        };
        let ended = ended.map_err(|error| could_not_run(&error))?;
        if ended.success() {
            Ok(())
        } else {
            Err(self.otherwise(&["stop"], &ended.to_string()))
        }
    }

    /// Returns what `status` says about one circle; null while it is not there.
    pub(super) async fn circle(&self, id: &str) -> Result<Value> {
        let status = self.ask(&["status"]).await?;
        let circles = status.get("circles").and_then(Value::as_array);
        let named = |circle: &&Value| circle.get("id").and_then(Value::as_str) == Some(id);
        Ok(circles
            .and_then(|circles| circles.iter().find(named))
            .cloned()
            .unwrap_or(json!(null)))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["--json", "--no-input"])
            .args(args)
            .env("CIRCLET_HOME", &self.home)
            .env_remove("CIRCLET_SOCKET")
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn answer(&self, args: &[&str], stdout: &[u8]) -> Result<Value> {
        let answer: Value = serde_json::from_slice(stdout).unwrap_or_default();
        match (answer.get("data"), answer.get("error")) {
            (Some(data), None) => Ok(data.clone()),
            (_, Some(error)) => Err(self.otherwise(args, &error.to_string())),
            _ => Err(self.otherwise(args, "gave no answer")),
        }
    }

    fn otherwise(&self, args: &[&str], what: &str) -> Failure {
        super::otherwise(
            &format!("for {}, `circlet {}`", self.name, args.join(" ")),
            &json!(what),
        )
    }
}

/// Looks again and again until something holds; the look returns what it sees meanwhile.
pub(super) async fn until<T>(
    players: &[&Player],
    what: &str,
    mut look: impl AsyncFnMut() -> Result<std::result::Result<T, String>>,
) -> Result<T> {
    let limit = Instant::now() + STEP_LIMIT;
    let mut last = "nothing yet".to_owned();
    loop {
        match timeout_at(limit, look()).await {
            Ok(Ok(Ok(found))) => return Ok(found),
            Ok(Ok(Err(seen))) => last = seen,
            Ok(Err(failure)) => return Err(failure),
            Err(_) => {
                let who: Vec<String> = players.iter().map(|p| p.name.to_owned()).collect();
                let what = format!(
                    "{} had {} seconds {what}",
                    crate::words::names(&who),
                    STEP_LIMIT.as_secs()
                );
                return Err(super::otherwise(&what, &json!(last)));
            }
        }
        sleep(LOOK).await;
    }
}

fn could_not_run(error: &std::io::Error) -> Failure {
    Failure::computer("The demo could not run a command", error)
}
