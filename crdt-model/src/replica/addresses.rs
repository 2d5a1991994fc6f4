//! The addresses of the replica's rows, by what they hold.
//!
//! No id stands in the order of a row, which the shell keeps as it is: only numbers and what
//! [`Reader::tag`](crate::store::Reader::tag) makes of ids. Rows that are listed name their id in the head.

use super::rows::Rows;
use crate::id::{ActId, DeviceId, EntryId, EpochId, PersonId, ThingId};
use crate::log::chain::Interval;
use crate::log::entry::Place;
use crate::log::record::Kind as RecordKind;
use crate::store::{Key, Scan, Space};
use crate::time::Day;

impl Rows {
    /// One of this circle's rows of a kind that is listed.
    fn listed(&self, kind: u8, name: &[u8]) -> Key {
        let order = [&[kind], self.tag(name).as_slice()].concat();
        self.own(Space::Meta, order)
    }

    /// A row that is only ever looked up by its name.
    fn named(&self, space: Space, name: &[u8]) -> Key {
        Key::new(space, [self.hint().as_slice(), name].concat(), [])
    }

    fn own(&self, space: Space, order: impl Into<Vec<u8>>) -> Key {
        Key::new(space, self.hint(), order)
    }

    /// The state of the replica itself.
    pub(crate) fn state_key(&self) -> Key {
        self.own(Space::Meta, [1])
    }

    /// The intervals of a chain.
    fn chain_key(&self, device: &DeviceId, branch: u8) -> Key {
        self.listed(2, &[device.0.as_slice(), &[branch]].concat())
    }

    pub(crate) fn save_chain(&mut self, device: &DeviceId, branch: u8, intervals: &[Interval]) {
        let key = self.chain_key(device, branch);
        self.save(key, &(device, branch, intervals));
    }

    /// An epoch key.
    pub(crate) fn epoch_key(&self, id: &EpochId) -> Key {
        self.listed(3, &id.0)
    }

    /// A name that a profile or settings give.
    pub(crate) fn name_key(&self, thing: &ThingId) -> Key {
        self.listed(4, &thing.0)
    }

    /// Somebody who knocked.
    pub(crate) fn knock_key(&self, person: &PersonId) -> Key {
        self.listed(5, &person.0)
    }

    /// A thing that this device took back and that no member is known to have heard of.
    pub(crate) fn owed_key(&self, thing: &ThingId) -> Key {
        self.listed(6, &thing.0)
    }

    /// The device key that this device made last, and who waits by it.
    pub(crate) fn offer_key(&self) -> Key {
        self.own(Space::Meta, [7])
    }

    /// What is out of view of a device, beyond its cut.
    pub(crate) fn beyond_key(&self, device: &DeviceId) -> Key {
        self.listed(8, &device.0)
    }

    /// From which entry on a device leaves out what it knew.
    pub(crate) fn went_back_key(&self, device: &DeviceId) -> Key {
        self.listed(9, &device.0)
    }

    /// A thing that was erased, and of which the others are to be told.
    pub(crate) fn receipt_key(&self, thing: &ThingId) -> Key {
        self.listed(11, &thing.0)
    }

    /// Things that fade, the first of them on this day.
    pub(crate) fn fading_key(&self, first: Day, head: &[u8]) -> Key {
        let day = first.0.to_be_bytes();
        let order = [&[10], day.as_slice(), &self.tag(head)].concat();
        self.own(Space::Meta, order)
    }

    /// All rows of things of which the first faded before this day.
    pub(crate) fn fading_scan(&self, before: Day) -> Scan {
        Scan {
            to: Some([[10].as_slice(), &before.0.to_be_bytes()].concat()),
            ..self.meta_scan(10)
        }
    }

    /// That what came from a backup is out of view.
    pub(crate) fn veil_key(&self) -> Key {
        self.own(Space::Meta, [12])
    }

    /// Somebody who knocked and was told nothing: not now.
    pub(crate) fn aside_key(&self, person: &PersonId) -> Key {
        self.listed(13, &person.0)
    }

    /// A thing that is, or may become, an agreement.
    pub(crate) fn agreement_key(&self, thing: &ThingId) -> Key {
        self.listed(20, &thing.0)
    }

    /// Up to where the entries of this person's devices are held by another device.
    pub(crate) fn held_key(&self, device: &DeviceId) -> Key {
        self.listed(14, &device.0)
    }

    /// All rows of [`Space::Meta`] that begin with a byte.
    pub(crate) fn meta_scan(&self, first: u8) -> Scan {
        Scan {
            from: vec![first],
            to: Some(vec![first + 1]),
            ..Scan::all(Space::Meta, self.hint())
        }
    }

    /// An act, by the order of arrival.
    pub(crate) fn act_key(&self, index: usize) -> Key {
        self.own(Space::Acts, (index as u64).to_be_bytes())
    }

    /// The wrap table of an act.
    pub(crate) fn table_key(&self, act: &ActId) -> Key {
        self.named(Space::Wraps, &act.0)
    }

    /// What a thing is.
    pub(crate) fn thing_key(&self, thing: &ThingId) -> Key {
        self.named(Space::Things, &thing.0)
    }

    /// A record.
    pub(crate) fn record_key(&self, device: &DeviceId, kind: RecordKind) -> Key {
        let name = [device.0.as_slice(), &[kind as u8]].concat();
        self.own(Space::Records, self.tag(&name))
    }

    /// An entry that cannot be opened yet.
    pub(crate) fn sealed_key(&self, place: &Place) -> Key {
        let Place {
            device,
            branch,
            seq,
        } = place;
        let tag = self.tag(&[device.0.as_slice(), &[*branch]].concat());
        let order = [tag.as_slice(), &seq.to_be_bytes()].concat();
        self.own(Space::Sealed, order)
    }

    /// Notes an entry that cannot be opened yet.
    pub(crate) fn put_sealed(&mut self, place: &Place) {
        self.sealed += 1;
        self.save(self.sealed_key(place), place);
    }

    /// The key of a single body.
    pub(crate) fn grant_key(&self, entry: &EntryId) -> Key {
        self.named(Space::Grants, &entry.0)
    }

    /// The key of a note that was opened here.
    pub(crate) fn note_key(&self, entry: &EntryId) -> Key {
        self.named(Space::Grants, &[entry.0.as_slice(), b"note"].concat())
    }

    /// A thing that was taken back.
    pub(crate) fn retract_key(&self, thing: &ThingId) -> Key {
        self.own(Space::Retracts, self.tag(&thing.0))
    }
}
