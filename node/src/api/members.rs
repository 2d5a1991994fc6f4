//! Members: who belongs to a circle now.

use super::asked::Choice;
use super::{Answer, Api};
use axum::Json;
use axum::extract::State;
use circlet_model::membership::act::Role;
use circlet_model::replica::overview;
use circlet_model::time::Day;
use serde_json::{Value, json};

pub(super) async fn list(State(api): State<Api>, choice: Choice) -> Answer {
    let members = api.handle.look(move |shown| {
        let overview = shown.replica(&choice.circle)?.overview();
        Ok(overview.members.iter().map(member).collect::<Vec<_>>())
    });
    Ok(Json(json!({ "members": members.await? })))
}

fn member(member: &overview::Member) -> Value {
    let role = match member.role {
        Role::Member => "member",
        Role::Keeper => "keeper",
    };
    json!({
        "id": member.person.to_hex(),
        "name": member.name,
        "role": role,
        "since": date(member.since),
        "me": member.me,
        "devices": member.devices,
    })
}

/// Returns a day as year, month and day.
pub(super) fn date(day: Day) -> String {
    let start = i64::try_from(day.start().0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(start).map_or_else(
        |_| String::new(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}
