//! The 24 recovery words: shown once they are asked for, split into parts for others to keep, and checked
//! against what was written down.

use super::show::{Base, Filled, Frame, Shown, Trouble, page, page_as};
use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::words::{Split, Written, check, make_parts};
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
    /// Parts of them, if they were asked for, and how many are needed.
    parts: Vec<Zeroizing<String>>,
    needed: u8,
    /// Whether what was written down is right.
    right: bool,
    trouble: Option<Trouble>,
}

/// How many are needed of how many parts, for the page to offer.
const WAYS: [(u8, u8); 4] = [(2, 3), (2, 4), (3, 5), (4, 7)];

/// Which of the ways was chosen.
#[derive(Deserialize)]
pub(super) struct Ways {
    way: String,
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
            parts: Vec::new(),
            needed: 0,
            right: false,
            trouble: None,
        }
    }

    /// Each part under its heading.
    fn list_of_parts(&self) -> Vec<(String, &str)> {
        let count = self.parts.len();
        let parts = self.parts.iter().zip(1_usize..);
        let headed = parts.map(|(part, number)| {
            let named = [
                ("number", number.into()),
                ("parts", count.into()),
                ("needed", self.needed.into()),
            ];
            (self.frame.with_all("words-part", named), part.as_str())
        });
        headed.collect()
    }

    /// The ways to split them that are offered: the value, and what it says.
    fn ways(&self) -> Vec<(String, String)> {
        let ways = WAYS.iter().map(|(needed, parts)| {
            let named = [("needed", (*needed).into()), ("parts", (*parts).into())];
            let said = self.frame.with_all("words-way", named);
            (way_of(*needed, *parts), said)
        });
        ways.collect()
    }

    fn list(&self) -> Vec<&str> {
        split(&self.words).collect()
    }
}

fn way_of(needed: u8, parts: u8) -> String {
    format!("{needed}-{parts}")
}

pub(super) async fn ask(base: Base) -> Shown {
    Ok(page(&Recovery::new(&base)))
}

pub(super) async fn show(State(api): State<Api>, base: Base) -> Shown {
    let mut screen = Recovery::new(&base);
    screen.words = api.handle.look(|shown| Ok(shown.identity.words())).await?;
    Ok(page(&screen))
}

pub(super) async fn split_up(
    State(api): State<Api>,
    base: Base,
    Filled(fields): Filled<Ways>,
) -> Shown {
    let way = WAYS
        .into_iter()
        .find(|(needed, parts)| fields.way == way_of(*needed, *parts));
    let (needed, parts) = way.unwrap_or_default();
    let mut screen = Recovery::new(&base);
    screen.parts = make_parts(&api, &Split { parts, needed }).await?;
    screen.needed = needed;
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
