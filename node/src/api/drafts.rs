//! Drafts: words that are not sent yet, on this computer alone.

use super::asked::{Asked, Choice};
use super::by_id::one_like;
use super::own::{self, Edit};
use super::stories::{self, Ask, NewResponse, NewStory};
use super::{Answer, Api};
use crate::handle::{Select, Shown};
use crate::local::draft::{Becomes, Draft, Seen, Words, Writing};
use crate::local::fresh_thing;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::id::ThingId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// Keeps a draft of a story; of a response, or of what stands in the place of something, where that is named.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDraft {
    /// The words.
    pub text: String,
    /// A content note.
    #[serde(default)]
    pub note: Option<String>,
    /// What would help.
    #[serde(default)]
    pub ask: Option<Ask>,
    /// After how many days it fades; 0 = never, nothing = as the circle has settled.
    #[serde(default)]
    pub fade: Option<u16>,
    /// The whole id of the story that it answers.
    #[serde(default)]
    pub to: Option<String>,
    /// The whole id of the story or response in whose place it is to stand.
    #[serde(default)]
    pub of: Option<String>,
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for NewDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewDraft(..)")
    }
}

pub(super) async fn list(State(api): State<Api>, choice: Choice) -> Answer {
    let drafts = api.handle.look(move |shown| {
        let circles = shown.among(&choice.circle)?;
        let mut drafts = shown.local.drafts()?;
        let named = choice.circle != Select::Only;
        drafts.retain(|draft| !named || circles.iter().any(|line| line.hint == draft.circle));
        let lines: Vec<Value> = drafts.iter().map(|draft| line(shown, draft)).collect();
        Ok(json!({ "drafts": lines }))
    });
    Ok(Json(drafts.await?))
}

pub(super) async fn new(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<NewDraft>,
) -> Answer {
    let thing = |hex: &str| ThingId::from_hex(hex).ok_or_else(|| Problem::not_found("story"));
    let becomes = match (asked.to.as_deref(), asked.of.as_deref()) {
        (Some(story), _) => Becomes::Response(thing(story)?),
        (None, Some(own)) => Becomes::Edit(thing(own)?),
        (None, None) => Becomes::Story,
    };
    let words = Words {
        ask: asked.ask,
        fade: asked.fade,
        ..Words::new(&asked.text, asked.note.as_deref())?
    };
    let writing = Writing {
        becomes,
        seen: None,
        words,
    };
    match save(&api, choice.circle, writing).await? {
        Some(seen) => Ok(Json(json!({ "id": seen.id.to_hex() }))),
        None => Err(Problem::new(
            "empty",
            "There is no text yet, so nothing is kept.",
            "Write something, then try again.",
        )),
    }
}

pub(super) async fn send(State(api): State<Api>, choice: Choice, Path(id): Path<String>) -> Answer {
    let draft = find(&api, choice.circle, id).await?;
    let circle = Choice {
        circle: Select::Hint(draft.circle),
        all: false,
    };
    let (state, words) = (State(api.clone()), draft.words.clone());
    let (text, note) = (words.text.to_string(), words.note.map(|it| it.to_string()));
    let sent = match draft.becomes {
        Becomes::Story => {
            let ask = words.ask.unwrap_or_default();
            let fade = words.fade;
            let story = NewStory {
                text,
                ask,
                note,
                fade,
            };
            stories::share(state, circle, Asked(story)).await?
        }
        Becomes::Response(story) => {
            let response = Asked(NewResponse { text });
            stories::respond(state, circle, Path(story.to_hex()), response).await?
        }
        Becomes::Edit(own) => {
            let ask = words.ask;
            let edit = Asked(Edit { text, ask, note });
            own::edit(state, circle, Path(own.to_hex()), edit).await?
        }
    };
    if forget(&api, draft).await.is_err() {
        tracing::debug!("a draft that was sent is still here");
    }
    Ok(sent)
}

pub(crate) async fn drop(State(api): State<Api>, choice: Choice, Path(id): Path<String>) -> Answer {
    let draft = find(&api, choice.circle, id).await?;
    let id = draft.id.to_hex();
    forget(&api, draft).await?;
    Ok(Json(json!({ "id": id })))
}

/// Saves what somebody writes in a circle; returns the state it is in then, or nothing where there are no
/// words.
pub(crate) async fn save(
    api: &Api,
    circle: Select,
    writing: Writing,
) -> Result<Option<Seen>, Problem> {
    let fresh = fresh_thing()?;
    api.handle
        .keep(move |shown| {
            let circle = shown.pick(&circle)?.hint;
            shown.local.save_draft(circle, writing, fresh, shown.now)
        })
        .await
}

/// Forgets the draft of words that were sent. Where that cannot be written, the draft stays in the list.
pub(crate) async fn sent(api: &Api, circle: Select, writing: Writing) {
    let dropped = api.handle.keep(move |shown| {
        let circle = shown.pick(&circle)?.hint;
        Ok((shown.local.drop_sent(circle, &writing)?, ()))
    });
    if dropped.await.is_err() {
        tracing::debug!("a draft that was sent is still here");
    }
}

async fn forget(api: &Api, draft: Draft) -> Result<(), Problem> {
    let dropped = move |shown: &Shown<'_>| Ok((shown.local.drop_draft(&draft), ()));
    api.handle.keep(dropped).await
}

/// Returns the draft whose id begins like this.
async fn find(api: &Api, circle: Select, id: String) -> Result<Draft, Problem> {
    api.handle
        .look(move |shown| {
            let mut drafts = shown.local.drafts()?;
            if circle != Select::Only {
                let hint = shown.pick(&circle)?.hint;
                drafts.retain(|draft| draft.circle == hint);
            }
            one_like(drafts, "draft", &id, |draft| draft.id.to_hex())
        })
        .await
}

fn line(shown: &Shown<'_>, draft: &Draft) -> Value {
    let circle = shown.pick(&Select::Hint(draft.circle)).ok();
    let replica = circle.and_then(|line| line.replica.ok());
    let (kind, about) = match draft.becomes {
        Becomes::Story => ("story", None),
        Becomes::Response(story) => ("response", Some(story)),
        Becomes::Edit(own) => ("edit", Some(own)),
    };
    json!({
        "id": draft.id.to_hex(),
        "kind": kind,
        "about": about.map(|thing| thing.to_hex()),
        "circle": replica.map(|replica| replica.overview().name),
        "saved": super::members::date(draft.saved.day()),
        "text": *draft.words.text,
        "note": draft.words.note.as_deref(),
        "ask": draft.words.ask,
        "fade": draft.words.fade,
    })
}
