//! The quiet line where a story was taken back, for circles that have settled so.
//!
//! A line in the feed is never taken out, so whoever had the story knows where it stood; who never had it
//! learns nothing.

use super::Replica;
use super::things::Thing;
use crate::content::Content;
use crate::id::ThingId;
use crate::log::entry::Place;
use crate::log::frontier::MAX_BRANCHES;
use crate::log::header::{Action, Audience, KeyClass};
use crate::replica::overview::{StoryLine, TakenBack};
use crate::store::Error;
use crate::time::Timestamp;
use std::collections::BTreeSet;

impl Replica {
    /// Returns who took a story back among the newest so many, where the circle wants that told.
    pub fn taken_back(&self, limit: usize, now: Timestamp) -> Result<Vec<TakenBack>, Error> {
        let settings = self.settings(now)?;
        if !settings.is_some_and(|settings| settings.tells) {
            return Ok(Vec::new());
        }
        let (_, gaps) = self.feed_after(None, limit, now)?;
        Ok(gaps)
    }

    /// Returns at most so many stories below one, the newest first, and who took a story back among them,
    /// where the circle wants that told.
    pub fn feed_after(
        &self,
        after: Option<ThingId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<StoryLine>, Vec<TakenBack>), Error> {
        let settings = self.settings(now)?;
        let tells = settings.is_some_and(|settings| settings.tells);
        let (mut gaps, mut seen) = (Vec::new(), BTreeSet::new());
        let stories = self.feed(after, limit, now, |thing, above| {
            if tells && seen.insert(thing) {
                gaps.extend(self.gap(thing, above)?);
            }
            Ok(())
        })?;
        Ok((stories, gaps))
    }

    fn gap(&self, thing: ThingId, after: usize) -> Result<Option<TakenBack>, Error> {
        let by = self.taken_back_by(&thing)?;
        let by = by.filter(|person| !self.hidden.contains(person));
        let by = if self.made_room(&thing)? { None } else { by };
        Ok(by.map(|person| TakenBack {
            name: self.name_of(&person),
            me: person == self.me(),
            after,
        }))
    }

    /// Whether a thing was taken back because an edit took its place: its writer's entry before is that
    /// edit. Where that one is gone too, nothing is told of either.
    fn made_room(&self, thing: &ThingId) -> Result<bool, Error> {
        let Some(at) = self.retracts.get(thing) else {
            return Ok(false);
        };
        let before = (0..MAX_BRANCHES).map(|branch| Place {
            branch,
            seq: at.seq.saturating_sub(1),
            ..*at
        });
        for place in before {
            let Some(entry) = self.rows.entry(&place)? else {
                continue;
            };
            let header = entry.header.header();
            if header.action != Action::Write || header.class != KeyClass::Stories {
                continue;
            }
            if header.thing == *thing || header.audience == Audience::Sealed {
                return Ok(false);
            }
            let noted: Option<Thing> = self.rows.load(&self.rows.thing_key(&header.thing))?;
            let content = noted.map(|noted| self.read_thing(&noted, Timestamp::default()));
            return Ok(match content.transpose()?.flatten() {
                Some(Content::Story(story)) => story.replaces.is_some(),
                Some(Content::Response(_) | Content::Gesture(_)) => false,
                Some(Content::Profile(_) | Content::Settings(_) | Content::Agreement(_)) | None => {
                    true
                }
            });
        }
        Ok(false)
    }
}
