//! Taking back: which retracts count, and those that stand beside the chains.
//!
//! Who shared something may take it back even after they left or were removed. Such a retract lies
//! beyond what counts of its device's chain. It is kept *detached*: header and signature alone, given to
//! whoever lacks it in a message of its own, and by a device that no longer belongs in its hello.
//!
//! A retract of a chain lies there. The row by which it is looked up says only where; that of a detached
//! one holds it.

use super::Replica;
use super::things::Writer;
use crate::bounded::List;
use crate::id::{PersonId, ThingId};
use crate::key::Signature;
use crate::log::entry::{Entry, Place};
use crate::log::header::{Action, Header, KeyClass};
use crate::replica::input::LinkId;
use crate::replica::output::{Outbox, Output};
use crate::store::Error;
use crate::sync::message::{MAX_DETACHED, MAX_RETRACTS, Message, SignedHeader};
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};

/// The branch of a place that is in no chain.
pub(super) const DETACHED: u8 = u8::MAX;
/// The most detached retracts of one device for things of which nothing is known here: nobody fills
/// everybody's store after leaving. Those for things that are known are all kept.
const MAX_UNKNOWN_OF: usize = 256;
/// The most things without a body whose retract is waited for.
const MAX_MISSING: usize = 4096;

/// The things of which a person's entries are held, read once for many retracts.
type Known = BTreeMap<PersonId, BTreeSet<ThingId>>;

/// A retract that is obeyed.
#[derive(Clone, Debug)]
pub(super) struct Retract {
    /// Where it lies.
    place: Place,
    pub(super) header: Header,
    signature: Signature,
}

/// The row by which it is looked up.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) thing: ThingId,
    pub(super) place: Place,
    /// `None` where it lies in a chain.
    detached: Option<SignedHeader>,
}

impl Retract {
    fn new(place: Place, header: Header, signature: Signature) -> Self {
        Self {
            place,
            header,
            signature,
        }
    }

    fn is_detached(&self) -> bool {
        self.place.branch == DETACHED
    }
}

impl Replica {
    /// Obeys a retract of a chain.
    pub(super) fn obey_entry(&mut self, place: Place, entry: &Entry) -> Result<(), Error> {
        match entry.signature {
            Some(signature) => {
                let header = entry.header.header().clone();
                self.obey(&Retract::new(place, header, signature))
            }
            None => Ok(()),
        }
    }

