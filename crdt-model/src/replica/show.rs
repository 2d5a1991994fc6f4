//! What a surface can ask for.

use super::Replica;
use super::state::Phase;
use super::things::Thing;
use crate::content::{Content, Kind};
use crate::id::{DeviceId, PersonId, ThingId};
use crate::log::chain::Interval;
use crate::log::entry::{Entry, Place};
use crate::log::header::{Audience, KeyClass};
use crate::membership::roster::{InviteState, Standing as Belongs};
use crate::replica::overview::{InviteLine, Member, Overview, ResponseLine, Standing, StoryLine};
use crate::store::Error;
use crate::time::{Day, Timestamp};

impl Replica {
    /// Returns the state of the circle.
    pub fn overview(&self) -> Overview {
        let digest = self.digest.unwrap_or_else(|| self.compute_digest());
        let sessions = self.links.values().filter_map(|link| link.session.as_ref());
        let talking = sessions.filter(|session| session.acts_in);
        let (mut connected, mut in_step_with) = (Vec::new(), Vec::new());
        for session in talking {
            let name = self.name_of_device(&session.device);
            if session.in_step(&digest) {
                in_step_with.push(name.clone());
            }
            connected.push(name);
        }
        for names in [&mut connected, &mut in_step_with] {
            names.sort();
            names.dedup();
        }
        Overview {
            circle: self.state.circle,
            name: self.circle_name(),
            standing: self.own_standing(),
            members: self.members(),
            entries: self.frontier.len(),
            connected,
            in_step_with,
            digest: crate::id::EntryId(digest.0).to_hex(),
            last_in_step: self.state.last_in_step,
        }
    }

    /// Returns every invite, the open ones first.
    pub fn invites(&self, now: Timestamp) -> Vec<InviteLine> {
        let Some(roster) = self.roster() else {
            return Vec::new();
        };
        let mut lines: Vec<_> = roster
            .invites
            .values()
            .map(|state| InviteLine {
                invite: state.invite.invite,
                by: self.name_of(&state.by),
                uses: state.invite.uses,
                used: u16::try_from(state.used_by.len()).unwrap_or(u16::MAX),
                expires: state.invite.expires,
                mode: state.invite.mode,
                history: state.invite.history,
                open: Self::invite_is_open(state, now),
            })
            .collect();
        lines.sort_by_key(|line| (!line.open, line.expires, line.invite));
        lines
    }

    pub(super) fn invite_is_open(state: &InviteState, now: Timestamp) -> bool {
        let used_up = state.used_by.len() >= usize::from(state.invite.uses);
        !state.revoked && !used_up && state.invite.expires > now
    }

    /// Returns at most so many stories with their responses, the newest first. Those whose lamport time
    /// cannot be come last, so that nobody pins theirs to the top.
    pub fn stories(&self, limit: usize, now: Timestamp) -> Result<Vec<StoryLine>, Error> {
        self.feed(None, limit, now, |_, _| Ok(()))
    }

