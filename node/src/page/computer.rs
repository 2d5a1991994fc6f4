//! This computer: locking it, now or by itself, the passphrase, and what else is about all circles.

use super::door::Door;
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use super::unlock::key;
use crate::keystore::Passphrase;
use crate::node::gate::Ask;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Extension, Query};
use axum::http::StatusCode;
use serde::Deserialize;
use std::time::Duration;
use zeroize::ZeroizeOnDrop;

/// After how many minutes without a request it can lock itself, with the names of their words; 0 = never.
const SILENCES: [(u64, &str); 6] = [
    (0, "silence-never"),
    (5, "silence-5"),
    (15, "silence-15"),
    (60, "silence-60"),
    (240, "silence-240"),
    (1440, "silence-1440"),
];

/// What can be told at the top, by its name in the address.
const TOLD: [(&str, &str); 4] = [
    ("silence", "told-silence"),
    ("set", "told-passphrase-set"),
    ("changed", "told-passphrase-changed"),
    ("none", "told-passphrase-none"),
];

#[derive(Template)]
#[template(path = "computer.html")]
struct Computer {
    frame: Frame,
    passphrase: bool,
    silence: Option<Duration>,
    told: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "passphrase.html")]
struct ThePassphrase {
    frame: Frame,
    /// Whether there is one.
    has: bool,
    trouble: Option<Trouble>,
    /// The field that it is about.
    at: &'static str,
}

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct From {
    /// What was just done.
    told: Option<String>,
}

/// When the computer is to lock itself.
#[derive(Deserialize)]
pub(super) struct SilenceFields {
    /// In minutes, or 0; nothing = as it is.
    after: String,
}

/// Another passphrase, or none.
#[derive(Deserialize, ZeroizeOnDrop)]
pub(super) struct Fields {
    /// The one that opens it now.
    #[serde(default)]
    now: String,
    /// The new one; nothing = none from now on.
    passphrase: Option<String>,
    #[serde(default)]
    again: String,
}

impl Computer {
    /// Returns when it can lock itself: the value, the words, whether that is chosen.
    fn silences(&self) -> Vec<(String, String, bool)> {
        let seconds = self.silence.map_or(0, |after| after.as_secs());
        let row = |&(minutes, words): &(u64, &str)| {
            let chosen = minutes * 60 == seconds;
            (minutes.to_string(), self.frame.say(words), chosen)
        };
        let mut rows: Vec<_> = SILENCES.iter().map(row).collect();
        if rows.iter().all(|(_, _, chosen)| !chosen) {
            let minutes = seconds.div_ceil(60);
            let words = self
                .frame
                .with_all("silence-other", [("minutes", minutes.into())]);
            rows.push((String::new(), words, true));
        }
        rows
    }
}

pub(super) async fn show(
    base: Base,
    Extension(door): Extension<Door>,
    Query(from): Query<From>,
) -> Shown {
    let told = from.told.as_deref();
    let told = TOLD.iter().find(|(name, _)| Some(*name) == told);
    Ok(page(&Computer {
        frame: Frame::new(&base, "computer-title"),
        passphrase: door.needs_passphrase(),
        silence: door.silence(),
        told: told.map(|(_, key)| *key),
    }))
}

pub(super) async fn silence(
    base: Base,
    Extension(door): Extension<Door>,
    Filled(SilenceFields { after }): Filled<SilenceFields>,
) -> Shown {
    if let Ok(minutes) = after.parse::<u64>() {
        let after = Duration::from_secs(minutes.saturating_mul(60));
        let after = (!after.is_zero()).then_some(after);
        door.ask(|reply| Ask::Silence(after, reply)).await?;
    }
    Ok(on_to(&base.to("computer?told=silence")))
}

pub(super) async fn passphrase(base: Base, Extension(door): Extension<Door>) -> Shown {
    Ok(page(&screen(&base, &door)))
}

pub(super) async fn change(
    base: Base,
    Extension(door): Extension<Door>,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let has = door.needs_passphrase();
    let (told, changed) = match new(&fields) {
        Ok(new) => {
            let told = match (has, new.is_some()) {
                (_, false) => "none",
                (true, true) => "changed",
                (false, true) => "set",
            };
            let changed = match has.then(|| key(&fields.now)).transpose() {
                Ok(key) => door.ask(|reply| Ask::Passphrase { key, new, reply }).await,
                Err(problem) => Err(problem),
            };
            (told, changed.map_err(|it| (it, "now")))
        }
        Err(code) => ("", Err((Problem::new(code, "", ""), "passphrase"))),
    };
    let Err((problem, at)) = changed else {
        return Ok(on_to(&base.to(&format!("computer?told={told}"))));
    };
    let mut screen = screen(&base, &door);
    screen.trouble = Some(screen.frame.trouble(&problem));
    screen.at = if has || at != "now" { at } else { "passphrase" };
    Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
}

fn screen(base: &Base, door: &Door) -> ThePassphrase {
    ThePassphrase {
        frame: Frame::new(base, "passphrase-title"),
        has: door.needs_passphrase(),
        trouble: None,
        at: "",
    }
}

/// Returns the new passphrase, if there is to be one; or why it cannot be taken.
fn new(fields: &Fields) -> Result<Option<Passphrase>, &'static str> {
    match fields.passphrase.as_deref() {
        None => Ok(None),
        Some("") => Err("empty-passphrase"),
        Some(new) if new != fields.again => Err("two-passphrases"),
        Some(new) => Ok(Some(Passphrase::from(new))),
    }
}
