//! What somebody takes along for themselves: stories and responses as they are read, each with its
//! document.

use super::super::Replica;
use super::super::things::Thing;
use crate::content::story::Ask;
use crate::content::{self, Content};
use crate::id::{PersonId, ThingId};
use crate::log::entry::Place;
use crate::log::header::{Action, Audience, KeyClass};
use crate::store::Error;
use crate::time::{Day, Timestamp};

/// A story or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keepsake {
    /// Its id.
    pub thing: ThingId,
    /// The name of who wrote it.
    pub author: String,
    /// Whether that is this person.
    pub mine: bool,
    /// The story that it answers; `None` for a story.
    pub under: Option<ThingId>,
    /// The text.
    pub text: String,
    /// What would help, of a story.
    pub ask: Option<Ask>,
    /// The content note, of a story.
    pub note: Option<String>,
    /// When it was written, by the author's clock.
    pub written: Timestamp,
    /// The document, as a file that any Automerge opens.
    pub document: Vec<u8>,
}

impl Replica {
    /// Returns the stories and responses that may be taken along: this person's own, and with `all` those
    /// of others that nobody took back and that do not fade.
    pub fn to_keep(&self, all: bool) -> Result<Vec<ThingId>, Error> {
        let mut found = Vec::new();
        if self.is_veiled()? {
            return Ok(found);
        }
        for ((device, branch), chain) in self.frontier.chains() {
            let whose = self.roster().and_then(|roster| roster.person_of(device));
            if !all && whose != Some(self.me()) {
                continue;
            }
            for seq in chain.intervals().iter().flat_map(|it| it.low..=it.high) {
                let place = Place {
                    device: *device,
                    branch: *branch,
                    seq,
                };
                found.extend(self.begun_at(&place, whose)?);
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Returns the thing that begins at a place and may be taken along.
    fn begun_at(&self, place: &Place, whose: Option<PersonId>) -> Result<Option<ThingId>, Error> {
        let Some(entry) = self.rows.entry(place)? else {
            return Ok(None);
        };
        let header = entry.header.header();
        let creator = header.origin.map(|origin| origin.creator);
        let begins = header.action == Action::Write
            // What is for one pair of eyes is not for a file in clear.
            && (header.class, header.audience) == (KeyClass::Stories, Audience::Circle)
            && creator.is_some()
            && creator == whose;
        let fades = header.expires != Day::default() && creator != Some(self.me());
        let gone = self.retracts.contains_key(&header.thing);
        Ok((begins && !fades && !gone).then_some(header.thing))
    }

    /// Returns a story or response to take along; `None` where it cannot be read.
    pub fn keepsake(&self, id: ThingId, now: Timestamp) -> Result<Option<Keepsake>, Error> {
        let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&id))?;
        let Some(thing) = thing else {
            return Ok(None);
        };
        let Some(creator) = thing.creator else {
            return Ok(None);
        };
        let read = self.read_writes(&thing, now, |creator, writes| {
            let content = Content::read(creator, writes).ok()?;
            let (_, document) = content::open(creator, writes).ok()?;
            Some((content, document.save().ok()?))
        })?;
        let (text, ask, note, written, document) = match read {
            Some((Content::Story(story), document)) => {
                let note = story.note.as_ref().map(|note| note.to_string());
                let text = story.text.to_string();
                (text, Some(story.ask), note, story.written, document)
            }
            Some((Content::Response(response), document)) => {
                let text = response.text.to_string();
                (text, None, None, response.written, document)
            }
            Some((
                Content::Profile(_)
                | Content::Settings(_)
                | Content::Agreement(_)
                | Content::Gesture(_),
                _,
            ))
            | None => return Ok(None),
        };
        Ok(Some(Keepsake {
            thing: id,
            author: self.name_of(&creator),
            mine: creator == self.me(),
            under: thing.under,
            text,
            ask,
            note,
            written,
            document,
        }))
    }
}
