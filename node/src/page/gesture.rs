//! Gestures on a story: what can be said to its author alone, and what was.

use super::circle::choice;
use super::show::{Base, Filled, Frame, Shown, on_to};
use crate::api::asked::Asked;
use crate::api::gestures::{self, Gesture, NewGesture, names};
use crate::api::{Answer, Api};
use axum::extract::{Path, State};
use circlet_model::content::gesture::Says;
use circlet_model::replica::overview::StoryLine;
use serde::Deserialize;

/// What a screen says of the gestures on a story.
pub(super) struct Gestures {
    /// To its author: who said what, in sentences.
    pub(super) told: Vec<String>,
    /// To somebody else: what they said, with its name.
    pub(super) given: Vec<(&'static str, String)>,
    /// What they did not say, with its name.
    pub(super) offered: Vec<(&'static str, String)>,
    /// The newest one to its author.
    pub(super) newest: Option<String>,
}

/// What is said, or taken back.
#[derive(Deserialize)]
pub(super) struct Fields {
    says: Option<Gesture>,
    back: Option<Gesture>,
}

impl Gestures {
    /// Returns what there is to say of a story.
    pub(super) fn of(frame: &Frame, story: &StoryLine) -> Self {
        let told = Says::ALL.into_iter().filter_map(|says| {
            let names = names(story, says);
            (!names.is_empty()).then(|| said_to_author(frame, says, &names))
        });
        let (given, offered) = Says::ALL
            .into_iter()
            .filter(|_| !story.mine)
            .partition::<Vec<_>, _>(|says| story.given.contains(says));
        let given = given.into_iter().map(|says| {
            (
                says.name(),
                frame.with(mine(says), "name", &story.author_name),
            )
        });
        let offered = offered
            .into_iter()
            .map(|says| (says.name(), frame.say(button(says))));
        Self {
            told: told.collect(),
            given: given.collect(),
            offered: offered.collect(),
            newest: story.gestures.last().map(|line| line.thing.to_hex()),
        }
    }
}

pub(super) async fn make(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Filled(Fields { says, back }): Filled<Fields>,
) -> Shown {
    for (gesture, take_back) in [(back, true), (says, false)] {
        if let Some(gesture) = gesture {
            drop(say(&api, &circle, &id, (gesture, take_back)).await?);
        }
    }
    Ok(on_to(&base.to(&format!("c/{circle}/story/{id}#gestures"))))
}

/// Makes a gesture, or takes it back.
pub(super) async fn say(
    api: &Api,
    circle: &str,
    id: &str,
    (gesture, take_back): (Gesture, bool),
) -> Answer {
    let asked = Asked(NewGesture { gesture, take_back });
    gestures::make(
        State(api.clone()),
        choice(circle),
        Path(id.to_owned()),
        asked,
    )
    .await
}

fn said_to_author(frame: &Frame, says: Says, names: &[&str]) -> String {
    let key = match says {
        Says::WithYou => "gestures-with-you",
        Says::BeenThere => "gestures-been-there",
        Says::ThankYou => "gestures-thank-you",
    };
    let who = match names {
        [rest @ .., last] if !rest.is_empty() => {
            let both = [("some", rest.join(", ").into()), ("last", (*last).into())];
            frame.with_all("gestures-names", both)
        }
        names => names.concat(),
    };
    frame.with_all(key, [("names", who.into()), ("count", names.len().into())])
}

/// Returns the name of what a button says.
fn button(says: Says) -> &'static str {
    match says {
        Says::WithYou => "gesture-with-you",
        Says::BeenThere => "gesture-been-there",
        Says::ThankYou => "gesture-thank-you",
    }
}

/// Returns the name of what was said, to whoever said it.
fn mine(says: Says) -> &'static str {
    match says {
        Says::WithYou => "gesture-mine-with-you",
        Says::BeenThere => "gesture-mine-been-there",
        Says::ThankYou => "gesture-mine-thank-you",
    }
}
