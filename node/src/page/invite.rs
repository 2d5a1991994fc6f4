//! Inviting somebody: a key with its uses, its end and what newcomers may read; the open invites.

use super::circle::{self, choice};
use super::dates::{self, When};
use super::show::{Base, Filled, Frame, Shown, on_to, page};
use crate::api::asked::Asked;
use crate::api::invites::{self, History, NewInvite};
use crate::api::{Api, text_of};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, State};
use circlet_model::invitation::InviteKey;
use circlet_model::membership::act::Mode;
use circlet_model::replica::overview::InviteLine;
use fast_qr::{ECL, Mode as Writing, QRBuilder};
use fluent_bundle::FluentValue;
use serde::Deserialize;
use std::fmt::Write as _;

/// Modules of white around the picture, as the standard asks for.
const QUIET: usize = 4;

/// A day in seconds.
const DAY: u64 = 24 * 60 * 60;

#[derive(Template)]
#[template(path = "invite.html")]
struct Invite {
    frame: Frame,
    open: Vec<Open>,
}

/// An invite that still lets somebody in.
struct Open {
    id: String,
    by: String,
    until: When,
    left: u16,
    knock: bool,
}

#[derive(Template)]
#[template(path = "key.html")]
struct Ready {
    frame: Frame,
    id: String,
    key: String,
    picture: Option<Picture>,
    knock: bool,
    /// Whether it says where a member's computer is, so that it works from anywhere.
    reaches: bool,
}

/// A key as a picture.
pub(super) struct Picture {
    pub(super) edge: usize,
    pub(super) path: String,
}

/// What an invite is to be, as the form says it.
#[derive(Deserialize)]
pub(super) struct Fields {
    uses: u16,
    days: u64,
    history: History,
    #[serde(default)]
    knock: Option<String>,
}

pub(super) async fn form(State(api): State<Api>, base: Base, Path(circle): Path<String>) -> Shown {
    let frame = Frame::new(&base, "invite-title");
    let screen = api.handle.look(move |shown| {
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let invites = replica.invites(shown.now).into_iter();
        let open = invites.filter(|invite| invite.open);
        let open = open.map(|invite| Open {
            id: invite.invite.to_hex(),
            left: invite.uses.saturating_sub(invite.used),
            until: dates::of(&frame, invite.expires, shown.now),
            knock: invite.mode == Mode::Knock,
            by: invite.by,
        });
        let open = open.collect();
        Ok(Invite { frame, open })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn make(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Filled(fields): Filled<Fields>,
) -> Shown {
    let asked = Asked(NewInvite {
        uses: fields.uses,
        expires_in: fields.days.saturating_mul(DAY),
        history: fields.history,
        knock: fields.knock.is_some(),
    });
    let made = invites::new(State(api), choice(&circle), asked).await?;
    let id = text_of(&made, "id");
    Ok(on_to(&base.to(&format!("c/{circle}/invite/{id}"))))
}

pub(super) async fn show(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    let frame = Frame::new(&base, "key-title");
    let shown_key = invites::show(State(api.clone()), choice(&circle), Path(id.clone())).await?;
    let key = text_of(&shown_key, "key");
    let screen = api.handle.look(move |shown| {
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let of_id = |invite: &InviteLine| invite.invite.to_hex() == id;
        let invite = replica.invites(shown.now).into_iter().find(of_id);
        let invite = invite.ok_or_else(|| Problem::not_found("invite"))?;
        let named = InviteKey::from_text(&key).map_or(0, |key| key.addresses().len());
        Ok(Ready {
            frame,
            id,
            picture: picture(&key),
            key,
            knock: invite.mode == Mode::Knock,
            reaches: named > 0,
        })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn stop(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    drop(invites::stop(State(api), choice(&circle), Path(id)).await?);
    Ok(on_to(&base.to(&format!("c/{circle}/invite"))))
}

impl Invite {
    /// Says what is known of an open invite.
    fn line(&self, open: &Open) -> String {
        let named = [
            ("by", FluentValue::from(open.by.as_str())),
            ("left", open.left.into()),
            ("until", open.until.said.as_str().into()),
        ];
        self.frame.with_all("invite-line", named)
    }
}

/// Draws a key as a QR code; `None` when it is too long for one.
pub(super) fn picture(key: &str) -> Option<Picture> {
    let code = QRBuilder::new(key)
        .mode(Writing::Alphanumeric)
        .ecl(ECL::L)
        .build()
        .ok()?;
    let mut path = String::new();
    for (place, module) in code.data.iter().take(code.size * code.size).enumerate() {
        if module.value() {
            let (row, column) = (place / code.size + QUIET, place % code.size + QUIET);
            // Writing to a text cannot fail.
            let _ = write!(path, "M{column} {row}h1v1h-1z");
        }
    }
    Some(Picture {
        edge: code.size + 2 * QUIET,
        path,
    })
}
