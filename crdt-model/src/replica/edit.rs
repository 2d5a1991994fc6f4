//! Editing what one shared: a new thing takes the place of the old one, which is taken back.
//!
//! Responses stay with a story through all its edits: each edit names the *first* story, and whoever
//! answers an edit answers that one. It is named by its nonce, which together with the author's own key
//! gives its id: so nobody can take the place of what another shared.

use super::Replica;
use super::things::Thing;
use crate::content::response::Response;
use crate::content::story::{MAX_NOTE, Story};
use crate::content::{self, Content, Kind};
use crate::id::{PersonId, ThingId};
use crate::key::Rng;
use crate::log::header::Origin;
use crate::replica::input::Edit;
use crate::replica::output::Refusal;
use crate::time::Timestamp;

impl Replica {
    /// Shares a story or response of this person anew, and takes the old one back. Who responded to it is
    /// still heard under the new one.
    pub(super) fn edit(
        &mut self,
        thing: ThingId,
        edit: Edit,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<ThingId, Refusal> {
        let known: Option<Thing> = self.rows.load(&self.rows.thing_key(&thing))?;
        let known = known.ok_or(Refusal::NotFound)?;
        let (origin, _) = self.origin_of(&known).ok_or(Refusal::NotFound)?;
        if origin.creator != self.me() {
            return Err(Refusal::NotAllowed);
        }
        let (kind, body) = match self.read_thing(&known, now)? {
            Some(Content::Story(story)) => {
                let story = edited(story, edit, &origin, now)?;
                (Kind::Story, story.create(self.device()))
            }
            Some(Content::Response(response)) => {
                let response = Response {
                    text: content::clean_text(&edit.text).map_err(Refusal::from)?,
                    written: now,
                    ..response
                };
                (Kind::Response, response.create(self.device()))
            }
            Some(
                Content::Profile(_)
                | Content::Settings(_)
                | Content::Agreement(_)
                | Content::Gesture(_),
            )
            | None => {
                return Err(Refusal::NotFound);
            }
        };
        let body = body.map_err(Refusal::from)?;
        let fresh = self.make(kind, &body, known.expires, now, rng)?;
        self.take_back(thing, now)?;
        Ok(fresh)
    }

    /// Returns the story under which the responses to a story lie: itself, or the first one that it took
    /// the place of.
    pub(super) fn thread(&self, id: ThingId, author: PersonId, story: &Story) -> ThingId {
        match (story.replaces, self.state.circle) {
            (Some(nonce), Some(circle)) => Origin {
                creator: author,
                nonce,
            }
            .thing(circle),
            (None, _) | (_, None) => id,
        }
    }
}

/// Returns a story with other words.
fn edited(story: Story, edit: Edit, origin: &Origin, now: Timestamp) -> Result<Story, Refusal> {
    let note = match edit.note {
        None => story.note,
        Some(note) if note.trim().is_empty() => None,
        Some(note) => Some(content::clean_text::<MAX_NOTE>(&note).map_err(Refusal::from)?),
    };
    Ok(Story {
        text: content::clean_text(&edit.text).map_err(Refusal::from)?,
        ask: edit.ask.unwrap_or(story.ask),
        note,
        replaces: Some(story.replaces.unwrap_or(origin.nonce)),
        written: now,
    })
}
