//! Joins: come into a circle by an invite key.

use super::asked::Asked;
use super::{Answer, Api, sentence};
use crate::handle::{Select, hint_hex};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use circlet_model::invitation::{AnyKey, Error, KeyKind};
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

pub(crate) async fn new(State(api): State<Api>, Asked(asked): Asked<NewJoin>) -> Answer {
    let key = AnyKey::from_text(&asked.key).map_err(Problem::from)?;
    if key.kind() == KeyKind::Card {
        return Err(Error::OtherKind(KeyKind::Card).into());
    }
    let before = api.handle.look(|shown| Ok(shown.circles.len())).await?;
    let hint = api.handle.join(key).await?;
    let running = api.running;
    let (joined, id, name, words, circles, waits) = api
        .handle
        .look(move |shown| {
            let line = shown.pick(&Select::Hint(hint))?;
            let replica = line.replica.map_err(|error| Problem::from(error.clone()))?;
            let (overview, words) = (replica.overview(), replica.own_words());
            let joined = overview.standing == Standing::Member;
            let words = words.or_else(|| replica.linking_words());
            let waits = match overview.standing {
                Standing::Linking { .. } | Standing::Returning => {
                    sentence::sentence(&line, &overview, shown.now, running)
                }
                _ => sentence::pending(running),
            };
            let count = shown.circles.len();
            Ok((joined, line.id(), overview.name, words, count, waits))
        })
        .await?;
    let (state, sentence) = if joined {
        ("joined", "You are in this circle already.".to_owned())
    } else {
        let mut sentence = waits;
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
            )
            .with("group", group.as_str())
            .with("position", position),
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
            Error::OtherKind(kind) => other_kind(kind),
            Error::NotAKey => Self::new(
                "not-a-key",
                "This does not look like an invite key of Circlet. Nothing was changed.",
                ask,
            ),
        }
    }
}

/// Returns where a key belongs that was pasted in the wrong place.
pub(crate) fn other_kind(kind: KeyKind) -> Problem {
    match kind {
        KeyKind::Invite => Problem::new(
            "invite-key-here",
            "This is an invite key. Nothing was changed.",
            "Give it to `circlet join`.",
        ),
        KeyKind::Card => Problem::new(
            "circle-card-here",
            "This is a circle card: it goes with your 24 words. Nothing was changed.",
            "Put it into the file with your words, and run `circlet restore --words-file FILE`. To come \
             in for the first time, ask for an invite key.",
        ),
        KeyKind::Device => Problem::new(
            "device-key-here",
            "This is a device key: it makes another computer yours. Nothing was changed.",
            "On that computer, give it to `circlet join`.",
        ),
        KeyKind::Part => Problem::new(
            "part-here",
            "This is a part of somebody's 24 words. Nothing was changed.",
            "With enough others of its set it stands for the words, in `circlet restore --words-file FILE`.",
        ),
    }
}
