//! A backup, and words to take along: files that the member's own computer writes at a place they name.
//!
//! Nothing of it goes through the browser, which would keep a copy; and nothing that is there is written
//! over.

use super::dates;
use super::show::{Base, Filled, Frame, Shown, Trouble, page, page_as};
use crate::api::Api;
use crate::backup::{self, Account, Backup, Made, Unlock, blocking};
use crate::export;
use crate::handle::Select;
use crate::keystore::{Keystore, Passphrase};
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use circlet_model::time::Timestamp;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use zeroize::ZeroizeOnDrop;

/// So many names of files are tried before one is suggested that is there.
const TRIES: u32 = 20;

#[derive(Template)]
#[template(path = "backup.html")]
struct Form {
    frame: Frame,
    /// When the last one was made.
    last: String,
    path: String,
    /// Whether the home has a passphrase, which the backup then has too.
    passphrase: bool,
    trouble: Option<Trouble>,
    /// The field that it is about.
    at: &'static str,
}

#[derive(Template)]
#[template(path = "backup_made.html")]
struct Ready {
    frame: Frame,
    path: String,
    /// What is in it, what opens it, and what is not in it.
    said: Vec<String>,
    /// Whether it was opened and read.
    checked: bool,
}

#[derive(Template)]
#[template(path = "copy.html")]
struct Copy {
    frame: Frame,
    path: String,
    /// Whether it is there now.
    done: bool,
    trouble: Option<Trouble>,
}

/// Where a backup is to be, and the passphrase of the home.
#[derive(Deserialize, ZeroizeOnDrop)]
pub(super) struct Fields {
    path: String,
    #[serde(default)]
    passphrase: String,
}

/// Where something is, or is to be.
#[derive(Deserialize)]
pub(super) struct Place {
    path: String,
}

pub(super) async fn form(State(api): State<Api>, base: Base) -> Shown {
    Ok(page(&screen(&api, &base, None).await?))
}

