//! The 24 words: show them, and check what somebody wrote down. Only ever over the socket, which its
//! owner alone can open, and on the page, which its owner alone can see.

use super::asked::Asked;
use super::{Answer, Api};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use circlet_model::words::{self, COUNT, Error};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;

/// Words that somebody wrote down.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// All of them, with blanks, commas or lines between them; numbers do not count.
    pub words: String,
}

/// Shows nothing of them: they open everything.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(..)")
    }
}

pub(super) async fn show(State(api): State<Api>) -> Answer {
    let words = api.handle.look(|shown| Ok(shown.identity.words())).await?;
    Ok(Json(json!({ "words": *words })))
}

pub(crate) async fn check(State(api): State<Api>, Asked(asked): Asked<Written>) -> Answer {
    let seed = words::from_words(&asked.words);
    let seed = seed.map_err(|error| explain(error, &asked.words))?;
    let same = api
        .handle
        .look(move |shown| Ok(shown.identity.is_of(&seed)));
    if !same.await? {
        return Err(Problem::new(
            "other-words",
            "These are 24 words as Circlet makes them, but not the ones of this home.",
            "They may be from another computer or from before it was set up anew; \
             `circlet words show` shows the ones of this home.",
        ));
    }
    Ok(Json(
        json!({ "sentence": "These are the words of this home, all of them and in order." }),
    ))
}

/// Says what is wrong with words, and where.
pub fn explain(error: Error, written: &str) -> Problem {
    match error {
        Error::Count(count) => Problem::new(
            "words-count",
            format!("There are {count} words, and {COUNT} are needed."),
            "Write all of them, with blanks or lines between.",
        )
        .with("count", count),
        Error::Unknown(place) => {
            let word = words::split(written).nth(place.saturating_sub(1));
            let word = word.unwrap_or_default();
            Problem::new(
                "words-mistyped",
                format!("Word {place}, \"{word}\", is not in the list that the words come from."),
                "Compare it with what you wrote down.",
            )
            .with("place", place)
            .with("word", word)
        }
        Error::Check => Problem::new(
            "words-mixed",
            "Each of these is a word of the list, but they do not belong together: one of them is \
             another word, or two have changed places.",
            "Compare them with what you wrote down, one by one.",
        ),
    }
}
