//! The 24 words: show them, split them into parts, and check what somebody wrote down. Only ever over the
//! socket, which its owner alone can open, and on the page, which its owner alone can see.

use super::asked::Asked;
use super::{Answer, Api};
use crate::keystore::fresh_rng;
use crate::problem::Problem;
use crate::recovery;
use axum::Json;
use axum::extract::State;
use circlet_model::invitation::Part;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;
use zeroize::Zeroizing;

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

/// Into how many parts the words are split.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// How many parts there are to be.
    pub parts: u8,
    /// How many of them are to be the words again.
    pub needed: u8,
}

pub(super) async fn show(State(api): State<Api>) -> Answer {
    let words = api.handle.look(|shown| Ok(shown.identity.words())).await?;
    Ok(Json(json!({ "words": *words })))
}

pub(super) async fn split(State(api): State<Api>, Asked(asked): Asked<Split>) -> Answer {
    let parts = make_parts(&api, &asked).await?;
    let texts: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
    Ok(Json(json!({ "needed": asked.needed, "parts": texts })))
}

/// Splits the words of this home, and returns the parts as texts.
pub(crate) async fn make_parts(api: &Api, into: &Split) -> Result<Vec<Zeroizing<String>>, Problem> {
    let (mut rng, Split { parts, needed }) = (fresh_rng()?, into.clone());
    let made = api.handle.look(move |shown| {
        let seed = shown.identity.seed();
        recovery::split(seed, needed, parts, &mut rng)
    });
    Ok(made.await?.iter().map(Part::to_text).collect())
}

pub(crate) async fn check(State(api): State<Api>, Asked(asked): Asked<Written>) -> Answer {
    let seed = recovery::seed_of(&asked.words)?;
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
