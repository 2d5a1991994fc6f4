//! Stories: share one, read them, respond to one.

use super::asked::{Asked, Choice};
use super::backups::{hidden, is_veiled, veiled};
use super::by_id::{beginning, only};
use super::reading::Look;
use super::{Answer, Api, gestures};
use crate::handle::{Select, Shown};
use crate::identity::Hint;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::bounded::{Text, TooLong};
use circlet_model::content::story::{self, Story};
use circlet_model::replica::input::{Command, Fade};
use circlet_model::replica::output::{Refusal, Reply};
use circlet_model::replica::overview::{ResponseLine, StoryLine, TakenBack};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// How many stories are shown unless all are asked for.
const NEWEST: usize = 20;

/// Shares a story.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewStory {
    /// The text.
    pub text: String,
    /// What would help.
    #[serde(default)]
    pub ask: Ask,
    /// A content note.
    #[serde(default)]
    pub note: Option<String>,
    /// After how many days it fades; 0 = never, nothing = as the circle has settled.
    #[serde(default)]
    pub fade: Option<u16>,
}

/// What would help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// To be listened to.
    #[default]
    Listen,
    /// To hear how others fared.
    Experience,
    /// Ideas what to do.
    Ideas,
    /// To be asked first.
    AskFirst,
}

impl From<Ask> for story::Ask {
    fn from(ask: Ask) -> Self {
        match ask {
            Ask::Listen => Self::Listen,
            Ask::Experience => Self::Experience,
            Ask::Ideas => Self::Ideas,
            Ask::AskFirst => Self::AskFirst,
        }
    }
}

/// Responds to a story.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewResponse {
    /// What is said.
    pub text: String,
}

/// Shows nothing of it: it is for the circle only.
impl fmt::Debug for NewStory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewStory(..)")
    }
}

/// Shows nothing of it: it is for the circle only.
impl fmt::Debug for NewResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewResponse(..)")
    }
}

pub(crate) async fn share(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<NewStory>,
) -> Answer {
    let note = asked.note.filter(|note| !note.trim().is_empty());
    let note = note
        .map(|note| Text::new(note.trim()))
        .transpose()
        .map_err(too_long)?;
    let text = Text::new(asked.text).map_err(too_long)?;
    let written = api.handle.look(|shown| Ok(shown.now)).await?;
    let story = Story {
        text,
        ask: asked.ask.into(),
        note,
        replaces: None,
        written,
    };
    let fade = match asked.fade {
        None => Fade::AsSettled,
        Some(0) => Fade::Never,
        Some(days) => Fade::After(days),
    };
    let command = Command::Share { story, fade };
    shared(&api.handle.command(choice.circle, command).await?)
}

pub(crate) async fn respond(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
    Asked(asked): Asked<NewResponse>,
) -> Answer {
    let (hint, story) = find(&api, choice.circle, id).await?;
    let command = Command::Respond {
        to: story.thing,
        text: asked.text,
    };
    shared(&api.handle.command(Select::Hint(hint), command).await?)
}

pub(super) async fn list(State(api): State<Api>, choice: Choice) -> Answer {
    let limit = if choice.all { usize::MAX } else { NEWEST };
    let running = api.running;
    let stories = api.handle.look(move |shown| {
        let hint = shown.pick(&choice.circle)?.hint;
        let replica = shown.replica(&Select::Hint(hint))?;
        if is_veiled(replica) {
            return Err(veiled(running));
        }
        let stories = replica.stories(limit, shown.now)?;
        let gaps = replica.taken_back(limit, shown.now)?;
        let look = Look::at(shown, hint, &stories)?;
        let json = json!({
            "stories": stories.iter().map(line).collect::<Vec<_>>(),
            "gaps": gaps.iter().map(gap).collect::<Vec<_>>(),
            "since": look.since(&stories),
        });
        Ok((json, look))
    });
    let (json, look) = stories.await?;
    look.note(&api.handle).await;
    Ok(Json(json))
}

pub(super) async fn show(State(api): State<Api>, choice: Choice, Path(id): Path<String>) -> Answer {
    let (hint, story) = find(&api, choice.circle, id).await?;
    let thing = story.thing;
    let reached = api.handle.look(move |shown| {
        let reached = shown.replica(&Select::Hint(hint))?.reached(thing)?;
        Ok(reached.map(|it| json!({ "by": it.by, "unknown": it.unknown })))
    });
    let reached = reached.await?;
    Ok(Json(
        json!({ "stories": [line(&story)], "gaps": [], "since": null, "reached": reached }),
    ))
}

pub(super) fn shared(reply: &Reply) -> Answer {
    match reply {
        Reply::Shared { thing } => Ok(Json(json!({ "id": thing.to_hex() }))),
        Reply::Done | Reply::Invited { .. } | Reply::DeviceKey { .. } | Reply::Carried(_) => {
            Err(Problem::bug())
        }
    }
}

/// Returns the story whose id begins like this.
pub(super) async fn find(
    api: &Api,
    circle: Select,
    id: String,
) -> Result<(Hint, StoryLine), Problem> {
    let running = api.running;
    api.handle
        .look(move |shown| find_in(shown, &circle, &id).map_err(|it| hidden(shown, it, running)))
        .await
}

fn find_in(shown: &Shown<'_>, circle: &Select, id: &str) -> Result<(Hint, StoryLine), Problem> {
    let lines = shown.among(circle)?;
    let mut found = Vec::new();
    for line in lines {
        let Ok(replica) = line.replica else { continue };
        if let Some(start) = beginning(id) {
            let stories = replica.stories_like(&start, shown.now)?.into_iter();
            found.extend(stories.map(|story| (line.hint, story)));
        }
    }
    only(found, "story")
}

fn line(story: &StoryLine) -> Value {
    json!({
        "id": story.thing.to_hex(),
        "author": story.author_name,
        "text": story.text,
        "ask": story.ask.name(),
        "note": story.note,
        "written": super::members::date(story.written.day()),
        "edited": story.edited,
        "fades": story.fades.map(super::members::date),
        "responses": story.responses.iter().map(response).collect::<Vec<_>>(),
        "gestures": gestures::lines(story),
    })
}

/// Returns the quiet line where a story was taken back.
fn gap(gap: &TakenBack) -> Value {
    let who = if gap.me { "You" } else { &gap.name };
    json!({ "after": gap.after, "sentence": format!("{who} took a story back.") })
}

fn response(response: &ResponseLine) -> Value {
    json!({
        "id": response.thing.to_hex(),
        "author": response.author_name,
        "text": response.text,
        "written": super::members::date(response.written.day()),
    })
}

fn too_long(TooLong(limit): TooLong) -> Problem {
    Refusal::TooLong(limit).into()
}
