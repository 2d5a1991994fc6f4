//! Names: what profiles call people and settings call the circle.
//!
//! Where several things name the same, the newest counts: by the lamport time of its last entry that
//! counts, then by that entry's device. So all replicas show the same, in whatever order things come.

use super::Replica;
use super::rows::from_head;
use super::things::Thing;
use crate::content::{Content, Kind};
use crate::id::{DeviceId, PersonId, ThingId};
use crate::store::Error;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a thing calls somebody, or the circle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Named {
    lamport: u64,
    device: DeviceId,
    name: String,
    /// Whom; `None` = the circle.
    whom: Option<PersonId>,
}

/// Every name there is, by the thing that gives it.
pub(super) type Names = BTreeMap<ThingId, Named>;

impl Replica {
    /// Returns the circle's name; empty until its settings are here.
    pub(super) fn circle_name(&self) -> String {
        self.named(None).unwrap_or_default()
    }

    /// Returns what a person's profile calls them.
    pub(super) fn profile_name(&self, person: PersonId) -> Option<String> {
        self.named(Some(person))
    }

    /// Reads a profile or the settings anew after one of their entries was opened.
    pub(super) fn take_names(&mut self, id: ThingId, now: Timestamp) -> Result<(), Error> {
        let Some(thing) = self.rows.load::<Thing>(&self.rows.thing_key(&id))? else {
            return Ok(());
        };
        let (counting, whom) = match Kind::from_number(thing.kind) {
            Some(Kind::Profile) => (&thing.places, thing.creator),
            Some(Kind::Settings) => (&thing.by_keepers, None),
            Some(Kind::Story | Kind::Response | Kind::Gesture | Kind::Agreement) | None => {
                return Ok(());
            }
        };
        let name = match self.read_thing(&thing, now)? {
            Some(Content::Profile(profile)) => profile.name.to_string(),
            Some(Content::Settings(settings)) => settings.name.to_string(),
            Some(
                Content::Story(_)
                | Content::Response(_)
                | Content::Gesture(_)
                | Content::Agreement(_),
            )
            | None => {
                return Ok(());
            }
        };
        let mut newest = (0, DeviceId::default());
        for place in counting {
            let lamport = self.lamport_of(&place.device, place.branch, place.seq)?;
            newest = newest.max((lamport, place.device));
        }
        let (lamport, device) = newest;
        let named = Named {
            lamport,
            device,
            name,
            whom,
        };
        self.rows.save(self.rows.name_key(&id), &(id, &named));
        self.names.insert(id, named);
        Ok(())
    }

    /// Forgets what a thing gave as a name.
    pub(super) fn drop_name(&mut self, thing: &ThingId) {
        if self.names.remove(thing).is_some() {
            self.rows.delete(self.rows.name_key(thing));
        }
    }

    /// Reads the names back from the store.
    pub(super) fn load_names(&mut self) -> Result<(), Error> {
        for (_, value) in self.rows.scan(&self.rows.meta_scan(4))? {
            let (id, named) = from_head(&value)?;
            self.names.insert(id, named);
        }
        Ok(())
    }

    /// Returns the thing that gives the circle its name.
    pub(super) fn naming_the_circle(&self) -> Option<ThingId> {
        let names = self.names.iter().filter(|(_, named)| named.whom.is_none());
        names.max_by_key(|(_, named)| *named).map(|(id, _)| *id)
    }

    /// Returns the profiles of a person, the one that counts last.
    pub(super) fn profiles_of(&self, person: PersonId) -> Vec<ThingId> {
        let names = self.names.iter();
        let theirs = names.filter(|(_, named)| named.whom == Some(person));
        let mut theirs: Vec<_> = theirs.map(|(id, named)| (named, *id)).collect();
        theirs.sort();
        theirs.into_iter().map(|(_, id)| id).collect()
    }

    fn named(&self, whom: Option<PersonId>) -> Option<String> {
        let names = self.names.values().filter(|named| named.whom == whom);
        names.max().map(|named| named.name.clone())
    }
}
