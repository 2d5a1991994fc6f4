//! Whom a member does not want to see in a circle. It is known on this computer alone, and changes nothing
//! but what this computer shows.

use super::Local;
use crate::identity::Hint;
use crate::problem::Problem;
use circlet_model::bounded::List;
use circlet_model::id::{PersonId, ThingId};
use circlet_model::store::{Batch, Error, Key, Space};
use std::collections::BTreeSet;

/// The most people of one circle, those who are gone included.
pub const MAX_MUTED: usize = 256;

impl Local<'_> {
    /// Returns whom this member muted in a circle.
    pub fn muted(self, circle: Hint) -> Result<BTreeSet<PersonId>, Error> {
        let list: Option<List<PersonId, MAX_MUTED>> = self.read(&key(circle))?;
        Ok(list.unwrap_or_default().into_inner().into_iter().collect())
    }

    /// Returns the changes that keep whom this member mutes in a circle; what was kept before is forgotten.
    pub fn mute(
        self,
        circle: Hint,
        people: BTreeSet<PersonId>,
        fresh: ThingId,
    ) -> Result<Batch, Problem> {
        let none = people.is_empty();
        let list: List<PersonId, MAX_MUTED> =
            List::new(people.into_iter().collect()).map_err(|_| Problem::bug())?;
        let list = (!none).then_some(&list);
        Ok(self.replace(key(circle), fresh, list)?)
    }
}

fn key(circle: Hint) -> Key {
    Key::new(Space::Local, [b"muted".as_slice(), &circle].concat(), [])
}
