//! The local API: HTTP/1.1 and JSON over the Unix socket, and the same router within one process.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /v1/node` | | `version`, `protocol`, `pid`, `locked` |
//! | `POST /v1/node/stop` | | `{}`; the node then closes |
//! | `POST /v1/lock` | `{}` | `locked`, `passphrase` (whether there is one), `sentence` |
//! | `POST /v1/lock/silence` | [`lock::NewSilence`] | `seconds`, `sentence` |
//! | `POST /v1/unlock` | [`lock::Opening`] | `locked`, `sentence` |
//! | `POST /v1/passphrase` | [`lock::NewPassphrase`] | `passphrase`, `sentence` |
//! | `POST /v1/page` | `{}` | `url`: opens the page once, within a minute |
//! | `GET /v1/status` | | `circles`: see [`status::Circle`]; `running`, `locked`, `backup`: see [`status::Backup`] |
//! | `GET /v1/doctor` | | `checks`: `check`, `ok`, `sentence` |
//! | `GET /v1/circle` | | `id`, `name`, `state`, `sentence`, `connected` of the one that is meant |
//! | `GET /v1/circles` | | `circles`: `id`, `name`, `state`, `sentence` (joins under way too) |
//! | `POST /v1/circles` | [`circles::NewCircle`] | `id`, `name` |
//! | `POST /v1/leave` | `{}` | `id`, `name` |
//! | `POST /v1/joins` | [`joins::NewJoin`] | `state` (`joined` or `pending`), `circle`, `words`, `sentence` |
//! | `GET /v1/members` | | `members`: `id`, `name`, `role`, `since`, `me`, `devices`, `words`, `asked_out`, `muted`; `waiting` and `aside`: `id`, `name`, `words`; `gone`: `id`, `name`, `removed`, `day`, `known_by`, `of`, `muted`, `sentence` |
//! | `POST /v1/members/{id}/welcome` | `{}` | `id`, `name`, `words`, `sentence` |
//! | `POST /v1/members/{id}/not-now` | `{}` | `id`, `name`, `sentence` |
//! | `POST /v1/members/{id}/remove` | `{}` | `id`, `name`, `state` (`done` or `voice`), `sentence` |
//! | `POST /v1/members/{id}/role` | [`roles::NewRole`] | `id`, `name`, `role` (the one held now), `state`, `sentence` |
//! | `POST /v1/members/{id}/mute`, `.../unmute` | `{}` | `id`, `name`, `muted`, `sentence` |
//! | `GET /v1/words` | | `words`: the 24 |
//! | `POST /v1/words/check` | [`words::Written`] | `sentence` |
//! | `GET /v1/invites` | | `invites`: `id`, `by`, `uses`, `used`, `expires`, `history`, `knock`, `open` |
//! | `POST /v1/invites` | [`invites::NewInvite`] | `id`, `key`, `sentence` |
//! | `GET /v1/invites/{id}` | | `id`, `key`, `sentence` |
//! | `POST /v1/invites/{id}/stop` | `{}` | `id` |
//! | `GET /v1/devices` | | `devices`: `id`, `here`, `since`, `active`; `waiting`, `until` |
//! | `POST /v1/devices` | `{}` | `key`, `until`, `sentence` |
//! | `POST /v1/devices/confirm` | [`devices::FourWords`] | `sentence` |
//! | `POST /v1/devices/{id}/remove` | `{}` | `id`, `sentence` |
//! | `GET /v1/cards` | | `cards`: `id`, `name`, `card` of each circle |
//! | `POST /v1/returns` | [`devices::NewReturn`] | `circles`: `id`, `state`, `sentence` |
//! | `POST /v1/backups` | [`backups::NewBackup`] | `circles` and `left_out`: names; `passphrase`: whether one opens it |
//! | `POST /v1/bundles` | [`backups::NewBundle`] | `circle`: its name |
//! | `POST /v1/bundles/take` | [`backups::Bundle`] | `circle`: its name; `new`: whether anything was |
//! | `POST /v1/copies` | [`backups::NewCopy`] | `circles`: names |
//! | `POST /v1/show-now` | `{}` | `shown`: how many circles came from a backup and are shown now |
//! | `GET /v1/agreement` | | `text` (or null), `version`, `by`, `changed`, `mine` (`yes`, `before` or `not-yet`), `agreed`, `before`, `not_yet` (names), `beside` (what others that were begun say), `sentence`, `proposal` (sentences to begin with) |
//! | `POST /v1/agreement` | [`agreement::NewAgreement`] | the same |
//! | `POST /v1/agreement/agree` | [`agreement::Yes`] | the same |
//! | `GET /v1/settings` | | `name`, `fade` (days or null), `tells`, `may_change` |
//! | `POST /v1/settings` | [`settings::NewSettings`] | the same |
//! | `GET /v1/stories` | | `stories`: the newest 20, or with `?all=true` all; `gaps`: `after`, `sentence`; `since`: how many of them came since one was last here, or null |
//! | `GET /v1/stories/{id}` | | `stories`: the one; `reached`, of one's own: `by` and `unknown`, names |
//! | `POST /v1/stories` | [`stories::NewStory`] | `id` |
//! | `POST /v1/stories/{id}/responses` | [`stories::NewResponse`] | `id` |
//! | `POST /v1/stories/{id}/gestures` | [`gestures::NewGesture`] | `id`, `gesture`, `sentence` |
//! | `GET /v1/drafts` | | `drafts`: `id`, `kind` (`story`, `response` or `edit`), `about`, `circle`, `saved`, `text`, `note`, `ask`, `fade` |
//! | `POST /v1/drafts` | [`drafts::NewDraft`] | `id` |
//! | `POST /v1/drafts/{id}/send` | `{}` | `id` of what was shared |
//! | `POST /v1/drafts/{id}/drop` | `{}` | `id` |
//! | `GET /v1/crisis` | | [`crisis::NewCard`] |
//! | `POST /v1/crisis` | [`crisis::NewCard`] | the same |
//!
//! Every request that concerns one circle takes `?circle=NAME` (any part of the name's beginning that
//! only one circle has, or the beginning of its id); it may be left out where there is one circle.
//! The `{id}` of a story, an invite or a person may be cut short to its first characters, at least four.
//!
//! The first seven are asked of a node, locked or not. While it is locked, it answers them and the status; to
//! everything else it says that it is locked.
//!
//! A success is status 200 and the bare value. Anything else is a [`Problem`]:
//! a status and `{"code","message","next"}`.