    /// Returns the same, below a story; what is not here any more is handed over with the number of stories
    /// above it.
    pub(super) fn feed(
        &self,
        after: Option<ThingId>,
        limit: usize,
        now: Timestamp,
        mut gap: impl FnMut(ThingId, usize) -> Result<(), Error>,
    ) -> Result<Vec<StoryLine>, Error> {
        let (mut stories, mut last_of_all) = (Vec::new(), Vec::new());
        if self.is_veiled()? {
            return Ok(stories);
        }
        let most = self.most_lamport();
        let mut above = match after {
            Some(id) => Some((id, self.rows.load::<Thing>(&self.rows.thing_key(&id))?)),
            None => None,
        };
        if matches!(&above, Some((_, Some(last))) if last.lamport > most) {
            return Ok(stories);
        }
        self.rows.newest(None, |shown| {
            if let Some((id, thing)) = &above {
                let says = |thing: &Thing| thing.lamport == shown.lamport;
                if shown.thing == *id && thing.as_ref().is_none_or(says) {
                    above = None;
                }
                return Ok(true);
            }
            let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&shown.thing))?;
            if thing.is_none() {
                gap(shown.thing, stories.len())?;
            }
            if let Some(thing) = thing.filter(|thing| thing.lamport == shown.lamport) {
                if shown.lamport <= most {
                    stories.extend(self.story_of(shown.thing, &thing, now)?);
                } else if last_of_all.len() < limit {
                    last_of_all.push((shown.thing, thing));
                }
            }
            Ok(stories.len() < limit)
        })?;
        for (id, thing) in last_of_all {
            stories.extend(self.story_of(id, &thing, now)?);
        }
        stories.truncate(limit);
        Ok(stories)
    }

    /// Returns the stories whose ids begin like this in hexadecimal: all of them, or two if there are
    /// more.
    pub fn stories_like(&self, start: &str, now: Timestamp) -> Result<Vec<StoryLine>, Error> {
        let digits = (2 * size_of::<ThingId>()).saturating_sub(start.len());
        let ends =
            ["0", "f"].map(|digit| ThingId::from_hex(&(start.to_owned() + &digit.repeat(digits))));
        let [Some(first), Some(last)] = ends else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        self.rows.newest(None, |shown| {
            let known = found
                .iter()
                .any(|story: &StoryLine| story.thing == shown.thing);
            if !known && (first..=last).contains(&shown.thing) {
                found.extend(self.story(shown.thing, now)?);
            }
            Ok(found.len() < 2)
        })?;
        Ok(found)
    }

    /// Returns a story with its responses.
    pub fn story(&self, id: ThingId, now: Timestamp) -> Result<Option<StoryLine>, Error> {
        let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&id))?;
        match thing {
            Some(thing) => self.story_of(id, &thing, now),
            None => Ok(None),
        }
    }

    fn story_of(
        &self,
        id: ThingId,
        thing: &Thing,
        now: Timestamp,
    ) -> Result<Option<StoryLine>, Error> {
        let hidden = self.is_hidden(thing);
        if thing.kind != Kind::Story.number() || hidden || self.is_veiled()? {
            return Ok(None);
        }
        let (Some(author), Some(Content::Story(story))) =
            (thing.creator, self.read_thing(thing, now)?)
        else {
            return Ok(None);
        };
        let thread = self.thread(id, author, &story);
        let mine = author == self.me();
        let (gestures, given) = if mine {
            (self.gestures(thread, now)?, Vec::new())
        } else {
            (Vec::new(), self.given(thread)?)
        };
        Ok(Some(StoryLine {
            thing: id,
            author,
            author_name: self.name_of(&author),
            mine,
            text: story.text.to_string(),
            ask: story.ask,
            note: story.note.as_ref().map(|note| note.to_string()),
            written: story.written,
            edited: story.replaces.is_some(),
            fades: Some(thing.expires).filter(|day| *day != Day::default()),
            responses: self.responses(thread, now)?,
            gestures,
            given,
        }))
    }

    fn responses(&self, story: ThingId, now: Timestamp) -> Result<Vec<ResponseLine>, Error> {
        let mut lines = Vec::new();
        self.rows.newest(Some(story), |shown| {
            let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&shown.thing))?;
            let fits = |thing: &Thing| {
                let kind = thing.kind == Kind::Response.number();
                let here = thing.lamport == shown.lamport && thing.under == Some(story);
                kind && here && !self.is_hidden(thing)
            };
            let Some(thing) = thing.filter(fits) else {
                return Ok(true);
            };
            let content = self.read_thing(&thing, now)?;
            if let (Some(author), Some(Content::Response(response))) = (thing.creator, content) {
                lines.push(ResponseLine {
                    thing: shown.thing,
                    author,
                    author_name: self.name_of(&author),
                    mine: author == self.me(),
                    text: response.text.to_string(),
                    written: response.written,
                });
            }
            Ok(true)
        })?;
        lines.reverse();
        Ok(lines)
    }

    /// Returns the sequence number of the last story or response of a chain that was written before a
    /// day, as far as the bodies say: what cannot be opened counts as older, what is gone as
    /// nothing. Looks from the newest back, no further than needed.
    pub(super) fn last_before(
        &self,
        (device, branch): (&DeviceId, u8),
        intervals: &[Interval],
        day: Day,
    ) -> Result<u64, Error> {
        for interval in intervals.iter().rev() {
            for seq in (interval.low..=interval.high).rev() {
                let place = Place {
                    device: *device,
                    branch,
                    seq,
                };
                if let Some(entry) = self.rows.entry(&place)?
                    && self.is_older(&entry, day)?
                {
                    return Ok(seq);
                }
            }
        }
        Ok(0)
    }

    fn is_older(&self, entry: &Entry, day: Day) -> Result<bool, Error> {
        let header = entry.header.header();
        // What has faded says nothing either.
        let gone = entry.body.is_none() || self.retracts.contains_key(&header.thing);
        // Nor does what is for one pair of eyes: to others it does not open.
        let closed = header.audience == Audience::Sealed;
        if gone || closed || header.class == KeyClass::Commons {
            return Ok(false);
        }
        let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&header.thing))?;
        let content = thing
            .map(|thing| self.read_thing(&thing, day.start()))
            .transpose()?;
        let written = match content.flatten() {
            Some(Content::Story(story)) => Some(story.written),
            Some(Content::Response(response)) => Some(response.written),
            Some(
                Content::Profile(_)
                | Content::Settings(_)
                | Content::Agreement(_)
                | Content::Gesture(_),
            )
            | None => None,
        };
        Ok(written.is_none_or(|written| written < day.start()))
    }

    fn own_standing(&self) -> Standing {
        match (&self.state.phase, self.standing()) {
            (Phase::Joining { .. }, _) => Standing::Pending,
            (Phase::Knocking { .. }, _) => Standing::Knocking,
            (Phase::Ended(end), _) => Standing::Ended(*end),
            (Phase::Returning { .. }, _) => Standing::Returning,
            (Phase::Linking { met, .. }, _) => Standing::Linking { met: *met },
            (Phase::Member, Some(Belongs::Active)) if self.was_taken_out() => {
                Standing::DeviceRemoved
            }
            (Phase::Member, Some(Belongs::Active)) => Standing::Member,
            (Phase::Member, Some(Belongs::Left(_))) => Standing::Left,
            (Phase::Member, Some(Belongs::Removed(_)) | None) => Standing::Removed,
        }
    }

    pub(super) fn members(&self) -> Vec<Member> {
        let Some(graph) = self.graph.as_ref() else {
            return Vec::new();
        };
        let roster = graph.roster();
        let devices = |id: &PersonId| {
            roster
                .active_devices()
                .filter(|(_, device)| device.person == *id)
                .count()
        };
        let mut people: Vec<_> = roster.members().collect();
        people.sort_by_key(|(id, person)| (graph.depth(&person.admitted), **id));
        people
            .into_iter()
            .map(|(id, person)| Member {
                person: *id,
                name: self.name_of(id),
                role: person.role,
                since: person.since,
                me: *id == self.me(),
                devices: devices(id),
                words: self.words_of(id),
                asked_out: roster.asked_out.contains(id),
            })
            .collect()
    }

    /// Returns a person's name: as their profile says, or as they came.
    pub(super) fn name_of(&self, person: &PersonId) -> String {
        let came = || {
            self.roster()?
                .people
                .get(person)
                .map(|person| person.name.clone())
        };
        self.profile_name(*person).or_else(came).unwrap_or_default()
    }

    fn name_of_device(&self, device: &DeviceId) -> String {
        let person = self.roster().and_then(|roster| roster.person_of(device));
        person
            .map(|person| self.name_of(&person))
            .unwrap_or_default()
    }
}
