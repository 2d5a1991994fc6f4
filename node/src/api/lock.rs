//! Locking, unlocking and the passphrase: what a running node answers whether its home is open or not.

use super::asked::Asked;
use super::{Answer, MAX_BODY, node, unknown};
use crate::home::Home;
use crate::keystore::{Key, Keystore, Passphrase};
use crate::node::gate::{Ask, Gate, locked};
use crate::page::door::Door;
use crate::problem::Problem;
use crate::recovery;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use circlet_model::words;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What opens a home; nothing, where it has no passphrase.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Opening {
    /// The passphrase.
    pub passphrase: Option<String>,
    /// The 24 words.
    pub words: Option<String>,
}

/// Another passphrase.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPassphrase {
    /// What opens the home now.
    #[serde(default)]
    pub opening: Opening,
    /// What is to open it from now on.
    #[serde(default)]
    pub new: Opening,
}

/// When the home locks itself.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSilence {
    /// After so many seconds without a request; nothing = never.
    pub seconds: Option<u64>,
}

/// What the requests of this file can use.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) gate: Gate,
    pub(crate) door: Door,
    pub(crate) home: Home,
    /// Ends the node.
    pub(crate) stop: CancellationToken,
}

/// Returns the router of a node: what it answers itself, and the home behind the gate.
pub(crate) fn front_router(front: Front) -> Router {
    Router::new()
        .route("/v1/node", get(node::show))
        .route("/v1/node/stop", post(node::stop))
        .route("/v1/lock", post(lock))
        .route("/v1/lock/silence", post(silence))
        .route("/v1/unlock", post(unlock))
        .route("/v1/passphrase", post(passphrase))
        .route("/v1/page", post(page))
        .fallback(pass)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(front)
}

async fn pass(State(front): State<Front>, request: Request) -> Response {
    let status = request.method() == Method::GET && request.uri().path() == "/v1/status";
    match front.gate.pass(request).await {
        Some(answer) => answer,
        None if !front.home.keys().exists() => Problem::not_set_up().into_response(),
        None if status => {
            Json(json!({ "circles": [], "running": true, "locked": true })).into_response()
        }
        None => locked().into_response(),
    }
}

async fn page(State(front): State<Front>) -> Answer {
    Ok(Json(json!({ "url": front.door.link().await? })))
}

async fn lock(State(front): State<Front>) -> Answer {
    let was_open = front.gate.ask(Ask::Lock).await?;
    let passphrase = Keystore::needs_passphrase(&front.home).unwrap_or(true);
    let sentence = match (was_open, passphrase) {
        (_, false) => {
            "Circlet is locked, as far as it can be: there is no passphrase, so whoever uses this \
             account opens it again with `circlet unlock`. `circlet passphrase` sets one."
        }
        (true, true) => {
            "Circlet is locked. Nothing opens it but your passphrase or your 24 words, and until then it \
             meets nobody. `circlet unlock` opens it again."
        }
        (false, true) => "Circlet is locked already. `circlet unlock` opens it again.",
    };
    let answer = json!({ "locked": true, "passphrase": passphrase, "sentence": sentence });
    Ok(Json(answer))
}

async fn unlock(State(front): State<Front>, Asked(opening): Asked<Opening>) -> Answer {
    let key = opening.key()?;
    let was_locked = front.gate.ask(|reply| Ask::Unlock(key, reply)).await?;
    let sentence = if was_locked {
        "Circlet is open again, and meets the others."
    } else {
        "Circlet is open already."
    };
    Ok(Json(json!({ "locked": false, "sentence": sentence })))
}

async fn passphrase(State(front): State<Front>, Asked(asked): Asked<NewPassphrase>) -> Answer {
    let key = asked.opening.key()?;
    let new = match asked.new.key()? {
        None => None,
        Some(Key::Passphrase(new)) => Some(new),
        Some(Key::Seed(_)) => return Err(Problem::not_understood("the new passphrase")),
    };
    let (had, has) = (Keystore::needs_passphrase(&front.home)?, new.is_some());
    let ask = |reply| Ask::Passphrase { key, new, reply };
    front.gate.ask(ask).await?;
    Ok(Json(passphrase_changed(had, has)))
}

async fn silence(State(front): State<Front>, Asked(asked): Asked<NewSilence>) -> Answer {
    let after = asked.seconds.map(Duration::from_secs);
    front.gate.ask(|reply| Ask::Silence(after, reply)).await?;
    Ok(Json(silence_changed(after)))
}

