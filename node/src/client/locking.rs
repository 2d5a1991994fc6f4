//! Locking, unlocking, the passphrase and the page from outside: through the home's node, or, where none runs, with
//! the home's files. Without a node nothing has to be opened for it but the keys.

use super::{ANSWER, Reached, answered, not_running, over_socket, own, probe, reach_with, request};
use crate::api::lock::{NewPassphrase, NewSilence, Opening, passphrase_changed, silence_changed};
use crate::home::Home;
use crate::keystore::{self, Key, Keystore, Passphrase};
use crate::problem::Problem;
use axum::http::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Locks the home's node; `None` when none runs, and so nothing is open.
pub async fn lock(home: &Home) -> Result<Option<Value>, Problem> {
    if probe(home).await?.is_none() {
        return Ok(None);
    }
    post(home.socket()?, "/v1/lock", &json!({})).await.map(Some)
}

/// Unlocks the home's node. `key` is asked only when it is locked and needs one.
pub async fn unlock(
    home: &Home,
    key: impl FnOnce() -> Result<Option<Key>, Problem>,
) -> Result<Value, Problem> {
    let probe = probe(home).await?.ok_or_else(not_running)?;
    let key = if probe.locked && Keystore::needs_passphrase(home)? {
        key()?
    } else {
        None
    };
    post(home.socket()?, "/v1/unlock", &Opening::from(key.as_ref())).await
}

/// Returns a link that opens the page of the home's node once, as `url`.
pub async fn page(home: &Home) -> Result<Value, Problem> {
    post(home.socket()?, "/v1/page", &json!({})).await
}

/// Lets another passphrase, or none, open the home from now on. `key` opens it now.
pub async fn change_passphrase(
    home: &Home,
    key: Option<Key>,
    new: Option<Passphrase>,
) -> Result<Value, Problem> {
    let new = new.map(Key::from);
    let changed = match reach_with(home, || Ok(key.clone())).await? {
        Reached::Node(socket) => {
            let body = NewPassphrase {
                opening: Opening::from(key.as_ref()),
                new: Opening::from(new.as_ref()),
            };
            post(&socket, "/v1/passphrase", &body).await
        }
        Reached::Alone(_lock, _) => change_here(home, key.as_ref(), new.as_ref()),
    };
    changed.map_err(|mut problem| {
        problem.message.push_str(" The passphrase is as it was.");
        problem
    })
}

/// Has the home lock itself after so much silence, or never. `key` is asked only when the files are opened
/// here and need one.
pub async fn set_silence(
    home: &Home,
    after: Option<Duration>,
    key: impl FnOnce() -> Result<Option<Key>, Problem>,
) -> Result<Value, Problem> {
    match reach_with(home, key).await? {
        Reached::Node(socket) => {
            let seconds = after.map(|after| after.as_secs());
            post(&socket, "/v1/lock/silence", &NewSilence { seconds }).await
        }
        Reached::Alone(_lock, key) => {
            let keystore = Keystore::open_by(home, key.as_ref())?;
            keystore.silence(home).write(after)?;
            Ok(silence_changed(after))
        }
    }
}

fn change_here(home: &Home, key: Option<&Key>, new: Option<&Key>) -> Result<Value, Problem> {
    let had = Keystore::needs_passphrase(home)?;
    let passphrase = match new {
        Some(Key::Passphrase(passphrase)) => Some(passphrase),
        Some(Key::Seed(_)) | None => None,
    };
    keystore::change_passphrase(home, key, passphrase)?;
    Ok(passphrase_changed(had, passphrase.is_some()))
}

async fn post(socket: &Path, path: &str, body: &impl Serialize) -> Result<Value, Problem> {
    let body = serde_json::to_vec(body).map_err(|_| Problem::bug())?;
    let ask = request(Method::POST, path, body)?;
    answered(ANSWER, over_socket(socket, own(), ask)).await
}
