//! The 24 recovery words: shown once they are asked for, and checked against what was written down.

use super::show::{Base, Filled, Frame, Shown, Trouble, page, page_as};
use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::words::{Written, check};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use circlet_model::words::split;
use serde::Deserialize;
use zeroize::{ZeroizeOnDrop, Zeroizing};

#[derive(Template)]
#[template(path = "words.html")]
struct Recovery {
    frame: Frame,
    /// The words; nothing = they are not shown.
    words: Zeroizing<String>,
    /// Whether what was written down is right.
    right: bool,
    trouble: Option<Trouble>,
}

/// What somebody wrote down.
#[derive(Deserialize, ZeroizeOnDrop)]
pub(super) struct Fields {
    written: String,
}

impl Recovery {
    fn new(base: &Base) -> Self {
        Self {
            frame: Frame::new(base, "words-title"),
            words: Zeroizing::default(),
            right: false,
            trouble: None,
        }
    }

    fn list(&self) -> Vec<&str> {
        split(&self.words).collect()
    }
}

pub(super) async fn ask(base: Base) -> Shown {
    Ok(page(&Recovery::new(&base)))
}

pub(super) async fn show(State(api): State<Api>, base: Base) -> Shown {
    let mut screen = Recovery::new(&base);
    screen.words = api.handle.look(|shown| Ok(shown.identity.words())).await?;
    Ok(page(&screen))
}

pub(super) async fn compare(
    State(api): State<Api>,
    base: Base,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let mut screen = Recovery::new(&base);
    let words = fields.written.clone();
    match check(State(api), Asked(Written { words })).await {
        Ok(_) => {
            screen.right = true;
            Ok(page(&screen))
        }
        Err(problem) => {
            screen.trouble = Some(screen.frame.trouble(&problem));
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}
