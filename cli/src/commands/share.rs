//! `circlet share`: shares a story.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::{text, words};
use circlet_node::api::stories::{Ask, NewStory};
use clap::ValueEnum;
use std::path::PathBuf;

/// Share a story with your circle
///
/// The words come from your editor, or from stdin when they are piped or `-` is given; never from the
/// command line, which others on this computer may see.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// `-` reads the story from stdin
    #[arg(value_parser = ["-"], value_name = "-", hide_possible_values = true)]
    stdin: Option<String>,
    /// What would help you
    #[arg(long, value_enum, default_value_t = Wish::Listen)]
    ask: Wish,
    /// A file with a few words on what the story touches, shown before it
    #[arg(long, value_name = "FILE")]
    note_file: Option<PathBuf>,
}

/// What would help.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wish {
    /// Just listening
    Listen,
    /// How it went for others
    Experience,
    /// Ideas are welcome
    Ideas,
    /// Ask me first
    AskFirst,
}

/// Shares the story.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let note = args.note_file.as_deref().map(text::file).transpose()?;
    let body = NewStory {
        text: text::write(args.stdin.is_some(), context)?,
        ask: match args.ask {
            Wish::Listen => Ask::Listen,
            Wish::Experience => Ask::Experience,
            Wish::Ideas => Ask::Ideas,
            Wish::AskFirst => Ask::AskFirst,
        },
        note: note
            .map(|note| note.trim().to_owned())
            .filter(|note| !note.is_empty()),
    };
    let json = context.post("/v1/stories", &body).await?;
    let id = words::field(&json, "id");
    let message = if context.running() {
        format!(
            "Shared, as {}. Whoever is connected has it now; the others get it when you next meet.",
            words::short(&id)
        )
    } else {
        format!(
            "Saved, as {}. Circlet isn't running, so it goes out when you run `circlet start`.",
            words::short(&id)
        )
    };
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}
