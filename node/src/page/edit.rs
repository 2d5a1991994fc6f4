//! Changing something that one shared: other words in its place.

use super::circle::{self, choice};
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use crate::api::asked::Asked;
use crate::api::own::{self, Edit};
use crate::api::{Api, text_of};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "edit.html")]
struct Change {
    frame: Frame,
    id: String,
    /// The story that it answers; nothing = it is a story.
    under: Option<String>,
    written: Fields,
    trouble: Option<Trouble>,
}

/// What is to stand in its place.
#[derive(Deserialize)]
pub(super) struct Fields {
    text: String,
    /// The content note; only of a story.
    #[serde(default)]
    note: Option<String>,
}

pub(super) async fn form(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    Ok(page(&look(&api, &base, circle, id).await?))
}

pub(super) async fn change(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Filled(written): Filled<Fields>,
) -> Shown {
    let mut screen = look(&api, &base, circle.clone(), id.clone()).await?;
    let asked = Asked(Edit {
        text: written.text.clone(),
        ask: None,
        note: written.note.clone(),
    });
    match own::edit(State(api), choice(&circle), Path(id), asked).await {
        Ok(new) => {
            let new = text_of(&new, "id");
            let to = match screen.under {
                Some(under) => format!("c/{circle}/story/{under}#r-{new}"),
                None => format!("c/{circle}/story/{new}"),
            };
            Ok(on_to(&base.to(&to)))
        }
        Err(problem) => {
            screen.trouble = Some(screen.frame.trouble(&problem));
            screen.written = written;
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

async fn look(api: &Api, base: &Base, circle: String, id: String) -> Result<Change, Problem> {
    let frame = Frame::new(base, "edit-title");
    let screen = api.handle.look(move |shown| {
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
        Ok(Change {
            frame,
            id,
            under: own.under.map(|under| under.to_hex()),
            written: Fields {
                text: own.text.unwrap_or_default(),
                note,
            },
            trouble: None,
        })
    });
    screen.await
}
