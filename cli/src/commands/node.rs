//! `circlet node run`: the node in the foreground, as services call it.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use circlet_model::address::Address;
use circlet_node::config::Config;
use circlet_node::{logging, node};
use clap::Subcommand;
use serde_json::json;
use std::cell::Cell;
use std::path::PathBuf;

/// Run the node itself
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What a node can be asked to do.
#[derive(Debug, Subcommand)]
enum Action {
    /// Run in the foreground, until Ctrl-C or `circlet stop`
    ///
    /// Prints one line on stdout when it listens and can be asked; logs go to stderr. `CIRCLET_LOG`
    /// sets how much is logged: off, error, warn, info, debug or trace.
    Run {
        /// Where to listen, such as `/ip4/0.0.0.0/udp/4321/quic-v1`; nothing = wherever it can
        #[arg(long, value_name = "MULTIADDR")]
        listen: Vec<Address>,
        /// Open it with the 24 words in this file instead of the passphrase
        #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
        words_file: Option<PathBuf>,
        /// Leave the terminal
        #[arg(long, hide = true)]
        background: bool,
        /// Run without what opens the home, so that the page asks for it
        #[arg(long, hide = true)]
        for_page: bool,
    },
}

/// Runs the node until it is asked to end.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let Action::Run {
        listen,
        words_file,
        background,
        for_page,
    } = &args.action;
    if *background {
        // A session of its own, so that the node outlives the terminal. It can only be refused to one
        // that has such a session already.
        let _ = rustix::process::setsid();
    }
    logging::init(std::env::var(logging::VARIABLE).ok().as_deref());
    let config = Config {
        for_page: *for_page,
        ..Config::new(context.home.clone(), listen.clone())
    };
    let printer = context.printer;
    let said = Cell::new(false);
    let ready = || {
        said.set(true);
        printer.done(&Done {
            json: json!({ "ready": true }),
            text: "Circlet is running. Ctrl-C ends it.".to_owned(),
            ..Done::default()
        });
    };
    let key = || context.key(words_file.as_deref());
    let ended = node::run(config, key, ready, node::asked_to_end()).await;
    ended.map_err(|problem| Failure {
        late: said.get(),
        ..problem.into()
    })?;
    Ok(Done {
        told: true,
        ..Done::default()
    })
}
