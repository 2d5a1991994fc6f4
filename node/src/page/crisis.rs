//! The crisis card: to be read at a glance, to be printed, and to be filled in.

use super::dates;
use super::show::{Base, Filled, Frame, Shown, Trouble, on_to, page, page_as};
use crate::api::Api;
use crate::api::crisis::{self, NewCard, NewNumber};
use crate::local::card::{MAX_NUMBERS, Number};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

/// How many empty rows the form has beyond those that are filled in.
const MORE: usize = 2;

#[derive(Template)]
#[template(path = "crisis.html")]
struct Card {
    frame: Frame,
    call: Vec<Line>,
    people: Vec<Line>,
    helps: String,
    agreed: String,
    blank: bool,
}

/// A number, and what is said of when it was checked.
struct Line {
    what: String,
    checked: String,
}

#[derive(Template)]
#[template(path = "crisis_edit.html")]
struct Form {
    frame: Frame,
    call: Vec<Row>,
    people: Vec<Row>,
    helps: String,
    agreed: String,
    trouble: Option<Trouble>,
}

/// A number to fill in.
struct Row {
    place: usize,
    what: String,
    day: String,
}

pub(super) async fn show(State(api): State<Api>, base: Base) -> Shown {
    let frame = Frame::new(&base, "crisis-title");
    let screen = api.handle.look(move |shown| {
        let card = shown.local.card()?;
        let lines = |list: &[Number]| {
            let line = |number: &Number| Line {
                what: number.what.to_string(),
                checked: match number.checked {
                    Some(day) => {
                        let day = dates::in_full(&frame, day);
                        frame.with("crisis-checked", "day", day)
                    }
                    None => frame.say("crisis-unchecked"),
                },
            };
            list.iter().map(line).collect()
        };
        let (call, people) = (lines(&card.call), lines(&card.people));
        Ok(Card {
            call,
            people,
            helps: card.helps.to_string(),
            agreed: card.agreed.to_string(),
            blank: card.is_blank(),
            frame,
        })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn form(State(api): State<Api>, base: Base) -> Shown {
    let card = api.handle.look(|shown| Ok(shown.local.card()?)).await?;
    let frame = Frame::new(&base, "crisis-form-title");
    Ok(page(&Form::new(frame, crisis::said(&card), None)))
}

pub(super) async fn change(
    State(api): State<Api>,
    base: Base,
    Filled(fields): Filled<Vec<(String, String)>>,
) -> Shown {
    let card = filled(fields);
    match crisis::keep(&api, &card).await {
        Ok(_) => Ok(on_to(&base.to("crisis"))),
        Err(problem) => {
            let frame = Frame::new(&base, "crisis-form-title");
            let trouble = Some(frame.trouble(&problem));
            let screen = Form::new(frame, card, trouble);
            Ok(page_as(StatusCode::UNPROCESSABLE_ENTITY, &screen))
        }
    }
}

/// Returns what was filled in: each number comes before its day.
fn filled(fields: Vec<(String, String)>) -> NewCard {
    let mut card = NewCard::default();
    let number = |what| NewNumber {
        what,
        checked: None,
    };
    for (name, value) in fields {
        match name.as_str() {
            "call" => card.call.push(number(value)),
            "person" => card.people.push(number(value)),
            "call-day" => checked(&mut card.call, value),
            "person-day" => checked(&mut card.people, value),
            "helps" => card.helps = value,
            "agreed" => card.agreed = value,
            _ => {}
        }
    }
    card.call.retain(|number| !number.what.trim().is_empty());
    card.people.retain(|number| !number.what.trim().is_empty());
    card
}

fn checked(numbers: &mut [NewNumber], day: String) {
    if let Some(number) = numbers.last_mut() {
        number.checked = Some(day);
    }
}

impl Form {
    fn new(frame: Frame, card: NewCard, trouble: Option<Trouble>) -> Self {
        Self {
            frame,
            call: rows(&card.call),
            people: rows(&card.people),
            helps: card.helps,
            agreed: card.agreed,
            trouble,
        }
    }
}

/// Returns the rows of the form, with some that are empty.
fn rows(numbers: &[NewNumber]) -> Vec<Row> {
    let row = |at: usize| {
        let number = numbers.get(at).cloned().unwrap_or_default();
        Row {
            place: at + 1,
            what: number.what,
            day: number.checked.unwrap_or_default(),
        }
    };
    let most = (numbers.len() + MORE).min(MAX_NUMBERS);
    (0..most).map(row).collect()
}
