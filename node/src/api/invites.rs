//! Invites: make one, list them, show one again, stop one.

use super::asked::{Asked, Choice};
use super::by_id::one_like;
use super::{Answer, Api};
use crate::handle::{Select, Shown};
use crate::identity::Hint;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::id::InviteId;
use circlet_model::invitation::InviteKey;
use circlet_model::membership::act::{self, Mode};
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::InviteLine;
use circlet_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// How long an invite lasts unless told: a week, so that a busy person finds the time.
const WEEK: u64 = 7 * 24 * 60 * 60;

/// The longest an invite can last: a key that lies around for longer is forgotten.
const LONGEST: u64 = 365 * 24 * 60 * 60;

/// Makes an invite.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewInvite {
    /// How many people it admits.
    pub uses: u16,
    /// How long it lasts, in seconds.
    pub expires_in: u64,
    /// What newcomers may read of the time before.
    pub history: History,
    /// Whether a member has to say welcome first.
    pub knock: bool,
}

/// What newcomers may read of the time before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum History {
    /// Nothing.
    #[default]
    #[serde(rename = "from-now")]
    FromNow,
    /// The last 30 days.
    #[serde(rename = "30d")]
    Days30,
    /// Everything.
    #[serde(rename = "all")]
    All,
}

impl Default for NewInvite {
    fn default() -> Self {
        Self {
            uses: 1,
            expires_in: WEEK,
            history: History::FromNow,
            knock: false,
        }
    }
}

pub(crate) async fn new(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<NewInvite>,
) -> Answer {
    if asked.uses == 0 || asked.expires_in == 0 || asked.expires_in > LONGEST {
        return Err(Problem::not_understood(
            "an invite admits at least one person and lasts at most a year",
        ));
    }
    let history = match asked.history {
        History::FromNow => act::History::FromNow,
        History::Days30 => act::History::Days30,
        History::All => act::History::All,
    };
    let expires = Duration::from_secs(asked.expires_in);
    let mode = if asked.knock { Mode::Knock } else { Mode::Open };
    let command = Command::Invite {
        uses: asked.uses,
        expires,
        mode,
        history,
    };
    shown_key(api.handle.command(choice.circle, command).await?, mode)
}

pub(super) async fn list(State(api): State<Api>, choice: Choice) -> Answer {
    let invites = api.handle.look(move |shown| {
        let invites = shown.replica(&choice.circle)?.invites(shown.now);
        Ok(invites.iter().map(line).collect::<Vec<_>>())
    });
    Ok(Json(json!({ "invites": invites.await? })))
}

pub(crate) async fn show(State(api): State<Api>, choice: Choice, Path(id): Path<String>) -> Answer {
    let (hint, invite, mode) = find(&api, choice.circle, id).await?;
    let command = Command::ShowInvite { invite };
    let reply = api.handle.command(Select::Hint(hint), command).await?;
    shown_key(reply, mode)
}

pub(crate) async fn stop(State(api): State<Api>, choice: Choice, Path(id): Path<String>) -> Answer {
    let (hint, invite, _) = find(&api, choice.circle, id).await?;
    let command = Command::StopInvite { invite };
    api.handle.command(Select::Hint(hint), command).await?;
    Ok(Json(json!({ "id": invite.to_hex() })))
}

fn shown_key(reply: Reply, mode: Mode) -> Answer {
    let Reply::Invited { invite, key } = reply else {
        return Err(Problem::bug());
    };
    let named = InviteKey::from_text(&key).map_or(0, |key| key.addresses().len());
    let sentence = match mode {
        Mode::Open | Mode::Knock if named == 0 => {
            "This key names no address, because Circlet has not run here yet, so it only works in \
             the same home network. Run `circlet start`, then show it again with `circlet invite \
             show`."
        }
        Mode::Open => {
            "Send it to the person you have in mind, in a way that only they read. Whoever holds it \
             can come in."
        }
        Mode::Knock => {
            "Send it to the person you have in mind, in a way that only they read. Whoever holds it \
             can knock; they are in once a member says `circlet welcome`."
        }
    };
    Ok(Json(
        json!({ "id": invite.to_hex(), "key": key, "sentence": sentence }),
    ))
}

/// Returns the invite of this id, or the one whose id begins like this.
async fn find(api: &Api, circle: Select, id: String) -> Result<(Hint, InviteId, Mode), Problem> {
    api.handle
        .look(move |shown| find_in(shown, &circle, &id))
        .await
}

fn find_in(
    shown: &Shown<'_>,
    circle: &Select,
    id: &str,
) -> Result<(Hint, InviteId, Mode), Problem> {
    let lines = shown.among(circle)?;
    let all = lines.into_iter().flat_map(|line| {
        let invites = line.replica.map(|replica| replica.invites(shown.now));
        let invites = invites.unwrap_or_default().into_iter();
        invites.map(move |invite| (line.hint, invite.invite, invite.mode))
    });
    one_like(all, "invite", id, |(_, invite, _)| invite.to_hex())
}

fn line(invite: &InviteLine) -> Value {
    let history = match invite.history {
        act::History::FromNow => History::FromNow,
        act::History::Days30 => History::Days30,
        act::History::All => History::All,
    };
    json!({
        "id": invite.invite.to_hex(),
        "by": invite.by,
        "uses": invite.uses,
        "used": invite.used,
        "expires": moment(invite.expires),
        "history": history,
        "knock": invite.mode == Mode::Knock,
        "open": invite.open,
    })
}

/// Returns a point in time as RFC 3339 says it, to the second.
pub(super) fn moment(time: Timestamp) -> String {
    let seconds = i64::try_from(time.0 / 1000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string())
}
