//! What this person shared: look at one of their stories or responses, and take it back.

use super::asked::Choice;
use super::by_id::{beginning, only};
use super::{Answer, Api};
use crate::handle::{Select, Shown};
use crate::identity::Hint;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::replica::input::Command;
use circlet_model::replica::overview::OwnLine;
use serde_json::{Value, json};

pub(super) async fn show(State(api): State<Api>, choice: Choice, Path(id): Path<String>) -> Answer {
    let (_, own) = find(&api, choice.circle, id).await?;
    Ok(Json(answer(&own)))
}

pub(super) async fn take_back(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
) -> Answer {
    let (hint, own) = find(&api, choice.circle, id).await?;
    let command = Command::TakeBack { thing: own.thing };
    api.handle.command(Select::Hint(hint), command).await?;
    let mut answer = answer(&own);
    // It is gone: also from what the answer says.
    answer.as_object_mut().map(|fields| fields.remove("text"));
    Ok(Json(answer))
}

fn answer(own: &OwnLine) -> Value {
    let kind = if own.under.is_some() {
        "response"
    } else {
        "story"
    };
    json!({ "id": own.thing.to_hex(), "kind": kind, "text": own.text })
}

/// Returns the story or response of this person whose id begins like this.
async fn find(api: &Api, circle: Select, id: String) -> Result<(Hint, OwnLine), Problem> {
    api.handle
        .look(move |shown| find_in(shown, &circle, &id))
        .await
}

fn find_in(shown: &Shown<'_>, circle: &Select, id: &str) -> Result<(Hint, OwnLine), Problem> {
    let lines = match circle {
        Select::Only => shown.circles.clone(),
        Select::Named(_) | Select::Hint(_) => vec![shown.pick(circle)?],
    };
    let Some(start) = beginning(id) else {
        return Err(Problem::not_found(WHAT));
    };
    let (mut found, mut of_others) = (Vec::new(), false);
    for line in lines {
        let Ok(replica) = line.replica else { continue };
        let own = replica.own_like(&start, shown.now)?.into_iter();
        found.extend(own.map(|own| (line.hint, own)));
        of_others |= !replica.stories_like(&start, shown.now)?.is_empty();
    }
    if found.is_empty() && of_others {
        return Err(of_somebody_else());
    }
    only(found, WHAT)
}

/// What is looked for.
const WHAT: &str = "story or response of yours";

fn of_somebody_else() -> Problem {
    Problem::new(
        "not-yours",
        "That is somebody else's story. Only they can take it back. Nothing was changed.",
        "If it worries you, talk with them, or with a keeper: `circlet members` shows who that is.",
    )
}
