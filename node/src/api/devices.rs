//! Devices: the computers of the person at this one, and how further ones come in.

use super::asked::{Asked, Choice};
use super::by_id::one_like;
use super::invites::moment;
use super::{Answer, Api, joins, sentence};
use crate::handle::{Select, Shown};
use crate::identity::Hint;
use crate::problem::Problem;
use crate::recovery;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::id::DeviceId;
use circlet_model::invitation::{AnyKey, DeviceKey, KeyKind, keys_in};
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::{DeviceLine, Standing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// Lets in the computer that shows these words.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FourWords {
    /// Four words, with blanks between them.
    pub words: String,
}

/// Comes back to circles.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewReturn {
    /// The 24 words.
    pub words: String,
    /// Circle cards and invite keys, one after the other.
    pub keys: String,
}

/// Shows nothing of them.
impl fmt::Debug for FourWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FourWords(..)")
    }
}

/// Shows nothing of it.
impl fmt::Debug for NewReturn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewReturn(..)")
    }
}

pub(super) async fn list(State(api): State<Api>, choice: Choice) -> Answer {
    let shown = api.handle.look(move |shown| {
        let replica = shown.replica(&choice.circle)?;
        let devices = replica.devices();
        let key = replica.device_key(shown.now);
        Ok(json!({
            "devices": devices.iter().map(line).collect::<Vec<_>>(),
            "waiting": key.map_or(0, |(waiting, _)| waiting),
            "until": key.map(|(_, until)| moment(until)),
        }))
    });
    Ok(Json(shown.await?))
}

pub(crate) async fn add(State(api): State<Api>, choice: Choice) -> Answer {
    let reply = api.handle.command(choice.circle, Command::AddDevice);
    let Reply::DeviceKey { key, until } = reply.await? else {
        return Err(Problem::bug());
    };
    let named = match AnyKey::from_text(&key) {
        Ok(AnyKey::Device(key)) => DeviceKey::addresses(&key).len(),
        Ok(AnyKey::Invite(_) | AnyKey::Card(_)) | Err(_) => 0,
    };
    let sentence = if named == 0 {
        "This key names no address, because Circlet has not run here yet, so it only works in the \
         same home network. Run `circlet start`, then make another."
    } else {
        "On your other computer, set Circlet up and give it this key with `circlet join`. It shows four \
         words; type them here: `circlet device add --confirm \"WORDS\"`. The key is for one computer \
         and one hour."
    };
    Ok(Json(
        json!({ "key": key, "until": moment(until), "sentence": sentence }),
    ))
}

pub(crate) async fn confirm(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<FourWords>,
) -> Answer {
    let command = Command::ConfirmDevice { words: asked.words };
    api.handle.command(choice.circle, command).await?;
    let sentence = "The words fit. Your other computer comes in by itself now; keep Circlet running here \
                    until it is there.";
    Ok(Json(json!({ "sentence": sentence })))
}

pub(crate) async fn remove(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
) -> Answer {
    let (hint, device) = api
        .handle
        .look(move |shown| find(shown, &choice.circle, &id))
        .await?;
    let command = Command::RemoveDevice { device };
    api.handle.command(Select::Hint(hint), command).await?;
    let sentence = "That computer is out: as soon as the others know, nothing that is shared opens on it \
                    any more. It keeps what it has. If somebody else may be able to open it, they hold \
                    your key to this circle, too: then leave, and come in anew by an invite to a \
                    fresh folder.";
    Ok(Json(json!({ "id": device.to_hex(), "sentence": sentence })))
}

pub(super) async fn cards(State(api): State<Api>) -> Answer {
    let cards = api.handle.look(|shown| {
        let joined = |line: &&crate::handle::Line<'_>| line.standing() == Some(Standing::Member);
        let lines = shown.circles.iter().filter(joined).filter_map(|line| {
            let replica = line.replica.ok()?;
            let (name, card) = (replica.overview().name, replica.card().to_text());
            Some(json!({ "id": line.id(), "name": name, "card": card }))
        });
        Ok(lines.collect::<Vec<_>>())
    });
    Ok(Json(json!({ "cards": cards.await? })))
}

pub(super) async fn come_back(State(api): State<Api>, Asked(asked): Asked<NewReturn>) -> Answer {
    let seed = recovery::seed_of(&asked.words)?;
    let keys = keys_in(&asked.keys).map_err(Problem::from)?;
    if keys.iter().any(|key| key.kind() == KeyKind::Device) {
        return Err(joins::other_kind(KeyKind::Device));
    }
    let hints = api.handle.come_back(seed, keys).await?;
    let running = api.running;
    let circles = api.handle.look(move |shown| {
        let line = |hint: &Hint| {
            let line = shown.pick(&Select::Hint(*hint))?;
            let overview = line.replica.map_err(|error| Problem::from(error.clone()))?;
            let overview = overview.overview();
            let sentence = sentence::sentence(&line, &overview, shown.now, running);
            let state = sentence::state(overview.standing);
            Ok(json!({ "id": line.id(), "state": state, "sentence": sentence }))
        };
        hints.iter().map(line).collect::<Result<Vec<_>, Problem>>()
    });
    Ok(Json(json!({ "circles": circles.await? })))
}

fn find(shown: &Shown<'_>, circle: &Select, id: &str) -> Result<(Hint, DeviceId), Problem> {
    let line = shown.pick(circle)?;
    let replica = line.replica.map_err(|error| Problem::from(error.clone()))?;
    let devices = replica.devices();
    let found = one_like(devices, "computer of yours", id, |it| it.device.to_hex())?;
    if found.here {
        return Err(this_one());
    }
    Ok((line.hint, found.device))
}

fn line(device: &DeviceLine) -> Value {
    json!({
        "id": device.device.to_hex(),
        "here": device.here,
        "since": super::members::date(device.since),
        "active": device.active,
    })
}

fn this_one() -> Problem {
    Problem::new(
        "this-computer",
        "This is the computer you are at. Nothing was changed.",
        "Take it out from another computer of yours, or go with `circlet leave`.",
    )
}
