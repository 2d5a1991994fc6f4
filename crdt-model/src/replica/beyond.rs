//! Beyond the cut: what a device wrote after the last entry that counts is taken out of view, and kept.
//!
//! A removal can fall (rule R6), who wrote it may have lacked words that others hold, and a part of the
//! acts says something else than all of them. So nothing is lost at once: entries beyond a cut leave the
//! frontier, the feed and whatever is offered to others; their rows stay where they lie, and one row says
//! which they are. When the limit rises they are put back; after [`KEPT`] they are erased.
//!
//! ```text
//! in view   1 ..= limit    frontier, things, feed, retracts
//! beyond    limit + 1 ..   rows of the log, and of each such device one row that says which
//! ```

use super::Replica;
use super::rows::from_head;
use crate::id::{DeviceId, ThingId};
use crate::log::chain::{Chain, Interval};
use crate::log::entry::{Entry, Place};
use crate::log::frontier::MAX_BRANCHES;
use crate::log::header::Action;
use crate::membership::roster::Standing;
use crate::store::{Error, Scan, Space};
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// For so long words beyond a cut are kept: a removal that falls does so when those who were away come
/// back.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// What is out of view of one device.
#[derive(Clone, Debug, Default)]
pub(super) struct Beyond {
    /// The last sequence number that is in view.
    limit: u64,
    /// When something was last taken out.
    since: Timestamp,
    chains: BTreeMap<u8, Chain>,
}

/// The row of it.
type Stored = (DeviceId, u64, Timestamp, Vec<(u8, Vec<Interval>)>);

impl Replica {
    /// Takes out of view what lies beyond the cuts, and puts back what no longer does. This person's own
    /// words stay when they are removed, and this device's always: its next entry builds on them.
    /// Returns whether anything changed.
    pub(super) fn apply_cuts(&mut self, now: Timestamp) -> Result<bool, Error> {
        let Some(roster) = self.roster() else {
            return Ok(false);
        };
        let (me, gone) = (self.device(), self.standing() != Some(Standing::Active));
        let held = self.frontier.chains().map(|((device, _), _)| *device);
        let held: BTreeSet<DeviceId> = held.chain(self.beyond.keys().copied()).collect();
        let mut limits = Vec::new();
        for device in held.into_iter().filter(|device| *device != me) {
            let limit = match roster.devices.get(&device) {
                Some(known) if known.active => None,
                Some(known) if gone && known.person == self.me() => continue,
                Some(known) => Some(known.cut.map_or(0, |(seq, _)| seq)),
                // Somebody let in by an invite that turned out to be used up never belonged.
                None => Some(0),
            };
            limits.push((device, limit));
        }
        let mut changed = false;
        for (device, limit) in limits {
            changed |= self.set_limit(device, limit, now)?;
        }
        self.due.anew |= changed;
        Ok(changed)
    }

    /// Returns what is kept of a branch, in view and beyond.
    pub(super) fn kept(&self, device: &DeviceId, branch: u8) -> Chain {
        let mut chain = self.frontier.chain(device, branch);
        let beyond = self.beyond.get(device);
        let beyond = beyond.and_then(|beyond| beyond.chains.get(&branch));
        for interval in beyond.into_iter().flat_map(Chain::intervals) {
            chain.insert(*interval);
        }
        chain
    }

    /// Whether more than one branch is kept of a device.
    pub(super) fn keeps_branches(&self, device: &DeviceId) -> bool {
        (1..MAX_BRANCHES).any(|branch| !self.kept(device, branch).is_empty())
    }

    /// Replaces what is kept of a branch.
    pub(super) fn set_kept(
        &mut self,
        device: DeviceId,
        branch: u8,
        mut chain: Chain,
    ) -> Result<(), Error> {
        if let Some(limit) = self.beyond.get(&device).map(|beyond| beyond.limit) {
            let above = chain.above(limit);
            let place = Place {
                device,
                branch,
                seq: limit,
            };
            let top = self.rows.entry(&place)?.map(|entry| entry.id());
            chain.truncate(limit, top.unwrap_or_default());
            if let Some(beyond) = self.beyond.get_mut(&device) {
                beyond.chains.insert(branch, above);
            }
            self.save_beyond(&device);
        }
        self.rows.save_chain(&device, branch, chain.intervals());
        self.frontier.set(device, branch, chain);
        self.digest = None;
        Ok(())
    }

