//! Changing something that one shared: other words in its place.

use super::circle::{self, choice};
use super::drafts::{self, Kept, Wanted};
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use crate::api::asked::Asked;
use crate::api::own::{self, Edit};
use crate::api::{Api, text_of};
use crate::local::draft::Becomes;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use circlet_model::id::ThingId;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "edit.html")]
struct Change {
    frame: Frame,
    id: String,
    /// The story that it answers; nothing = it is a story.
    under: Option<String>,
    written: Fields,
    draft: Kept,
    trouble: Option<Trouble>,
}

/// What is to stand in its place.
#[derive(Deserialize)]
pub(super) struct Fields {
    text: String,
    /// The content note; only of a story.
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    draft: String,
}

pub(super) async fn form(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Shown {
    Ok(page(&look(&api, &base, (circle, id), wanted).await?))
}

pub(super) async fn change(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Filled(written): Filled<Fields>,
) -> Shown {
    let place = (circle.clone(), id.clone());
    let mut screen = look(&api, &base, place, Wanted::default()).await?;
    let asked = Asked(Edit {
        text: written.text.clone(),
        ask: None,
        note: written.note.clone(),
    });
    let own = ThingId::from_hex(&id);
    match own::edit(State(api.clone()), choice(&circle), Path(id), asked).await {
        Ok(new) => {
            let new = text_of(&new, "id");
            if let Some(own) = own {
                let Fields { draft, text, .. } = &written;
                drafts::sent(&api, &circle, Becomes::Edit(own), draft, text).await;
            }
            let to = match screen.under {
                Some(under) => format!("c/{circle}/story/{under}#r-{new}"),
                None => format!("c/{circle}/story/{new}"),
            };
            Ok(on_to(&base.to(&to)))
        }
        Err(problem) => {
            screen.trouble = Some(screen.frame.trouble(&problem));
            screen.draft.seen.clone_from(&written.draft);
            screen.written = written;
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

async fn look(
    api: &Api,
    base: &Base,
    (circle, id): (String, String),
    wanted: Wanted,
) -> Result<Change, Problem> {
    let frame = Frame::new(base, "edit-title");
    let screen = api.handle.look(move |shown| {
        let hint = circle::find(shown, &circle)?.0.hint;
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let mut own = replica.own_like(&id, shown.now)?.into_iter();
        let own = own.find(|own| own.thing.to_hex() == id);
        let own = own.ok_or_else(|| Problem::not_found("story"))?;
        let note = if own.under.is_none() {
            let story = replica.story(own.thing, shown.now)?;
            Some(story.and_then(|story| story.note).unwrap_or_default())
        } else {
            None
        };
        let form = (&frame, frame.here(&format!("own/{id}/edit")));
        let place = (hint, Becomes::Edit(own.thing));
        let (draft, words) = drafts::fill(shown, form, place, &wanted)?;
        let (text, note) = match words {
            None => (own.text.unwrap_or_default(), note),
            Some(words) => {
                let kept = words.note.map(|note| note.to_string());
                (
                    words.text.to_string(),
                    note.map(|note| kept.unwrap_or(note)),
                )
            }
        };
        Ok(Change {
            frame,
            id,
            under: own.under.map(|under| under.to_hex()),
            written: Fields {
                text,
                note,
                draft: String::new(),
            },
            draft,
            trouble: None,
        })
    });
    screen.await
}
