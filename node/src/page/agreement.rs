//! The circle's agreement: begun with sentences to keep or leave, changed by everyone, agreed to by each.

use super::circle::{self, choice};
use super::dates;
use super::language;
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use crate::api::Api;
use crate::api::agreement::{self as api_agreement, NewAgreement, Yes};
use crate::api::asked::Asked;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use circlet_model::replica::Replica;
use circlet_model::replica::overview::{AgreementLine, Answer};
use circlet_model::time::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The names of the sentences that an agreement is begun with.
const PROPOSAL: [&str; 6] = [
    "proposal-1",
    "proposal-2",
    "proposal-3",
    "proposal-4",
    "proposal-5",
    "proposal-6",
];

#[derive(Template)]
#[template(path = "agreement.html")]
struct Ours {
    frame: Frame,
    /// What stands on the screen.
    seen: Seen,
    line: Option<Line>,
    told: Option<&'static str>,
}

/// What a screen showed of the agreement when it was loaded.
#[derive(Default, PartialEq, Eq, Deserialize)]
pub(super) struct Seen {
    /// The version; empty where there was none.
    version: String,
    /// The answers, a letter for each member.
    answers: String,
}

/// An agreement that is there.
struct Line {
    text: String,
    version: String,
    /// Who changed it last, and when.
    last: String,
    /// Who has said what.
    said: Vec<String>,
    /// What others that were begun say.
    beside: Vec<String>,
    /// Whether it waits for a yes of whoever looks.
    asks: bool,
}

#[derive(Template)]
#[template(path = "agreement_edit.html")]
struct Change {
    frame: Frame,
    version: String,
    /// Whether there is none yet.
    begins: bool,
    /// Whether the circle was started a moment ago.
    new: bool,
    sentences: Vec<Sentence>,
    text: String,
    trouble: Option<Trouble>,
}

struct Sentence {
    name: &'static str,
    said: String,
    kept: bool,
}

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct From {
    /// What was just done.
    told: Option<String>,
    /// Whether the circle was started a moment ago.
    #[serde(default)]
    new: bool,
}

/// What it is to say.
#[derive(Deserialize)]
pub(super) struct Fields {
    version: String,
    text: String,
    new: Option<String>,
    /// The sentences that are kept.
    #[serde(flatten)]
    kept: BTreeMap<String, String>,
}

/// A yes.
#[derive(Deserialize)]
pub(super) struct YesFields {
    version: String,
}

/// What can be told, by its name in the address.
const TOLD: [(&str, &str); 2] = [("saved", "agreement-saved"), ("thanks", "agreement-thanks")];

/// Returns the sentences that an agreement is begun with.
pub(super) fn proposal() -> Vec<String> {
    PROPOSAL.map(|name| language::first().say(name)).into()
}

/// Returns the calm line that says that the agreement waits for somebody's yes.
pub(super) fn asked(replica: &Replica, now: Timestamp) -> Result<Option<&'static str>, Problem> {
    let agreement = replica.agreement(now)?;
    Ok(match agreement.map(|agreement| agreement.mine()) {
        Some(Answer::NotYet) => Some("agreement-asked"),
        Some(Answer::Before) => Some("agreement-asked-again"),
        Some(Answer::Yes) | None => None,
    })
}

impl Seen {
    /// Returns what a screen shows now.
    fn of(agreement: Option<&AgreementLine>) -> Self {
        let Some(agreement) = agreement else {
            return Self::default();
        };
        let answers = agreement.answers.iter().map(|it| match it.answer {
            Answer::Yes => 'y',
            Answer::Before => 'b',
            Answer::NotYet => 'n',
        });
        Self {
            version: api_agreement::to_text(&agreement.version),
            answers: answers.collect(),
        }
    }

    /// Returns the sentence that tells what is other now; `None` where it stands on the screen.
    pub(super) fn news(
        &self,
        replica: &Replica,
        now: Timestamp,
    ) -> Result<Option<&'static str>, Problem> {
        let there = Self::of(replica.agreement(now)?.as_ref());
        Ok(if there.version == self.version {
            (there != *self).then_some("live-answer")
        } else {
            Some("live-agreement")
        })
    }
}

