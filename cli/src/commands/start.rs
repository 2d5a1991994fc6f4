//! `circlet start`: starts the node in the background.
//!
//! The node is this same program, started anew as `circlet node run` in a session of its own. It says
//! on its stdout that it is ready, or why it cannot be; nothing is polled.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{text, words};
use circlet_model::address::Address;
use circlet_node::client;
use circlet_node::problem::Problem;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// How long a node may take to become ready, on a slow and busy computer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Start Circlet on this computer, in the background
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Where to listen, such as `/ip4/0.0.0.0/udp/4321/quic-v1`; nothing = wherever it can
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<Address>,
    /// Open it with the 24 words in this file instead of the passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    words_file: Option<PathBuf>,
}

/// What the node reads from its stdin.
#[derive(Debug)]
enum Secret {
    /// The page asks for what opens the home.
    OnThePage,
    Nothing,
    Passphrase(Zeroizing<String>),
    Words(Zeroizing<String>),
}

/// Starts the node and waits until it answers.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    if !context.is_set_up() {
        return Err(Problem::not_set_up().into());
    }
    if let Some(probe) = client::probe(&context.home).await? {
        let message = if probe.locked {
            "Circlet is running already, and locked. `circlet unlock` opens it."
        } else {
            "Circlet is running already."
        };
        return Ok(Done {
            json: json!({ "started": false }),
            message: message.to_owned(),
            ..Done::default()
        });
    }
    begin(args, secret(args, context)?, context).await?;
    Ok(Done {
        json: json!({ "started": true }),
        message: "Circlet is running. You can close this window; `circlet stop` ends it."
            .to_owned(),
        ..Done::default()
    })
}

/// Starts the node for the page, which asks for what opens the home unless that is given here.
pub(crate) async fn for_page(context: &Context) -> Result<()> {
    let args = Args::default();
    let secret = if context.gives_passphrase() {
        secret(&args, context)?
    } else {
        Secret::OnThePage
    };
    begin(&args, secret, context).await
}

/// Starts the node, and waits until it answers.
async fn begin(args: &Args, secret: Secret, context: &Context) -> Result<()> {
    let could_not = |error| Failure::computer("Circlet could not start in the background", &error);
    let log = context.make_run_folder()?.join("node.log");
    let mut node = command(args, &secret, &log).map_err(could_not)?;
    let mut node = node.spawn().map_err(could_not)?;
    if let (Some(mut pipe), Secret::Passphrase(words) | Secret::Words(words)) =
        (node.stdin.take(), secret)
    {
        // A node that ended without reading says why on its stdout.
        let _ = pipe.write_all(words.as_bytes()).await;
    }
    let mut line = String::new();
    if let Some(stdout) = node.stdout.take() {
        let read = timeout(PATIENCE, BufReader::new(stdout).read_line(&mut line)).await;
        read.map_err(|_| Failure::not_running("Circlet did not become ready within a minute."))?
            .map_err(could_not)?;
    }
    ready(&line, node).await
}

/// Returns what opens the home, if it needs anything.
fn secret(args: &Args, context: &Context) -> Result<Secret> {
    if let Some(file) = &args.words_file {
        return text::file(file).map(Secret::Words);
    }
    let passphrase = context.passphrase_if_needed()?;
    Ok(passphrase.map_or(Secret::Nothing, Secret::Passphrase))
}

fn command(args: &Args, secret: &Secret, log: &Path) -> std::io::Result<Command> {
    let log = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(log)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--json", "--no-input", "node", "run", "--background"]);
    let piped = match secret {
        Secret::OnThePage => {
            command.arg("--for-page");
            Stdio::null()
        }
        Secret::Nothing => Stdio::null(),
        Secret::Passphrase(_) => {
            command.args(["--passphrase-file", "-"]);
            Stdio::piped()
        }
        Secret::Words(_) => {
            command.args(["--words-file", "-"]);
            Stdio::piped()
        }
    };
    for address in &args.listen {
        command.args(["--listen", &address.to_string()]);
    }
    command.stdin(piped).stdout(Stdio::piped()).stderr(log);
    Ok(command)
}

/// Reads the one line that the node says when it is ready, or when it cannot be.
async fn ready(line: &str, mut node: Child) -> Result<()> {
    let answer: Value = serde_json::from_str(line).unwrap_or_default();
    if answer.get("data").is_some() {
        return Ok(());
    }
    let ended = timeout(PATIENCE, node.wait()).await;
    let code = ended.ok().and_then(|status| status.ok()?.code());
    let exit = code.and_then(|code| u8::try_from(code).ok());
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