pub mod agreement;
pub mod backups;
pub mod circles;
pub mod crisis;
pub mod devices;
pub mod doctor;
pub mod drafts;
pub mod gestures;
pub mod invites;
pub mod joins;
pub mod lock;
pub mod members;
pub mod mutes;
pub mod node;
pub mod own;
pub mod roles;
pub mod settings;
pub mod status;
pub mod stories;
pub mod words;

pub(crate) mod asked;
mod by_id;
mod gone;
pub(crate) mod reading;
mod sentence;
#[cfg(test)]
mod tests;

pub use sentence::listed;

use crate::handle::{Handle, Select};
use crate::home::Home;
use crate::problem::Problem;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, extract::DefaultBodyLimit};
use serde_json::{Value, json};

/// The version of what is said over the socket.
pub const PROTOCOL: u32 = 1;

/// The largest request body: the longest story in its longest JSON form.
const MAX_BODY: usize = 1024 * 1024;

/// What every request can use.
#[derive(Clone, Debug)]
pub struct Api {
    pub(crate) handle: Handle,
    pub(crate) home: Home,
    /// Whether other nodes can be met: false when no node runs and a command asks in its own process.
    pub(crate) running: bool,
}

/// What a request comes to.
pub(crate) type Answer = Result<Json<Value>, Problem>;

/// Returns the router of both doors.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/status", get(status::show))
        .route("/v1/doctor", get(doctor::show))
        .route("/v1/circle", get(circles::show))
        .route("/v1/circles", get(circles::list).post(circles::new))
        .route("/v1/leave", post(circles::leave))
        .route("/v1/joins", post(joins::new))
        .route("/v1/members", get(members::list))
        .route("/v1/members/{id}/welcome", post(members::welcome))
        .route("/v1/members/{id}/not-now", post(members::not_now))
        .route("/v1/members/{id}/remove", post(roles::remove))
        .route("/v1/members/{id}/role", post(roles::give))
        .route("/v1/members/{id}/mute", post(mutes::mute))
        .route("/v1/members/{id}/unmute", post(mutes::unmute))
        .route("/v1/words", get(words::show))
        .route("/v1/words/check", post(words::check))
        .route("/v1/words/split", post(words::split))
        .route("/v1/invites", get(invites::list).post(invites::new))
        .route("/v1/invites/{id}", get(invites::show))
        .route("/v1/invites/{id}/stop", post(invites::stop))
        .route("/v1/devices", get(devices::list).post(devices::add))
        .route("/v1/devices/confirm", post(devices::confirm))
        .route("/v1/devices/{id}/remove", post(devices::remove))
        .route("/v1/cards", get(devices::cards))
        .route("/v1/returns", post(devices::come_back))
        .route("/v1/agreement", get(agreement::show).post(agreement::write))
        .route("/v1/agreement/agree", post(agreement::agree))
        .route("/v1/settings", get(settings::show).post(settings::change))
        .route("/v1/backups", post(backups::make))
        .route("/v1/bundles", post(backups::bundle))
        .route("/v1/bundles/take", post(backups::take))
        .route("/v1/copies", post(backups::copy))
        .route("/v1/show-now", post(backups::show_now))
        .route("/v1/own/{id}", get(own::show))
        .route("/v1/own/{id}/edit", post(own::edit))
        .route("/v1/own/{id}/take-back", post(own::take_back))
        .route("/v1/stories", get(stories::list).post(stories::share))
        .route("/v1/stories/{id}", get(stories::show))
        .route("/v1/stories/{id}/responses", post(stories::respond))
        .route("/v1/stories/{id}/gestures", post(gestures::make))
        .route("/v1/drafts", get(drafts::list).post(drafts::new))
        .route("/v1/drafts/{id}/send", post(drafts::send))
        .route("/v1/drafts/{id}/drop", post(drafts::drop))
        .route("/v1/crisis", get(crisis::show).post(crisis::change))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(api)
}

async fn unknown() -> Problem {
    Problem::not_understood("there is no such request")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.kind.status());
        (status.unwrap_or(StatusCode::CONFLICT), Json(json!(self))).into_response()
    }
}

/// Returns a text of an answer.
pub(crate) fn text_of(Json(answer): &Json<Value>, name: &str) -> String {
    let text = answer.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// Returns which circle a request means.
fn select(circle: Option<String>) -> Select {
    match circle {
        Some(name) if !name.trim().is_empty() => Select::Named(name),
        Some(_) | None => Select::Only,
    }
}
