//! `circlet drafts`: words that are not sent yet.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{people, words};
use clap::Subcommand;
use serde_json::{Value, json};
use std::fmt::Write;

/// Show what you began to write and have not sent
///
/// Drafts come from the page, which saves them while you type, and from `circlet share --draft`. They are
/// on this computer alone; one that is sent or dropped is erased here for good. Words from your editor that
/// could not be sent are files, because they have to be kept where nothing can be opened; they are named
/// below the list.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

/// What can be done with drafts.
#[derive(Debug, Subcommand)]
enum Action {
    /// Show all of them
    List,
    /// Show one whole
    Show {
        /// The draft's id, or its first characters
        id: String,
    },
    /// Send one, as it is
    Send {
        /// The draft's id, or its first characters
        id: String,
    },
    /// Erase one
    Drop {
        /// The draft's id, or its first characters
        id: String,
    },
}

/// Shows the drafts, or does what else was asked.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    match &args.action {
        None | Some(Action::List) => {
            let json = context.get_of_circle("/v1/drafts", &[]).await?;
            let text = list(people::list(&json, "drafts"));
            context.name_drafts();
            Ok(Done {
                message: if text.is_empty() { "No drafts." } else { "" }.to_owned(),
                text,
                json,
                ..Done::default()
            })
        }
        Some(Action::Show { id }) => show(id, context).await,
        Some(Action::Send { id }) => {
            let path = format!("/v1/drafts/{}/send", words::plain_id(id)?);
            let json = context.post(&path, &json!({})).await?;
            let message = context.told("Sent.", "Saved.").await;
            Ok(Done {
                json,
                message,
                ..Done::default()
            })
        }
        Some(Action::Drop { id }) => {
            let path = format!("/v1/drafts/{}/drop", words::plain_id(id)?);
            Ok(Done {
                json: context.post(&path, &json!({})).await?,
                message: "The draft is gone from this computer.".to_owned(),
                ..Done::default()
            })
        }
    }
}

async fn show(id: &str, context: &Context) -> Result<Done> {
    let id = words::plain_id(id)?;
    let json = context.get_of_circle("/v1/drafts", &[]).await?;
    let mut found = people::list(&json, "drafts")
        .iter()
        .filter(|draft| words::field(draft, "id").starts_with(&id));
    match (found.next(), found.next()) {
        (Some(draft), None) => Ok(Done {
            json: draft.clone(),
            text: words::field(draft, "text"),
            ..Done::default()
        }),
        (None, _) => Err(Failure::not_found(
            "There is no such draft on this computer. Nothing was changed.",
            "`circlet drafts` shows them all.",
        )),
        (Some(_), Some(_)) => Err(Failure::new(
            "which-one",
            "More than one id begins like this. Nothing was changed.",
            "Give a few more of its characters.",
        )),
    }
}

/// Returns the list: what each is to become, where and when it was written, and how it begins.
fn list(drafts: &[Value]) -> String {
    let mut text = String::new();
    for draft in drafts {
        let (id, about) = (words::field(draft, "id"), words::field(draft, "about"));
        let about = words::short(&about);
        let what = match words::field(draft, "kind").as_str() {
            "response" => format!("a response to {about}"),
            "edit" => format!("other words for {about}"),
            _ => "a story".to_owned(),
        };
        let day = words::day(&words::field(draft, "saved"));
        let circle = match words::field(draft, "circle").as_str() {
            "" => String::new(),
            name => format!(" in {name}"),
        };
        let words = words::field(draft, "text");
        let first = words.lines().find(|line| !line.trim().is_empty());
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}  {what}{circle}, {day}", words::short(&id));
        let _ = writeln!(text, "          {}", beginning(first.unwrap_or_default()));
    }
    text
}

/// Returns the beginning of a line.
fn beginning(line: &str) -> String {
    const LETTERS: usize = 60;
    match line.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_says_what_it_becomes_and_how_it_begins() {
        let drafts = json!([
            { "id": "0123456789abcdef", "kind": "response", "about": "fedcba9876543210",
              "circle": "Tuesday", "saved": "x", "text": "\nOne.\nTwo." },
            { "id": "1123456789abcdef", "kind": "story", "about": null, "circle": null, "saved": "x",
              "text": "a".repeat(61) },
        ]);
        let told = format!(
            "01234567  a response to fedcba98 in Tuesday, x\n          One.\n\
             11234567  a story, x\n          {}…\n",
            "a".repeat(60)
        );
        assert_eq!(list(drafts.as_array().unwrap()), told);
    }
}
