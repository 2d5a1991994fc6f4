//! Coming into a circle with a further computer: a key from the one that is in it already.

use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use crate::api::asked::Asked;
use crate::api::joins::{self, NewJoin};
use crate::api::{Api, text_of};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use circlet_model::invitation::{AnyKey, KeyKind};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "link.html")]
struct Link {
    frame: Frame,
    key: String,
    trouble: Option<Trouble>,
}

/// A key as the other computer showed it.
#[derive(Deserialize)]
pub(super) struct Fields {
    key: String,
}

pub(super) async fn form(base: Base) -> Shown {
    Ok(page(&Link {
        frame: Frame::new(&base, "link-title"),
        key: String::new(),
        trouble: None,
    }))
}

pub(super) async fn come_in(
    State(api): State<Api>,
    base: Base,
    Filled(Fields { key }): Filled<Fields>,
) -> Shown {
    let asked = Asked(NewJoin { key: key.clone() });
    let joined = match AnyKey::from_text(&key) {
        // Whoever is in the circle already would come in a second time, as somebody else.
        Ok(AnyKey::Invite(_)) => Err(joins::other_kind(KeyKind::Invite)),
        Ok(AnyKey::Device(_) | AnyKey::Card(_)) | Err(_) => joins::new(State(api), asked).await,
    };
    match joined {
        Ok(join) => {
            let id = text_of(&join, "circle");
            Ok(on_to(&base.to(&format!("c/{id}/"))))
        }
        Err(problem) => {
            let frame = Frame::new(&base, "link-title");
            let trouble = Some(frame.trouble(&problem));
            let screen = Link {
                frame,
                key,
                trouble,
            };
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}
