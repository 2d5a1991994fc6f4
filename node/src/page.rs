//! The page: what members see in a browser, served by their own node to their own computer.
//!
//! ```text
//! door (port, link, cookie) ─► guard ─► the home's gate ─► a screen ─► language, templates
//! ```
//!
//! Every screen is plain HTML with real forms: what is posted is done, and the browser is sent on to a
//! screen that can be loaded again. Script adds comfort only. What a screen does goes through the same
//! functions as the local API; what it says stands in `i18n`, and how it looks in `templates` and `assets`.

mod begin;
mod circle;
mod dates;
pub(crate) mod door;
mod edit;
mod feed;
mod gesture;
mod guard;
mod invite;
mod language;
mod leave;
mod live;
mod member;
mod members;
mod setup;
mod share;
mod show;
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
            .route("/join", get(begin::join).post(begin::come_in))
            .route("/c/{circle}/", get(feed::show))
            .route("/c/{circle}/live", get(live::feed))
            .route("/c/{circle}/story/{id}/live", get(live::story))
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
            .route("/c/{circle}/leave", get(leave::ask).post(leave::leave))
            .route("/c/{circle}/members/{id}", get(member::show))
            .route("/c/{circle}/members/{id}/role", post(member::give))
            .route("/c/{circle}/members/{id}/remove", post(member::remove))
            .route("/c/{circle}/members/{id}/welcome", post(members::welcome))
            .route("/c/{circle}/invite", get(invite::form).post(invite::make))
            .route("/c/{circle}/invite/{id}", get(invite::show))
            .route("/c/{circle}/invite/{id}/stop", post(invite::stop)),
    )
    .with_state(api)
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
