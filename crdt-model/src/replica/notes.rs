//! Notes: what is inside a body for one pair of eyes.
//!
//! A note is opened when it comes, by the KEM keys of that day; from then on its own key does, which is
//! kept beside the body and goes with it. So letting go of a KEM key (K4) closes no note that came in
//! time. One that comes later does not open, and is not asked for: nobody but its writer knows for whom
//! it is, and sealing it anew would show that to everybody.

use super::Replica;
use super::things::{MAX_PLACES, Thing};
use crate::content::Body;
use crate::id::PersonId;
use crate::key::Secret;
use crate::log::entry::{Entry, Place};
use crate::log::header::{Audience, Header};
use crate::secrecy::kem::PublicKey;
use crate::secrecy::seal::BodyKey;
use crate::secrecy::sealed_note::{self, SLOTS};
use crate::store::Error;
use std::cmp::Reverse;

impl Replica {
    /// Returns the KEM keys that a note for somebody is sealed to: of too many devices, those that came
    /// last. None where the person does not belong.
    pub(super) fn note_to(&self, person: &PersonId) -> Vec<PublicKey> {
        let Some(graph) = self.graph.as_ref() else {
            return Vec::new();
        };
        let devices = graph.roster().active_devices();
        let mut theirs: Vec<_> = devices
            .filter(|(_, device)| device.person == *person)
            .collect();
        theirs.sort_by_key(|(id, device)| (Reverse(graph.depth(&device.added)), **id));
        let some = theirs.into_iter().take(SLOTS);
        some.map(|(_, device)| device.kem.clone()).collect()
    }

    /// Returns what the opened body of an entry that came says: itself, or the note inside it. `None` where
    /// that is for somebody else.
    pub(super) fn take_note(
        &mut self,
        place: Place,
        entry: &Entry,
        signer: PersonId,
        plain: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let header = entry.header.header();
        if header.audience == Audience::Circle {
            return Ok(Some(plain));
        }
        if signer == self.me() {
            self.note_own(place, header)?;
            return Ok(None);
        }
        if let Some(said) = self.reopen_note(entry, &plain)? {
            return Ok(Some(said));
        }
        let opened = sealed_note::open(&self.identity.kem, &sealed_note::place(header), &plain);
        Ok(opened.ok().map(|(key, said)| {
            self.rows.save(self.rows.note_key(&entry.id()), &key.0);
            said
        }))
    }

    /// Opens what an entry says, as far as it is for this device.
    pub(super) fn body_of(&self, entry: &Entry) -> Result<Option<Body>, Error> {
        let Some(plain) = self.open_body(entry)? else {
            return Ok(None);
        };
        let said = match entry.header.header().audience {
            Audience::Circle => Some(plain),
            Audience::Sealed => self.reopen_note(entry, &plain)?,
        };
        Ok(said.and_then(|said| Body::decode(&said).ok()))
    }

    /// Opens a note by its own key, if that is kept.
    fn reopen_note(&self, entry: &Entry, plain: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let kept: Option<Secret> = self.rows.load(&self.rows.note_key(&entry.id()))?;
        let place = sealed_note::place(entry.header.header());
        Ok(kept.and_then(|key| sealed_note::open_with(&BodyKey(key), &place, plain).ok()))
    }

    /// Notes an entry of this person's own that is for somebody else: that it is there, and nothing of
    /// what it says.
    fn note_own(&mut self, place: Place, header: &Header) -> Result<(), Error> {
        let key = self.rows.thing_key(&header.thing);
        let mut thing: Thing = self.rows.load(&key)?.unwrap_or_default();
        let begins = header.origin.map(|origin| origin.creator) == Some(self.me());
        if !begins || thing.places.contains(&place) || thing.places.len() >= MAX_PLACES {
            return Ok(());
        }
        if thing.creator.is_none() {
            thing.creator = Some(self.me());
            thing.lamport = header.lamport;
            thing.expires = header.expires;
        }
        thing.places.push(place);
        self.rows.save(key, &thing);
        Ok(())
    }
}