pub(super) async fn show(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Query(from): Query<From>,
) -> Shown {
    let frame = Frame::new(&base, "agreement-title");
    let told = from.told.as_deref();
    let told = TOLD.iter().find(|(name, _)| Some(*name) == told);
    let told = told.map(|(_, key)| *key);
    let screen = api.handle.look(move |shown| {
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let agreement = replica.agreement(shown.now)?;
        let seen = Seen::of(agreement.as_ref());
        let line = agreement.map(|agreement| line(&frame, agreement, shown.now));
        Ok(Ours {
            frame,
            seen,
            line,
            told,
        })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn form(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Query(from): Query<From>,
) -> Shown {
    let mut screen = look(&api, &base, circle).await?;
    screen.new = from.new;
    Ok(page(&screen))
}

pub(super) async fn write(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let kept = PROPOSAL
        .iter()
        .filter(|name| fields.kept.contains_key(**name));
    let frame = Frame::new(&base, "agreement-title");
    let kept = kept.map(|name| frame.say(name));
    let own = Some(fields.text.clone()).filter(|own| !own.trim().is_empty());
    let text = kept.chain(own).collect::<Vec<_>>().join("\n");
    let version = fields.version.clone();
    let asked = Asked(NewAgreement { text, version });
    match api_agreement::write(State(api.clone()), choice(&circle), asked).await {
        Ok(_) if fields.new.is_some() => Ok(on_to(&base.to(&format!("c/{circle}/?told=begun")))),
        Ok(_) => Ok(on_to(&base.to(&format!("c/{circle}/agreement?told=saved")))),
        Err(problem) => {
            let mut screen = look(&api, &base, circle).await?;
            screen.trouble = Some(screen.frame.trouble(&problem));
            for sentence in &mut screen.sentences {
                sentence.kept = fields.kept.contains_key(sentence.name);
            }
            screen.begins = fields.version.is_empty();
            screen.new = fields.new.is_some();
            (screen.version, screen.text) = (fields.version, fields.text);
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

pub(super) async fn agree(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Filled(YesFields { version }): Filled<YesFields>,
) -> Shown {
    let asked = Asked(Yes { version });
    drop(api_agreement::agree(State(api), choice(&circle), asked).await?);
    Ok(on_to(
        &base.to(&format!("c/{circle}/agreement?told=thanks")),
    ))
}

async fn look(api: &Api, base: &Base, circle: String) -> Result<Change, Problem> {
    let frame = Frame::new(base, "agreement-title");
    let screen = api.handle.look(move |shown| {
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let agreement = replica.agreement(shown.now)?;
        let version = agreement
            .as_ref()
            .map(|it| api_agreement::to_text(&it.version));
        let sentences = PROPOSAL.map(|name| Sentence {
            name,
            said: frame.say(name),
            kept: true,
        });
        Ok(Change {
            frame,
            begins: agreement.is_none(),
            new: false,
            version: version.unwrap_or_default(),
            sentences: sentences.into(),
            text: agreement
                .map(|agreement| agreement.text)
                .unwrap_or_default(),
            trouble: None,
        })
    });
    screen.await
}

fn line(frame: &Frame, agreement: AgreementLine, now: Timestamp) -> Line {
    let when = dates::of(frame, agreement.changed, now).said;
    let key = match (agreement.is_as_begun, agreement.by_me) {
        (true, true) => "agreement-begun-me",
        (true, false) => "agreement-begun",
        (false, true) => "agreement-changed-me",
        (false, false) => "agreement-changed",
    };
    let named = [
        ("name", agreement.by.as_str().into()),
        ("when", when.into()),
    ];
    let last = frame.with_all(key, named);
    let said = [
        (Answer::Yes, "agreement-agreed"),
        (Answer::Before, "agreement-before"),
        (Answer::NotYet, "agreement-not-yet"),
    ];
    let said = said
        .into_iter()
        .filter_map(|(answer, key)| says(frame, &agreement, answer, key));
    Line {
        version: api_agreement::to_text(&agreement.version),
        last,
        said: said.collect(),
        asks: agreement.mine() != Answer::Yes,
        beside: agreement.beside,
        text: agreement.text,
    }
}

/// Says whose answer this is; `None` where it is nobody's.
fn says(frame: &Frame, agreement: &AgreementLine, answer: Answer, key: &str) -> Option<String> {
    let those = || agreement.answers.iter().filter(|it| it.answer == answer);
    let me = those().any(|it| it.me);
    let others: Vec<String> = those()
        .filter(|it| !it.me)
        .map(|it| it.name.clone())
        .collect();
    let who = match (me, others.len()) {
        (false, 0) => return None,
        (true, 0) => "you",
        (false, 1) => "one",
        (_, _) => "more",
    };
    let mut listed = frame.list(&others);
    if me {
        listed = frame.with("agreement-you-and", "names", listed);
    }
    let named = [("who", who.into()), ("names", listed.into())];
    Some(frame.with_all(key, named))
}
