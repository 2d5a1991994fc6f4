//! Where a member was in the feed of a circle, so that what came since stands apart. Nobody learns of it.
//!
//! It keeps the newest stories of two looks: the last one of the visit before, and the latest. A visit lasts
//! as long as no half hour passes between two looks, so that the line stays where it is meanwhile.

use super::{Local, VERSION};
use crate::identity::Hint;
use circlet_model::bounded::List;
use circlet_model::codec;
use circlet_model::id::ThingId;
use circlet_model::store::{Batch, Error, Key, Space, Value, Write};
use circlet_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How many stories of a look are kept: as many as stand on a screen, so that one of them is still there
/// when others were taken back.
const MAX_SEEN: usize = 20;

/// After so long without a look, the next one begins a new visit.
const VISIT: Duration = Duration::from_mins(30);

/// So often a look that saw nothing new is noted all the same.
const NOTED: Duration = Duration::from_mins(5);

/// Where a member was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    version: u8,
    looked: Timestamp,
    latest: List<ThingId, MAX_SEEN>,
    before: List<ThingId, MAX_SEEN>,
}

impl Place {
    /// Returns the place after a look at these stories, the newest first.
    pub fn after_look(&self, newest: &[ThingId], now: Timestamp) -> Self {
        let newest = newest.iter().copied().take(MAX_SEEN).collect();
        let latest = List::new(newest).unwrap_or_default();
        let again = now.since(self.looked) < VISIT;
        let before = if again { &self.before } else { &self.latest };
        Self {
            version: VERSION,
            looked: now,
            latest,
            before: before.clone(),
        }
    }

    /// Whether it has to be kept, rather than what was kept before.
    pub fn differs(&self, before: &Self) -> bool {
        let same = self.latest == before.latest && self.before == before.before;
        !same || self.looked.since(before.looked) >= NOTED
    }

    /// Returns how many of these stories, the newest first, came since the visit before; `None` where nothing
    /// is known of it, or none of it is among them.
    pub fn since(&self, stories: impl IntoIterator<Item = ThingId>) -> Option<usize> {
        let mut stories = stories.into_iter();
        stories.position(|story| self.before.contains(&story))
    }

    /// Whether there was a visit before.
    pub fn knows(&self) -> bool {
        !self.before.is_empty()
    }
}

impl Local<'_> {
    /// Returns where this member was in a circle. What cannot be read is as if they had never been there.
    pub fn place(self, circle: Hint) -> Result<Place, Error> {
        let value = self.0.get(&key(circle))?;
        let place = value.and_then(|value| codec::decode::<Place>(&value.head).ok());
        let place = place.filter(|place| place.version == VERSION);
        Ok(place.unwrap_or_default())
    }

    /// Returns the changes that keep where this member is.
    pub fn keep_place(self, circle: Hint, place: &Place) -> Batch {
        vec![Write::Put(key(circle), Value::from(codec::encode(place)))]
    }
}

fn key(circle: Hint) -> Key {
    Key::new(Space::Local, [b"place".as_slice(), &circle].concat(), [])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn things(numbers: &[u8]) -> Vec<ThingId> {
        numbers.iter().map(|&it| ThingId([it; 16])).collect()
    }

    #[test]
    fn the_line_stays_for_a_visit_and_moves_with_the_next() {
        let noon = Timestamp(1_000_000_000);
        let first = Place::default().after_look(&things(&[2, 1]), noon);
        assert!(first.differs(&Place::default()) && !first.knows());
        assert_eq!(first.since(things(&[3, 2, 1])), None);

        let evening = noon.after(VISIT);
        let second = first.after_look(&things(&[4, 3, 2, 1]), evening);
        assert_eq!(second.since(things(&[4, 3, 2, 1])), Some(2));
        let moment = evening.after(Duration::from_secs(1));
        let again = second.after_look(&things(&[5, 4, 3, 2, 1]), moment);
        assert_eq!(again.since(things(&[5, 4, 3, 2, 1])), Some(3));
        assert!(
            !again
                .after_look(&things(&[5, 4, 3, 2, 1]), moment)
                .differs(&again)
        );

        let night = moment.after(VISIT);
        let third = again.after_look(&things(&[5, 4, 3, 2, 1]), night);
        assert_eq!(third.since(things(&[5, 4, 3, 2, 1])), Some(0));
    }

    #[test]
    fn what_was_taken_back_meanwhile_does_not_move_the_line() {
        let noon = Timestamp(1_000_000_000);
        let place = Place::default().after_look(&things(&[3, 2, 1]), noon);
        let place = place.after_look(&things(&[4, 2, 1]), noon.after(VISIT));
        assert_eq!(place.since(things(&[4, 2, 1])), Some(1));
    }

    #[test]
    fn a_clock_that_was_put_back_begins_no_visit() {
        let noon = Timestamp(1_000_000_000);
        let place = Place::default().after_look(&things(&[1]), noon);
        let place = place.after_look(&things(&[2, 1]), Timestamp(5));
        assert!(!place.knows());
    }
}
