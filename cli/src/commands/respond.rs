//! `circlet respond`: answers a story.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::{text, words};
use circlet_node::api::stories::NewResponse;

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
    let id = words::plain_id(&args.id)?;
    let body = NewResponse {
        text: text::write(args.stdin.is_some(), context)?,
    };
    let json = context
        .post(&format!("/v1/stories/{id}/responses"), &body)
        .await?;
    let message = if context.running() {
        "Sent. Whoever is connected has it now; the others get it when you next meet."
    } else {
        "Saved. Circlet isn't running, so it goes out when you run `circlet start`."
    };
    Ok(Done {
        json,
        message: message.to_owned(),
        ..Done::default()
    })
}
