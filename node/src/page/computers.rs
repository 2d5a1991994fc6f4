//! The computers of one person in a circle: a key for another one, the four words that let it in, and
//! taking one out.

use super::circle::{self, choice};
use super::dates::{self, When};
use super::invite::{Picture, picture};
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use crate::api::asked::Asked;
use crate::api::devices::{self, FourWords};
use crate::api::{Api, text_of};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use circlet_model::invitation::{AnyKey, DeviceKey};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "computers.html")]
struct Computers {
    frame: Frame,
    all: Vec<Computer>,
    /// Whether a key is out that lets one in.
    key: bool,
    /// Whether one waits to be let in.
    waiting: bool,
    told: Option<&'static str>,
    trouble: Option<Trouble>,
}

struct Computer {
    id: String,
    here: bool,
    active: bool,
    since: When,
}

#[derive(Template)]
#[template(path = "computer_key.html")]
struct Ready {
    frame: Frame,
    key: String,
    picture: Option<Picture>,
    /// Whether it says where this computer is, so that it works from anywhere.
    reaches: bool,
    trouble: Option<Trouble>,
}

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct From {
    /// What was just done.
    told: Option<String>,
}

/// The words that the other computer shows.
#[derive(Deserialize)]
pub(super) struct Fields {
    words: String,
}

/// What can be told at the top, by its name in the address.
const TOLD: [(&str, &str); 2] = [("fits", "told-fits"), ("out", "told-out")];

pub(super) async fn show(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Query(from): Query<From>,
) -> Shown {
    let mut screen = look(&api, &base, circle).await?;
    let told = from.told.as_deref();
    let told = TOLD.iter().find(|(name, _)| Some(*name) == told);
    screen.told = told.map(|(_, key)| *key);
    Ok(page(&screen))
}

/// Makes a key, and shows it this once.
pub(super) async fn add(State(api): State<Api>, base: Base, Path(circle): Path<String>) -> Shown {
    let made = devices::add(State(api.clone()), choice(&circle)).await?;
    let key = text_of(&made, "key");
    let named = match AnyKey::from_text(&key) {
        Ok(AnyKey::Device(key)) => DeviceKey::addresses(&key).len(),
        Ok(AnyKey::Invite(_) | AnyKey::Card(_)) | Err(_) => 0,
    };
    let frame = Frame::new(&base, "computer-key-title");
    let frame = api.handle.look(move |shown| {
        let (_, frame) = circle::open(shown, &circle, frame)?;
        Ok(frame)
    });
    Ok(page(&Ready {
        frame: frame.await?,
        picture: picture(&key),
        key,
        reaches: named > 0,
        trouble: None,
    }))
}

pub(super) async fn confirm(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Filled(Fields { words }): Filled<Fields>,
) -> Shown {
    let asked = Asked(FourWords { words });
    match devices::confirm(State(api.clone()), choice(&circle), asked).await {
        Ok(_) => Ok(on_to(&base.to(&format!("c/{circle}/computers?told=fits")))),
        Err(problem) => {
            let mut screen = look(&api, &base, circle).await?;
            screen.trouble = Some(screen.frame.trouble(&problem));
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

pub(super) async fn remove(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    drop(devices::remove(State(api), choice(&circle), Path(id)).await?);
    Ok(on_to(&base.to(&format!("c/{circle}/computers?told=out"))))
}

async fn look(api: &Api, base: &Base, circle: String) -> Result<Computers, Problem> {
    let frame = Frame::new(base, "computers-title");
    let screen = api.handle.look(move |shown| {
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let key = replica.device_key(shown.now);
        let all = replica.devices().into_iter().map(|device| Computer {
            id: device.device.to_hex(),
            here: device.here,
            active: device.active,
            since: dates::of_day(&frame, device.since, shown.now),
        });
        Ok(Computers {
            all: all.collect(),
            frame,
            key: key.is_some(),
            waiting: key.is_some_and(|(waiting, _)| waiting > 0),
            told: None,
            trouble: None,
        })
    });
    screen.await
}
