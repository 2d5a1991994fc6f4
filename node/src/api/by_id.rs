//! By id: the one of several that the first characters of an id mean.

use crate::problem::Problem;

/// The fewest characters that may stand for a whole id.
const SHORTEST: usize = 4;

/// Returns the beginning of an id as ids are written; `None` where it is too short to mean anything.
pub(super) fn beginning(id: &str) -> Option<String> {
    let id = id.trim().to_ascii_lowercase();
    (id.len() >= SHORTEST).then_some(id)
}

/// Returns the one whose id begins like this.
pub(super) fn one_like<T>(
    all: impl IntoIterator<Item = T>,
    what: &str,
    id: &str,
    hex: impl Fn(&T) -> String,
) -> Result<T, Problem> {
    let beginning = beginning(id);
    let fits = |one: &T| {
        beginning
            .as_ref()
            .is_some_and(|id| hex(one).starts_with(id))
    };
    only(all.into_iter().filter(fits), what)
}

/// Returns the only one that was found.
pub(super) fn only<T>(found: impl IntoIterator<Item = T>, what: &str) -> Result<T, Problem> {
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Problem::not_found(what)),
        (Some(_), Some(_)) => Err(Problem::new(
            "which-one",
            "More than one id begins like this. Nothing was changed.",
            "Give a few more of its characters.",
        )),
    }
}
