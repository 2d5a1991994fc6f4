//! `circlet help`: the help of any command, and the exit codes.

use crate::args::Cli;
use crate::error::{EXIT_CODES, Failure, Result};
use crate::output::Done;
use clap::CommandFactory;
use serde_json::json;
use std::fmt::Write;

/// Show help for a command, or `exit-codes`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A command, such as `share` or `invite list`, or `exit-codes`
    topic: Vec<String>,
}

/// Finds the help that is asked for.
pub(crate) fn run(args: &Args) -> Result<Done> {
    let text = match args.topic.as_slice() {
        [topic] if topic == "exit-codes" => exit_codes(),
        topic => of_command(topic)?,
    };
    Ok(Done {
        json: json!({ "text": text }),
        text,
        ..Done::default()
    })
}

fn exit_codes() -> String {
    let mut text = "How a command ends, for scripts:\n".to_owned();
    for (code, meaning) in EXIT_CODES {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{code:>5}  {meaning}");
    }
    text
}

fn of_command(topic: &[String]) -> Result<String> {
    let mut root = Cli::command();
    root.build();
    let mut command = &mut root;
    for name in topic {
        command = command.find_subcommand_mut(name).ok_or_else(|| {
            Failure::usage(
                format!("There is no command \"{}\".", topic.join(" ")),
                "`circlet help` lists them all.",
            )
        })?;
    }
    Ok(command.render_long_help().to_string())
}
