//! Which thing is the circle's agreement, and which entries of it count.
//!
//! An agreement has no owner: it is kept in an index of its own, beside the things of one person. It
//! counts from the entry on by which its creator begins it. Of several, the one begun last counts: by the
//! lamport time of that entry, then its device. So every replica that holds the same shows the same, in
//! whatever order things came.
//!
//! Of each person the first [`MAX_OF_ONE`] entries count, by the same order, and of all the first
//! [`MAX_OF_ALL`]: nobody fills it for the others. Who has used theirs up begins it anew by an edit.

use super::Replica;
use super::rows::from_head;
use super::things::{Opened, Thing};
use crate::content::Kind;
use crate::content::agreement::Agreement;
use crate::document::text::TextDocument;
use crate::id::{DeviceId, PersonId, ThingId};
use crate::log::entry::{Entry, Place};
use crate::log::header::Header;
use crate::store::Error;
use crate::time::Day;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The most entries of one person that count.
pub(super) const MAX_OF_ONE: usize = 32;
/// The most of all people: opening it takes bounded time.
const MAX_OF_ALL: usize = 256;

/// When something was written, so that all replicas say the same of it.
pub(super) type When = (u64, DeviceId, u64);

/// What is kept of a thing that is, or may become, an agreement.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// Who began it.
    creator: Option<PersonId>,
    /// Where its entries are; each with when and by whom it was written, and whether it begins the thing.
    writes: BTreeMap<When, (Place, PersonId, bool)>,
}

/// All of them, by their thing.
pub(super) type Agreements = BTreeMap<ThingId, Kept>;

impl Kept {
    /// When it was begun.
    pub(super) fn begun(&self) -> Option<When> {
        let mut writes = self.writes.iter();
        writes.find_map(|(when, (.., begins))| begins.then_some(*when))
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        self.writes.values().map(|(place, ..)| *place)
    }

    /// How many entries of a person count.
    pub(super) fn of(&self, person: PersonId) -> usize {
        let writes = self.writes.values();
        writes.filter(|(_, writer, _)| *writer == person).count()
    }

    /// Whether a further entry of a person would not count.
    pub(super) fn is_full_for(&self, person: PersonId) -> bool {
        self.of(person) >= MAX_OF_ONE || self.writes.len() >= MAX_OF_ALL
    }

    /// When a device wrote to it last, and where.
    pub(super) fn last_by(&self, device: DeviceId) -> Option<(When, Place)> {
        let mut writes = self.writes.iter().rev();
        writes.find_map(|(when, (place, ..))| (when.1 == device).then_some((*when, *place)))
    }

    /// Returns it in the form of other things.
    pub(super) fn thing(&self) -> Thing {
        Thing {
            kind: Kind::Agreement.number(),
            creator: self.creator,
            places: self.places().collect(),
            ..Thing::default()
        }
    }

    /// Drops what is too much of a person, and of all: the latest.
    fn trim(&mut self, person: PersonId) {
        if self.of(person) > MAX_OF_ONE {
            let mut writes = self.writes.iter().rev();
            let latest = writes.find_map(|(when, (_, of, _))| (*of == person).then_some(*when));
            if let Some(when) = latest {
                self.writes.remove(&when);
            }
        }
        if self.writes.len() > MAX_OF_ALL {
            self.writes.pop_last();
        }
    }
}

impl Replica {
    /// Notes an entry of an agreement. One that fades would take with it what others wrote.
    pub(super) fn note_agreement(&mut self, place: Place, header: &Header, signer: PersonId) {
        if header.expires != Day::default() {
            return;
        }
        let begins = header.origin.is_some_and(|origin| origin.creator == signer);
        let kept = self.agreements.entry(header.thing).or_default();
        if begins {
            kept.creator = Some(signer);
        }
        let when = (header.lamport, place.device, place.seq);
        kept.writes.insert(when, (place, signer, begins));
        kept.trim(signer);
        self.save_agreement(header.thing);
    }

    /// Forgets an entry that is about to be dropped.
    pub(super) fn drop_from_agreement(&mut self, place: Place, entry: &Entry) {
        let header = entry.header.header();
        let Some(kept) = self.agreements.get_mut(&header.thing) else {
            return;
        };
        kept.writes.retain(|_, (other, ..)| *other != place);
        if kept.writes.is_empty() {
            self.agreements.remove(&header.thing);
        }
        self.save_agreement(header.thing);
    }

    /// Forgets an agreement that was taken back.
    pub(super) fn drop_agreement(&mut self, id: &ThingId) {
        if self.agreements.remove(id).is_some() {
            self.save_agreement(*id);
        }
    }

    /// Returns where what counts of a thing lies.
    pub(super) fn places_of(&self, id: &ThingId) -> Result<Vec<Place>, Error> {
        let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(id))?;
        let mut places = thing.map(|thing| thing.places).unwrap_or_default();
        let kept = self.agreements.get(id);
        places.extend(kept.into_iter().flat_map(Kept::places));
        Ok(places)
    }

    /// Returns the circle's agreement; `None` while nobody has begun one.
    pub(super) fn counting_agreement(&self) -> Result<Option<(ThingId, &Kept)>, Error> {
        Ok(self.begun_agreements()?.first().copied())
    }

    /// Returns the agreements that were begun, the one that counts first: the one begun last. What its creator
    /// made something else of, too, is none. Those whose lamport time cannot be come last, so that nobody pins
    /// theirs.
    pub(super) fn begun_agreements(&self) -> Result<Vec<(ThingId, &Kept)>, Error> {
        let most = self.most_lamport();
        let mut begun: Vec<_> = self
            .agreements
            .iter()
            .filter_map(|(id, kept)| Some((kept.begun()?, *id, kept)))
            .collect();
        begun.sort_by_key(|(when, id, _)| Reverse((when.0 <= most, *when, *id)));
        let mut agreements = Vec::new();
        for (_, id, kept) in begun {
            let other: Option<Thing> = self.rows.load(&self.rows.thing_key(&id))?;
            if other.is_none_or(|other| other.creator.is_none()) {
                agreements.push((id, kept));
            }
        }
        Ok(agreements)
    }

    /// Opens the text of an agreement; `None` where nothing of it can be read here.
    pub(super) fn open_agreement(&self, kept: &Kept) -> Result<Option<TextDocument>, Error> {
        let thing = kept.thing();
        let opened = self.opened(&thing)?;
        let document = opened.and_then(|(creator, opened)| {
            let writes: Vec<_> = opened.iter().map(|it: &Opened| it.write(&thing)).collect();
            Agreement::open(creator, &writes).ok()
        });
        Ok(document)
    }

    /// Reads back which agreements there are.
    pub(super) fn load_agreements(&mut self) -> Result<(), Error> {
        for (_, value) in self.rows.scan(&self.rows.meta_scan(20))? {
            let (id, creator, writes): (_, _, Vec<_>) = from_head(&value)?;
            let writes = writes.into_iter().collect();
            self.agreements.insert(id, Kept { creator, writes });
        }
        Ok(())
    }

    fn save_agreement(&mut self, id: ThingId) {
        let key = self.rows.agreement_key(&id);
        match self.agreements.get(&id) {
            Some(kept) => {
                let writes: Vec<_> = kept.writes.iter().collect();
                self.rows.save(key, &(id, kept.creator, writes));
            }
            None => self.rows.delete(key),
        }
    }
}
