//! `circlet repair`: sets a damaged store aside and brings every circle back.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{progress, words};
use circlet_node::client;
use circlet_node::clock::Clock;
use circlet_node::home::Lock;
use circlet_node::problem::Problem;
use circlet_node::repair::{self, Account, Back};
use serde_json::json;
use std::path::PathBuf;

/// Bring your circles back where Circlet's files on this computer are damaged
///
/// Reads what can still be read, and begins a fresh store with it. The rest comes from the other members'
/// computers, from any of them; in each circle this computer becomes a new one of yours. What was damaged
/// is set aside whole, in the folder that is named. Nothing is changed where nothing is damaged.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Open with the 24 words in this file instead of the passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    words_file: Option<PathBuf>,
    /// Remove what earlier repairs set aside, once nothing is missing any more
    #[arg(long, conflicts_with = "words_file")]
    forget: bool,
}

/// Repairs, or removes what a repair set aside.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    context.run_folder()?;
    if args.forget {
        let _lock = lock(context).await?;
        return Ok(forgotten(repair::forget(&context.home)?));
    }
    let key = if context.needs_passphrase()? || args.words_file.is_some() {
        context.key(args.words_file.as_deref())?
    } else {
        None
    };
    let lock = lock(context).await?;
    let (home, now) = (context.home.clone(), Clock::default().now());
    let work = tokio::task::spawn_blocking(move || {
        let account = repair::repair(&home, key.as_ref(), now);
        drop(lock);
        account
    });
    let account = progress::told(context.printer, "Repairing.", None, work).await;
    let account = account.map_err(|_| Failure::bug())??;
    let circles = account.circles.iter();
    let circles = circles.map(|(name, back)| json!({ "name": name, "back": word(*back) }));
    Ok(Done {
        json: json!({
            "circles": circles.collect::<Vec<_>>(),
            "lost_alone": account.lost_alone,
            "kept": account.kept,
        }),
        message: message(&account),
        ..Done::default()
    })
}

/// Takes the home for this command alone.
async fn lock(context: &Context) -> Result<Lock> {
    if client::probe(&context.home).await?.is_some() {
        return Err(Failure::new(
            "running",
            "Circlet is running, and its files have to rest for this. Nothing was changed.",
            "Run `circlet stop`, then this again.",
        ));
    }
    Ok(context.home.lock().map_err(Problem::from)?)
}

fn forgotten(some: bool) -> Done {
    let message = if some {
        "What was set aside is gone from this computer."
    } else {
        "Nothing was set aside here."
    };
    Done {
        json: json!({ "forgotten": some }),
        message: message.to_owned(),
        ..Done::default()
    }
}

/// Returns the word for scripts.
fn word(back: Back) -> &'static str {
    match back {
        Back::Whole => "whole",
        Back::Part => "part",
        Back::FromOthers => "from-others",
        Back::Not => "not",
    }
}

/// Tells what happened, what is safe and what comes next.
fn message(account: &Account) -> String {
    let told = [
        (Back::Whole, "Nothing is missing in"),
        (
            Back::Part,
            "A part could be read, and the rest comes from the other members' computers, in",
        ),
        (
            Back::FromOthers,
            "Nothing could be read, and everything comes from the other members' computers, in",
        ),
        (
            Back::Not,
            "This computer was not in it, or no longer, so begin again by an invite where you want to, in",
        ),
    ];
    let mut lines = vec!["A part of what this computer keeps was damaged.".to_owned()];
    for (which, what) in told {
        let of_these = account.circles.iter().filter(|(_, back)| *back == which);
        let names: Vec<String> = of_these.map(|(name, _)| named(name)).collect();
        if !names.is_empty() {
            lines.push(format!("{what} {}.", words::names(&names)));
        }
    }
    if account.lost_alone {
        lines.push(
            "Of what you keep for yourself alone, some may be lost: look through `circlet drafts`, \
             `circlet crisis`, and whom you muted."
                .to_owned(),
        );
    }
    let waits = |(_, back): &(String, Back)| matches!(back, Back::Part | Back::FromOthers);
    if account.circles.iter().any(waits) {
        lines.push(
            "Run `circlet start` and leave it running: it goes on as soon as any member can be reached, \
             and shows stories once that member has told what was taken back. Look then whether what you \
             shared or took back last is as you left it. If nobody else is left to meet: \
             `circlet restore --show-now`."
                .to_owned(),
        );
    }
    lines.push(format!(
        "What was damaged is kept in {}. It may hold what is nowhere else, and also what is taken back from \
         now on: once nothing is missing, `circlet repair --forget` removes it.",
        account.kept.display()
    ));
    lines.join("\n")
}

fn named(name: &str) -> String {
    match name {
        "" => "a circle whose name could not be read".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_names_each_circle_once_and_says_where_the_rest_is() {
        let circles = [
            ("Tuesday evenings", Back::Part),
            ("Choir", Back::Whole),
            ("", Back::FromOthers),
            ("Book club", Back::Part),
        ];
        let circles = circles.map(|(name, back)| (name.to_owned(), back));
        let told = message(&Account {
            circles: circles.to_vec(),
            lost_alone: false,
            kept: "circlet/damaged".into(),
        });
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[1], "Nothing is missing in Choir.");
        assert!(
            lines[2].ends_with("in Tuesday evenings and Book club."),
            "{told}"
        );
        assert!(
            lines[3].ends_with("in a circle whose name could not be read."),
            "{told}"
        );
        assert!(lines[4].contains("`circlet start`"), "{told}");
        assert!(lines[5].contains("circlet/damaged"), "{told}");
        let whole = Account {
            circles: vec![("Choir".to_owned(), Back::Whole)],
            lost_alone: true,
            kept: PathBuf::new(),
        };
        let told = message(&whole);
        assert!(!told.contains("circlet start"), "{told}");
        assert!(told.contains("`circlet crisis`"), "{told}");
    }
}