pub(super) async fn make(
    State(api): State<Api>,
    base: Base,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let made = match whole(&fields.path) {
        Ok(path) => {
            let passphrase = Some(Passphrase::from(fields.passphrase.as_str()));
            let asked = backup::Make {
                path,
                passphrase,
                replace: false,
            };
            backup::make(&api.handle, &api.home, asked).await
        }
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => {
            let frame = Frame::new(&base, "backup-made");
            Ok(page(&Ready {
                said: told(&frame, &made),
                frame,
                path: fields.path.clone(),
                checked: false,
            }))
        }
        Err(problem) => {
            let mut screen = screen(&api, &base, Some(fields.path.clone())).await?;
            let problem = match &*problem.code {
                // The 24 words, which open the home too, make no backup.
                "wrong-passphrase" => Problem::new("other-passphrase", "", ""),
                _ => problem,
            };
            screen.at = match &*problem.code {
                "other-passphrase" => "passphrase",
                _ => "path",
            };
            screen.trouble = Some(screen.frame.trouble(&problem));
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

/// Opens a backup with the words of this home, and reads all of it.
pub(super) async fn check(
    State(api): State<Api>,
    base: Base,
    Filled(Place { path }): Filled<Place>,
) -> Shown {
    let checked = match whole(&path) {
        Ok(place) => read(&api, place).await,
        Err(problem) => Err(problem),
    };
    match checked {
        Ok((account, now)) => {
            let frame = Frame::new(&base, "backup-whole");
            Ok(page(&Ready {
                said: holds(&frame, &account, now),
                frame,
                path,
                checked: true,
            }))
        }
        Err(problem) => {
            let mut screen = screen(&api, &base, Some(path)).await?;
            screen.at = "check";
            screen.trouble = Some(screen.frame.trouble(&problem));
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

pub(super) async fn copy_form(State(api): State<Api>, base: Base) -> Shown {
    let frame = Frame::new(&base, "copy-title");
    Ok(page(&Copy {
        path: suggested(&api, &frame, "circlet-words").await?,
        frame,
        done: false,
        trouble: None,
    }))
}

pub(super) async fn copy(
    State(api): State<Api>,
    base: Base,
    Filled(Place { path }): Filled<Place>,
) -> Shown {
    let written = match whole(&path) {
        Ok(folder) => {
            let asked = export::Make {
                folder,
                circle: Select::Only,
                mine: true,
            };
            export::make(&api.handle, &api.home, asked).await
        }
        Err(problem) => Err(problem),
    };
    let frame = Frame::new(&base, "copy-title");
    let (done, trouble) = match written {
        Ok(_) => (true, None),
        Err(problem) => (false, Some(frame.trouble(&problem))),
    };
    let status = if done {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let screen = Copy {
        frame,
        path,
        done,
        trouble,
    };
    Ok(page_as(status, &screen))
}

async fn screen(api: &Api, base: &Base, path: Option<String>) -> Result<Form, Problem> {
    let frame = Frame::new(base, "backup-title");
    let path = match path {
        Some(path) => path,
        None => suggested(api, &frame, "circlet-backup").await?,
    };
    let last = api
        .handle
        .look(|shown| Ok(shown.local.last_backup()?))
        .await?;
    let last = match last {
        Some(made) => frame.with("backup-last", "day", dates::in_full_here(&frame, made)),
        None => frame.say("backup-none"),
    };
    Ok(Form {
        frame,
        last,
        path,
        passphrase: Keystore::needs_passphrase(&api.home)?,
        trouble: None,
        at: "",
    })
}

/// Returns a place in the folder of the account that nothing has yet; nothing, where there is no such
/// folder.
async fn suggested(api: &Api, frame: &Frame, name: &'static str) -> Result<String, Problem> {
    let now = api.handle.look(|shown| Ok(shown.now)).await?;
    let day = dates::of(frame, now, now).date;
    let place = blocking(move || {
        let Ok(folder) = etcetera::home_dir() else {
            return Ok(PathBuf::new());
        };
        let first = folder.join(format!("{name}-{day}"));
        let more = (2..TRIES).map(|number| folder.join(format!("{name}-{day}-{number}")));
        let mut free = [first.clone()].into_iter().chain(more);
        Ok(free.find(|place| !place.exists()).unwrap_or(first))
    });
    Ok(place.await?.display().to_string())
}

/// Returns a place as it was typed: the whole path, or below the folder of the account.
fn whole(typed: &str) -> Result<PathBuf, Problem> {
    let typed = typed.trim();
    let path = match typed.strip_prefix("~/") {
        Some(below) => etcetera::home_dir().map(|folder| folder.join(below)).ok(),
        None => Some(PathBuf::from(typed)),
    };
    let path = path.filter(|path| Path::is_absolute(path));
    path.ok_or_else(|| {
        Problem::new(
            "part-of-a-path",
            "It has to be said in full where the file is. Nothing was changed.",
            "Begin with the first folder, such as /home or /media.",
        )
    })
}

async fn read(api: &Api, path: PathBuf) -> Result<(Account, Timestamp), Problem> {
    let seed = api
        .handle
        .look(|shown| Ok((shown.identity.seed().clone(), shown.now)));
    let (seed, now) = seed.await?;
    blocking(move || {
        let backup = Backup::open(&path, &Unlock::Words(&seed))?;
        Ok((backup.check(now)?, now))
    })
    .await
}

/// Says what is in a backup that was made, what opens it, and what is not in it.
fn told(frame: &Frame, made: &Made) -> Vec<String> {
    let mut said = vec![match made.circles.as_slice() {
        [] => frame.say("backup-holds-you"),
        circles => frame.with("backup-holds", "circles", frame.list(circles)),
    }];
    said.push(frame.say(if made.by_passphrase {
        "backup-opens-both"
    } else {
        "backup-opens-words"
    }));
    if !made.left_out.is_empty() {
        let circles = frame.list(&made.left_out);
        said.push(frame.with("backup-left-out", "circles", circles));
    }
    said
}

/// Says what is in a backup that was read.
fn holds(frame: &Frame, account: &Account, now: Timestamp) -> Vec<String> {
    let day = dates::of(frame, account.made, now).said;
    let named = [("day", day.into()), ("name", account.name.as_str().into())];
    let made = frame.with_all("backup-is-of", named);
    let circles = account.circles.iter().map(|(name, members)| {
        let members = frame.list(members);
        let named = [
            ("circle", name.as_str().into()),
            ("members", members.into()),
        ];
        frame.with_all("backup-circle", named)
    });
    [made].into_iter().chain(circles).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_said_in_full() {
        assert_eq!(whole(" /a/b ").unwrap(), PathBuf::from("/a/b"));
        for part in ["", "backup", "./backup", "../backup", "~", "~other/backup"] {
            assert_eq!(whole(part).unwrap_err().code, "part-of-a-path", "{part}");
        }
        assert!(whole("~/backup").unwrap().ends_with("backup"));
    }
}
