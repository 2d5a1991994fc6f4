//! Taking something back: what it means, asked once; and how far it is gone.

use super::circle::{self, choice};
use super::show::{Base, Frame, Shown, on_to, page};
use crate::api::{Api, own};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, State};
use circlet_model::id::ThingId;
use circlet_model::replica::overview::{GoneFrom, Waiting};

#[derive(Template)]
#[template(path = "take_back.html")]
struct TakeBack {
    frame: Frame,
    id: String,
    /// The story that it answers; nothing = it is a story.
    under: Option<String>,
    text: String,
}

#[derive(Template)]
#[template(path = "gone.html")]
struct Gone {
    frame: Frame,
    gone: GoneFrom,
}

impl Gone {
    /// Says from how many computers it is gone.
    fn said(&self) -> String {
        let GoneFrom { from, of, .. } = self.gone;
        let named = [("from", from.into()), ("of", of.into())];
        let key = match (from == of, of) {
            (true, 1) => "gone-here",
            (true, _) => "gone-everywhere",
            (false, _) => "gone-some",
        };
        self.frame.with_all(key, named)
    }

    /// Says whose computers have not heard yet.
    fn whose(&self, waiting: &Waiting) -> String {
        let count = ("count", waiting.computers.into());
        let name = ("name", waiting.name.as_str().into());
        let key = if waiting.me {
            "gone-whose-me"
        } else {
            "gone-whose"
        };
        self.frame.with_all(key, [count, name])
    }
}

pub(super) async fn ask(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    let frame = Frame::new(&base, "take-back-title");
    let screen = api.handle.look(move |shown| {
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let mut own = replica.own_like(&id, shown.now)?.into_iter();
        let own = own.find(|own| own.thing.to_hex() == id);
        let own = own.ok_or_else(|| Problem::not_found("story"))?;
        Ok(TakeBack {
            frame,
            id,
            under: own.under.map(|under| under.to_hex()),
            text: own.text.unwrap_or_default(),
        })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn take_back(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    let path = Path(id.clone());
    drop(own::take_back(State(api), choice(&circle), path).await?);
    Ok(on_to(&base.to(&format!("c/{circle}/gone/{id}"))))
}

pub(super) async fn gone(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    let frame = Frame::new(&base, "gone-title");
    let thing = ThingId::from_hex(&id).ok_or_else(|| Problem::not_found("story"))?;
    let screen = api.handle.look(move |shown| {
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let gone = replica.gone_from(&thing)?;
        let gone = gone.ok_or_else(|| Problem::not_found("story"))?;
        Ok(Gone { frame, gone })
    });
    Ok(page(&screen.await?))
}
