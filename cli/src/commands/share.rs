//! `circlet share`: shares a story.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{text, words};
use circlet_model::content::story::MAX_NOTE;
use circlet_model::replica::output::Refusal;
use circlet_node::api::drafts::NewDraft;
use circlet_node::api::stories::{Ask, NewStory};
use circlet_node::problem::Problem;
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Share a story with your circle
///
/// The words come from your editor, or from stdin when they are piped or `-` is given; never from the
/// command line, which others on this computer may see. A story that fades goes out of sight on every
/// computer once its last day is over, and is then erased.
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
    /// How long it stays with the circle, with what is answered to it; nothing = as the circle has
    /// settled
    #[arg(long, value_enum, value_name = "TIME")]
    fade: Option<Stay>,
    /// Keep it as a draft on this computer, and share nothing yet
    #[arg(long)]
    draft: bool,
}

/// How long a story stays.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Stay {
    /// A day
    #[value(name = "1d")]
    Day,
    /// A week
    #[value(name = "7d")]
    Week,
    /// A month
    #[value(name = "30d")]
    Month,
    /// Three months
    #[value(name = "90d")]
    Season,
    /// A year
    #[value(name = "1y")]
    Year,
    /// Until it is taken back
    Never,
}

impl Stay {
    /// Returns the number of days; 0 = for ever.
    pub(crate) fn days(self) -> u16 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Season => 90,
            Self::Year => 365,
            Self::Never => 0,
        }
    }
}

/// What would help.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Wish {
    /// Just listening
    Listen,
    /// How it went for others
    Experience,
    /// Ideas are welcome
    Ideas,
    /// Ask me first
    AskFirst,
}

impl From<Wish> for Ask {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Listen => Self::Listen,
            Wish::Experience => Self::Experience,
            Wish::Ideas => Self::Ideas,
            Wish::AskFirst => Self::AskFirst,
        }
    }
}

/// Shares the story.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let note = note(args.note_file.as_deref())?.filter(|note| !note.is_empty());
    let editor = text::opens_editor(args.stdin.is_some(), context)?;
    // What can be known to stand in the way is told before anybody writes.
    let circle = if editor {
        Some(circle(context).await?)
    } else {
        None
    };
    let written = text::write(editor, context, "")?;
    if args.draft {
        return keep(args, written, note, context).await;
    }
    let body = NewStory {
        text: written.text.clone(),
        ask: args.ask.into(),
        note,
        fade: args.fade.map(Stay::days),
    };
    let sending = async {
        match &circle {
            Some(id) => context.post_in(id, "/v1/stories", &body).await,
            None => context.post("/v1/stories", &body).await,
        }
    };
    let json = written.send(sending).await?;
    let id = words::field(&json, "id");
    let [shared, saved] =
        ["Shared", "Saved"].map(|done| format!("{done}, as {}.", words::short(&id)));
    let message = context.told(&shared, &saved).await;
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}

/// Keeps the story as a draft.
async fn keep(
    args: &Args,
    written: text::Written,
    note: Option<String>,
    context: &Context,
) -> Result<Done> {
    let body = NewDraft {
        text: written.text.clone(),
        note,
        ask: Some(args.ask.into()),
        fade: args.fade.map(Stay::days),
        ..NewDraft::default()
    };
    let json = written.send(context.post("/v1/drafts", &body)).await?;
    let id = words::field(&json, "id");
    let id = words::short(&id);
    Ok(Done {
        message: format!("Kept as a draft, as {id}. `circlet drafts send {id}` sends it."),
        json,
        ..Done::default()
    })
}

/// Reads the content note; one without words is none.
pub(crate) fn note(path: Option<&Path>) -> Result<Option<String>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let note = text::file(path)?.trim().to_owned();
    if note.len() > MAX_NOTE {
        return Err(Failure::new(
            "too-long",
            format!("The note is longer than {MAX_NOTE} bytes, so nothing was shared."),
            "Shorten it to a few words.",
        ));
    }
    Ok(Some(note))
}

/// Returns the id of the circle that is meant, if a story can be shared there.
async fn circle(context: &Context) -> Result<String> {
    let circle = context.get_of_circle("/v1/circle", &[]).await?;
    match words::field(&circle, "state").as_str() {
        "pending" | "knocking" => Err(Problem::from(Refusal::Pending).into()),
        "left" | "removed" => Err(Problem::from(Refusal::NotAMember).into()),
        _ => Ok(words::field(&circle, "id")),
    }
}
