//! Gestures: say something to the author of a story alone, and what was said so.

use super::asked::{Asked, Choice};
use super::sentence::listed;
use super::stories::find;
use super::{Answer, Api};
use crate::handle::Select;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::content::gesture::Says;
use circlet_model::replica::input::Command;
use circlet_model::replica::overview::StoryLine;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Makes a gesture on somebody's story, or takes it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGesture {
    /// What is said.
    pub gesture: Gesture,
    /// Take it back instead.
    #[serde(default)]
    pub take_back: bool,
}

/// What a gesture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gesture {
    /// With you.
    WithYou,
    /// I've been there.
    BeenThere,
    /// Thank you for sharing.
    ThankYou,
}

impl From<Gesture> for Says {
    fn from(gesture: Gesture) -> Self {
        match gesture {
            Gesture::WithYou => Self::WithYou,
            Gesture::BeenThere => Self::BeenThere,
            Gesture::ThankYou => Self::ThankYou,
        }
    }
}

pub(crate) async fn make(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
    Asked(asked): Asked<NewGesture>,
) -> Answer {
    let (hint, story) = find(&api, choice.circle, id).await?;
    let (says, back) = (asked.gesture.into(), asked.take_back);
    let to = story.thing;
    let command = Command::Gesture { to, says, back };
    api.handle.command(Select::Hint(hint), command).await?;
    let sentence = if back {
        format!("Taken back, for {} too.", story.author_name)
    } else {
        given(says, &story.author_name)
    };
    Ok(Json(json!({
        "id": to.to_hex(),
        "gesture": says.name(),
        "sentence": sentence,
    })))
}

/// Returns what whoever reads a story is told of gestures on it: its author who said what, somebody else
/// what they said themselves.
pub(super) fn lines(story: &StoryLine) -> Vec<Value> {
    let line = |says: Says, names: &[&str], sentence: String| {
        let mine = names.is_empty();
        json!({ "gesture": says.name(), "names": names, "mine": mine, "sentence": sentence })
    };
    let own = story.given.iter();
    let own = own.map(|says| line(*says, &[], given(*says, &story.author_name)));
    let said = Says::ALL.into_iter().filter_map(|says| {
        let names = names(story, says);
        (!names.is_empty()).then(|| line(says, &names, told(says, &names)))
    });
    said.chain(own).collect()
}

/// Returns the names of those who said something by a gesture.
pub(crate) fn names(story: &StoryLine, says: Says) -> Vec<&str> {
    let those = story.gestures.iter().filter(|line| line.says == says);
    those.map(|line| line.name.as_str()).collect()
}

fn told(says: Says, names: &[&str]) -> String {
    let who = listed(names);
    let said = match (says, names.len() == 1) {
        (Says::WithYou, true) => "is with you",
        (Says::WithYou, false) => "are with you",
        (Says::BeenThere, true) => "has been there",
        (Says::BeenThere, false) => "have been there",
        (Says::ThankYou, true) => "thanks you for sharing",
        (Says::ThankYou, false) => "thank you for sharing",
    };
    format!("{who} {said}.")
}

fn given(says: Says, author: &str) -> String {
    let said = match says {
        Says::WithYou => format!("You are with {author}."),
        Says::BeenThere => format!("You told {author} that you have been there."),
        Says::ThankYou => format!("You thanked {author} for sharing."),
    };
    format!("{said} Only {author} can read it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_who_and_never_how_many() {
        assert_eq!(
            told(Says::WithYou, &["Mo", "Bo"]),
            "Mo and Bo are with you."
        );
        assert_eq!(told(Says::WithYou, &["Mo"]), "Mo is with you.");
        assert_eq!(
            told(Says::BeenThere, &["Mo", "Bo", "Eve"]),
            "Mo, Bo and Eve have been there."
        );
        assert_eq!(told(Says::BeenThere, &["Mo"]), "Mo has been there.");
        assert_eq!(
            told(Says::ThankYou, &["Mo", "Bo"]),
            "Mo and Bo thank you for sharing."
        );
        assert_eq!(told(Says::ThankYou, &["Mo"]), "Mo thanks you for sharing.");
        for says in Says::ALL {
            assert!(given(says, "Ana").ends_with("Only Ana can read it."));
        }
    }
}