/// Says what has changed for the member whose home had a passphrase, and has one, or not.
pub(crate) fn passphrase_changed(had: bool, has: bool) -> Value {
    let sentence = match (had, has) {
        (_, false) => {
            "There is no passphrase any more: whoever can use this account, or gets hold of this disk, \
             can read everything here. `circlet passphrase` sets one again."
        }
        (true, true) => {
            "Your passphrase is changed. From now on the new one opens Circlet here, and so do your 24 \
             words. A copy of the folder from before still opens with the old one."
        }
        (false, true) => {
            "From now on Circlet opens here with your passphrase, or with your 24 words. A copy of the \
             folder from before still opens without."
        }
    };
    json!({ "passphrase": has, "sentence": sentence })
}

/// Says when the home locks itself from now on.
pub(crate) fn silence_changed(after: Option<Duration>) -> Value {
    let sentence = match after {
        Some(after) => format!(
            "From now on Circlet locks itself once nobody has asked it for anything for {}.",
            length(after)
        ),
        None => {
            "From now on Circlet is locked only when you say so, with `circlet lock`.".to_owned()
        }
    };
    json!({ "seconds": after.map(|after| after.as_secs()), "sentence": sentence })
}

fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    let of = |count: u64, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    match (seconds / 86_400, seconds / 3600, seconds / 60) {
        (days, _, _) if days > 0 && seconds.is_multiple_of(86_400) => of(days, "day"),
        (_, hours, _) if hours > 0 && seconds.is_multiple_of(3600) => of(hours, "hour"),
        (_, _, minutes) if minutes > 0 && seconds.is_multiple_of(60) => of(minutes, "minute"),
        _ => of(seconds, "second"),
    }
}

impl Opening {
    /// Takes out what opens the home.
    fn key(self) -> Result<Option<Key>, Problem> {
        match (self.passphrase, self.words) {
            (None, None) => Ok(None),
            (Some(passphrase), None) => Ok(Some(Passphrase::from(passphrase).into())),
            (None, Some(written)) => {
                let written = zeroize::Zeroizing::new(written);
                let seed = recovery::seed_of(&written)?;
                Ok(Some(Key::Seed(Box::new(seed))))
            }
            (Some(_), Some(_)) => Err(Problem::not_understood(
                "it opens with the passphrase or with the words, and both were given",
            )),
        }
    }
}

impl From<Option<&Key>> for Opening {
    fn from(key: Option<&Key>) -> Self {
        let (mut passphrase, mut words) = (None, None);
        match key {
            None => {}
            Some(Key::Passphrase(given)) => passphrase = Some(given.as_str().to_owned()),
            Some(Key::Seed(seed)) => words = Some(words::to_words(seed).to_string()),
        }
        Self { passphrase, words }
    }
}

/// Shows nothing of it: it opens everything.
impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_home_goes_over_the_socket_and_is_not_shown() {
        let seed = circlet_model::key::Secret([7; 32]);
        let keys = [
            None,
            Some(Key::from(Passphrase::from("blue door"))),
            Some(Key::Seed(Box::new(seed))),
        ];
        for key in keys {
            let opening = Opening::from(key.as_ref());
            assert_eq!(format!("{opening:?} {key:?}").find("blue"), None);
            let text = serde_json::to_string(&opening).unwrap();
            let read: Opening = serde_json::from_str(&text).unwrap();
            let again = Opening::from(read.key().unwrap().as_ref());
            assert_eq!(again.passphrase, opening.passphrase);
            assert_eq!(again.words, opening.words);
        }
        let words = |words: &str| Opening {
            words: Some(words.to_owned()),
            passphrase: None,
        };
        assert_eq!(words("one two").key().unwrap_err().code, "words-count");
        let both = Opening {
            passphrase: Some(String::new()),
            ..words("one two")
        };
        assert_eq!(both.key().unwrap_err().code, "not-understood");
    }

    #[test]
    fn a_length_is_said_as_people_say_it() {
        let said = |seconds| length(Duration::from_secs(seconds));
        assert_eq!(said(900), "15 minutes");
        assert_eq!(said(60), "1 minute");
        assert_eq!(said(3600), "1 hour");
        assert_eq!(said(2 * 86_400), "2 days");
        assert_eq!(said(90), "90 seconds");
    }
}
