//! Backups and bundles: files that the node writes and reads at places that somebody named, and what
//! came from a backup and is not shown yet.

use super::asked::{Asked, Choice};
use super::{Answer, Api};
use crate::backup;
use crate::bundle;
use crate::export;
use crate::handle::{Select, Shown};
use crate::keystore::Passphrase;
use crate::problem::{Kind, Problem};
use axum::Json;
use axum::extract::State;
use circlet_model::replica::Replica;
use circlet_model::replica::input::Command;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;
use std::path::PathBuf;

/// Makes a backup.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBackup {
    /// Where: the whole path.
    pub path: PathBuf,
    /// The passphrase of the home, where it has one.
    #[serde(default)]
    pub passphrase: Option<String>,
    /// Whether a file that is there is written over.
    #[serde(default)]
    pub force: bool,
}

/// Writes a bundle.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBundle {
    /// Where: the whole path.
    pub path: PathBuf,
    /// For whom, by name: what they are known to hold is left out.
    #[serde(default, rename = "for")]
    pub to: Option<String>,
    /// Whether a file that is there is written over.
    #[serde(default)]
    pub force: bool,
}

/// Takes a bundle in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Where it is: the whole path.
    pub path: PathBuf,
}

/// Writes words into a folder, to take along.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCopy {
    /// The folder, a new or an empty one: the whole path.
    pub folder: PathBuf,
    /// Whether only this person's own words are wanted.
    pub mine: bool,
}

/// Shows nothing of it: it opens everything.
impl fmt::Debug for NewBackup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewBackup(..)")
    }
}

/// Shows nothing of it: it may name somebody.
impl fmt::Debug for NewBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewBundle(..)")
    }
}

pub(super) async fn make(State(api): State<Api>, Asked(asked): Asked<NewBackup>) -> Answer {
    let wanted = backup::Make {
        path: asked.path,
        passphrase: asked.passphrase.map(Passphrase::from),
        replace: asked.force,
    };
    let made = backup::make(&api.handle, &api.home, wanted).await?;
    Ok(Json(json!({
        "circles": made.circles,
        "left_out": made.left_out,
        "passphrase": made.by_passphrase,
    })))
}

pub(super) async fn bundle(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<NewBundle>,
) -> Answer {
    let make = bundle::Make {
        path: asked.path,
        circle: choice.circle,
        to: asked.to,
        replace: asked.force,
    };
    let circle = bundle::make(&api.handle, &api.home, make).await?;
    Ok(Json(json!({ "circle": circle })))
}

pub(super) async fn take(State(api): State<Api>, Asked(asked): Asked<Bundle>) -> Answer {
    let taken = bundle::take(&api.handle, asked.path).await?;
    Ok(Json(json!({ "circle": taken.circle, "new": taken.new })))
}

pub(super) async fn copy(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<NewCopy>,
) -> Answer {
    let make = export::Make {
        folder: asked.folder,
        circle: choice.circle,
        mine: asked.mine,
    };
    let circles = export::make(&api.handle, &api.home, make).await?;
    Ok(Json(json!({ "circles": circles })))
}

/// Shows what came from a backup, in the circle that is named, or in all.
pub(super) async fn show_now(State(api): State<Api>, choice: Choice) -> Answer {
    let veiled = api.handle.look(move |shown| {
        let lines = shown.among(&choice.circle)?.into_iter();
        let veiled = lines.filter(|line| line.replica.is_ok_and(is_veiled));
        Ok(veiled.map(|line| line.hint).collect::<Vec<_>>())
    });
    let veiled = veiled.await?;
    for hint in &veiled {
        let command = Command::ShowNow;
        api.handle.command(Select::Hint(*hint), command).await?;
    }
    Ok(Json(json!({ "shown": veiled.len() })))
}

/// Whether what is here of a circle came from a backup and is not shown yet. Where that cannot be read,
/// nothing is shown either.
pub(crate) fn is_veiled(replica: &Replica) -> bool {
    replica.is_veiled().unwrap_or(true)
}

/// Returns what is said where something was not found: it may be among what is not shown yet.
pub(super) fn hidden(shown: &Shown<'_>, problem: Problem, running: bool) -> Problem {
    let mut replicas = shown.circles.iter().filter_map(|line| line.replica.ok());
    if problem.kind == Kind::NotFound && replicas.any(is_veiled) {
        veiled(running)
    } else {
        problem
    }
}

/// Returns the problem of words that are not shown yet.
pub(crate) fn veiled(running: bool) -> Problem {
    Problem::new(
        "from-backup",
        super::sentence::veiled(running),
        "If nobody else is left to meet: `circlet restore --show-now`.",
    )
}
