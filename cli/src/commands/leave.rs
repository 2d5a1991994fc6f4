//! `circlet leave`: leaves a circle.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::words;
use serde_json::{Value, json};

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
    let wanted = context
        .global
        .circle
        .as_deref()
        .unwrap_or_default()
        .to_lowercase();
    let json = context.get("/v1/circles").await?;
    let circles = json
        .get("circles")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut found: Vec<(String, String)> = circles
        .map(|circle| (words::field(circle, "id"), words::field(circle, "name")))
        .filter(|(id, name)| name.to_lowercase().starts_with(&wanted) || *id == wanted)
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(circle), true) => Ok(circle),
        (None, _) => Err(Failure::not_found(
            "There is no such circle on this computer.",
            "`circlet list` shows your circles.",
        )),
        (Some(_), false) => Err(Failure::new(
            "which-circle",
            "You are in more than one circle, and this could mean several of them.",
            "Say which with `--circle NAME`; `circlet list` shows them.",
        )),
    }
}
