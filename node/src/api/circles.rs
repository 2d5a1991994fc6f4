//! Circles: begin one, list them, leave one.

use super::asked::{Asked, Choice};
use super::{Answer, Api, status};
use crate::handle::Select;
use axum::Json;
use axum::extract::State;
use circlet_model::replica::input::Command;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Begins a circle.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCircle {
    /// What it is called.
    pub name: String,
}

pub(crate) async fn new(State(api): State<Api>, Asked(asked): Asked<NewCircle>) -> Answer {
    let name = asked.name.trim().to_owned();
    let circle = api.handle.found(name.clone()).await?;
    Ok(Json(json!({ "id": circle.to_hex(), "name": name })))
}

pub(super) async fn list(State(api): State<Api>) -> Answer {
    let running = api.running;
    let lines = api.handle.look(move |shown| {
        let lines = shown.circles.iter().map(|line| {
            let status::Circle {
                id,
                name,
                state,
                sentence,
                ..
            } = status::of(line, shown, running);
            json!({ "id": id, "name": name, "state": state, "sentence": sentence })
        });
        Ok(lines.collect::<Vec<_>>())
    });
    Ok(Json(json!({ "circles": lines.await? })))
}

pub(super) async fn show(State(api): State<Api>, choice: Choice) -> Answer {
    let running = api.running;
    let circle = api.handle.look(move |shown| {
        let status::Circle {
            id,
            name,
            state,
            sentence,
            connected,
            members,
            ..
        } = status::of(&shown.pick(&choice.circle)?, shown, running);
        let others = members.into_iter().filter(|member| !member.me);
        let others = others.map(|member| member.name);
        let (here, away): (Vec<_>, Vec<_>) = others.partition(|name| connected.contains(name));
        Ok(json!({
            "id": id, "name": name, "state": state, "sentence": sentence, "connected": here,
            "away": away,
        }))
    });
    Ok(Json(circle.await?))
}

pub(crate) async fn leave(State(api): State<Api>, choice: Choice) -> Answer {
    let (hint, id, name) = api
        .handle
        .look(move |shown| {
            let line = shown.pick(&choice.circle)?;
            let name = line
                .replica
                .map_or_else(|_| String::new(), |it| it.overview().name);
            Ok((line.hint, line.id(), name))
        })
        .await?;
    api.handle
        .command(Select::Hint(hint), Command::Leave)
        .await?;
    Ok(Json(json!({ "id": id, "name": name })))
}
