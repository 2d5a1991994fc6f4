//! How far what somebody took back is gone, for them alone.

use super::sentence::listed;
use crate::handle::Shown;
use crate::identity::Hint;
use crate::problem::Problem;
use circlet_model::id::ThingId;
use circlet_model::replica::overview::{GoneFrom, Waiting};
use serde_json::{Value, json};

/// Of so many people at most the names are said.
const NAMED: usize = 4;

/// Returns what there is to say of something that was taken back here.
pub(super) fn answer(shown: &Shown<'_>, hint: Hint, thing: &ThingId) -> Result<Value, Problem> {
    let lines = shown.circles.iter().filter(|line| line.hint == hint);
    let mut replicas = lines.filter_map(|line| line.replica.ok());
    let gone = match replicas.next() {
        Some(replica) => replica.gone_from(thing)?,
        None => None,
    };
    let counts = gone
        .as_ref()
        .map(|gone| json!({ "from": gone.from, "of": gone.of }));
    let sentence = gone.as_ref().map_or_else(String::new, sentence);
    Ok(json!({ "id": thing.to_hex(), "kind": null, "gone": counts, "sentence": sentence }))
}

/// Says from how many computers it is gone, and who has still to hear.
fn sentence(gone: &GoneFrom) -> String {
    let GoneFrom { from, of, waiting } = gone;
    if from == of {
        return match of {
            1 => "Gone from this computer, the only one in the circle.".to_owned(),
            _ => format!("Gone from all {of} computers."),
        };
    }
    let (named, more) = waiting.split_at(waiting.len().min(NAMED));
    let mut whose: Vec<String> = named.iter().map(computers).collect();
    if !more.is_empty() {
        whose.push(format!("those of {} more", more.len()));
    }
    let one = matches!(waiting.as_slice(), [only] if only.computers == 1);
    let has = if one { "has" } else { "have" };
    if whose.is_empty() {
        return format!("Gone from {from} of {of} computers so far.");
    }
    let whose = listed(&whose);
    let mut letters = whose.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    let whose = first.unwrap_or_default() + letters.as_str();
    format!("Gone from {from} of {of} computers so far. {whose} {has} not heard yet.")
}

fn computers(waiting: &Waiting) -> String {
    match (waiting.me, waiting.computers) {
        (true, 1) => "another computer of yours".to_owned(),
        (true, count) => format!("{count} other computers of yours"),
        (false, 1) => format!("{}'s computer", waiting.name),
        (false, count) => format!("{count} of {}'s computers", waiting.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(from: usize, of: usize, waiting: &[(&str, bool, usize)]) -> String {
        let waiting = waiting.iter().map(|(name, me, computers)| Waiting {
            name: (*name).to_owned(),
            me: *me,
            computers: *computers,
        });
        let waiting = waiting.collect();
        sentence(&GoneFrom { from, of, waiting })
    }

    #[test]
    fn it_is_said_who_has_still_to_hear() {
        assert_eq!(
            said(4, 6, &[("Mo", false, 1), ("Eve", false, 1)]),
            "Gone from 4 of 6 computers so far. Mo's computer and Eve's computer have not heard yet."
        );
        assert_eq!(
            said(5, 6, &[("Mo", false, 1)]),
            "Gone from 5 of 6 computers so far. Mo's computer has not heard yet."
        );
        assert_eq!(
            said(1, 4, &[("Ana", true, 1), ("Mo", false, 2)]),
            "Gone from 1 of 4 computers so far. Another computer of yours and 2 of Mo's computers \
             have not heard yet."
        );
        let many: Vec<_> = ["A", "B", "C", "D", "E", "F"]
            .map(|name| (name, false, 1))
            .into();
        assert!(
            said(1, 7, &many).ends_with("D's computer and those of 2 more have not heard yet.")
        );
        assert_eq!(said(6, 6, &[]), "Gone from all 6 computers.");
        assert!(said(1, 1, &[]).starts_with("Gone from this computer"));
    }
}
