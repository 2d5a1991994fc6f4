//! Whom the person at this device does not want to see. It is a matter of what is shown here and of nothing
//! else: what these people share is taken in, kept and passed on like anybody's.

use super::Replica;
use super::things::Thing;
use crate::id::{PersonId, ThingId};
use crate::store::Error;
use std::collections::BTreeSet;

impl Replica {
    /// Shows nothing of these people from now on, and everything of everybody else.
    pub fn hide(&mut self, people: BTreeSet<PersonId>) {
        self.hidden = people;
    }

    /// Whether a thing is here, and not shown because of who shared it.
    pub fn hides(&self, thing: &ThingId) -> Result<bool, Error> {
        let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(thing))?;
        Ok(thing.is_some_and(|thing| self.is_hidden(&thing)))
    }

    pub(super) fn is_hidden(&self, thing: &Thing) -> bool {
        let creator = thing.creator.as_ref();
        creator.is_some_and(|creator| self.hidden.contains(creator))
    }
}
