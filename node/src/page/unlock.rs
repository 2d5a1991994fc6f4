//! Opening a home that is locked: the passphrase or the 24 words, or one button where there is none.

use super::door::Door;
use super::framed;
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use super::visitors::Visitor;
use crate::keystore::{Key, Passphrase};
use crate::problem::{Kind, Problem};
use crate::recovery;
use askama::Template;
use axum::Router;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::routing::get;
use circlet_model::invitation::papers_in;
use circlet_model::words;
use serde::Deserialize;
use zeroize::ZeroizeOnDrop;

#[derive(Template)]
#[template(path = "unlock.html")]
struct Unlock {
    frame: Frame,
    /// Whether it takes a passphrase.
    passphrase: bool,
    trouble: Option<Trouble>,
}

/// What opens it.
#[derive(Deserialize, ZeroizeOnDrop)]
pub(super) struct Fields {
    #[serde(default)]
    passphrase: String,
}

/// Returns the screen of a home that is locked.
pub(super) fn router(door: Door) -> Router {
    framed(Router::new().route("/", get(ask).post(open))).with_state(door)
}

async fn ask(State(door): State<Door>, base: Base) -> Shown {
    Ok(page(&screen(&door, &base)))
}

async fn open(
    State(door): State<Door>,
    base: Base,
    Extension(visitor): Extension<Visitor>,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let needed = door.needs_passphrase();
    let key = needed.then(|| key(&fields.passphrase)).transpose();
    let opened = match key {
        Ok(key) => door.unlock(&visitor, key).await,
        Err(problem) => Err(problem.of(Kind::Locked)),
    };
    match opened {
        Ok(()) => Ok(on_to(&base.to(""))),
        Err(problem) if matches!(problem.kind, Kind::Locked) => {
            let mut screen = screen(&door, &base);
            screen.trouble = Some(screen.frame.trouble(&problem));
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Returns what was typed to open a home: 24 words are those words, parts of them stand for them, and
/// anything else is a passphrase.
pub(super) fn key(typed: &str) -> Result<Key, Problem> {
    let parts = papers_in(typed).is_ok_and(|(_, parts)| !parts.is_empty());
    if !parts && words::split(typed).count() != words::COUNT {
        return Ok(Passphrase::from(typed).into());
    }
    Ok(Key::Seed(Box::new(recovery::seed_of(typed)?)))
}

fn screen(door: &Door, base: &Base) -> Unlock {
    let mut frame = Frame::new(base, "unlock-title");
    frame.open = false;
    Unlock {
        frame,
        passphrase: door.needs_passphrase(),
        trouble: None,
    }
}
