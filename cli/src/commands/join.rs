//! `circlet join`: comes into a circle by an invite key.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{text, words};
use circlet_node::api::joins::NewJoin;
use std::fmt::Write;

/// Join a circle with an invite key
///
/// Comes back at once. If no member's computer can be reached now, Circlet goes on trying while it
/// runs, and you are in as soon as any of them appears.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key; `-` or nothing reads it from stdin
    #[arg(value_name = "KEY|-")]
    key: Option<String>,
}

/// Begins to join.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let key = match args.key.as_deref() {
        None | Some("-") => text::secret_line("Invite key: ", context)?.to_string(),
        Some(key) => {
            context.printer.say(
                "A word of warning: the key now stands in your shell's history. `circlet join` \
                 alone asks for it instead.",
            );
            key.to_owned()
        }
    };
    if key.trim().is_empty() {
        return Err(Failure::cancelled("There was no key, so nothing was done."));
    }
    let json = context.post("/v1/joins", &NewJoin { key }).await?;
    let mut message = words::field(&json, "sentence");
    let four = words::field(&json, "words");
    if !four.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(
            message,
            "\nYour four words: {four}\nWhoever lets you in sees the same four. If you can, compare \
             them by voice or face to face."
        );
    }
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}
