//! Where one begins: with no circle yet, with several, and to start or join one.

use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use super::state;
use crate::api::asked::Asked;
use crate::api::circles::{self as api_circles, NewCircle};
use crate::api::joins::{self, NewJoin};
use crate::api::{Api, text_of};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    circles: Vec<Row>,
    /// Whether this is the last screen of the first run.
    first_run: bool,
}

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct Step {
    step: Option<u8>,
}

/// A circle to go to.
struct Row {
    id: String,
    name: String,
    state: String,
}

#[derive(Template)]
#[template(path = "new.html")]
struct New {
    frame: Frame,
    name: String,
    trouble: Option<Trouble>,
}

#[derive(Template)]
#[template(path = "join.html")]
struct Join {
    frame: Frame,
    key: String,
    trouble: Option<Trouble>,
}

/// The name of a new circle.
#[derive(Deserialize)]
pub(super) struct NewFields {
    name: String,
}

/// A key as it was sent.
#[derive(Deserialize)]
pub(super) struct JoinFields {
    key: String,
}

pub(super) async fn home(State(api): State<Api>, base: Base, Query(step): Query<Step>) -> Shown {
    let mut home = look(&api, &base).await?;
    home.first_run = step.step.is_some();
    match home.circles.as_slice() {
        [only] => Ok(on_to(&base.to(&format!("c/{}/", only.id)))),
        _ => Ok(page(&home)),
    }
}

pub(super) async fn circles(State(api): State<Api>, base: Base) -> Shown {
    Ok(page(&look(&api, &base).await?))
}

async fn look(api: &Api, base: &Base) -> Result<Home, Problem> {
    let frame = Frame::new(base, "home-title");
    let home = api.handle.look(move |shown| {
        let rows = shown.circles.iter().map(|line| Row {
            id: line.id(),
            name: line
                .replica
                .map_or_else(|_| String::new(), |replica| replica.overview().name),
            state: state::sentence(&frame, line, shown.now),
        });
        let circles = rows.collect();
        let first_run = false;
        Ok(Home {
            frame,
            circles,
            first_run,
        })
    });
    home.await
}

pub(super) async fn new(base: Base) -> Shown {
    Ok(page(&New {
        frame: Frame::new(&base, "new-title"),
        name: String::new(),
        trouble: None,
    }))
}

pub(super) async fn found(
    State(api): State<Api>,
    base: Base,
    Filled(NewFields { name }): Filled<NewFields>,
) -> Shown {
    let frame = Frame::new(&base, "new-title");
    let asked = Asked(NewCircle { name: name.clone() });
    let founded = if name.trim().is_empty() {
        Err(Problem::new("circle-name", "", ""))
    } else {
        api_circles::new(State(api), asked).await
    };
    match founded {
        Ok(circle) => {
            let id = text_of(&circle, "id");
            Ok(on_to(&base.to(&format!("c/{id}/agreement/edit?new=true"))))
        }
        Err(problem) => {
            let trouble = Some(frame.trouble(&problem));
            let screen = New {
                frame,
                name,
                trouble,
            };
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

pub(super) async fn join(base: Base) -> Shown {
    Ok(page(&Join {
        frame: Frame::new(&base, "join-title"),
        key: String::new(),
        trouble: None,
    }))
}

pub(super) async fn come_in(
    State(api): State<Api>,
    base: Base,
    Filled(JoinFields { key }): Filled<JoinFields>,
) -> Shown {
    let asked = Asked(NewJoin { key: key.clone() });
    match joins::new(State(api), asked).await {
        Ok(join) => {
            let id = text_of(&join, "circle");
            Ok(on_to(&base.to(&format!("c/{id}/?told=begun"))))
        }
        Err(problem) => {
            let frame = Frame::new(&base, "join-title");
            let trouble = Some(frame.trouble(&problem));
            let screen = Join {
                frame,
                key,
                trouble,
            };
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}
