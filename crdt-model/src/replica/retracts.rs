//! Taking back: which retracts count, and those that stand beside the chains.
//!
//! Who shared something may take it back even after they left or were removed. Such a retract lies
//! beyond what counts of its device's chain. It is kept *detached*: header and signature alone, given to
//! whoever lacks it in a message of its own, and by a device that no longer belongs in its hello.

use super::Replica;
use super::things::{Thing, Writer};
use crate::bounded::List;
use crate::id::{DeviceId, ThingId};
use crate::key::Signature;
use crate::log::entry::{Entry, Place};
use crate::log::header::{Action, Header, KeyClass};
use crate::replica::input::LinkId;
use crate::replica::output::{Outbox, Output};
use crate::store::Error;
use crate::sync::hello::{Answer, MAX_TOLD};
use crate::sync::message::{MAX_DETACHED, MAX_RETRACTS, Message, SignedHeader};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The branch of a place that is in no chain.
pub(super) const DETACHED: u8 = u8::MAX;
/// The most detached retracts of one device: nobody fills everybody's store after leaving.
const MAX_DETACHED_OF: usize = 256;

/// A retract that is obeyed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Retract {
    /// Where it lies.
    pub(super) place: Place,
    pub(super) header: Header,
    signature: Signature,
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

    /// Obeys a retract that came without its chain. Returns whether it is authentic.
    pub(super) fn obey_detached(
        &mut self,
        (header, signature): SignedHeader,
    ) -> Result<bool, Error> {
        if self.retracts.contains_key(&header.thing) {
            return Ok(true);
        }
        let fits = Some(header.circle) == self.state.circle && header.action == Action::Retract;
        if !fits || !header.signed_by_device(&signature) {
            return Ok(false);
        }
        let (device, seq) = (header.device, header.seq);
        let of = |place: &&Place| place.branch == DETACHED;
        let all = self.retracts.values().filter(of);
        let theirs = all.clone().filter(|place| place.device == device);
        if all.count() < MAX_DETACHED && theirs.count() < MAX_DETACHED_OF {
            let place = Place {
                device,
                branch: DETACHED,
                seq,
            };
            self.obey(&Retract::new(place, header, signature))?;
        }
        Ok(true)
    }

    /// Takes a thing back if the retract is its creator's, or a keeper's for a shared thing.
    fn obey(&mut self, retract: &Retract) -> Result<(), Error> {
        let thing = retract.header.thing;
        if !retract.header.well_formed() || !self.may_take_back(retract) {
            return Ok(());
        }
        let key = self.rows.retract_key(&thing);
        let known: Option<Retract> = self.rows.load(&key)?;
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
        self.retracts.insert(thing, retract.place);
        self.rows.save(key, retract);
        if known.is_none() {
            self.digest = None;
            self.erase(thing)?;
        }
        Ok(())
    }

    fn may_take_back(&mut self, retract: &Retract) -> bool {
        let header = &retract.header;
        if self.is_own(header) {
            return true;
        }
        if header.class != KeyClass::Commons || retract.is_detached() {
            return false;
        }
        match self.writer(header) {
            Writer::Member(person) => self.was_keeper(header, &person),
            Writer::Unknown => {
                self.await_acts(&retract.place, header);
                false
            }
            Writer::Nobody => false,
        }
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
    fn erase(&mut self, id: ThingId) -> Result<(), Error> {
        self.drop_name(&id);
        let key = self.rows.thing_key(&id);
        if let Some(thing) = self.rows.load::<Thing>(&key)? {
            for place in &thing.places {
                if let Some(entry) = self.rows.entry(place)? {
                    self.rows.put_entry(
                        place,
                        &Entry {
                            body: None,
                            ..entry
                        },
                    );
                }
            }
            self.rows.delete(key);
        }
        self.rows.forget(id);
        Ok(())
    }

    /// Takes a retract out of a chain that is cut below it: its creator's stands on its own.
    pub(super) fn detach(&mut self, place: Place, header: &Header) -> Result<(), Error> {
        let thing = header.thing;
        if self.retracts.get(&thing) != Some(&place) {
            return Ok(());
        }
        let key = self.rows.retract_key(&thing);
        let known: Option<Retract> = self.rows.load(&key)?;
        if let Some(mut retract) = known.filter(|retract| self.is_own(&retract.header)) {
            retract.place.branch = DETACHED;
            self.retracts.insert(thing, retract.place);
            self.rows.save(key, &retract);
            self.fresh_retracts.push(thing);
        } else {
            self.retracts.remove(&thing);
            self.rows.delete(key);
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
        detached
            .map(|(thing, _)| *thing)
            .take(MAX_DETACHED)
            .collect()
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

    fn signed_retracts<'a>(
        &self,
        things: impl Iterator<Item = &'a ThingId>,
    ) -> Result<Vec<SignedHeader>, Error> {
        let mut retracts = Vec::new();
        for thing in things {
            let retract: Option<Retract> = self.rows.load(&self.rows.retract_key(thing))?;
            retracts.extend(retract.map(|retract| (retract.header, retract.signature)));
        }
        Ok(retracts)
    }
}

/// What a device has taken back and no member is known to have heard of.
impl Replica {
    /// Notes that somebody has to be told.
    pub(super) fn owe(&mut self, thing: ThingId) {
        self.owed.insert(thing);
        self.rows.save(self.rows.owed_key(&thing), &thing);
    }

    /// Notes that a member holds all that this device has taken back.
    pub(super) fn owe_nothing(&mut self) {
        for thing in std::mem::take(&mut self.owed) {
            self.rows.delete(self.rows.owed_key(&thing));
        }
    }

    /// Returns what to tell in a hello.
    pub(super) fn owed_retracts(&self) -> List<SignedHeader, MAX_TOLD> {
        let owed = self.owed.iter().take(MAX_TOLD);
        List::new(self.signed_retracts(owed).unwrap_or_default()).unwrap_or_default()
    }

    /// Obeys what a device that no longer belongs has taken back. It gets nothing but the answer.
    pub(super) fn hear_retracts(
        &mut self,
        device: DeviceId,
        retracts: &[SignedHeader],
    ) -> Result<Option<Answer>, Error> {
        let mut taken = Vec::new();
        for signed in retracts
            .iter()
            .filter(|(header, _)| header.device == device)
        {
            self.obey_detached(signed.clone())?;
            taken.extend(Some(signed.0.thing).filter(|thing| self.retracts.contains_key(thing)));
        }
        let taken = List::new(taken).unwrap_or_default();
        Ok((!taken.is_empty()).then_some(Answer::Took(taken)))
    }

    /// Notes what a member has obeyed.
    pub(super) fn told(&mut self, things: &[ThingId]) {
        for thing in things {
            if self.owed.remove(thing) {
                self.rows.delete(self.rows.owed_key(thing));
            }
        }
    }
}
