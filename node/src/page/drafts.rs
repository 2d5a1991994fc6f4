//! Drafts on the page: what a form is filled with, what is saved while somebody types, and the list of all.

use super::circle::choice;
use super::dates::{self, When};
use super::share::Fade;
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use crate::api::Api;
use crate::api::drafts as api_drafts;
use crate::api::stories::Ask;
use crate::handle::{self, Select};
use crate::identity::Hint;
use crate::local::draft::{Becomes, Draft, Seen, Words, Writing};
use crate::problem::Problem;
use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use circlet_model::id::ThingId;
use circlet_model::replica::overview::Standing;
use serde::Deserialize;
use serde_json::json;

/// What a form says of drafts; its template takes in `draft.html`.
#[derive(Default)]
pub(super) struct Kept {
    /// The state that the form goes on with; empty = it begins with nothing.
    pub(super) seen: String,
    /// The draft's id, and the day on which it was last written.
    pub(super) from: Option<(String, When)>,
    /// Whether other words for the same place are kept beside it.
    pub(super) beside: bool,
    /// Where it is saved.
    pub(super) to: String,
}

/// Which draft a form is to be filled with, behind the question mark.
#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    draft: Option<String>,
}

/// A form, as it stands while somebody writes.
#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    text: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    ask: Option<Ask>,
    #[serde(default)]
    fade: Option<Fade>,
    #[serde(default)]
    draft: String,
}

#[derive(Template)]
#[template(path = "drafts.html")]
struct All {
    frame: Frame,
    told: Option<&'static str>,
    drafts: Vec<Row>,
}

/// A draft in the list.
struct Row {
    id: String,
    /// The name of what it is to become.
    kind: &'static str,
    circle: String,
    when: When,
    text: String,
    /// Where it can be gone on with; nothing = its circle or its story is not open to this person.
    to: Option<String>,
}

#[derive(Template)]
#[template(path = "draft_trouble.html")]
struct NotKept {
    frame: Frame,
    trouble: Option<Trouble>,
    text: String,
}

/// What stands behind the question mark of the list.
#[derive(Deserialize)]
pub(super) struct From {
    told: Option<String>,
}

/// What can be told, by its name in the address.
const TOLD: [(&str, &str); 2] = [("kept", "drafts-kept"), ("dropped", "drafts-dropped")];

/// Returns what a form says of drafts, and the words to fill it with. `action` is where the form is sent.
pub(super) fn fill(
    shown: &handle::Shown<'_>,
    (frame, action): (&Frame, String),
    (circle, becomes): (Hint, Becomes),
    wanted: &Wanted,
) -> Result<(Kept, Option<Words>), Problem> {
    let drafts = shown.local.drafts_of(circle, becomes)?;
    let wanted = wanted.draft.as_deref().and_then(ThingId::from_hex);
    let draft = drafts.iter().find(|draft| Some(draft.id) == wanted);
    let draft = draft.or(drafts.first());
    let day = |draft: &Draft| dates::of(frame, draft.saved, shown.now);
    let kept = Kept {
        seen: draft.map_or_else(String::new, |draft| draft.seen().to_string()),
        from: draft.map(|draft| (draft.id.to_hex(), day(draft))),
        beside: drafts.len() > 1,
        to: format!("{action}/draft"),
    };
    Ok((kept, draft.map(|draft| draft.words.clone())))
}

/// Forgets the draft of what was sent.
pub(super) async fn sent(api: &Api, circle: &str, becomes: Becomes, draft: &str, text: &str) {
    let Ok(words) = Words::new(text, None) else {
        return;
    };
    let writing = Writing {
        becomes,
        seen: draft.parse().ok(),
        words,
    };
    api_drafts::sent(api, choice(circle).circle, writing).await;
}

pub(super) async fn save_story(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    headers: HeaderMap,
    Filled(fields): Filled<Fields>,
) -> Shown {
    save(&api, (&base, &headers), &circle, Becomes::Story, fields).await
}

pub(super) async fn save_response(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    headers: HeaderMap,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let becomes = Becomes::Response(thing(&id)?);
    save(&api, (&base, &headers), &circle, becomes, fields).await
}

pub(super) async fn save_edit(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    headers: HeaderMap,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let becomes = Becomes::Edit(thing(&id)?);
    save(&api, (&base, &headers), &circle, becomes, fields).await
}

