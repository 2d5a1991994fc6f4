//! Keeping an entry, indexing what it says, and taking back.

use super::Replica;
use crate::content::{self, Body, Content, Kind};
use crate::id::{PersonId, ThingId};
use crate::log::entry::{Entry, Place};
use crate::log::header::{Action, Header};
use crate::store::Error;
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

/// The most entries of one thing that are read: opening it takes bounded time.
pub(super) const MAX_PLACES: usize = 256;
/// The most entries of one person that are kept in mind before a thing's first entry is here.
const MAX_EARLY: usize = 64;
/// The most entries of all people that are kept in mind until then: the row stays below 64 KiB.
const MAX_EARLY_OF_ALL: usize = 1024;

/// What is known of a thing without opening it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Thing {
    /// The number of its kind; 0 until an entry of it was opened.
    pub(super) kind: u8,
    /// Its creator; `None` until its first entry is here.
    pub(super) creator: Option<PersonId>,
    /// The lamport time of its first entry.
    pub(super) lamport: u64,
    /// The day after which it fades; zero = never.
    pub(super) expires: Day,
    /// The story that a response answers.
    pub(super) under: Option<ThingId>,
    /// Where its entries are, in the order they were opened.
    pub(super) places: Vec<Place>,
    /// Those of the settings that somebody wrote who was a keeper as far as they knew.
    pub(super) by_keepers: Vec<Place>,
}

/// Who wrote an entry, as far as the membership graph says.
pub(super) enum Writer {
    /// A member's device, when it wrote.
    Member(PersonId),
    /// Acts that the entry names are not here.
    Unknown,
    /// No member's device when it wrote.
    Nobody,
}

/// An entry of a thing, opened.
pub(super) struct Opened {
    place: Place,
    signer: PersonId,
    body: Body,
}

impl Opened {
    /// Returns it as one write to the thing.
    pub(super) fn write(&self, thing: &Thing) -> content::Write<'_> {
        content::Write {
            device: self.place.device,
            signer: self.signer,
            is_keeper: thing.by_keepers.contains(&self.place),
            body: &self.body,
        }
    }
}

impl Replica {
    /// Stores an entry and takes in what it says.
    pub(super) fn keep(&mut self, place: Place, entry: Entry, now: Timestamp) -> Result<(), Error> {
        let gone = self.is_erased(entry.header.header(), now);
        let entry = Entry {
            body: if gone { None } else { entry.body },
            ..entry
        };
        self.rows.put_entry(&place, &entry);
        self.note_fading(&entry);
        if self.is_beyond(&place) {
            return Ok(());
        }
        self.take_in(place, &entry, now)
    }

