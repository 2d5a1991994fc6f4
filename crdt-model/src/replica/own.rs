//! What this person shared themselves, and may therefore take back.

use super::Replica;
use super::things::Thing;
use crate::content::Content;
use crate::id::ThingId;
use crate::log::entry::Place;
use crate::log::header::{Action, Audience, KeyClass};
use crate::replica::overview::OwnLine;
use crate::store::Error;
use crate::time::Timestamp;

impl Replica {
    /// Returns the stories and responses of this person whose ids begin like this in hexadecimal: all
    /// of them, or two if there are more. What was taken back is not among them; what has faded is.
    pub fn own_like(&self, start: &str, now: Timestamp) -> Result<Vec<OwnLine>, Error> {
        let mut found = Vec::new();
        if self.is_veiled()? {
            return Ok(found);
        }
        let chains = self.frontier.chains();
        let own = chains.filter(|((device, _), _)| {
            let person = self.roster().and_then(|roster| roster.person_of(device));
            person == Some(self.me())
        });
        for ((device, branch), chain) in own {
            let intervals = chain.intervals().iter().rev();
            for seq in intervals.flat_map(|held| (held.low..=held.high).rev()) {
                let place = Place {
                    device: *device,
                    branch: *branch,
                    seq,
                };
                found.extend(self.own_at(&place, start, now)?);
                if found.len() > 1 {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    /// Returns the story or response that begins at a place, if it is meant.
    fn own_at(&self, place: &Place, start: &str, now: Timestamp) -> Result<Option<OwnLine>, Error> {
        let Some(entry) = self.rows.entry(place)? else {
            return Ok(None);
        };
        let header = entry.header.header();
        let begins = header.action == Action::Write
            && (header.class, header.audience) == (KeyClass::Stories, Audience::Circle)
            && header.origin.map(|origin| origin.creator) == Some(self.me());
        let id = header.thing;
        if !begins || self.retracts.contains_key(&id) || !id.to_hex().starts_with(start) {
            return Ok(None);
        }
        self.own_line(id, now)
    }

    /// Returns what is known of a thing; `None` where too little is, and it cannot be taken back here.
    fn own_line(&self, id: ThingId, now: Timestamp) -> Result<Option<OwnLine>, Error> {
        let Some(thing) = self.rows.load::<Thing>(&self.rows.thing_key(&id))? else {
            return Ok(None);
        };
        let text = match self.read_thing(&thing, now)? {
            Some(Content::Story(story)) => Some(story.text.to_string()),
            Some(Content::Response(response)) => Some(response.text.to_string()),
            Some(
                Content::Profile(_)
                | Content::Settings(_)
                | Content::Agreement(_)
                | Content::Gesture(_),
            )
            | None => None,
        };
        Ok(Some(OwnLine {
            thing: id,
            under: thing.under,
            text,
        }))
    }
}
