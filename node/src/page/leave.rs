//! Leaving a circle: what it means, asked once.

use super::circle::{self, choice};
use super::show::{Base, Frame, Shown, on_to, page};
use crate::api::{Api, circles};
use askama::Template;
use axum::extract::{Path, State};

#[derive(Template)]
#[template(path = "leave.html")]
struct Leave {
    frame: Frame,
}

pub(super) async fn ask(State(api): State<Api>, base: Base, Path(circle): Path<String>) -> Shown {
    let frame = Frame::new(&base, "leave-title");
    let screen = api.handle.look(move |shown| {
        let (_, circle) = circle::find(shown, &circle)?;
        let frame = frame.around(circle);
        Ok(Leave { frame })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn leave(State(api): State<Api>, base: Base, Path(circle): Path<String>) -> Shown {
    drop(circles::leave(State(api), choice(&circle)).await?);
    Ok(on_to(&base.to(&format!("c/{circle}/"))))
}
