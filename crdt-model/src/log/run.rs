//! A run: neighbouring entries of one chain on their way, headers delta-coded.
//!
//! What the receiver can work out is left out: circle, device, sequence numbers, the links between
//! neighbours, the hash and size of a body that travels along, the thing's id where the nonce is
//! there, the creator where it is the writer's person, heads and epoch where they stay the same.
//!
//! A run is authentic when its last entry is: by its own signature, because a verified entry above
//! links to it, or because the membership graph names it as a cut.

use crate::bounded::{Bytes, List};
use crate::id::{ActId, CircleId, DeviceId, EntryId, EpochId, Hash, PersonId, ThingId};
use crate::key::Signature;
use crate::log::entry::Entry;
use crate::log::header::{
    Action, Audience, Header, KeyClass, MAX_DEPS, MAX_HEADS, Origin, SUITE, VERSION, VerifiedHeader,
};
use crate::secrecy::seal::MAX_BODY;
use crate::time::Day;
use serde::{Deserialize, Serialize};

/// The most entries in a run.
pub const MAX_RUN: usize = 64;

/// Neighbouring entries, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The device whose chain it is.
    pub device: DeviceId,
    /// The sequence number of the first entry.
    pub first: u64,
    /// The id of the entry before the first.
    pub prev: EntryId,
    /// The entries.
    pub entries: List<Slim, MAX_RUN>,
}

/// An entry without what its neighbours tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slim {
    lamport: u64,
    heads: Option<List<ActId, MAX_HEADS>>,
    deps: List<EntryId, MAX_DEPS>,
    subject: Subject,
    action: Action,
    audience: Audience,
    class: KeyClass,
    epoch: Option<EpochId>,
    expires: Day,
    body: SlimBody,
    signature: Option<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Subject {
    /// Made by the writer's person.
    Own([u8; 16]),
    /// Made by somebody else.
    Other(Origin),
    /// Made earlier.
    Known(ThingId),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum SlimBody {
    Sealed(Bytes<MAX_BODY>),
    Gone { size: u32, hash: Hash },
}

/// What came out of a run: headers that link to each other, of which none is verified yet.
#[derive(Debug)]
pub struct Unpacked {
    entries: Vec<Loose>,
}

/// Why a run is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverified {
    /// A signature is false, or one that always travels is not there: whoever sent it did not check it.
    Forged,
    /// It has no signature of its own, and what vouches for it elsewhere is not here.
    Unvouched,
}

/// A header with its id, its own signature and its sealed body, as they came.
type Loose = (Header, EntryId, Option<Signature>, Option<Vec<u8>>);

impl Run {
    /// Packs neighbouring entries of one chain, the oldest first. `person` is the device's.
    /// Signatures are taken along for the last entry and for retracts.
    pub fn pack(entries: &[Entry], person: PersonId) -> Option<Self> {
        let first = entries.first()?.header.header();
        let last = entries.last()?.header.header().seq;
        let mut before: Option<&Header> = None;
        let mut slims = Vec::with_capacity(entries.len());
        for entry in entries {
            let header = entry.header.header();
            slims.push(slim(entry, before, person, header.seq == last)?);
            before = Some(header);
        }
        Some(Self {
            device: first.device,
            first: first.seq,
            prev: first.prev,
            entries: List::new(slims).ok()?,
        })
    }

    /// Works out the headers. `None` when a number is out of range or the first leaves out what only
    /// a neighbour could tell.
    pub fn unpack(self, circle: CircleId, person: PersonId) -> Option<Unpacked> {
        let mut entries: Vec<Loose> = Vec::new();
        let mut prev = self.prev;
        let count = u64::try_from(self.entries.len()).ok()?;
        let numbers = self.first..self.first.checked_add(count)?;
        for (slim, seq) in self.entries.into_inner().into_iter().zip(numbers) {
            let before = entries.last().map(|(header, ..)| header);
            let place = (circle, self.device, seq, prev);
            let (header, signature, body) = slim.fatten(place, before, person)?;
            prev = header.id();
            entries.push((header, prev, signature, body));
        }
        (!entries.is_empty()).then_some(Unpacked { entries })
    }
}

impl Unpacked {
    /// Returns the sequence numbers of the first and last entry.
    pub fn range(&self) -> (u64, u64) {
        let seq = |entry: Option<&(Header, EntryId, _, _)>| entry.map_or(0, |(h, ..)| h.seq);
        (seq(self.entries.first()), seq(self.entries.last()))
    }

    /// Returns the id of the entry with a sequence number.
    pub fn id(&self, seq: u64) -> Option<EntryId> {
        self.entries
            .iter()
            .find(|(header, ..)| header.seq == seq)
            .map(|(_, id, ..)| *id)
    }

    /// Returns the id that the first entry names as the one before it.
    pub fn prev(&self) -> EntryId {
        self.entries
            .first()
            .map(|(header, ..)| header.prev)
            .unwrap_or_default()
    }

    /// Returns the retracts above a sequence number with their signatures, none of them verified.
    pub fn retracts_above(&self, seq: u64) -> Vec<(Header, Signature)> {
        let above = self.entries.iter().filter(|(header, ..)| header.seq > seq);
        let retracts = above.filter(|(header, ..)| header.action == Action::Retract);
        retracts
            .filter_map(|(header, _, signature, _)| Some((header.clone(), (*signature)?)))
            .collect()
    }

