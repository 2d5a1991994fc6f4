//! `circlet export`: a circle's updates as one sealed file to be carried by hand, or words to take along.

use super::backup::whole;
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{progress, words};
use circlet_node::api::backups::{NewBundle, NewCopy};
use std::path::{Path, PathBuf};

/// Write a circle's news into a file, or your words into a folder
///
/// With `--bundle FILE`, everything that the circle holds goes into one sealed file, for a stick or any
/// other way, to members whose computers cannot meet. Only members can open it; any of them may carry it.
/// `circlet import FILE` takes it in, as often as one likes.
///
/// `--mine DIR` writes your own stories and responses, `--circle NAME DIR` those of the whole circle that
/// do not fade, as plain files that need no Circlet. They are not encrypted, and taking something back
/// does not reach them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder for words: a new or an empty one
    #[arg(
        value_name = "DIR",
        required_unless_present = "bundle",
        conflicts_with = "bundle"
    )]
    folder: Option<PathBuf>,
    /// Only what you wrote yourself
    #[arg(long, requires = "folder")]
    mine: bool,
    /// The file for a circle's news
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// For whom the file is: what their computers are known to hold is left out
    #[arg(long = "for", value_name = "NAME", requires = "bundle")]
    to: Option<String>,
    /// Write over a file that is there
    #[arg(long, requires = "bundle")]
    force: bool,
}

/// Writes it.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    match (&args.bundle, &args.folder) {
        (Some(file), _) => bundle(file, args, context).await,
        (None, Some(folder)) => copy(folder, args.mine, context).await,
        (None, None) => Err(Failure::bug()),
    }
}

/// Writes words that need no Circlet.
async fn copy(folder: &Path, mine: bool, context: &Context) -> Result<Done> {
    if !mine && context.global.circle.is_none() {
        return Err(Failure::usage(
            "It has to be said whose words are meant.",
            "Add `--mine` for your own, or `--circle NAME` for those of a circle.",
        ));
    }
    let body = NewCopy {
        folder: whole(folder)?,
        mine,
    };
    let asked = context.post("/v1/copies", &body);
    let json = progress::told(context.printer, "Writing the files.", None, asked).await?;
    let what = if mine {
        "Your own words are"
    } else {
        "What the circle shared and you can read is"
    };
    let others = if mine {
        ""
    } else {
        " What was taken back or is to fade is left out; the rest was shared in confidence."
    };
    Ok(Done {
        message: format!(
            "{what} in {}.{others} These files are not encrypted, and taking something back does not \
             reach them.",
            folder.display()
        ),
        json,
        ..Done::default()
    })
}

/// Writes a bundle.
async fn bundle(file: &Path, args: &Args, context: &Context) -> Result<Done> {
    let path = whole(file)?;
    let body = NewBundle {
        path: path.clone(),
        to: args.to.clone(),
        force: args.force,
    };
    let asked = context.post("/v1/bundles", &body);
    let json = progress::told(context.printer, "Writing the file.", Some(&path), asked).await?;
    let who = args.to.as_deref().unwrap_or("Any member");
    Ok(Done {
        message: format!(
            "What {} holds is in {}. Only its members can open it. {who} takes it in with \
             `circlet import FILE`.",
            words::field(&json, "circle"),
            file.display()
        ),
        json,
        ..Done::default()
    })
}
