//! `circlet words`: the 24 words, to be written on paper, parts of them, and a check of what was written.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{paper, text, words};
use circlet_node::api::words::{Split, Written};
use clap::Subcommand;
use serde_json::Value;
use std::fmt::Write;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Show, split or check your 24 words
///
/// They are the one thing that is yours alone: with them you come back on another computer if this one
/// is lost. Your circle brings back the stories.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What can be done with the words.
#[derive(Debug, Subcommand)]
enum Action {
    /// Show the 24 words, to be written on paper
    Show {
        /// Print them into a file or another program too
        #[arg(long)]
        yes: bool,
    },
    /// Split the 24 words into parts for people whom you trust
    ///
    /// So many parts as you say are the words again; fewer say nothing of them. Give each to somebody
    /// else, on paper. If you lose your computer and your words, they bring you back.
    Split {
        /// How many parts there are to be, 16 at most
        #[arg(long, default_value_t = 3, value_name = "N")]
        parts: u8,
        /// How many of them are needed together, 2 at least
        #[arg(long, default_value_t = 2, value_name = "N")]
        needed: u8,
        /// Print them into a file or another program too
        #[arg(long)]
        yes: bool,
    },
    /// Check whether what you wrote down is right
    Check {
        /// The file they are in; without it you are asked, or they are read from stdin
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
    },
}

/// What stands beside the words.
const ABOUT: &str = "\
These words are you. With them you come back into your circles if this computer is lost; whoever else
has them can come in your place. Nobody keeps a copy, and nobody can make them again.

Write them on paper, with their numbers, and keep it where only you find it. No photo, no cloud. The
card of each circle says where its members were last; it holds no secret, and a fresh invite key does as
well. `circlet restore` reads words and cards. When you are done, `circlet words check` says whether you
wrote them right.";

/// What stands beside the parts.
const ABOUT_PARTS: &str = "\
Give each part to another person whom you trust, on paper, and say what it is for. Enough of them together
are your 24 words: whoever brings these together can come in your place, so choose people who would not do
so without you, and not all from one circle. One alone says nothing. Circlet keeps no part and tells
nobody who holds one, so write down for yourself whom you asked.

To come back, put the parts into a file, with a fresh invite key or a card of each circle under them, and
run `circlet restore --words-file FILE`. Parts that you make later do not end these.";

/// Shows, splits or checks the words.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    match &args.action {
        Action::Show { yes } => show(*yes, context).await,
        Action::Split { parts, needed, yes } => {
            let (parts, needed) = (*parts, *needed);
            split(&Split { parts, needed }, *yes, context).await
        }
        Action::Check { words_file } => check(words_file.as_deref(), context).await,
    }
}

/// Refuses what would come into a file by a slip.
fn only_on_a_screen(what: &str, yes: bool, context: &Context) -> Result<()> {
    if yes || context.printer.json || std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(
        format!("The {what} would not come to a screen here, but into a file or another program."),
        "Run this in a terminal, or add `--yes` if that is what you want.",
    ))
}

async fn split(into: &Split, yes: bool, context: &Context) -> Result<Done> {
    only_on_a_screen("parts", yes, context)?;
    let json = context.post("/v1/words/split", into).await?;
    let mut text = String::new();
    let parts = json.get("parts").and_then(Value::as_array);
    for (part, number) in parts.into_iter().flatten().zip(1..) {
        let (all, needed, part) = (into.parts, into.needed, part.as_str().unwrap_or_default());
        let _ = writeln!(
            text,
            "# Part {number} of {all}, {needed} are needed together\n{part}\n"
        );
    }
    Ok(Done {
        text: format!("{}\n", text.trim_end()),
        json,
        message: ABOUT_PARTS.to_owned(),
        ..Done::default()
    })
}

async fn show(yes: bool, context: &Context) -> Result<Done> {
    only_on_a_screen("words", yes, context)?;
    let mut json = context.get("/v1/words").await?;
    let cards = context.get("/v1/cards").await?;
    if let (Some(json), Some(cards)) = (json.as_object_mut(), cards.get("cards")) {
        json.insert("cards".to_owned(), cards.clone());
    }
    Ok(Done {
        text: page(&json),
        json,
        message: ABOUT.to_owned(),
        ..Done::default()
    })
}

/// Returns what is to be written on paper: the words with their numbers, and the circles' cards.
fn page(json: &Value) -> String {
    let mut text = String::new();
    let words = words::field(json, "words");
    for (word, number) in words.split(' ').zip(1..) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{number:>2}  {word}");
    }
    let cards = json.get("cards").and_then(Value::as_array);
    for card in cards.into_iter().flatten() {
        let name = words::field(card, "name");
        let _ = writeln!(text, "\n# {name}\n{}", words::field(card, "card"));
    }
    text
}

async fn check(file: Option<&Path>, context: &Context) -> Result<Done> {
    let words = match file {
        Some(file) => text::file(file)?,
        None => text::secret_line("The 24 words, which are not shown: ", context)?,
    };
    let mut words = paper::apart(&words).0;
    if words.trim().is_empty() {
        return Err(Failure::cancelled(
            "There were no words, so nothing was checked.",
        ));
    }
    let words = std::mem::take(&mut *words);
    let json = context.post("/v1/words/check", &Written { words }).await?;
    let message = words::field(&json, "sentence");
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}
