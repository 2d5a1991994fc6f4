//! `circlet start`: starts the node in the background.
//!
//! The node is this same program, started anew as `circlet node run` in a session of its own. It says
//! on its stdout that it is ready, or why it cannot be; nothing is polled.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::words;
use circlet_model::address::Address;
use circlet_node::client;
use circlet_node::problem::Problem;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a node may take to become ready, on a slow and busy computer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Start Circlet on this computer, in the background
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen, such as `/ip4/0.0.0.0/udp/4321/quic-v1`; nothing = wherever it can
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<Address>,
}

/// Starts the node and waits until it answers.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    if !context.is_set_up() {
        return Err(Problem::not_set_up().into());
    }
    if client::probe(&context.home).await?.is_some() {
        return Ok(Done {
            json: json!({ "started": false }),
            message: "Circlet is running already.".to_owned(),
            ..Done::default()
        });
    }
    let passphrase = context.passphrase_if_needed()?;
    let could_not = |error| Failure::computer("Circlet could not start in the background", &error);
    let log = context.run_folder()?.join("node.log");
    let mut node = command(args, passphrase.is_some(), &log).map_err(could_not)?;
    let mut node = node.spawn().map_err(could_not)?;
    if let (Some(mut pipe), Some(words)) = (node.stdin.take(), passphrase) {
        // A node that ended without reading says why on its stdout.
        let _ = pipe.write_all(words.as_bytes()).await;
    }
    let mut line = String::new();
    if let Some(stdout) = node.stdout.take() {
        let read = timeout(PATIENCE, BufReader::new(stdout).read_line(&mut line)).await;
        read.map_err(|_| Failure::not_running("Circlet did not become ready within a minute."))?
            .map_err(could_not)?;
    }
    ready(&line, node).await?;
    Ok(Done {
        json: json!({ "started": true }),
        message: "Circlet is running. You can close this window; `circlet stop` ends it."
            .to_owned(),
        ..Done::default()
    })
}

fn command(args: &Args, locked: bool, log: &Path) -> std::io::Result<Command> {
    let log = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(log)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--json", "--no-input", "node", "run", "--background"]);
    if locked {
        command.args(["--passphrase-file", "-"]);
    }
    for address in &args.listen {
        command.args(["--listen", &address.to_string()]);
    }
    command
        .stdin(if locked {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(log);
    Ok(command)
}

/// Reads the one line that the node says when it is ready, or when it cannot be.
async fn ready(line: &str, mut node: Child) -> Result<()> {
    let answer: Value = serde_json::from_str(line).unwrap_or_default();
    if answer.get("data").is_some() {
        return Ok(());
    }
    let ended = timeout(PATIENCE, node.wait())
        .await
        .ok()
        .and_then(std::result::Result::ok);
    let exit = ended
        .and_then(|status| status.code())
        .and_then(|code| u8::try_from(code).ok());
    match (answer.get("error"), exit) {
        (Some(error), Some(exit)) => Err(Failure {
            exit,
            ..Failure::new(
                &words::field(error, "code"),
                words::field(error, "message"),
                words::field(error, "next"),
            )
        }),
        _ => Err(Failure::not_running(
            "Circlet ended before it was ready. Your stories are safe.",
        )),
    }
}