/// Saves what stands in a form: the script is told how it went, and whoever pressed a button sees their drafts.
async fn save(
    api: &Api,
    (base, headers): (&Base, &HeaderMap),
    circle: &str,
    becomes: Becomes,
    fields: Fields,
) -> Shown {
    let frame = Frame::new(base, "drafts-title");
    let seen: Option<Seen> = fields.draft.parse().ok();
    let saved = match words(&fields) {
        Ok(words) => {
            let writing = Writing {
                becomes,
                seen,
                words,
            };
            api_drafts::save(api, choice(circle).circle, writing).await
        }
        Err(problem) => Err(problem),
    };
    let by_script = headers
        .get(header::ACCEPT)
        .is_some_and(|kind| kind == "application/json");
    if !by_script {
        return Ok(match saved {
            Ok(_) => on_to(&base.to("drafts?told=kept")),
            Err(problem) => {
                let trouble = Some(frame.trouble(&problem));
                let text = fields.text;
                let screen = NotKept {
                    frame,
                    trouble,
                    text,
                };
                page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen)
            }
        });
    }
    let told = match saved {
        Ok(Some(now)) => {
            let apart = seen.is_some_and(|seen| seen.id != now.id);
            let said = if apart { "draft-apart" } else { "draft-saved" };
            json!({ "draft": now.to_string(), "said": frame.say(said) })
        }
        Ok(None) => json!({ "draft": "", "said": "" }),
        Err(problem) => {
            let Trouble { message, next } = frame.trouble(&problem);
            json!({ "said": format!("{message} {next}") })
        }
    };
    Ok(Json(told).into_response())
}

fn words(fields: &Fields) -> Result<Words, Problem> {
    Ok(Words {
        ask: fields.ask,
        fade: fields.fade.and_then(Fade::days),
        ..Words::new(&fields.text, fields.note.as_deref())?
    })
}

pub(super) async fn list(State(api): State<Api>, base: Base, Query(from): Query<From>) -> Shown {
    let frame = Frame::new(&base, "drafts-title");
    let told = from.told.as_deref();
    let told = TOLD.iter().find(|(name, _)| Some(*name) == told);
    let told = told.map(|(_, key)| *key);
    let screen = api.handle.look(move |shown| {
        let drafts = shown.local.drafts()?.into_iter();
        let drafts = drafts.map(|draft| row(shown, &frame, &draft)).collect();
        Ok(All {
            frame,
            told,
            drafts,
        })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn drop(State(api): State<Api>, base: Base, Path(id): Path<String>) -> Shown {
    let every = crate::api::asked::Choice {
        circle: Select::Only,
        all: true,
    };
    std::mem::drop(api_drafts::drop(State(api), every, Path(id)).await?);
    Ok(on_to(&base.to("drafts?told=dropped")))
}

fn row(shown: &handle::Shown<'_>, frame: &Frame, draft: &Draft) -> Row {
    let line = shown.pick(&Select::Hint(draft.circle)).ok();
    let replica = line.and_then(|line| line.replica.ok());
    let overview = replica.map(circlet_model::replica::Replica::overview);
    let joined = overview
        .as_ref()
        .is_some_and(|overview| overview.standing == Standing::Member);
    let here = |thing: ThingId| {
        let story = replica.and_then(|replica| replica.story(thing, shown.now).ok());
        story.flatten().is_some()
    };
    let mine = |thing: &ThingId| {
        let own = replica.and_then(|it| it.own_like(&thing.to_hex(), shown.now).ok());
        own.is_some_and(|own| !own.is_empty())
    };
    let (kind, form) = match draft.becomes {
        Becomes::Story => ("drafts-story", Some("share".to_owned())),
        Becomes::Response(story) => {
            let form = here(story).then(|| format!("story/{}", story.to_hex()));
            ("drafts-response", form)
        }
        Becomes::Edit(own) => {
            let form = mine(&own).then(|| format!("own/{}/edit", own.to_hex()));
            ("drafts-edit", form)
        }
    };
    let id = draft.id.to_hex();
    let to = line.zip(form).filter(|_| joined).map(|(line, form)| {
        let path = format!("c/{}/{form}?draft={id}", line.id());
        frame.base.to(&path)
    });
    Row {
        kind,
        circle: overview.map(|overview| overview.name).unwrap_or_default(),
        when: dates::of(frame, draft.saved, shown.now),
        text: draft.words.text.to_string(),
        to,
        id,
    }
}

fn thing(hex: &str) -> Result<ThingId, Problem> {
    ThingId::from_hex(hex).ok_or_else(|| Problem::not_found("story"))
}
