//! Sharing a story: its words, what would help, a content note, when it fades.

use super::circle::{self, choice};
use super::drafts::{self, Kept, Wanted};
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::stories::{self, Ask, NewStory};
use crate::local::draft::{Becomes, Words};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "share.html")]
struct Share {
    frame: Frame,
    /// After how many days stories fade here unless told; nothing = never.
    settled: Option<u16>,
    written: Fields,
    draft: Kept,
    trouble: Option<Trouble>,
}

/// A story as it was written.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Fields {
    text: String,
    #[serde(default)]
    ask: Ask,
    #[serde(default)]
    note: String,
    #[serde(default)]
    fade: Fade,
    #[serde(default)]
    draft: String,
}

/// When it is to fade, as the form says it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fade {
    #[default]
    Settled,
    Never,
    Week,
    Month,
}

impl Fade {
    pub(super) fn days(self) -> Option<u16> {
        match self {
            Self::Settled => None,
            Self::Never => Some(0),
            Self::Week => Some(7),
            Self::Month => Some(30),
        }
    }

    /// Returns what the form can say that comes nearest.
    fn of(days: Option<u16>) -> Self {
        match days {
            None => Self::Settled,
            Some(0) => Self::Never,
            Some(1..=7) => Self::Week,
            Some(_) => Self::Month,
        }
    }
}

impl From<Words> for Fields {
    fn from(words: Words) -> Self {
        Self {
            text: words.text.to_string(),
            ask: words.ask.unwrap_or_default(),
            note: words.note.map(|note| note.to_string()).unwrap_or_default(),
            fade: Fade::of(words.fade),
            draft: String::new(),
        }
    }
}

impl Share {
    /// Returns what can be asked for: its value, the name of its words, whether it is chosen.
    fn asks(&self) -> [(&'static str, &'static str, bool); 4] {
        let row = |ask, value, label| (value, label, self.written.ask == ask);
        [
            row(Ask::Listen, "listen", "share-ask-listen"),
            row(Ask::Experience, "experience", "share-ask-experience"),
            row(Ask::Ideas, "ideas", "share-ask-ideas"),
            row(Ask::AskFirst, "ask-first", "share-ask-ask-first"),
        ]
    }

    /// Returns when it can fade: its value, its words, whether it is chosen.
    fn fades(&self) -> [(&'static str, String, bool); 4] {
        let settled = match self.settled {
            None => self.frame.say("share-fade-settled-never"),
            Some(days) => {
                let named = [("days", days.into())];
                self.frame.with_all("share-fade-settled", named)
            }
        };
        let row = |fade, value, label| (value, label, self.written.fade == fade);
        [
            row(Fade::Settled, "settled", settled),
            row(Fade::Never, "never", self.frame.say("share-fade-never")),
            row(Fade::Week, "week", self.frame.say("share-fade-week")),
            row(Fade::Month, "month", self.frame.say("share-fade-month")),
        ]
    }
}

pub(super) async fn form(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Shown {
    Ok(page(&screen(&api, &base, circle, wanted).await?))
}

pub(super) async fn share(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Filled(written): Filled<Fields>,
) -> Shown {
    let asked = Asked(NewStory {
        text: written.text.clone(),
        ask: written.ask,
        note: Some(written.note.clone()),
        fade: written.fade.days(),
    });
    match stories::share(State(api.clone()), choice(&circle), asked).await {
        Ok(_) => {
            let Fields { draft, text, .. } = &written;
            drafts::sent(&api, &circle, Becomes::Story, draft, text).await;
            Ok(on_to(&base.to(&format!("c/{circle}/?told=shared"))))
        }
        Err(problem) => {
            let mut screen = screen(&api, &base, circle, Wanted::default()).await?;
            screen.draft.seen.clone_from(&written.draft);
            screen.written = written;
            screen.trouble = Some(screen.frame.trouble(&problem));
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

async fn screen(api: &Api, base: &Base, circle: String, wanted: Wanted) -> Result<Share, Problem> {
    let frame = Frame::new(base, "share-title");
    api.handle
        .look(move |shown| {
            let hint = circle::find(shown, &circle)?.0.hint;
            let (replica, frame) = circle::open(shown, &circle, frame)?;
            let form = (&frame, frame.here("share"));
            let (draft, words) = drafts::fill(shown, form, (hint, Becomes::Story), &wanted)?;
            let settings = replica.settings(shown.now)?;
            Ok(Share {
                frame,
                settled: settings.and_then(|settings| settings.fade),
                written: words.map(Fields::from).unwrap_or_default(),
                draft,
                trouble: None,
            })
        })
        .await
}