    /// Whether an entry is out of view.
    pub(super) fn is_beyond(&self, place: &Place) -> bool {
        let beyond = self.beyond.get(&place.device);
        beyond.is_some_and(|beyond| place.seq > beyond.limit)
    }

    /// Takes out of every plan what was taken out of view, now that every session is in its place.
    pub(super) fn plan_without_cut(&mut self) {
        for (device, limit) in std::mem::take(&mut self.due.out_of_view) {
            let sessions = self.links.values_mut();
            for session in sessions.filter_map(|link| link.session.as_mut()) {
                for branch in 0..MAX_BRANCHES {
                    session.plan.truncate(device, branch, limit);
                    session.later.truncate(device, branch, limit);
                }
            }
        }
    }

    /// Hands the entries of some ranges of a branch on, the newest first, page by page: a big chain is
    /// never in memory.
    pub(super) fn each_entry(
        &mut self,
        (device, branch): (DeviceId, u8),
        ranges: &[(u64, u64)],
        mut take: impl FnMut(&mut Self, Place, Entry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (low, high) in ranges.iter().rev() {
            let mut next = Some(*high).filter(|high| high >= low);
            while let Some(high) = next {
                next = None;
                for entry in self.rows.page(&device, branch, (*low, high))? {
                    let seq = entry.header.header().seq;
                    let place = Place {
                        device,
                        branch,
                        seq,
                    };
                    take(self, place, entry)?;
                    next = seq.checked_sub(1).filter(|next| next >= low);
                }
            }
        }
        Ok(())
    }

    /// Hands on every entry that is out of view.
    pub(super) fn each_beyond(
        &mut self,
        mut take: impl FnMut(&mut Self, Place, Entry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut all = Vec::new();
        for (device, beyond) in &self.beyond {
            let chains = beyond.chains.iter();
            all.extend(chains.map(|(branch, it)| ((*device, *branch), it.within((1, u64::MAX)))));
        }
        for (of, ranges) in all {
            self.each_entry(of, &ranges, &mut take)?;
        }
        Ok(())
    }

    /// Erases what has been out of view for long enough, by a clock that others bear out.
    pub(super) fn let_go(&mut self, now: Timestamp) -> Result<(), Error> {
        let graph = self.graph.as_ref();
        if !graph.is_some_and(|graph| self.is_borne_out(graph, now.day())) {
            return Ok(());
        }
        let mut over = Vec::new();
        for (device, beyond) in &mut self.beyond {
            // The clock was put back: the month begins anew.
            beyond.since = beyond.since.min(now);
            if beyond.since.after(KEPT) <= now {
                over.push(*device);
            }
        }
        if over.is_empty() {
            return Ok(());
        }
        let waiting = self.things_waiting()?;
        for device in over {
            let Some(beyond) = self.beyond.remove(&device) else {
                continue;
            };
            for (branch, chain) in &beyond.chains {
                let erase =
                    |it: &mut Self, place, entry: Entry| it.erase_row(place, &entry, &waiting);
                self.each_entry((device, *branch), &chain.within((1, u64::MAX)), erase)?;
            }
            self.save_beyond(&device);
        }
        Ok(())
    }

    /// Reads back what is out of view.
    pub(super) fn load_beyond(&mut self) -> Result<(), Error> {
        for (_, value) in self.rows.scan(&self.rows.meta_scan(8))? {
            let (device, limit, since, stored): Stored = from_head(&value)?;
            let mut chains = BTreeMap::new();
            for (branch, intervals) in stored {
                let chain = Chain::new(intervals);
                let damaged = || Error::Damaged("what is beyond a cut does not fit".into());
                chains.insert(branch, chain.ok_or_else(damaged)?);
            }
            let beyond = Beyond {
                limit,
                since,
                chains,
            };
            self.beyond.insert(device, beyond);
        }
        Ok(())
    }

    fn save_beyond(&mut self, device: &DeviceId) {
        let key = self.rows.beyond_key(device);
        match self.beyond.get(device) {
            Some(beyond) => {
                let chains = beyond.chains.iter();
                let chains = chains.map(|(branch, chain)| (*branch, chain.intervals().to_vec()));
                let stored: Stored = (*device, beyond.limit, beyond.since, chains.collect());
                self.rows.save(key, &stored);
            }
            None => self.rows.delete(key),
        }
    }

    /// Sets how far a device is in view; `None` = all of it.
    fn set_limit(
        &mut self,
        device: DeviceId,
        limit: Option<u64>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let before = self.beyond.get(&device).map(|beyond| beyond.limit);
        let (new, old) = (limit.unwrap_or(u64::MAX), before.unwrap_or(u64::MAX));
        if new == old {
            return Ok(false);
        }
        let range = (new.min(old).saturating_add(1), new.max(old));
        let kept = (0..MAX_BRANCHES).map(|branch| (branch, self.kept(&device, branch)));
        let kept: Vec<_> = kept.filter(|(_, chain)| !chain.is_empty()).collect();
        let some = kept
            .iter()
            .any(|(_, chain)| !chain.within(range).is_empty());
        if before.is_none() && !some {
            return Ok(false);
        }
        if new < old {
            self.take_out_of_view(device, &kept, range)?;
        }
        let since = match self.beyond.get(&device) {
            Some(beyond) if !(some && new < old) => beyond.since,
            _ => now,
        };
        let beyond = Beyond {
            limit: new,
            since,
            chains: BTreeMap::new(),
        };
        self.beyond.insert(device, beyond);
        for (branch, chain) in &kept {
            self.set_kept(device, *branch, chain.clone())?;
        }
        let chains = self.beyond.get(&device).map(|beyond| &beyond.chains);
        if chains.is_some_and(|chains| chains.values().all(Chain::is_empty)) {
            self.beyond.remove(&device);
            self.save_beyond(&device);
        }
        if new > old {
            self.put_back(device, &kept, range, now)?;
        }
        Ok(some)
    }

    fn take_out_of_view(
        &mut self,
        device: DeviceId,
        kept: &[(u8, Chain)],
        range: (u64, u64),
    ) -> Result<(), Error> {
        for (branch, chain) in kept {
            let take = |it: &mut Self, place, entry| it.unindex(place, &entry);
            self.each_entry((device, *branch), &chain.within(range), take)?;
        }
        self.due.out_of_view.push((device, range.0 - 1));
        Ok(())
    }

    fn put_back(
        &mut self,
        device: DeviceId,
        kept: &[(u8, Chain)],
        range: (u64, u64),
        now: Timestamp,
    ) -> Result<(), Error> {
        for (branch, chain) in kept {
            let show = |it: &mut Self, place, entry: Entry| {
                it.fresh.push((place, entry.header.header().lamport));
                it.show_again(place, entry, now)
            };
            self.each_entry((device, *branch), &chain.within(range), show)?;
        }
        Ok(())
    }

    fn show_again(&mut self, place: Place, entry: Entry, now: Timestamp) -> Result<(), Error> {
        let header = entry.header.header();
        let taken_back = self.retracts.contains_key(&header.thing);
        if taken_back && header.action == Action::Write && entry.body.is_some() {
            // Taken back meanwhile.
            return self.keep(place, entry, now);
        }
        self.take_in(place, &entry, now)
    }

    fn erase_row(
        &mut self,
        place: Place,
        entry: &Entry,
        waiting: &BTreeSet<ThingId>,
    ) -> Result<(), Error> {
        self.rows.delete(place.key(&self.rows.hint()));
        self.rows.delete(self.rows.grant_key(&entry.id()));
        self.rows.delete(self.rows.note_key(&entry.id()));
        if self.is_only_beyond(entry, waiting)? {
            self.rows.forget(entry.header.header().thing);
        }
        Ok(())
    }

    /// Whether nothing else is kept under the key of an entry's thing: the thing is of this writer's
    /// making, and no entry of it is in view.
    fn is_only_beyond(&self, entry: &Entry, waiting: &BTreeSet<ThingId>) -> Result<bool, Error> {
        let header = entry.header.header();
        let Some(origin) = header.origin.filter(|_| header.well_formed()) else {
            return Ok(false);
        };
        let roster = self.roster();
        let writer = roster.and_then(|roster| roster.person_of(&header.device));
        let of_another = roster.is_some_and(|roster| roster.people.contains_key(&origin.creator));
        let own = writer == Some(origin.creator) || !of_another;
        let noted = self.places_of(&header.thing)?;
        Ok(own && noted.is_empty() && !waiting.contains(&header.thing))
    }

    /// Returns the things of which an entry in view cannot be opened yet.
    fn things_waiting(&self) -> Result<BTreeSet<ThingId>, Error> {
        let mut things = BTreeSet::new();
        for (_, row) in self
            .rows
            .scan(&Scan::all(Space::Sealed, self.rows.hint()))?
        {
            let entry = self.rows.entry(&from_head(&row)?)?;
            things.extend(entry.map(|entry| entry.header.header().thing));
        }
        Ok(things)
    }
}
