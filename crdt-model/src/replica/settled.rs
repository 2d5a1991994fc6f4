//! What the circle has settled for all: read from its settings, and changed by a keeper.

use super::Replica;
use super::things::Thing;
use crate::content::settings::Settings;
use crate::content::{self, Content, Kind};
use crate::id::{EntryId, ThingId};
use crate::key::Rng;
use crate::log::entry::Place;
use crate::log::header::MAX_DEPS;
use crate::replica::input::Fade;
use crate::replica::output::{Refusal, Reply};
use crate::store::Error;
use crate::time::{Day, Timestamp};

impl Replica {
    /// Returns what the circle has settled; `None` until its settings are here.
    pub fn settings(&self, now: Timestamp) -> Result<Option<Settings>, Error> {
        let Some((_, thing)) = self.settings_thing()? else {
            return Ok(None);
        };
        Ok(match self.read_thing(&thing, now)? {
            Some(Content::Settings(settings)) => Some(settings),
            Some(_) | None => None,
        })
    }

    /// Whether this person may change the settings.
    pub fn may_settle(&self) -> bool {
        let me = self.me();
        self.is_active() && self.roster().is_some_and(|roster| roster.is_keeper(&me))
    }

    /// Returns the last day of a story that is shared now; zero = it stays.
    pub(super) fn last_day(&self, fade: Fade, now: Timestamp) -> Result<Day, Error> {
        let days = match fade {
            Fade::Never => None,
            Fade::After(days) => Some(days.max(1)),
            Fade::AsSettled => self.settings(now)?.and_then(|settings| settings.fade),
        };
        Ok(days.map_or_else(Day::default, |days| now.day().plus(days.into())))
    }

    /// Changes what the circle has settled.
    pub(super) fn settle(
        &mut self,
        fade: Option<u16>,
        tells: Option<bool>,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<Reply, Refusal> {
        if !self.may_settle() {
            return Err(Refusal::NotAllowed);
        }
        let (id, thing) = self.settings_thing()?.ok_or(Refusal::NotFound)?;
        let (creator, opened) = self.opened(&thing)?.ok_or(Refusal::NotFound)?;
        let writes: Vec<_> = opened.iter().map(|it| it.write(&thing)).collect();
        let (_, mut document) = content::open(creator, &writes).map_err(Refusal::from)?;
        let before = Settings::read(&document).map_err(Refusal::from)?;
        let wanted = Settings {
            fade: fade.map_or(before.fade, |days| Some(days).filter(|days| *days > 0)),
            tells: tells.unwrap_or(before.tells),
            ..before
        };
        let edit = wanted.edit(&mut document, self.device(), now);
        let Some(body) = edit.map_err(Refusal::from)? else {
            return Ok(Reply::Done);
        };
        self.write_on(id, &thing.by_keepers, Kind::Settings, &body, now, rng)?;
        Ok(Reply::Done)
    }

    /// Returns the thing that holds the settings that count.
    pub(super) fn settings_thing(&self) -> Result<Option<(ThingId, Thing)>, Error> {
        let Some(id) = self.naming_the_circle() else {
            return Ok(None);
        };
        let thing = self.rows.load(&self.rows.thing_key(&id))?;
        Ok(thing.map(|thing| (id, thing)))
    }

    /// Returns where the entries lie that settle what counts.
    pub(super) fn places_of_settings(&self) -> Result<Vec<Place>, Error> {
        let thing = self.settings_thing()?;
        Ok(thing.map_or_else(Vec::new, |(_, thing)| thing.by_keepers))
    }

    /// Returns the last of some entries, as many as one can build on, in ascending order.
    pub(super) fn last_of(&self, places: &[Place]) -> Result<Vec<EntryId>, Error> {
        let mut entries = Vec::new();
        for place in places {
            let entry = self.rows.entry(place)?;
            entries.extend(entry.map(|it| (it.header.header().lamport, it.id())));
        }
        entries.sort_unstable();
        let newest = entries.iter().rev().take(MAX_DEPS);
        let mut deps: Vec<EntryId> = newest.map(|(_, id)| *id).collect();
        deps.sort_unstable();
        Ok(deps)
    }
}
