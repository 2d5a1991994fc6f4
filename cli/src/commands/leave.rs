//! `circlet leave`: leaves a circle.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::words;
use serde_json::json;

/// Leave a circle
///
/// What you shared stays with the others. Your own copy stays on this computer. In a terminal you are
/// asked to type the circle's name first; `--confirm` gives it beforehand.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The circle's name, so that no other circle is left by a slip
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

/// Leaves, once the circle's name was typed where somebody can type it.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let (id, name) = meant(context).await?;
    let question = format!("To leave, type the circle's name ({name}): ");
    if context.confirm(args.confirm.as_deref(), &name, &question)? == Some(false) {
        return Err(Failure::cancelled(
            "That is not the circle's name. You are still in it.",
        ));
    }
    let json = context.post_in(&id, "/v1/leave", &json!({})).await?;
    Ok(Done {
        json,
        message: format!(
            "You have left \"{name}\". The others learn it when your computers next meet; your own \
             copy stays here."
        ),
        ..Done::default()
    })
}

/// Returns the id and name of the circle that is meant.
async fn meant(context: &Context) -> Result<(String, String)> {
    let circle = context.get_of_circle("/v1/circle", &[]).await?;
    Ok((words::field(&circle, "id"), words::field(&circle, "name")))
}
