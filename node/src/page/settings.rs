//! What a circle has settled for all: keepers change it, everybody can read it.

use super::circle::{self, choice};
use super::show::{Base, Filled, Frame, Shown, on_to, page};
use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::settings::{self, NewSettings};
use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

/// After how many days stories can fade, with the names of their words; 0 = never.
const FADES: [(u16, &str); 6] = [
    (0, "fade-never"),
    (1, "fade-1"),
    (7, "fade-7"),
    (30, "fade-30"),
    (90, "fade-90"),
    (365, "fade-365"),
];

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    frame: Frame,
    /// After how many days stories fade unless told; nothing = never.
    fade: Option<u16>,
    /// Whether a quiet line says who took a story back.
    tells: bool,
    may_change: bool,
    /// Whether it was just changed.
    told: bool,
}

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct From {
    /// What was just done.
    told: Option<String>,
}

/// What is to be settled.
#[derive(Deserialize)]
pub(super) struct Fields {
    fade: u16,
    tells: Tells,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tells {
    Say,
    Silent,
}

impl Settings {
    /// Says how long stories stay.
    fn stays(&self) -> String {
        match self.fade {
            None => self.frame.say("settled-stays"),
            Some(days) => {
                let named = [("days", days.into())];
                self.frame.with_all("settled-fades", named)
            }
        }
    }

    /// Returns when they can fade: the value, the words, whether that is chosen.
    fn fades(&self) -> Vec<(u16, String, bool)> {
        let settled = self.fade.unwrap_or_default();
        let row = |&(days, words): &(u16, &str)| (days, self.frame.say(words), days == settled);
        let mut rows: Vec<_> = FADES.iter().map(row).collect();
        if rows.iter().all(|(_, _, chosen)| !chosen) {
            let named = [("days", settled.into())];
            let words = self.frame.with_all("fade-other", named);
            rows.push((settled, words, true));
        }
        rows
    }
}

pub(super) async fn show(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Query(from): Query<From>,
) -> Shown {
    let frame = Frame::new(&base, "settings-title");
    let screen = api.handle.look(move |shown| {
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let settings = replica.settings(shown.now)?;
        Ok(Settings {
            frame,
            fade: settings.as_ref().and_then(|settings| settings.fade),
            tells: settings.is_some_and(|settings| settings.tells),
            may_change: replica.may_settle(),
            told: from.told.is_some(),
        })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn change(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let asked = Asked(NewSettings {
        fade: Some(fields.fade),
        tells: Some(fields.tells == Tells::Say),
    });
    drop(settings::change(State(api), choice(&circle), asked).await?);
    Ok(on_to(
        &base.to(&format!("c/{circle}/settings?told=settled")),
    ))
}
