//! The circle's agreement: read, written together, and agreed to.
//!
//! Any member writes it. Who agrees says so in their own profile, so that the rule who may write holds for
//! their yes as for their name; of several profiles of one person each yes counts.

use super::Replica;
use super::agreements::Kept;
use super::things::{MAX_PLACES, Thing};
use super::write::Draft;
use crate::content::agreement::{self, Agreement, MAX_AGREEMENT};
use crate::content::profile::Profile;
use crate::content::{self, Body, Content, Kind};
use crate::document::text::TextDocument;
use crate::id::{Hash, PersonId, ThingId};
use crate::key::Rng;
use crate::log::entry::Place;
use crate::log::header::Action;
use crate::replica::output::{Refusal, Reply};
use crate::replica::overview::{AgreementLine, Agrees, Answer};
use crate::store::Error;
use crate::time::{Day, Timestamp};
use std::collections::BTreeSet;

/// The longest text that is compared with what somebody made of it; it is begun anew where somebody let it
/// grow beyond.
const MAX_COMPARED: usize = 4 * MAX_AGREEMENT;

/// So many others are shown beside the one that counts.
const MAX_BESIDE: usize = 3;

/// What came of an edit.
enum Edited {
    /// Nothing: it says so already.
    Same,
    /// The thing, the entries that this builds on, and the body.
    Changed(ThingId, Vec<Place>, Body),
    /// It has to be begun.
    Anew,
}

impl Replica {
    /// Returns the circle's agreement; `None` while there is none, or none with words.
    pub fn agreement(&self, now: Timestamp) -> Result<Option<AgreementLine>, Error> {
        let begun = self.begun_agreements()?;
        let Some((counting, others)) = begun.split_first() else {
            return Ok(None);
        };
        let Some(agreement) = self.read_agreement(counting.1)? else {
            return Ok(None);
        };
        let mut beside = Vec::new();
        for (_, kept) in others.iter().take(MAX_BESIDE) {
            let text = self.read_agreement(kept)?.map(|other| other.text);
            beside.extend(text.filter(|text| *text != agreement.text));
        }
        let words = agreement::hash(&agreement.text);
        let person = self
            .roster()
            .and_then(|it| it.person_of(&agreement.changed_by));
        let mut answers = Vec::new();
        for member in self.overview().members {
            let agreed = self.agreed_by(member.person, now)?;
            let answer = match (agreed.contains(&words), agreed.is_empty()) {
                (true, _) => Answer::Yes,
                (false, false) => Answer::Before,
                (false, true) => Answer::NotYet,
            };
            answers.push(Agrees {
                name: member.name,
                me: member.me,
                answer,
            });
        }
        Ok(Some(AgreementLine {
            text: agreement.text,
            version: agreement.version,
            by: person
                .map(|person| self.name_of(&person))
                .unwrap_or_default(),
            by_me: person == Some(self.me()),
            changed: agreement.changed,
            is_as_begun: agreement.is_as_begun,
            answers,
            beside,
        }))
    }

    /// Returns the circle's agreement as a file that any Automerge opens; `None` where there is none.
    pub fn agreement_file(&self) -> Result<Option<Vec<u8>>, Error> {
        let counting = self.counting_agreement()?;
        let document = counting.map(|(_, kept)| self.open_agreement(kept));
        Ok(document
            .transpose()?
            .flatten()
            .and_then(|it| it.save().ok()))
    }

    /// Reads an agreement; `None` where it says nothing that can be read here.
    fn read_agreement(&self, kept: &Kept) -> Result<Option<Agreement>, Error> {
        let document = self.open_agreement(kept)?;
        let read = document.and_then(|document| Agreement::read(&document).ok());
        Ok(read.filter(|agreement| !agreement.text.is_empty()))
    }

