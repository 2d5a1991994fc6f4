//! The circle's agreement: a few sentences that its members write together, and who agrees to them.

use super::asked::{Asked, Choice};
use super::sentence::listed;
use super::{Answer as Answered, Api, members};
use crate::handle::{Select, Shown};
use crate::identity::Hint;
use crate::page;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use circlet_model::id::Hash;
use circlet_model::replica::input::Command;
use circlet_model::replica::overview::{AgreementLine, Answer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Begins the agreement, or changes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAgreement {
    /// What it is to say.
    pub text: String,
    /// The version that this was made from; none where there was none.
    #[serde(default)]
    pub version: String,
}

/// Agrees to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Yes {
    /// The version that was read.
    pub version: String,
}

pub(super) async fn show(State(api): State<Api>, choice: Choice) -> Answered {
    let (_, json) = look(&api, choice.circle).await?;
    Ok(Json(json))
}

pub(crate) async fn write(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<NewAgreement>,
) -> Answered {
    let (hint, _) = look(&api, choice.circle).await?;
    let command = Command::Agreement {
        text: asked.text,
        seen: from_text(&asked.version)?,
    };
    api.handle.command(Select::Hint(hint), command).await?;
    let (_, json) = look(&api, Select::Hint(hint)).await?;
    Ok(Json(json))
}

pub(crate) async fn agree(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<Yes>,
) -> Answered {
    let (hint, before) = look(&api, choice.circle).await?;
    if before.get("text").is_none_or(Value::is_null) {
        return Err(none());
    }
    let version = from_text(&asked.version)?;
    let command = Command::Agree { version };
    api.handle.command(Select::Hint(hint), command).await?;
    let (_, json) = look(&api, Select::Hint(hint)).await?;
    Ok(Json(json))
}

/// Returns a version as it stands in a request.
pub(crate) fn to_text(version: &[Hash]) -> String {
    version.iter().map(Hash::to_hex).collect()
}

fn from_text(text: &str) -> Result<Vec<Hash>, Problem> {
    let mut version = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (first, others) = rest
            .split_at_checked(2 * Hash::SIZE)
            .ok_or_else(not_a_version)?;
        version.push(Hash::from_hex(first).ok_or_else(not_a_version)?);
        rest = others;
    }
    Ok(version)
}

fn not_a_version() -> Problem {
    Problem::not_understood("the version of the agreement")
}

fn none() -> Problem {
    Problem::new(
        "no-agreement",
        "Your circle has no agreement yet, so there is nothing to agree to.",
        "Begin one with `circlet agreement edit`.",
    )
}

async fn look(api: &Api, circle: Select) -> Result<(Hint, Value), Problem> {
    api.handle
        .look(move |shown| {
            let hint = shown.pick(&circle)?.hint;
            Ok((hint, of(shown, &circle)?))
        })
        .await
}

/// Returns what is told of a circle's agreement; without a text where there is none.
pub(crate) fn of(shown: &Shown<'_>, circle: &Select) -> Result<Value, Problem> {
    let agreement = shown.replica(circle)?.agreement(shown.now)?;
    let proposal = page::proposal();
    let Some(agreement) = agreement else {
        return Ok(json!({
            "text": null,
            "version": "",
            "beside": [],
            "sentence": "Your circle has no agreement yet.",
            "proposal": proposal,
        }));
    };
    let names = |answer| named(&agreement, answer);
    Ok(json!({
        "text": agreement.text,
        "version": to_text(&agreement.version),
        "by": agreement.by,
        "changed": members::date(agreement.changed.day()),
        "mine": match agreement.mine() {
            Answer::Yes => "yes",
            Answer::Before => "before",
            Answer::NotYet => "not-yet",
        },
        "agreed": names(Answer::Yes),
        "before": names(Answer::Before),
        "not_yet": names(Answer::NotYet),
        "beside": agreement.beside,
        "sentence": sentence(&agreement),
        "proposal": proposal,
    }))
}

fn named(agreement: &AgreementLine, answer: Answer) -> Vec<&str> {
    let those = agreement.answers.iter().filter(|it| it.answer == answer);
    those.map(|it| it.name.as_str()).collect()
}

/// Says who agrees to it, in names and never in numbers.
fn sentence(agreement: &AgreementLine) -> String {
    let said = [
        (Answer::Yes, "agreed to it as it is now"),
        (Answer::Before, "agreed to earlier words"),
        (Answer::NotYet, "not answered yet"),
    ];
    let said = said.into_iter().filter_map(|(answer, what)| {
        let those = agreement.answers.iter().filter(|it| it.answer == answer);
        let mut who: Vec<&str> = those
            .map(|it| if it.me { "You" } else { it.name.as_str() })
            .collect();
        who.sort_by_key(|name| *name != "You");
        let has = if matches!(who.as_slice(), [one] if *one != "You") {
            "has"
        } else {
            "have"
        };
        (!who.is_empty()).then(|| format!("{} {has} {what}.", listed(&who)))
    });
    said.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use circlet_model::replica::overview::Agrees;
    use circlet_model::time::Timestamp;

    #[test]
    fn who_agrees_is_said_in_names() {
        let agrees = |name: &str, me, answer| Agrees {
            name: name.to_owned(),
            me,
            answer,
        };
        let mut line = AgreementLine {
            text: "Anyone may pass.".to_owned(),
            version: Vec::new(),
            by: "Ana".to_owned(),
            by_me: false,
            changed: Timestamp(0),
            is_as_begun: true,
            answers: vec![
                agrees("Ana", false, Answer::Yes),
                agrees("Bo", true, Answer::Yes),
                agrees("Cai", false, Answer::NotYet),
            ],
            beside: Vec::new(),
        };
        assert_eq!(
            sentence(&line),
            "You and Ana have agreed to it as it is now. Cai has not answered yet."
        );
        line.answers[1].answer = Answer::Before;
        assert!(sentence(&line).contains("Ana has agreed to it as it is now. You have agreed to"));
    }

    #[test]
    fn a_version_comes_back_from_its_text() {
        let version = [Hash([1; 32]), Hash([0xab; 32])];
        assert_eq!(from_text(&to_text(&version)).unwrap(), version);
        assert_eq!(from_text("").unwrap(), []);
        for bad in ["ab", &"x".repeat(64), &"é".repeat(40), &"a".repeat(65)] {
            assert_eq!(from_text(bad).unwrap_err().code, "not-understood");
        }
    }
}