    /// Verifies the run by its last entry, and every retract by its own signature: it may have to stand
    /// on its own one day. `vouched` are ids that a verified entry links to or that
    /// the membership graph names: an own signature is checked only where none of them fits.
    pub fn verify(self, vouched: impl Fn(&EntryId) -> bool) -> Result<Vec<Entry>, Unverified> {
        let (last, id, signature, _) = self.entries.last().ok_or(Unverified::Forged)?;
        match signature {
            _ if vouched(id) => {}
            None => return Err(Unverified::Unvouched),
            Some(signature) if last.signed_by_device(signature) => {}
            Some(_) => return Err(Unverified::Forged),
        }
        let entries: Vec<Entry> = self.entries.into_iter().map(into_entry).collect();
        let signed = |entry: &Entry| {
            entry.signature.is_some() || entry.header.header().action != Action::Retract
        };
        let all = entries.iter().all(signed);
        all.then_some(entries).ok_or(Unverified::Forged)
    }
}

fn into_entry((header, id, signature, body): Loose) -> Entry {
    // A signature inside the run is kept only if it holds: it may be relayed as an anchor.
    let signature = signature.filter(|signature| header.signed_by_device(signature));
    Entry {
        header: VerifiedHeader::authentic(header, id),
        signature,
        body,
    }
}

fn slim(entry: &Entry, before: Option<&Header>, person: PersonId, last: bool) -> Option<Slim> {
    let header = entry.header.header();
    let subject = match header.origin {
        Some(origin) if origin.thing(header.circle) != header.thing => return None,
        Some(Origin { creator, nonce }) if creator == person => Subject::Own(nonce),
        Some(origin) => Subject::Other(origin),
        None => Subject::Known(header.thing),
    };
    let body = match &entry.body {
        Some(bytes) => SlimBody::Sealed(Bytes::new(bytes.clone()).ok()?),
        None => SlimBody::Gone {
            size: header.size,
            hash: header.body,
        },
    };
    let keep = last || header.action == Action::Retract;
    Some(Slim {
        lamport: header.lamport,
        heads: (before.map(|b| &b.heads) != Some(&header.heads)).then(|| header.heads.clone()),
        deps: header.deps.clone(),
        subject,
        action: header.action,
        audience: header.audience,
        class: header.class,
        epoch: (before.map(|b| b.epoch) != Some(header.epoch)).then_some(header.epoch),
        expires: header.expires,
        body,
        signature: entry.signature.filter(|_| keep),
    })
}

type Fattened = (Header, Option<Signature>, Option<Vec<u8>>);

impl Slim {
    fn fatten(
        self,
        (circle, device, seq, prev): (CircleId, DeviceId, u64, EntryId),
        before: Option<&Header>,
        person: PersonId,
    ) -> Option<Fattened> {
        let origin = match self.subject {
            Subject::Own(nonce) => Some(Origin {
                creator: person,
                nonce,
            }),
            Subject::Other(origin) => Some(origin),
            Subject::Known(_) => None,
        };
        let thing = match (&self.subject, &origin) {
            (Subject::Known(thing), _) => *thing,
            (_, Some(origin)) => origin.thing(circle),
            (_, None) => return None,
        };
        let (size, hash, body) = match self.body {
            SlimBody::Sealed(bytes) => (
                u32::try_from(bytes.len()).ok()?,
                Hash::of(&bytes),
                Some(bytes.into_inner()),
            ),
            SlimBody::Gone { size, hash } => (size, hash, None),
        };
        let header = Header {
            version: VERSION,
            suite: SUITE,
            circle,
            device,
            seq,
            prev,
            lamport: self.lamport,
            heads: self.heads.or_else(|| before.map(|b| b.heads.clone()))?,
            deps: self.deps,
            thing,
            origin,
            action: self.action,
            audience: self.audience,
            class: self.class,
            epoch: self.epoch.or_else(|| before.map(|b| b.epoch))?,
            expires: self.expires,
            size,
            body: hash,
        };
        Some((header, self.signature, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_beyond_the_last_number_is_refused() {
        let slim = Slim {
            lamport: 1,
            heads: Some(List::default()),
            deps: List::default(),
            subject: Subject::Own([1; 16]),
            action: Action::Write,
            audience: Audience::Circle,
            class: KeyClass::Stories,
            epoch: Some(EpochId([2; 32])),
            expires: Day(0),
            body: SlimBody::Sealed(Bytes::default()),
            signature: None,
        };
        let run = |first, count| Run {
            device: DeviceId([3; 32]),
            first,
            prev: EntryId([4; 32]),
            entries: List::new(vec![slim.clone(); count]).unwrap(),
        };
        let unpack = |run: Run| run.unpack(CircleId([5; 32]), PersonId([6; 32]));
        for (first, count) in [(u64::MAX, 1), (u64::MAX, 2), (u64::MAX - 1, 2)] {
            assert!(unpack(run(first, count)).is_none());
        }
        let last = unpack(run(u64::MAX - 1, 1)).unwrap();
        assert_eq!(last.range(), (u64::MAX - 1, u64::MAX - 1));
    }
}
