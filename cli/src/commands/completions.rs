//! `circlet completions`: what a shell needs to complete commands.

use crate::args::Cli;
use crate::output::Done;
use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

/// Print completions for your shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

/// Makes the completions.
pub(crate) fn run(args: &Args) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "circlet", &mut script);
    let text = String::from_utf8_lossy(&script).into_owned();
    Done {
        json: json!({ "script": text }),
        text,
        ..Done::default()
    }
}
