//! `circlet crisis`: the crisis card, shown and filled in.
//!
//! ```text
//! Call: 112, checked 2026-05-03          up to eight of each
//! Person: Mara 020 7946 0000             without a day: not checked yet
//! Helps: A walk by the river.            as many lines as one likes
//! Agreed: We call before midnight.
//! # what begins like this is not kept
//! ```

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{text, words};
use circlet_node::api::crisis::{NewCard, NewNumber};
use clap::Subcommand;
use std::fmt::Write;

/// What stands above the form in the editor.
const EXPLAINED: &str = "\
# Your crisis card. One thing a line; lines that begin with # are not kept.
#   Call: 112, checked 2026-05-03
#   Person: Mara 020 7946 0000, checked 2026-05-03
#   Helps: A walk by the river.
#   Agreed: We call each other before midnight.
# Circlet brings no numbers of its own. Write those that work where you live, and the day on which you
# checked each.
";

/// What stands between a number and the day on which it was checked.
const CHECKED: &str = ", checked ";

/// Show your crisis card: whom to call, and what helps
///
/// It is on this computer alone and works without a connection. Print it, too: while Circlet is locked, the
/// card is locked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

/// What can be done with the card.
#[derive(Debug, Subcommand)]
enum Action {
    /// Fill it in
    ///
    /// Your editor opens with what stands on it now; or the card comes from stdin when it is piped or `-`
    /// is given. One thing a line: `Call: 112, checked 2026-05-03`, `Person: Mara 020 7946 0000`,
    /// `Helps: A walk by the river.`, `Agreed: We call each other before midnight.` Up to eight numbers of
    /// each kind; lines that begin with `#` are not kept.
    Edit {
        /// `-` reads the card from stdin
        #[arg(value_parser = ["-"], value_name = "-", hide_possible_values = true)]
        stdin: Option<String>,
    },
}

/// Shows the card, or fills it in.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let Some(Action::Edit { stdin }) = &args.action else {
        let json = context.get("/v1/crisis").await?;
        let card: NewCard = serde_json::from_value(json.clone()).map_err(|_| Failure::bug())?;
        let message = if card == NewCard::default() {
            "Nothing stands on your crisis card yet. `circlet crisis edit` fills it in."
        } else {
            ""
        };
        return Ok(Done {
            text: shown(&card),
            json,
            message: message.to_owned(),
            ..Done::default()
        });
    };
    let editor = text::opens_editor(stdin.is_some(), context)?;
    let mut already = String::new();
    if editor {
        let json = context.get("/v1/crisis").await?;
        let card: NewCard = serde_json::from_value(json).map_err(|_| Failure::bug())?;
        already = format!("{EXPLAINED}{}", form(&card));
    }
    let written = text::write(editor, context, &already)?;
    let card = read(&written.text);
    let keeping = async {
        match &card {
            Ok(card) => context.post("/v1/crisis", card).await,
            Err(failure) => Err(failure.clone()),
        }
    };
    let json = written.send(keeping).await?;
    Ok(Done {
        json,
        message: "Your crisis card is kept on this computer. `circlet crisis` shows it.".to_owned(),
        ..Done::default()
    })
}

/// Returns the card as it is read at a glance. Writing to a string does not fail.
fn shown(card: &NewCard) -> String {
    let mut text = String::new();
    let mut part = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{title}");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    };
    let numbers = |list: &[NewNumber]| list.iter().map(number).collect::<Vec<_>>();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    part("If you might be in danger now, call", numbers(&card.call));
    part("People I can call", numbers(&card.people));
    part("What helps me", lines(&card.helps));
    part("What my circle agreed", lines(&card.agreed));
    text
}

fn number(number: &NewNumber) -> String {
    let what = &number.what;
    match &number.checked {
        Some(day) => format!("{what} (checked on {})", words::in_full(day)),
        None => format!("{what} (not checked yet)"),
    }
}

/// Returns the card as it is edited.
fn form(card: &NewCard) -> String {
    let numbers = |name: &'static str, list: &[NewNumber]| {
        let line = |number: &NewNumber| match &number.checked {
            Some(day) => format!("{name}: {}{CHECKED}{day}\n", number.what),
            None => format!("{name}: {}\n", number.what),
        };
        list.iter().map(line).collect::<String>()
    };
    let lines = |name: &str, text: &str| {
        let line = |line: &str| format!("{name}: {line}\n");
        text.lines().map(line).collect::<String>()
    };
    [
        numbers("Call", &card.call),
        numbers("Person", &card.people),
        lines("Helps", &card.helps),
        lines("Agreed", &card.agreed),
    ]
    .concat()
}

fn read(text: &str) -> Result<NewCard> {
    let mut card = NewCard::default();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| odd(line))?;
        let value = value.trim();
        match name.trim().to_lowercase().as_str() {
            "call" => card.call.push(checked(value)),
            "person" => card.people.push(checked(value)),
            "helps" => card.helps.extend([value, "\n"]),
            "agreed" => card.agreed.extend([value, "\n"]),
            _ => return Err(odd(line)),
        }
    }
    Ok(card)
}

fn checked(value: &str) -> NewNumber {
    let (what, day) = match value.rsplit_once(CHECKED) {
        Some((what, day)) => (what, Some(day.to_owned())),
        None => (value, None),
    };
    NewNumber {
        what: what.trim().to_owned(),
        checked: day,
    }
}

fn odd(line: &str) -> Failure {
    Failure::new(
        "not-a-card",
        format!("This line does not say what it is for: \"{line}\". The card is as it was."),
        "Begin each line with `Call:`, `Person:`, `Helps:` or `Agreed:`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_shown_to_be_edited() {
        let text = "# a note\nCall: 112, checked 2026-05-03\nperson: Mara: 020, at night\n\n\
                    Helps: Walk.\nHelps: Water.\nAgreed: We call.\n";
        let card = read(text).unwrap();
        assert_eq!(card.call[0].checked.as_deref(), Some("2026-05-03"));
        assert_eq!(card.people[0].what, "Mara: 020, at night");
        assert!(card.people[0].checked.is_none());
        assert!(read(&form(&card)).unwrap() == card);
        assert!(read(&format!("{EXPLAINED}{}", form(&card))).unwrap() == card);
        let told = shown(&card);
        assert!(told.contains("  112 (checked on 3 May 2026)\n"), "{told}");
        assert!(told.contains("(not checked yet)") && told.contains("  Walk.\n  Water.\n"));
    }

    #[test]
    fn a_line_without_a_word_before_it_is_named() {
        for wrong in ["112", "Number: 112"] {
            assert!(read(wrong).unwrap_err().message.contains(wrong));
        }
    }
}
