//! One member: their role, and a removal, each with what it means before it is done.

use super::circle::{self, choice};
use super::show::{Base, Filled, Frame, Shown, on_to, page};
use crate::api::asked::Asked;
use crate::api::mutes;
use crate::api::roles::{self, NewRole, Role};
use crate::api::{Api, text_of};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use circlet_model::membership::act;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "member.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is said of somebody, or not"
)]
struct OneMember {
    frame: Frame,
    id: String,
    name: String,
    me: bool,
    keeper: bool,
    /// Whether whoever looks is a keeper.
    i_keep: bool,
    /// Whether whoever looks does not want to see what they share.
    muted: bool,
    told: Option<String>,
}

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct From {
    /// What was just done.
    told: Option<String>,
}

/// The role that somebody is given.
#[derive(Deserialize)]
pub(super) struct RoleFields {
    role: Role,
}

/// What can be told, by its name in the address.
const TOLD: [(&str, &str); 4] = [
    ("done", "member-done"),
    ("voice", "member-voice"),
    ("muted", "mute-done"),
    ("unmuted", "mute-undone"),
];

pub(super) async fn show(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Query(from): Query<From>,
) -> Shown {
    let frame = Frame::new(&base, "member-title");
    let screen = api.handle.look(move |shown| {
        let hint = circle::find(shown, &circle)?.0.hint;
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let members = replica.overview().members;
        let i_keep = members
            .iter()
            .any(|member| member.me && member.role == act::Role::Keeper);
        let mut members = members.into_iter();
        let member = members.find(|member| member.person.to_hex() == id);
        let member = member.ok_or_else(|| Problem::not_found("member"))?;
        let told = from.told.as_deref();
        let told = TOLD.iter().find(|(name, _)| Some(*name) == told);
        Ok(OneMember {
            id,
            told: told.map(|(_, key)| frame.with(key, "name", &member.name)),
            name: member.name,
            me: member.me,
            keeper: member.role == act::Role::Keeper,
            i_keep,
            muted: shown.local.muted(hint)?.contains(&member.person),
            frame,
        })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn give(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Filled(RoleFields { role }): Filled<RoleFields>,
) -> Shown {
    let asked = Asked(NewRole { role });
    let given = roles::give(State(api), choice(&circle), Path(id.clone()), asked).await?;
    let told = text_of(&given, "state");
    Ok(on_to(
        &base.to(&format!("c/{circle}/members/{id}?told={told}")),
    ))
}

pub(super) async fn remove(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    let removed = roles::remove(State(api), choice(&circle), Path(id.clone())).await?;
    let to = match text_of(&removed, "state").as_str() {
        // The list says who is gone, and who knows.
        "done" => format!("c/{circle}/members"),
        told => format!("c/{circle}/members/{id}?told={told}"),
    };
    Ok(on_to(&base.to(&to)))
}

pub(super) async fn mute(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    drop(mutes::mute(State(api), choice(&circle), Path(id.clone())).await?);
    Ok(on_to(
        &base.to(&format!("c/{circle}/members/{id}?told=muted")),
    ))
}

pub(super) async fn unmute(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    drop(mutes::unmute(State(api), choice(&circle), Path(id.clone())).await?);
    Ok(on_to(
        &base.to(&format!("c/{circle}/members/{id}?told=unmuted")),
    ))
}
