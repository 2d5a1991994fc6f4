//! The reading place: what came to a circle since this member was last here. Nobody else learns of it.

use crate::handle::{Handle, Shown};
use crate::identity::Hint;
use crate::local::place::Place;
use crate::problem::Problem;
use circlet_model::id::ThingId;
use circlet_model::replica::overview::StoryLine;

/// A look at the newest stories of a circle.
#[derive(Debug)]
pub(crate) struct Look {
    circle: Hint,
    place: Place,
    /// Whether it has to be noted.
    moved: bool,
}

impl Look {
    /// Looks at a circle's newest stories.
    pub(crate) fn at(
        shown: &Shown<'_>,
        circle: Hint,
        newest: &[StoryLine],
    ) -> Result<Self, Problem> {
        let before = shown.local.place(circle)?;
        let ids: Vec<ThingId> = newest.iter().map(|story| story.thing).collect();
        let place = before.after_look(&ids, shown.now);
        Ok(Self {
            circle,
            moved: place.differs(&before),
            place,
        })
    }

    /// Looks at stories further down: that is not where this member is.
    pub(crate) fn back(shown: &Shown<'_>, circle: Hint) -> Result<Self, Problem> {
        let place = shown.local.place(circle)?;
        Ok(Self {
            circle,
            place,
            moved: false,
        })
    }

    /// Returns how many of these stories came since this member was last here; nothing where none did, or
    /// none of somebody else.
    pub(crate) fn since(&self, stories: &[StoryLine]) -> Option<usize> {
        let there = self.place.since(stories.iter().map(|story| story.thing));
        let since = there.unwrap_or(stories.len());
        let mut fresh = stories.iter().take(since);
        let any = self.place.knows() && fresh.any(|story| !story.mine);
        any.then_some(since)
    }

    /// Notes that this member was here. Where that cannot be written, the next look says more than it could.
    pub(crate) async fn note(self, handle: &Handle) {
        if !self.moved {
            return;
        }
        let kept = handle.keep(move |shown| {
            let batch = shown.local.keep_place(self.circle, &self.place);
            Ok((batch, ()))
        });
        if kept.await.is_err() {
            tracing::debug!("where somebody was could not be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use circlet_model::content::story::Ask;
    use circlet_model::id::PersonId;
    use circlet_model::time::Timestamp;

    fn story(number: u8, mine: bool) -> StoryLine {
        StoryLine {
            thing: ThingId([number; 16]),
            author: PersonId([u8::from(mine); 32]),
            author_name: String::new(),
            mine,
            text: String::new(),
            ask: Ask::Listen,
            note: None,
            written: Timestamp(1),
            edited: false,
            fades: None,
            responses: Vec::new(),
            gestures: Vec::new(),
            given: Vec::new(),
        }
    }

    /// Returns a look of somebody whose last visit ended with these stories.
    fn look(before: &[u8]) -> Look {
        let before: Vec<ThingId> = before.iter().map(|&it| ThingId([it; 16])).collect();
        let place = Place::default().after_look(&before, Timestamp(1));
        Look {
            circle: [1; 16],
            place: place.after_look(&before, Timestamp(u64::MAX)),
            moved: false,
        }
    }

    #[test]
    fn what_somebody_else_shared_since_stands_apart() {
        let (theirs, mine) = (story(3, false), story(2, true));
        let old = story(1, false);
        let stories = [theirs.clone(), mine.clone(), old.clone()];
        assert_eq!(look(&[1]).since(&stories), Some(2));
        assert_eq!(look(&[2, 1]).since(&stories), Some(1));
        assert_eq!(look(&[3, 2, 1]).since(&stories), None, "nothing is new");
        assert_eq!(look(&[1]).since(&[mine, old]), None, "only mine is new");
        assert_eq!(look(&[]).since(&stories), None, "nobody was here before");
        assert_eq!(look(&[9]).since(&[theirs]), Some(1), "all of it is new");
    }
}
