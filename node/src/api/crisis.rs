//! The crisis card: shown, and filled in. It is for one person alone, and belongs to no circle.

use super::asked::Asked;
use super::{Answer, Api};
use crate::handle::Shown;
use crate::local::card::{Card, MAX_LINES, MAX_NUMBER, MAX_NUMBERS, Number};
use crate::local::fresh_thing;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use circlet_model::bounded::{List, Text};
use circlet_model::time::Day;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;

/// What is to stand on the card, in the place of what stands there now.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewCard {
    /// What to call when in danger.
    pub call: Vec<NewNumber>,
    /// The people to call.
    pub people: Vec<NewNumber>,
    /// What helps.
    pub helps: String,
    /// What the circle agreed.
    pub agreed: String,
}

/// A number on the card.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNumber {
    /// The number, with whose it is.
    pub what: String,
    /// The day on which it was checked, as year, month and day.
    #[serde(default)]
    pub checked: Option<String>,
}

pub(super) async fn show(State(api): State<Api>) -> Answer {
    let card = api.handle.look(|shown| Ok(shown.local.card()?)).await?;
    Ok(Json(json!(said(&card))))
}

pub(super) async fn change(State(api): State<Api>, Asked(asked): Asked<NewCard>) -> Answer {
    let card = keep(&api, &asked).await?;
    Ok(Json(json!(said(&card))))
}

/// Keeps what is to stand on the card.
pub(crate) async fn keep(api: &Api, asked: &NewCard) -> Result<Card, Problem> {
    let (card, fresh) = (read(asked)?, fresh_thing()?);
    let keep = move |shown: &Shown<'_>| Ok((shown.local.keep_card(&card, fresh)?, card));
    api.handle.keep(keep).await
}

/// Returns a card as it is said outside.
pub(crate) fn said(card: &Card) -> NewCard {
    let numbers = |list: &[Number]| {
        let list = list.iter().map(|number| NewNumber {
            what: number.what.to_string(),
            checked: number.checked.map(super::members::date),
        });
        list.collect()
    };
    NewCard {
        call: numbers(&card.call),
        people: numbers(&card.people),
        helps: card.helps.to_string(),
        agreed: card.agreed.to_string(),
    }
}

fn read(asked: &NewCard) -> Result<Card, Problem> {
    let numbers = |list: &[NewNumber]| {
        let list = list.iter().filter(|number| !number.what.trim().is_empty());
        let list: Result<Vec<Number>, Problem> = list.map(number).collect();
        List::new(list?).map_err(|_| too_long())
    };
    let text = |text: &str| {
        let text = text.replace("\r\n", "\n");
        Text::new(text.trim()).map_err(|_| too_long())
    };
    Ok(Card {
        call: numbers(&asked.call)?,
        people: numbers(&asked.people)?,
        helps: text(&asked.helps)?,
        agreed: text(&asked.agreed)?,
    })
}

fn number(asked: &NewNumber) -> Result<Number, Problem> {
    let checked = asked.checked.as_deref().map(str::trim);
    let checked = checked.filter(|day| !day.is_empty());
    Ok(Number {
        what: Text::new(asked.what.trim()).map_err(|_| too_long())?,
        checked: checked.map(day).transpose()?,
    })
}

/// Reads a day. The calendar of programs counts them as we do.
fn day(text: &str) -> Result<Day, Problem> {
    let date: Date = text.parse().map_err(|_| not_a_day())?;
    let moment = date.to_zoned(TimeZone::UTC).map_err(|_| not_a_day())?;
    let moment = u64::try_from(moment.timestamp().as_millisecond()).map_err(|_| not_a_day())?;
    Ok(circlet_model::time::Timestamp(moment).day())
}

fn not_a_day() -> Problem {
    Problem::new(
        "not-a-day",
        "The day on which a number was checked is not one that Circlet can read. The card is as it was.",
        "Write it as year, month and day, as in 2026-05-03.",
    )
}

fn too_long() -> Problem {
    Problem::new(
        "card-too-long",
        format!(
            "That is more than fits on the card: {MAX_NUMBERS} numbers of each kind, {MAX_NUMBER} bytes \
             for each, and {MAX_LINES} bytes of words in each part. The card is as it was."
        ),
        "Shorten it, so that it can be read at a glance.",
    )
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for NewCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewCard(..)")
    }
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for NewNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewNumber(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_and_said_the_same() {
        for text in ["2026-05-03", "1970-01-02", "2024-02-29"] {
            assert_eq!(super::super::members::date(day(text).unwrap()), text);
        }
        for wrong in ["3 May", "2026-13-01", "2026-02-30", "soon"] {
            assert_eq!(day(wrong).unwrap_err().code, "not-a-day", "{wrong}");
        }
    }
}
