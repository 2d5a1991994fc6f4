//! Gestures: a sentence for the author of a story, and for nobody else.
//!
//! Each is a thing of its maker's, whose only entry is a note sealed to the author's devices. Its id
//! follows from the maker's person key, the story and what it says:
//!
//! ```text
//! nonce = first 16 bytes of derive("circlet 1 gesture nonce", person key, (story, says, turn))
//! ```
//!
//! So each device of the maker knows it again without opening it, the same one is never there twice, and
//! to everybody else the id is random. `turn` counts how often it was taken back: a thing that was taken
//! back stays so.

use super::Replica;
use super::things::Thing;
use super::write::Draft;
use crate::codec;
use crate::content::gesture::{Gesture, Says};
use crate::content::{Content, Kind};
use crate::id::{PersonId, ThingId};
use crate::key::Rng;
use crate::log::header::{Action, Origin};
use crate::replica::output::{Outbox, Refusal, Reply};
use crate::replica::overview::GestureLine;
use crate::store::Error;
use crate::time::Timestamp;
use std::collections::BTreeMap;

const NONCE: &str = "circlet 1 gesture nonce";
/// So many of one person's on one story are opened, the newest: of an honest one there are three.
const MAX_OF_ONE: usize = 16;

impl Replica {
    /// Makes a gesture on somebody's story, or takes it back. What is so already stays as it is.
    pub(super) fn gesture(
        &mut self,
        (to, says, back): (ThingId, Says, bool),
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        let (author, story, expires) = self.answered(to, now)?;
        if author == self.me() {
            return Err(Refusal::OwnStory);
        }
        let (origin, thing, here) = self.own_gesture(story, says)?.ok_or(Refusal::Pending)?;
        if here != back {
            return Ok(Reply::Done);
        }
        if back {
            self.take_back(thing, now)?;
            if !self.is_active() {
                self.plan_dials(now, out);
            }
            return Ok(Reply::Done);
        }
        let devices = self.note_to(&author);
        if devices.is_empty() {
            return Err(Refusal::AuthorGone);
        }
        let body = Gesture { to: story, says }.create(self.device())?;
        let draft = Draft {
            thing,
            origin: Some(origin),
            deps: Vec::new(),
            class: Kind::Gesture.class(),
            expires,
            action: Action::Write,
            body: Some(body.encode()),
        };
        self.write_to(&devices, draft, now, rng)?;
        Ok(Reply::Done)
    }

    /// Returns the gestures on a story of this person's, the oldest first: each person's sentence once.
    pub(super) fn gestures(
        &self,
        story: ThingId,
        now: Timestamp,
    ) -> Result<Vec<GestureLine>, Error> {
        let mut lines: Vec<GestureLine> = Vec::new();
        let mut opened: BTreeMap<PersonId, usize> = BTreeMap::new();
        self.rows.newest(Some(story), |shown| {
            let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&shown.thing))?;
            let fits = |thing: &Thing| {
                let kind = thing.kind == Kind::Gesture.number();
                let here = thing.lamport == shown.lamport && thing.under == Some(story);
                kind && here && !self.is_hidden(thing)
            };
            let Some((person, thing)) = thing
                .filter(fits)
                .and_then(|thing| Some((thing.creator?, thing)))
            else {
                return Ok(true);
            };
            let theirs = opened.entry(person).or_default();
            *theirs += 1;
            if *theirs > MAX_OF_ONE {
                return Ok(true);
            }
            if let Some(Content::Gesture(Gesture { says, .. })) = self.read_thing(&thing, now)?
                && !lines
                    .iter()
                    .any(|it| (it.person, it.says) == (person, says))
            {
                lines.push(GestureLine {
                    thing: shown.thing,
                    says,
                    person,
                    name: self.name_of(&person),
                });
            }
            Ok(true)
        })?;
        lines.reverse();
        Ok(lines)
    }

    /// Returns what this person says by gestures on a story of somebody else's.
    pub(super) fn given(&self, story: ThingId) -> Result<Vec<Says>, Error> {
        let mut given = Vec::new();
        for says in Says::ALL {
            let own = self.own_gesture(story, says)?;
            given.extend(own.filter(|(.., here)| *here).map(|_| says));
        }
        Ok(given)
    }

    /// Returns the gesture of this person's that is there, or would be the next, and whether it is there.
    fn own_gesture(
        &self,
        story: ThingId,
        says: Says,
    ) -> Result<Option<(Origin, ThingId, bool)>, Error> {
        let Some(circle) = self.state.circle else {
            return Ok(None);
        };
        let person = self.identity.person.to_secret();
        let things = (0..=u32::MAX).map(|turn| {
            let salt = codec::encode(&(story, says.number(), turn));
            let [nonce @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
                person.derive(NONCE, &salt).0;
            let creator = self.me();
            let origin = Origin { creator, nonce };
            (origin, origin.thing(circle))
        });
        let mut things = things.filter(|(_, thing)| !self.retracts.contains_key(thing));
        let Some((origin, thing)) = things.next() else {
            return Ok(None);
        };
        let here = self.rows.get(&self.rows.thing_key(&thing))?.is_some();
        Ok(Some((origin, thing, here)))
    }
}