    /// Takes in what a stored entry says.
    pub(super) fn take_in(
        &mut self,
        place: Place,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<(), Error> {
        let header = entry.header.header();
        if header.action == Action::Retract {
            return self.obey_entry(place, entry);
        }
        if self.retracts.contains_key(&header.thing) {
            return Ok(());
        }
        self.index(place, entry, false, now)
    }

    /// Opens an entry's body and notes what it is. What cannot be opened or judged yet is noted too, unless
    /// it `was_sealed` before.
    pub(super) fn index(
        &mut self,
        place: Place,
        entry: &Entry,
        was_sealed: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        let header = entry.header.header();
        if !header.well_formed() {
            return Ok(());
        }
        let signer = match self.writer(header) {
            Writer::Member(person) => Some(person),
            Writer::Nobody => None,
            Writer::Unknown => {
                self.await_acts(&place, header);
                return Ok(());
            }
        };
        let plain = self.open_body(entry)?;
        if plain.is_none() && signer.is_some() && self.awaits_key(entry) {
            self.rows.put_sealed(&place);
            return Ok(());
        }
        let judged = self.knows_heads(header);
        if !judged {
            self.await_acts(&place, header);
        } else if was_sealed {
            self.rows.delete(self.rows.sealed_key(&place));
            self.judge_order(place.branch, core::slice::from_ref(entry))?;
        }
        let (Some(signer), Some(plain)) = (signer, plain) else {
            return Ok(());
        };
        let Some(plain) = self.take_note(place, entry, signer, plain)? else {
            return Ok(());
        };
        // A body that is not in order keeps its place in the chain and means nothing.
        let Ok(body) = Body::decode(&plain) else {
            return Ok(());
        };
        let sealed = (header.class, header.audience);
        let fits = |kind: Kind| (kind.class(), kind.audience()) == sealed;
        let fits = body.kind().is_ok_and(fits);
        // A keeper's right is judged by what they knew.
        let waits = !judged && matches!(body.kind(), Ok(Kind::Settings));
        if !fits || waits || body.check(header.device).is_err() {
            return Ok(());
        }
        if body.kind() == Ok(Kind::Agreement) {
            self.note_agreement(place, header, signer);
            return Ok(());
        }
        self.note(place, header, signer, &body)?;
        if matches!(body.kind(), Ok(Kind::Profile | Kind::Settings)) {
            self.take_names(header.thing, now)?;
        }
        Ok(())
    }

    /// Whether a body cannot be opened here for lack of a key that may still come.
    pub(super) fn awaits_key(&self, entry: &Entry) -> bool {
        let header = entry.header.header();
        entry.body.is_some() && self.may_open(header) && !self.ring.holds(&header.epoch)
    }

    fn note(
        &mut self,
        place: Place,
        header: &Header,
        signer: PersonId,
        body: &Body,
    ) -> Result<(), Error> {
        let key = self.rows.thing_key(&header.thing);
        let mut thing: Thing = self.rows.load(&key)?.unwrap_or_default();
        let settings = body.kind == Kind::Settings.number();
        let keeper = settings && self.was_keeper(header, &signer);
        let first = header.origin.is_some_and(|origin| origin.creator == signer);
        let begins = first && thing.creator.is_none() && (keeper || !settings);
        if thing.places.contains(&place)
            || (settings && !keeper)
            || !(begins || self.has_room(&thing, signer, settings))
        {
            return Ok(());
        }
        // What others wrote about it before it was here never counts.
        if begins && settings {
            thing.places.clone_from(&thing.by_keepers);
        } else if begins {
            let own = |place: &Place| self.person_at(place) == Some(signer);
            thing.places.retain(own);
            thing.by_keepers.clear();
        }
        thing.places.push(place);
        if keeper {
            thing.by_keepers.push(place);
            self.drop_latest(&mut thing)?;
        }
        if begins {
            thing.creator = Some(signer);
            thing.kind = body.kind;
            thing.lamport = header.lamport;
            thing.expires = header.expires;
            self.show_in_time(&mut thing, place, header, body);
        }
        self.rows.save(key, &thing);
        Ok(())
    }

    /// Whether a further entry of a person can be noted. Others take no room from the creator.
    fn has_room(&self, thing: &Thing, signer: PersonId, settings: bool) -> bool {
        let of_one = || {
            let places = thing.places.iter();
            let theirs = places.filter(|place| self.person_at(place) == Some(signer));
            theirs.count()
        };
        match thing.creator {
            _ if settings => true,
            Some(creator) => creator == signer && of_one() < MAX_PLACES,
            None => of_one() < MAX_EARLY && thing.places.len() < MAX_EARLY_OF_ALL,
        }
    }

    fn person_at(&self, place: &Place) -> Option<PersonId> {
        self.roster()?.person_of(&place.device)
    }

    /// Of too many entries of keepers, drops the latest: the same ones on every replica.
    fn drop_latest(&self, thing: &mut Thing) -> Result<(), Error> {
        if thing.by_keepers.len() <= MAX_PLACES {
            return Ok(());
        }
        let mut latest = None;
        for place in &thing.by_keepers {
            let lamport = self.lamport_of(&place.device, place.branch, place.seq)?;
            latest = latest.max(Some((lamport, place.device, place.seq, *place)));
        }
        let latest = latest.map(|(.., place)| place);
        thing.places.retain(|place| Some(*place) != latest);
        thing.by_keepers.retain(|place| Some(*place) != latest);
        Ok(())
    }

    /// Forgets what an entry that is about to be dropped said.
    pub(super) fn unindex(&mut self, place: Place, entry: &Entry) -> Result<(), Error> {
        let header = entry.header.header();
        self.rows.delete(self.rows.sealed_key(&place));
        if header.action == Action::Retract {
            return self.detach(place, header);
        }
        self.drop_from_agreement(place, entry);
        let key = self.rows.thing_key(&header.thing);
        let Some(mut thing) = self.rows.load::<Thing>(&key)? else {
            return Ok(());
        };
        thing.places.retain(|other| *other != place);
        thing.by_keepers.retain(|other| *other != place);
        self.drop_name(&header.thing);
        if thing.places.is_empty() {
            // Not the key it is kept under: an honest body of the same thing may be among others' entries.
            self.rows.delete(key);
            return Ok(());
        }
        self.begin_anew(&mut thing, header)?;
        self.rows.save(key, &thing);
        self.take_names(header.thing, Timestamp::default())
    }

    /// Where the entry that began a thing was dropped and no other begins it, waits for one again: as if
    /// it had never been here.
    fn begin_anew(&self, thing: &mut Thing, dropped: &Header) -> Result<(), Error> {
        let began = |header: &Header| {
            let creator = header.origin.map(|origin| origin.creator);
            creator.is_some() && creator == thing.creator
        };
        if !began(dropped) {
            return Ok(());
        }
        for place in &thing.places {
            let entry = self.rows.entry(place)?;
            if entry.is_some_and(|entry| began(entry.header.header())) {
                return Ok(());
            }
        }
        *thing = Thing {
            places: core::mem::take(&mut thing.places),
            by_keepers: core::mem::take(&mut thing.by_keepers),
            ..Thing::default()
        };
        Ok(())
    }

    /// Returns whose an entry is, be what its writer knew all here or not: some of it may never come, because
    /// R9 dropped it.
    pub(super) fn writer(&self, header: &Header) -> Writer {
        let device = self
            .roster()
            .and_then(|roster| roster.devices.get(&header.device));
        match device {
            Some(device) => Writer::Member(device.person),
            None if self.knows_heads(header) => Writer::Nobody,
            None => Writer::Unknown,
        }
    }

    /// Whether every act is here that an entry's writer names.
    pub(super) fn knows_heads(&self, header: &Header) -> bool {
        let graph = self.graph.as_ref();
        graph.is_some_and(|graph| header.heads.iter().all(|head| graph.contains(head)))
    }

    /// Reads a thing from its entries. `None` when it has faded or means nothing.
    pub(super) fn read_thing(
        &self,
        thing: &Thing,
        now: Timestamp,
    ) -> Result<Option<Content>, Error> {
        self.read_writes(thing, now, |creator, writes| {
            Content::read(creator, writes).ok()
        })
    }

    /// Reads what was written to a thing, in some way. `None` when it has faded or means nothing.
    pub(super) fn read_writes<T>(
        &self,
        thing: &Thing,
        now: Timestamp,
        read: impl FnOnce(PersonId, &[content::Write<'_>]) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        if thing.expires.is_over(now.day()) {
            return Ok(None);
        }
        let Some((creator, opened)) = self.opened(thing)? else {
            return Ok(None);
        };
        let writes: Vec<_> = opened.iter().map(|it| it.write(thing)).collect();
        Ok(read(creator, &writes))
    }

    /// Returns who made a thing and what of it opens.
    pub(super) fn opened(&self, thing: &Thing) -> Result<Option<(PersonId, Vec<Opened>)>, Error> {
        let Some(creator) = thing.creator else {
            return Ok(None);
        };
        let mut opened = Vec::new();
        for place in &thing.places {
            let Some(entry) = self.rows.entry(place)? else {
                continue;
            };
            let Writer::Member(signer) = self.writer(entry.header.header()) else {
                continue;
            };
            let place = *place;
            opened.extend(self.body_of(&entry)?.map(|body| Opened {
                place,
                signer,
                body,
            }));
        }
        Ok(Some((creator, opened)))
    }
}
