//! `circlet agreement`: the sentences that a circle agrees on.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::{text, words};
use circlet_node::api::agreement::{NewAgreement, Yes};
use clap::Subcommand;
use serde_json::Value;
use std::fmt::Write;

/// Show your circle's agreement, change it, or agree to it
///
/// A few plain sentences that the circle agrees on. Everyone in it can change them; what two change apart
/// is kept side by side. When they change, each member is asked again, and nobody is locked out for not
/// agreeing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

/// What can be done with the agreement.
#[derive(Debug, Subcommand)]
enum Action {
    /// Show it, and who agrees to it
    Show,
    /// Begin it or change it
    ///
    /// Your editor opens with the words that are there, or with a few sentences to begin with; or the new
    /// words come from stdin when they are piped or `-` is given. An agreement is begun once you save in the
    /// editor, also with the sentences just as they are; closed without saving, nothing is begun.
    Edit {
        /// `-` reads the words from stdin
        #[arg(value_parser = ["-"], value_name = "-", hide_possible_values = true)]
        stdin: Option<String>,
    },
    /// Agree to it as it is now
    Agree,
}

/// What is said where the editor was closed over the proposed sentences.
const NOT_SAVED: &str = "The sentences were not saved in the editor, so no agreement was begun. If you want \
                         them just as they are, save them there before you close it.";

/// Shows, changes or agrees.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    match &args.action {
        None | Some(Action::Show) => show(context).await,
        Some(Action::Edit { stdin }) => edit(stdin.is_some(), context).await,
        Some(Action::Agree) => agree(context).await,
    }
}

async fn show(context: &Context) -> Result<Done> {
    let json = look(context).await?;
    let message = match words::field(&json, "mine").as_str() {
        "yes" => "",
        "" => "Begin it with `circlet agreement edit`.",
        _ => "`circlet agreement agree` says that you agree to it. There is no hurry.",
    };
    Ok(Done {
        text: page(&json),
        json,
        message: message.to_owned(),
        ..Done::default()
    })
}

async fn edit(stdin: bool, context: &Context) -> Result<Done> {
    let editor = text::opens_editor(stdin, context)?;
    let now = look(context).await?;
    let there = words::field(&now, "text");
    let begins = there.is_empty();
    let already = if begins {
        sentences(&now).join("\n")
    } else {
        there
    };
    let written = text::write(editor, context, &already)?;
    if begins && !written.is_saved() {
        return Err(written.dropped(NOT_SAVED));
    }
    if !begins && written.text == already.trim_end() {
        return Err(written.unchanged());
    }
    let body = NewAgreement {
        text: written.text.clone(),
        version: words::field(&now, "version"),
    };
    let json = written.send(context.post("/v1/agreement", &body)).await?;
    let done = if begins {
        "It is there, and the others are asked whether they agree."
    } else {
        "Changed. The others are asked whether they agree."
    };
    let message = context.told(done, done).await;
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}

async fn agree(context: &Context) -> Result<Done> {
    let now = look(context).await?;
    if words::field(&now, "mine") == "yes" {
        return Ok(Done {
            text: page(&now),
            json: now,
            message: "You have agreed to this already.".to_owned(),
            ..Done::default()
        });
    }
    let body = Yes {
        version: words::field(&now, "version"),
    };
    let json = context.post("/v1/agreement/agree", &body).await?;
    Ok(Done {
        text: page(&json),
        json,
        message: "Noted: you agree to this.".to_owned(),
        ..Done::default()
    })
}

async fn look(context: &Context) -> Result<Value> {
    context.get_of_circle("/v1/agreement", &[]).await
}

fn sentences(json: &Value) -> Vec<&str> {
    let proposal = json.get("proposal").and_then(Value::as_array);
    let proposal = proposal.into_iter().flatten();
    proposal.filter_map(Value::as_str).collect()
}

fn page(json: &Value) -> String {
    let mut page = String::new();
    for line in words::field(json, "text").lines() {
        let _ = writeln!(page, "  {line}");
    }
    if !page.is_empty() {
        let (by, changed) = (words::field(json, "by"), words::field(json, "changed"));
        let _ = writeln!(page, "\nLast changed by {by}, {changed}.");
    }
    let _ = writeln!(page, "{}", words::field(json, "sentence"));
    for other in words::list(json, "beside") {
        let _ = writeln!(page, "\n-- Begun apart, or before:");
        for line in other.lines() {
            let _ = writeln!(page, "  {line}");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_shown_with_who_changed_it_and_who_agrees() {
        let shown = json!({
            "text": "Anyone may pass.\nWe listen.", "by": "Ana", "changed": "2026-01-02",
            "sentence": "You have agreed to it as it is now.",
        });
        assert_eq!(
            page(&shown),
            "  Anyone may pass.\n  We listen.\n\nLast changed by Ana, 2026-01-02.\n\
             You have agreed to it as it is now.\n"
        );
        let none = json!({ "text": null, "sentence": "Your circle has no agreement yet." });
        assert_eq!(page(&none), "Your circle has no agreement yet.\n");
    }
}
