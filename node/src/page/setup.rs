//! The first run: a name, and how the key is kept. The third screen is where one begins: see `begin`.

use super::door::Door;
use super::framed;
use super::show::{Base, Fault, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use super::visitors::Visitor;
use crate::identity::name_fits;
use crate::keystore::Passphrase;
use crate::problem::Problem;
use askama::Template;
use axum::Router;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde::Deserialize;
use zeroize::ZeroizeOnDrop;

#[derive(Template)]
#[template(path = "setup_name.html")]
struct Called {
    frame: Frame,
    name: String,
    trouble: Option<Trouble>,
}

#[derive(Template)]
#[template(path = "setup_key.html")]
struct Key {
    frame: Frame,
    trouble: Option<Trouble>,
}

/// What somebody wants to be called.
#[derive(Deserialize)]
pub(super) struct NameFields {
    name: String,
}

/// How the key is kept.
#[derive(Deserialize, ZeroizeOnDrop)]
pub(super) struct KeyFields {
    #[zeroize(skip)]
    keep: Keep,
    #[serde(default)]
    passphrase: String,
    #[serde(default)]
    again: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Keep {
    Here,
    Passphrase,
}

/// Returns the screens of a home that is not set up.
pub(super) fn router(door: Door) -> Router {
    framed(
        Router::new()
            .route("/", get(name).post(call))
            .route("/key", get(key).post(keep)),
    )
    .with_state(door)
}

async fn name(base: Base, Extension(visitor): Extension<Visitor>) -> Shown {
    Ok(page(&Called {
        frame: frame(&base, "setup-name-title"),
        name: visitor.name.unwrap_or_default(),
        trouble: None,
    }))
}

async fn call(
    State(door): State<Door>,
    base: Base,
    Extension(visitor): Extension<Visitor>,
    Filled(NameFields { name }): Filled<NameFields>,
) -> Shown {
    if let Err(error) = name_fits(&name) {
        let frame = frame(&base, "setup-name-title");
        let trouble = Some(frame.trouble(&Problem::from(error)));
        let screen = Called {
            frame,
            name,
            trouble,
        };
        return Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen));
    }
    door.call(&visitor, name);
    Ok(on_to(&base.to("key")))
}

async fn key(base: Base, Extension(visitor): Extension<Visitor>) -> Shown {
    if visitor.name.is_none() {
        return Ok(on_to(&base.to("")));
    }
    Ok(page(&Key {
        frame: frame(&base, "setup-key-title"),
        trouble: None,
    }))
}

async fn keep(
    State(door): State<Door>,
    base: Base,
    Extension(visitor): Extension<Visitor>,
    Filled(fields): Filled<KeyFields>,
) -> Shown {
    let Some(name) = visitor.name.clone() else {
        return Ok(on_to(&base.to("")));
    };
    match passphrase(&fields) {
        Ok(passphrase) => {
            door.set_up(&visitor, name, passphrase)
                .await
                .map_err(Fault)?;
            Ok(on_to(&base.to("?step=3")))
        }
        Err(code) => {
            let frame = frame(&base, "setup-key-title");
            let trouble = Some(frame.trouble(&Problem::new(code, "", "")));
            let screen = Key { frame, trouble };
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

fn frame(base: &Base, title: &'static str) -> Frame {
    let mut frame = Frame::new(base, title);
    frame.open = false;
    frame
}

/// Returns the passphrase that was chosen, if one was; or why it cannot be taken.
fn passphrase(fields: &KeyFields) -> Result<Option<Passphrase>, &'static str> {
    match fields.keep {
        Keep::Here => Ok(None),
        Keep::Passphrase if fields.passphrase.is_empty() => Err("empty-passphrase"),
        Keep::Passphrase if fields.passphrase != fields.again => Err("two-passphrases"),
        Keep::Passphrase => Ok(Some(Passphrase::from(fields.passphrase.as_str()))),
    }
}
