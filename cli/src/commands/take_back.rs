//! `circlet take-back`: takes back what one shared.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::{Done, clean};
use crate::words;
use serde_json::{Value, json};

/// Take back a story or a response of yours
///
/// It disappears here at once, and from each member's computer when it next connects, also if you have
/// left the circle. What was answered to a story goes out of sight with it. People may remember what
/// they read, and someone could have kept a copy. In a terminal you are asked first. The same command
/// again says from how many computers it is gone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The id of what you shared, or its first characters
    id: String,
    /// Take it back without asking
    #[arg(long)]
    yes: bool,
}

/// Takes it back, once that was confirmed where somebody can be asked.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let mut id = words::plain_id(&args.id)?;
    if !args.yes && context.can_ask() {
        let own = context.get_of_circle(&format!("/v1/own/{id}"), &[]).await?;
        id = words::field(&own, "id");
        if own.get("gone").is_some() {
            return Ok(gone(own));
        }
        let answer = context.ask(&question(&own))?.unwrap_or_default();
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            return Err(Failure::cancelled("It stays as it is."));
        }
    }
    let path = format!("/v1/own/{id}/take-back");
    let json = context.post(&path, &json!({})).await?;
    if words::field(&json, "kind").is_empty() {
        return Ok(gone(json));
    }
    Ok(Done {
        json,
        message: context.taken_back().to_owned(),
        ..Done::default()
    })
}

/// Says how far something is gone that was taken back before.
fn gone(json: Value) -> Done {
    let sentence = words::field(&json, "sentence");
    let message = if sentence.is_empty() {
        "You took this back. It is gone from this computer.".to_owned()
    } else {
        format!("You took this back. {sentence}")
    };
    Done {
        json,
        message: clean(&message),
        ..Done::default()
    }
}

/// Says what is about to go: its first line, and what becomes of it.
fn question(own: &Value) -> String {
    let text = words::field(own, "text");
    let first = text.lines().next().unwrap_or_default();
    let first = if first.is_empty() {
        String::new()
    } else {
        format!("    {}\n", clean(first))
    };
    format!(
        "{first}Take this back? It disappears here now, and from each member's computer when it next \
         connects. People may remember what they read, and someone could have kept a copy.\n\
         Take it back? [y/N] "
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_to_go_is_shown_by_its_first_line() {
        let asked = question(&json!({ "id": "0123", "text": "One.\nTwo." }));
        assert!(asked.starts_with("    One.\nTake this back?"), "{asked}");
        assert!(!asked.contains("Two."));
        assert!(question(&json!({ "id": "0123", "text": null })).starts_with("Take this back?"));
    }
}