    /// Begins the agreement or changes it. Who writes it agrees to what they wrote; where that came together
    /// with words they have not seen, they are asked like everybody.
    pub(super) fn write_agreement(
        &mut self,
        text: &str,
        seen: &[Hash],
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<Reply, Refusal> {
        let text = content::clean_text::<MAX_AGREEMENT>(text).map_err(Refusal::from)?;
        match self.edited(&text, seen, now)? {
            Edited::Same => {}
            Edited::Changed(thing, places, body) => {
                self.write_on(thing, &places, Kind::Agreement, &body, now, rng)?;
            }
            Edited::Anew => {
                let body = Agreement::create(&text, self.device(), now).map_err(Refusal::from)?;
                self.make(Kind::Agreement, &body, Day::default(), now, rng)?;
            }
        }
        self.say_yes(agreement::hash(&text), now, rng)
    }

    /// Agrees to the words of a version.
    pub(super) fn agree(
        &mut self,
        version: &[Hash],
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<Reply, Refusal> {
        let (_, kept) = self.counting_agreement()?.ok_or(Refusal::NotFound)?;
        let document = self.open_agreement(kept)?.ok_or(Refusal::NotFound)?;
        let read = document.at(version).ok().flatten();
        let read = read.and_then(|read| read.text().ok());
        let text = agreement::shown(&read.ok_or(Refusal::NotFound)?);
        if text.is_empty() {
            return Err(Refusal::NotFound);
        }
        self.say_yes(agreement::hash(&text), now, rng)
    }

    fn edited(&self, text: &str, seen: &[Hash], now: Timestamp) -> Result<Edited, Error> {
        let Some((thing, kept)) = self.counting_agreement()? else {
            return Ok(Edited::Anew);
        };
        let full = kept.is_full_for(self.me());
        let Some(document) = self.open_agreement(kept)?.filter(|_| !full) else {
            return Ok(Edited::Anew);
        };
        // Where nothing is known of what they saw, nothing is taken out.
        let versions = [seen, &[]].map(|heads| document.at(heads).ok().flatten());
        let Some(seen) = versions.into_iter().flatten().next() else {
            return Ok(Edited::Anew);
        };
        if length(&seen) > MAX_COMPARED {
            return Ok(Edited::Anew);
        }
        Ok(
            match Agreement::edit(&document, &seen, text, self.device(), now) {
                Ok(None) => Edited::Same,
                Ok(Some(body)) => Edited::Changed(thing, kept.thing().places, body),
                Err(_) => Edited::Anew,
            },
        )
    }

    /// Says in this person's own profile that they agree to some words.
    fn say_yes(
        &mut self,
        words: Hash,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<Reply, Refusal> {
        if self.agreed_by(self.me(), now)?.contains(&words) {
            return Ok(Reply::Done);
        }
        let agreed = Some(words);
        if let Some((id, thing)) = self.own_profile()? {
            let (creator, opened) = self.opened(&thing)?.ok_or(Refusal::NotFound)?;
            let writes: Vec<_> = opened.iter().map(|it| it.write(&thing)).collect();
            let (_, mut document) = content::open(creator, &writes).map_err(Refusal::from)?;
            let before = Profile::read(&document).map_err(Refusal::from)?;
            let edit = Profile { agreed, ..before }.edit(&mut document, self.device(), now);
            if let Some(body) = edit.map_err(Refusal::from)? {
                self.write_on(id, &thing.places, Kind::Profile, &body, now, rng)?;
            }
            return Ok(Reply::Done);
        }
        let name = content::clean_name(&self.name_of(&self.me())).map_err(Refusal::from)?;
        let body = Profile { name, agreed }.create(self.device(), now);
        let body = body.map_err(Refusal::from)?;
        self.make(Kind::Profile, &body, Day::default(), now, rng)?;
        Ok(Reply::Done)
    }

    /// Returns this person's profile that counts; `None` where there is none, or none with room.
    fn own_profile(&self) -> Result<Option<(ThingId, Thing)>, Error> {
        let Some(id) = self.profiles_of(self.me()).pop() else {
            return Ok(None);
        };
        let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&id))?;
        let thing = thing.filter(|thing| thing.places.len() < MAX_PLACES);
        Ok(thing.map(|thing| (id, thing)))
    }

    /// Returns what a person agrees to, as each of their profiles says.
    fn agreed_by(&self, person: PersonId, now: Timestamp) -> Result<BTreeSet<Hash>, Error> {
        let mut agreed = BTreeSet::new();
        for id in self.profiles_of(person) {
            let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&id))?;
            let content = thing
                .map(|thing| self.read_thing(&thing, now))
                .transpose()?;
            if let Some(Content::Profile(profile)) = content.flatten() {
                agreed.extend(profile.agreed);
            }
        }
        Ok(agreed)
    }

    /// Writes to a thing that is there, on top of what is known of it.
    pub(super) fn write_on(
        &mut self,
        thing: ThingId,
        places: &[Place],
        kind: Kind,
        body: &Body,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<(), Refusal> {
        let draft = Draft {
            thing,
            origin: None,
            deps: self.last_of(places)?,
            class: kind.class(),
            expires: Day::default(),
            action: Action::Write,
            body: Some(body.encode()),
        };
        self.write(draft, now, rng)
    }
}

fn length(document: &TextDocument) -> usize {
    document.text().map_or(usize::MAX, |text| text.len())
}