    /// Obeys retracts that came without their chain. Returns whether they are authentic; none after one
    /// that is not is obeyed.
    pub(super) fn obey_detached(&mut self, retracts: Vec<SignedHeader>) -> Result<bool, Error> {
        let mut known = Known::new();
        for signed in retracts {
            if !self.obey_one_detached(signed, &mut known)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn obey_one_detached(
        &mut self,
        (header, signature): SignedHeader,
        known: &mut Known,
    ) -> Result<bool, Error> {
        if self.retracts.contains_key(&header.thing) {
            return Ok(true);
        }
        let fits = Some(header.circle) == self.state.circle && header.action == Action::Retract;
        if !fits || !header.signed_by_device(&signature) {
            return Ok(false);
        }
        let (device, seq) = (header.device, header.seq);
        if self.has_room_for(&header, known)? {
            self.missing.remove(&header.thing);
            let place = Place {
                device,
                branch: DETACHED,
                seq,
            };
            self.obey(&Retract::new(place, header, signature))?;
        }
        Ok(true)
    }

    /// Whether a detached retract is kept: always where an entry of the thing is held or was offered.
    fn has_room_for(&self, header: &Header, known: &mut Known) -> Result<bool, Error> {
        let all = self.retracts.values().filter(|it| it.branch == DETACHED);
        let theirs = all.clone().filter(|place| place.device == header.device);
        let few = all.count() < MAX_DETACHED && theirs.count() < MAX_UNKNOWN_OF;
        if few || self.missing.contains(&header.thing) {
            return Ok(true);
        }
        let roster = self.roster();
        let Some(person) = roster.and_then(|roster| roster.person_of(&header.device)) else {
            return Ok(false);
        };
        let things = match known.entry(person) {
            Slot::Occupied(things) => things.into_mut(),
            Slot::Vacant(none) => none.insert(self.things_of(&person)?),
        };
        Ok(things.contains(&header.thing))
    }

    /// Returns the things that the entries held of a person are about.
    fn things_of(&self, person: &PersonId) -> Result<BTreeSet<ThingId>, Error> {
        let mut things = BTreeSet::new();
        let roster = self.roster();
        let whose = |device| roster.and_then(|roster| roster.person_of(device));
        let chains = self.frontier.chains();
        for (&(device, branch), chain) in chains.filter(|((it, _), _)| whose(it) == Some(*person)) {
            for seq in chain.intervals().iter().flat_map(|it| it.low..=it.high) {
                let place = Place {
                    device,
                    branch,
                    seq,
                };
                let entry = self.rows.entry(&place)?;
                things.extend(entry.map(|entry| entry.header.header().thing));
            }
        }
        Ok(things)
    }

    /// Notes that a thing's body was gone where its header came from: its retract is wanted.
    pub(super) fn misses_retract(&mut self, thing: ThingId) {
        if self.missing.len() >= MAX_MISSING {
            self.missing.clear();
        }
        self.missing.insert(thing);
    }

    /// Takes a thing back if the retract is its creator's, or a keeper's for a shared thing.
    fn obey(&mut self, retract: &Retract) -> Result<(), Error> {
        let thing = retract.header.thing;
        if !retract.header.well_formed() || !self.may_take_back(retract) {
            return Ok(());
        }
        let known = self.retract_of(&thing)?;
        // The creator's own lasts longest, and one that is in a chain needs no message of its own.
        let rank = |retract: &Retract| (self.is_own(&retract.header), !retract.is_detached());
        if known
            .as_ref()
            .is_some_and(|known| rank(known) >= rank(retract))
        {
            return Ok(());
        }
        if retract.is_detached() {
            self.fresh_retracts.push(thing);
        }
        self.save_retract(retract);
        if known.is_none() {
            self.digest = None;
            self.erase(thing)?;
            self.owe_receipt(thing);
        }
        Ok(())
    }

    /// Returns the retract that a thing was taken back by.
    pub(super) fn retract_of(&self, thing: &ThingId) -> Result<Option<Retract>, Error> {
        let stored: Option<Stored> = self.rows.load(&self.rows.retract_key(thing))?;
        let Some(Stored {
            place, detached, ..
        }) = stored
        else {
            return Ok(None);
        };
        let signed = match detached {
            Some(signed) => Some(signed),
            None => self.rows.entry(&place)?.and_then(|entry| {
                let header = entry.header.header().clone();
                Some((header, entry.signature?))
            }),
        };
        Ok(signed.map(|(header, signature)| Retract::new(place, header, signature)))
    }

    fn save_retract(&mut self, retract: &Retract) {
        let (thing, place) = (retract.header.thing, retract.place);
        let signed = || (retract.header.clone(), retract.signature);
        let stored = Stored {
            thing,
            place,
            detached: retract.is_detached().then(signed),
        };
        self.retracts.insert(thing, place);
        self.rows.save(self.rows.retract_key(&thing), &stored);
    }

    fn may_take_back(&mut self, retract: &Retract) -> bool {
        let header = &retract.header;
        if self.is_own(header) {
            return true;
        }
        if header.class != KeyClass::Commons || retract.is_detached() {
            return false;
        }
        if !self.knows_heads(header) {
            self.await_acts(&retract.place, header);
            return false;
        }
        match self.writer(header) {
            Writer::Member(person) => self.was_keeper(header, &person),
            Writer::Unknown | Writer::Nobody => false,
        }
    }

    /// Returns where the retracts lie in chains of people who are or were keepers.
    pub(super) fn taken_back_by_keepers(&self) -> Vec<Place> {
        let by_keeper = |place: &&Place| {
            let person = self.roster().and_then(|it| it.person_of(&place.device));
            let graph = self.graph.as_ref().filter(|_| place.branch != DETACHED);
            person.is_some_and(|it| graph.is_some_and(|graph| graph.is_named_keeper(&it)))
        };
        self.retracts.values().filter(by_keeper).copied().collect()
    }

    /// Whether a header says that somebody takes back what they made themselves.
    pub(super) fn is_own_retract(&self, header: &Header) -> bool {
        header.action == Action::Retract && self.is_own(header)
    }

    /// Whether a retract is by the person who made the thing. Their signature says so, whatever they knew.
    fn is_own(&self, header: &Header) -> bool {
        let person = self
            .roster()
            .and_then(|roster| roster.person_of(&header.device));
        let creator = header.origin.map(|origin| origin.creator);
        person.is_some() && person == creator
    }

    /// Erases the bodies of a thing and the key they are kept under.
    pub(super) fn erase(&mut self, id: ThingId) -> Result<(), Error> {
        for place in self.places_of(&id)? {
            if let Some(entry) = self.rows.entry(&place)? {
                if !self.ring.holds(&entry.header.header().epoch) {
                    self.rows.delete(self.rows.grant_key(&entry.id()));
                }
                self.rows.delete(self.rows.note_key(&entry.id()));
                self.rows.put_entry(
                    &place,
                    &Entry {
                        body: None,
                        ..entry
                    },
                );
            }
        }
        self.drop_name(&id);
        self.drop_agreement(&id);
        self.rows.delete(self.rows.thing_key(&id));
        self.rows.forget(id);
        Ok(())
    }

    /// Takes a retract out of a chain that is cut below it: its creator's stands on its own.
    pub(super) fn detach(&mut self, place: Place, header: &Header) -> Result<(), Error> {
        let thing = header.thing;
        if self.retracts.get(&thing) != Some(&place) {
            return Ok(());
        }
        let known = self.retract_of(&thing)?;
        if let Some(mut retract) = known.filter(|retract| self.is_own(&retract.header)) {
            retract.place.branch = DETACHED;
            self.save_retract(&retract);
            self.fresh_retracts.push(thing);
        } else {
            self.retracts.remove(&thing);
            self.rows.delete(self.rows.retract_key(&thing));
            self.digest = None;
        }
        Ok(())
    }

    /// Whether a retract counts to this day: others take none of a device that turned out never to have
    /// belonged. It is kept all the same, for the case that this turns out otherwise.
    pub(super) fn counts(&self, place: &Place) -> bool {
        let roster = self.roster();
        roster.is_some_and(|roster| roster.devices.contains_key(&place.device))
    }

    /// Returns the things taken back by detached retracts.
    pub(super) fn detached(&self) -> Vec<ThingId> {
        let detached = self
            .retracts
            .iter()
            .filter(|(_, place)| place.branch == DETACHED && self.counts(place));
        detached.map(|(thing, _)| *thing).collect()
    }

    /// Sends the detached retracts of some things, but for those that are known there.
    pub(super) fn send_retracts(
        &self,
        id: LinkId,
        things: &[ThingId],
        known: &[ThingId],
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let known: BTreeSet<_> = known.iter().collect();
        let things = things.iter().filter(|thing| !known.contains(thing));
        let retracts = self.signed_retracts(things)?;
        for some in retracts.chunks(MAX_RETRACTS) {
            let retracts = List::new(some.to_vec()).unwrap_or_default();
            let frame = Message::Retracts(retracts).to_frame();
            out.outputs.push(Output::Send { link: id, frame });
        }
        Ok(())
    }

    pub(super) fn signed_retracts<'a>(
        &self,
        things: impl Iterator<Item = &'a ThingId>,
    ) -> Result<Vec<SignedHeader>, Error> {
        let mut retracts = Vec::new();
        for thing in things {
            let retract = self.retract_of(thing)?;
            retracts.extend(retract.map(|retract| (retract.header, retract.signature)));
        }
        Ok(retracts)
    }
}
