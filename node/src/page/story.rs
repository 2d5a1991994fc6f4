//! One story with what was answered, and the box to respond in.

use super::circle::{self, choice};
use super::dates::{self, When};
use super::drafts::{self, Kept, Wanted};
use super::gesture::{self, Gestures};
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use super::{doing, feed};
use crate::api::asked::Asked;
use crate::api::gestures::Gesture;
use crate::api::stories::{self, NewResponse};
use crate::api::{Api, backups};
use crate::local::draft::Becomes;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use circlet_model::content::story::Ask;
use circlet_model::id::ThingId;
use circlet_model::replica::overview::{ResponseLine, StoryLine};
use circlet_model::time::Timestamp;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "story.html")]
struct Story {
    frame: Frame,
    id: String,
    author: String,
    mine: bool,
    ask: Ask,
    note: Option<String>,
    text: String,
    edited: bool,
    when: When,
    fades: Option<When>,
    responses: Vec<Response>,
    /// Who has it, where it is this person's.
    reached: Option<String>,
    gestures: Gestures,
    /// What was written and not sent: a draft, or what could not be taken.
    written: String,
    draft: Kept,
    /// What is asked before it is.
    question: Question,
    trouble: Option<Trouble>,
}

/// What is asked of somebody before words go to an author who hopes to be listened to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Question {
    /// Nothing so far.
    #[default]
    No,
    /// Whether to send the words all the same.
    Asked,
    /// It was answered by a gesture: the words are still there, and not asked about again.
    Gesture,
}

struct Response {
    id: String,
    author: String,
    mine: bool,
    text: String,
    when: When,
}

/// A response, as it was written.
#[derive(Deserialize)]
pub(super) struct Fields {
    text: String,
    #[serde(default)]
    draft: String,
    /// Whether it was asked about already.
    sure: Option<String>,
    /// A gesture in its place.
    says: Option<Gesture>,
}

pub(super) async fn show(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Shown {
    Ok(page(&find(&api, &base, (circle, id), wanted).await?))
}

pub(super) async fn respond(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let place = (circle.clone(), id.clone());
    if let Some(story) = ask_first(&api, &base, place, &fields).await? {
        return Ok(page(&story));
    }
    let Fields { text, draft, .. } = fields;
    let asked = Asked(NewResponse { text: text.clone() });
    let path = Path(id.clone());
    let answer = stories::respond(State(api.clone()), choice(&circle), path, asked).await;
    match answer {
        Ok(response) => {
            let new = crate::api::text_of(&response, "id");
            if let Some(story) = ThingId::from_hex(&id) {
                let becomes = Becomes::Response(story);
                drafts::sent(&api, &circle, becomes, &draft, &text).await;
            }
            Ok(on_to(&base.to(&format!("c/{circle}/story/{id}#r-{new}"))))
        }
        Err(problem) => {
            let mut story = find(&api, &base, (circle, id), Wanted::default()).await?;
            story.draft.seen = draft;
            story.trouble = Some(story.frame.trouble(&problem));
            story.written = text;
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &story))
        }
    }
}

/// Returns the story with what is asked before these words are sent, or with a gesture that was made in their
/// place. They are still there.
async fn ask_first(
    api: &Api,
    base: &Base,
    (circle, id): (String, String),
    fields: &Fields,
) -> Result<Option<Story>, Problem> {
    if let Some(says) = fields.says {
        drop(gesture::say(api, &circle, &id, (says, false)).await?);
    } else if fields.sure.is_some() || fields.text.trim().is_empty() {
        return Ok(None);
    }
    let mut story = find(api, base, (circle, id), Wanted::default()).await?;
    story.question = if fields.says.is_some() {
        Question::Gesture
    } else if story.ask == Ask::Listen && !story.mine {
        Question::Asked
    } else {
        return Ok(None);
    };
    story.written.clone_from(&fields.text);
    story.draft.seen.clone_from(&fields.draft);
    Ok(Some(story))
}

async fn find(
    api: &Api,
    base: &Base,
    (circle, id): (String, String),
    wanted: Wanted,
) -> Result<Story, Problem> {
    let frame = Frame::new(base, "story-title");
    let thing = ThingId::from_hex(&id).ok_or_else(|| Problem::not_found("story"))?;
    api.handle
        .look(move |shown| {
            let hint = circle::find(shown, &circle)?.0.hint;
            let (replica, frame) = circle::open(shown, &circle, frame)?;
            if backups::is_veiled(replica) {
                return Err(backups::veiled(true));
            }
            let story = replica.story(thing, shown.now)?;
            let story = story.ok_or_else(|| Problem::not_found("story"))?;
            let reached = doing::reached(&frame, replica, thing)?;
            let form = (&frame, frame.here(&format!("story/{id}/respond")));
            let place = (hint, Becomes::Response(thing));
            let (draft, words) = drafts::fill(shown, form, place, &wanted)?;
            let mut story = Story::new(frame, story, shown.now);
            story.reached = reached;
            story.draft = draft;
            story.written = words
                .map(|words| words.text.to_string())
                .unwrap_or_default();
            Ok(story)
        })
        .await
}

impl Story {
    fn new(frame: Frame, story: StoryLine, now: Timestamp) -> Self {
        let gestures = Gestures::of(&frame, &story);
        let responses = story.responses.into_iter();
        Self {
            id: story.thing.to_hex(),
            mine: story.mine,
            ask: story.ask,
            note: story.note,
            text: story.text,
            edited: story.edited,
            when: dates::of(&frame, story.written, now),
            fades: story.fades.map(|day| dates::of_day(&frame, day, now)),
            responses: responses
                .map(|line| Response::new(&frame, line, now))
                .collect(),
            author: story.author_name,
            reached: None,
            gestures,
            written: String::new(),
            draft: Kept::default(),
            question: Question::No,
            trouble: None,
            frame,
        }
    }
}

impl Story {
    /// Returns the name of the sentence that says what would help.
    fn asks(&self) -> &'static str {
        feed::asks(self.ask)
    }

    /// Returns the name of what stands above the box to respond in.
    fn label(&self) -> &'static str {
        match self.ask {
            Ask::Listen => "respond-label-listen",
            Ask::Experience => "respond-label-experience",
            Ask::Ideas => "respond-label-ideas",
            Ask::AskFirst => "respond-label-ask-first",
        }
    }
}

impl Response {
    fn new(frame: &Frame, line: ResponseLine, now: Timestamp) -> Self {
        Self {
            id: line.thing.to_hex(),
            mine: line.mine,
            text: line.text,
            when: dates::of(frame, line.written, now),
            author: line.author_name,
        }
    }
}
