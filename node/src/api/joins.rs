//! Joins: come into a circle by an invite key.

use super::asked::Asked;
use super::{Answer, Api, sentence};
use crate::handle::{Select, hint_hex};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use circlet_model::invitation::{Error, InviteKey};
use circlet_model::replica::overview::Standing;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;

/// Begins to join.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewJoin {
    /// The invite key, as it was sent.
    pub key: String,
}

/// Shows nothing of it: it is for the circle only.
impl fmt::Debug for NewJoin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewJoin(..)")
    }
}

pub(super) async fn new(State(api): State<Api>, Asked(asked): Asked<NewJoin>) -> Answer {
    let key = InviteKey::from_text(&asked.key).map_err(Problem::from)?;
    let before = api.handle.look(|shown| Ok(shown.circles.len())).await?;
    let hint = api.handle.join(key).await?;
    let (joined, id, name, words, circles) = api
        .handle
        .look(move |shown| {
            let line = shown.pick(&Select::Hint(hint))?;
            let replica = line.replica.map_err(|error| Problem::from(error.clone()))?;
            let (overview, words) = (replica.overview(), replica.own_words());
            let joined = overview.standing == Standing::Member;
            Ok((joined, line.id(), overview.name, words, shown.circles.len()))
        })
        .await?;
    let (state, sentence) = if joined {
        ("joined", "You are in this circle already.".to_owned())
    } else {
        let mut sentence = sentence::pending(api.running);
        if circles == before {
            sentence = format!("This join was under way already and goes on. {sentence}");
        }
        ("pending", sentence)
    };
    let circle = if joined { id } else { hint_hex(hint) };
    Ok(Json(json!({
        "state": state,
        "circle": circle,
        "name": name,
        "words": words,
        "sentence": sentence,
    })))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let ask = "Ask the person who sent it to send it once more.";
        match error {
            Error::Empty => Self::new(
                "key-missing",
                "There is no invite key yet.",
                "Paste the key that you were sent.",
            ),
            Error::CutOff => Self::new(
                "key-cut-off",
                "The end of the invite key is missing. Nothing was changed.",
                "Copy the whole of it, up to its last group, and try again.",
            ),
            Error::Mistyped { group, position } => Self::new(
                "key-mistyped",
                format!(
                    "One of the groups looks mistyped: \"{}\" (group {position}).",
                    group.as_str()
                ),
                "Compare it with what you were sent.",
            ),
            Error::GroupsMixed => Self::new(
                "key-groups-mixed",
                "Each group of the key is right, but they are not in the order they were sent in.",
                "Compare their order with what you were sent.",
            ),
            Error::NewerVersion(_) => Self::new(
                "key-newer",
                "This invite key was made by a newer Circlet.",
                "Update Circlet on this computer, then try again.",
            ),
            Error::NotAKey => Self::new(
                "not-a-key",
                "This does not look like an invite key of Circlet. Nothing was changed.",
                ask,
            ),
        }
    }
}
