//! `circlet respond`: answers a story.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::{text, words};
use circlet_node::api::stories::NewResponse;
use serde_json::Value;

/// Respond to a story
///
/// The words come from your editor, or from stdin when they are piped or `-` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The story's id, or its first characters
    id: String,
    /// `-` reads the response from stdin
    #[arg(value_parser = ["-"], value_name = "-", hide_possible_values = true)]
    stdin: Option<String>,
}

/// Sends the response.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let mut id = words::plain_id(&args.id)?;
    let editor = text::opens_editor(args.stdin.is_some(), context)?;
    if editor {
        // Whether the story is here is told before anybody writes.
        let found = context
            .get_of_circle(&format!("/v1/stories/{id}"), &[])
            .await?;
        let found = found.pointer("/stories/0/id").and_then(Value::as_str);
        id = found.unwrap_or(&id).to_owned();
    }
    let written = text::write(editor, context, "")?;
    let body = NewResponse {
        text: written.text.clone(),
    };
    let path = format!("/v1/stories/{id}/responses");
    let json = written.send(context.post(&path, &body)).await?;
    let message = context.told("Sent.", "Saved.").await;
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}
