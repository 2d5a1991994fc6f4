//! `circlet edit`: puts other words in place of what one shared.

use super::share::{Wish, note};
use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::{text, words};
use circlet_node::api::own::Edit;
use std::path::PathBuf;

/// Put other words in place of a story or a response of yours
///
/// Your editor opens with the words that are there now; or the new words come from stdin when they are
/// piped or `-` is given. They are shared anew under an id of their own, and the old words are taken back
/// from each member's computer when it next connects. What was answered to a story stays with it. What
/// you do not name stays as it was.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The id of what you shared, or its first characters
    id: String,
    /// `-` reads the words from stdin
    #[arg(value_parser = ["-"], value_name = "-", hide_possible_values = true)]
    stdin: Option<String>,
    /// What would help you now
    #[arg(long, value_enum)]
    ask: Option<Wish>,
    /// A file with a few words on what the story touches; an empty one takes the note away
    #[arg(long, value_name = "FILE")]
    note_file: Option<PathBuf>,
}

/// Shares the new words.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let note = note(args.note_file.as_deref())?;
    let mut id = words::plain_id(&args.id)?;
    let editor = text::opens_editor(args.stdin.is_some(), context)?;
    let mut already = String::new();
    if editor {
        let own = context.get_of_circle(&format!("/v1/own/{id}"), &[]).await?;
        (id, already) = (words::field(&own, "id"), words::field(&own, "text"));
    }
    let written = text::write(editor, context, &already)?;
    if editor && written.text == already.trim_end() && args.ask.is_none() && note.is_none() {
        return Err(written.unchanged());
    }
    let body = Edit {
        text: written.text.clone(),
        ask: args.ask.map(Into::into),
        note,
    };
    let path = format!("/v1/own/{id}/edit");
    let json = written.send(context.post(&path, &body)).await?;
    let fresh = words::field(&json, "id");
    let changed = format!("Changed. It is now {}.", words::short(&fresh));
    let message = context.told(&changed, &changed).await;
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}
