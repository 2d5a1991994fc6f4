//! The circle that a screen shows, from the id in its path.

use super::show::{Circle, Frame};
use crate::api::asked::Choice;
use crate::handle::{Line, Select, Shown};
use crate::problem::Problem;
use circlet_model::replica::Replica;
use circlet_model::replica::overview::Standing;

/// Returns the circle with this id, and its line.
pub(super) fn find<'a>(shown: &Shown<'a>, id: &str) -> Result<(Line<'a>, Circle), Problem> {
    let line = shown.pick(&Select::Named(id.to_owned()))?;
    let name = line
        .replica
        .map_or_else(|_| String::new(), |replica| replica.overview().name);
    let circle = Circle {
        id: line.id(),
        name,
        joined: line.standing() == Some(Standing::Member),
        others: shown.circles.len() > 1,
    };
    Ok((line, circle))
}

/// Returns the replica of the circle with this id, where this person is in it, and a frame around it.
pub(super) fn open<'a>(
    shown: &Shown<'a>,
    id: &str,
    frame: Frame,
) -> Result<(&'a Replica, Frame), Problem> {
    let (line, circle) = find(shown, id)?;
    let replica = line.replica.map_err(|error| Problem::from(error.clone()))?;
    Ok((replica, frame.around(circle)))
}

/// Returns what the local API is told: the circle with this id.
pub(super) fn choice(id: &str) -> Choice {
    Choice {
        circle: Select::Named(id.to_owned()),
        all: false,
    }
}
