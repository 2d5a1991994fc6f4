//! What this person shared: look at one of their stories or responses, edit it, and take it back.

use super::asked::{Asked, Choice};
use super::backups::hidden;
use super::by_id::{beginning, only};
use super::stories::{Ask, shared};
use super::{Answer, Api, gone};
use crate::handle::{Select, Shown};
use crate::identity::Hint;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::id::ThingId;
use circlet_model::replica::input::{self, Command};
use circlet_model::replica::overview::OwnLine;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// What is looked for.
const WHAT: &str = "story or response of yours";

/// What is to stand in place of a story or response.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The words.
    pub text: String,
    /// What would help; absent = as before.
    #[serde(default)]
    pub ask: Option<Ask>,
    /// A content note; absent = as before, empty = none.
    #[serde(default)]
    pub note: Option<String>,
}

/// What this person shared.
enum Own {
    /// It is here.
    Here(OwnLine),
    /// It was taken back.
    TakenBack(ThingId),
}

/// Shows nothing of it: it is for the circle only.
impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edit(..)")
    }
}

pub(super) async fn show(State(api): State<Api>, choice: Choice, Path(id): Path<String>) -> Answer {
    match find(&api, choice.circle, id).await? {
        (_, Own::Here(own)) => Ok(Json(answer(&own))),
        (hint, Own::TakenBack(thing)) => Ok(Json(gone_from(&api, hint, thing).await?)),
    }
}

pub(crate) async fn edit(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
    Asked(asked): Asked<Edit>,
) -> Answer {
    let (hint, Own::Here(own)) = find(&api, choice.circle, id).await? else {
        return Err(Problem::not_found(WHAT));
    };
    let edit = input::Edit {
        text: asked.text,
        ask: asked.ask.map(Into::into),
        note: asked.note,
    };
    let command = Command::Edit {
        thing: own.thing,
        edit,
    };
    shared(&api.handle.command(Select::Hint(hint), command).await?)
}

pub(crate) async fn take_back(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
) -> Answer {
    let (hint, own) = match find(&api, choice.circle, id).await? {
        (hint, Own::Here(own)) => (hint, own),
        (hint, Own::TakenBack(thing)) => return Ok(Json(gone_from(&api, hint, thing).await?)),
    };
    let thing = own.thing;
    let command = Command::TakeBack { thing };
    api.handle.command(Select::Hint(hint), command).await?;
    let mut answer = gone_from(&api, hint, thing).await?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("kind".to_owned(), kind(&own).into());
    }
    Ok(Json(answer))
}

/// Returns how far something is gone that was taken back: nothing of what it said.
async fn gone_from(api: &Api, hint: Hint, thing: ThingId) -> Result<Value, Problem> {
    api.handle
        .look(move |shown| gone::answer(shown, hint, &thing))
        .await
}

fn answer(own: &OwnLine) -> Value {
    json!({ "id": own.thing.to_hex(), "kind": kind(own), "text": own.text })
}

fn kind(own: &OwnLine) -> &'static str {
    if own.under.is_some() {
        "response"
    } else {
        "story"
    }
}

/// Returns the story or response of this person whose id begins like this.
async fn find(api: &Api, circle: Select, id: String) -> Result<(Hint, Own), Problem> {
    let running = api.running;
    api.handle
        .look(move |shown| find_in(shown, &circle, &id).map_err(|it| hidden(shown, it, running)))
        .await
}

fn find_in(shown: &Shown<'_>, circle: &Select, id: &str) -> Result<(Hint, Own), Problem> {
    let lines = shown.among(circle)?;
    let Some(start) = beginning(id) else {
        return Err(Problem::not_found(WHAT));
    };
    let (mut found, mut of_others) = (Vec::new(), false);
    for line in lines {
        let Ok(replica) = line.replica else { continue };
        let own = replica.own_like(&start, shown.now)?.into_iter();
        found.extend(own.map(|own| (line.hint, Own::Here(own))));
        let gone = replica.taken_back_like(&start)?.into_iter();
        found.extend(gone.map(|thing| (line.hint, Own::TakenBack(thing))));
        of_others |= !replica.stories_like(&start, shown.now)?.is_empty();
    }
    if found.is_empty() && of_others {
        return Err(of_somebody_else());
    }
    only(found, WHAT)
}

fn of_somebody_else() -> Problem {
    Problem::new(
        "not-yours",
        "That is somebody else's story. Only they can change it or take it back. Nothing was changed.",
        "If it worries you, talk with them, or with a keeper: `circlet members` shows who that is.",
    )
}
