//! The page: what members see in a browser, served by their own node to their own computer.
//!
//! ```text
//! door (port, link, cookie) ─► guard ─► the home's gate ─► a screen ─► language, templates
//! ```
//!
//! Every screen is plain HTML with real forms: what is posted is done, and the browser is sent on to a
//! screen that can be loaded again. Script adds comfort only. What a screen does goes through the same
//! functions as the local API; what it says stands in `i18n`, and how it looks in `templates` and `assets`.

mod agreement;
mod backup;
mod begin;
mod circle;
mod computer;
mod computers;
mod crisis;
pub(crate) mod dates;
mod doing;
pub(crate) mod door;
mod drafts;
mod edit;
mod feed;
mod gesture;
mod guard;
mod invite;
mod language;
mod leave;
mod link;
mod live;
mod member;
mod members;
mod serve;
mod settings;
mod setup;
mod share;
mod show;
mod spoken;
mod state;
mod story;
mod take_back;
#[cfg(test)]
mod tests;
mod unlock;
mod visitors;
mod words;

use crate::api::Api;
use crate::problem::Problem;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use show::{Fault, in_words};

/// The largest form: the longest story, each byte written as three.
const MAX_FORM: usize = 1024 * 1024;

/// Returns the screens of an open home.
pub(crate) fn screens(api: Api) -> Router {
    framed(
        Router::new()
            .route("/", get(begin::home))
            .route("/circles", get(begin::circles))
            .route("/new", get(begin::new).post(begin::found))
            .route("/words", get(words::ask))
            .route("/words/show", post(words::show))
            .route("/words/check", post(words::compare))
            .route("/words/split", post(words::split_up))
            .route("/join", get(begin::join).post(begin::come_in))
            .route("/link", get(link::form).post(link::come_in))
            .route("/c/{circle}/", get(feed::show))
            .route("/c/{circle}/live", get(live::feed))
            .route("/c/{circle}/story/{id}/live", get(live::story))
            .route("/crisis", get(crisis::show))
            .route("/crisis/edit", get(crisis::form).post(crisis::change))
            .route("/drafts", get(drafts::list))
            .route("/drafts/{id}/drop", post(drafts::drop))
            .route("/c/{circle}/share/draft", post(drafts::save_story))
            .route(
                "/c/{circle}/story/{id}/respond/draft",
                post(drafts::save_response),
            )
            .route("/c/{circle}/own/{id}/edit/draft", post(drafts::save_edit))
            .route("/c/{circle}/share", get(share::form).post(share::share))
            .route("/c/{circle}/story/{id}", get(story::show))
            .route("/c/{circle}/story/{id}/respond", post(story::respond))
            .route("/c/{circle}/story/{id}/gesture", post(gesture::make))
            .route(
                "/c/{circle}/own/{id}/take-back",
                get(take_back::ask).post(take_back::take_back),
            )
            .route(
                "/c/{circle}/own/{id}/edit",
                get(edit::form).post(edit::change),
            )
            .route("/c/{circle}/gone/{id}", get(take_back::gone))
            .route("/c/{circle}/members", get(members::show))
            .route(
                "/c/{circle}/agreement",
                get(agreement::show).post(agreement::write),
            )
            .route("/c/{circle}/agreement/live", get(live::agreement))
            .route("/c/{circle}/agreement/edit", get(agreement::form))
            .route("/c/{circle}/agreement/agree", post(agreement::agree))
            .route("/c/{circle}/leave", get(leave::ask).post(leave::leave))
            .route("/c/{circle}/members/{id}", get(member::show))
            .route("/c/{circle}/members/{id}/role", post(member::give))
            .route("/c/{circle}/members/{id}/remove", post(member::remove))
            .route("/c/{circle}/members/{id}/mute", post(member::mute))
            .route("/c/{circle}/members/{id}/unmute", post(member::unmute))
            .route("/c/{circle}/members/{id}/welcome", post(members::welcome))
            .route("/c/{circle}/members/{id}/not-now", post(members::not_now))
            .route("/c/{circle}/invite", get(invite::form).post(invite::make))
            .route("/c/{circle}/invite/{id}", get(invite::show))
            .route("/c/{circle}/invite/{id}/stop", post(invite::stop))
            .merge(of_this_computer()),
    )
    .with_state(api)
}

/// Returns the sentences that an agreement is begun with.
pub(crate) fn proposal() -> Vec<String> {
    agreement::proposal()
}

/// Returns the screens of this computer, and of what it has to do with a circle.
fn of_this_computer() -> Router<Api> {
    Router::new()
        .route("/computer", get(computer::show))
        .route("/computer/silence", post(computer::silence))
        .route(
            "/computer/passphrase",
            get(computer::passphrase).post(computer::change),
        )
        .route("/computer/backup", get(backup::form).post(backup::make))
        .route("/computer/backup/check", post(backup::check))
        .route("/computer/copy", get(backup::copy_form).post(backup::copy))
        .route(
            "/c/{circle}/settings",
            get(settings::show).post(settings::change),
        )
        .route(
            "/c/{circle}/computers",
            get(computers::show).post(computers::add),
        )
        .route("/c/{circle}/computers/confirm", post(computers::confirm))
        .route("/c/{circle}/computers/{id}/remove", post(computers::remove))
        .route("/c/{circle}/doing", get(doing::show))
}

/// Puts around some screens what all have.
fn framed<S: Clone + Send + Sync + 'static>(screens: Router<S>) -> Router<S> {
    screens
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn(in_words))
        .layer(DefaultBodyLimit::max(MAX_FORM))
}

async fn unknown() -> Fault {
    Problem::not_found("page").into()
}
