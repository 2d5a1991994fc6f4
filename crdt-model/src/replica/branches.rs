//! Branches of one device: which of them an entry belongs to, and how pieces find together.
//!
//! A device whose key was used twice for one number has branches. Entries come newest first, so a piece
//! of a chain may be here before anything links it to the rest. It is put where nothing contradicts
//! it, which may turn out to be the wrong branch. What comes next shows it: a run goes to the branch
//! that it is linked to, and pulls along the pieces that are linked to it. Where a run contradicts every
//! branch, the pieces that hang in the air are dropped, to be asked for again: they may be what is in
//! its way.

use super::Replica;
use crate::id::{DeviceId, EntryId};
use crate::log::chain::{Chain, Interval};
use crate::log::entry::Place;
use crate::log::frontier::MAX_BRANCHES;
use crate::log::run::Unpacked;
use crate::store::Error;
use crate::time::Timestamp;

/// How well a run fits a branch; the largest fits best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Nothing contradicts it.
    Open,
    /// What is above builds on it.
    Above,
    /// It builds on what is below, or is there in part.
    Below,
}

impl Replica {
    /// Returns the branch that a run fits best; `None` when it contradicts all of them.
    pub(super) fn branch_for(
        &self,
        device: &DeviceId,
        run: &Unpacked,
    ) -> Result<Option<u8>, Error> {
        let mut best = None;
        for branch in 0..MAX_BRANCHES {
            if self.agrees(device, branch, run)? {
                let (low, high) = run.range();
                let chain = self.kept(device, branch);
                let fit = if (low - 1..=high).any(|seq| chain.holds(seq)) {
                    Fit::Below
                } else if chain.holds(high + 1) {
                    Fit::Above
                } else {
                    Fit::Open
                };
                if best.is_none_or(|(other, _)| other < fit) {
                    best = Some((fit, branch));
                }
            }
        }
        Ok(best.map(|(_, branch)| branch))
    }

    /// Returns what is held of a branch, together with what it shares with others: the same on every
    /// replica, whichever branch came first.
    pub(super) fn whole(&self, device: &DeviceId, branch: u8) -> Chain {
        let mut whole = self.frontier.chain(device, branch);
        let mut at = branch;
        while let Some(lowest) = whole.intervals().first().copied()
            && let Ok(Some((base, top))) = self.base_of(device, at, lowest.low)
        {
            let mut below = self.frontier.chain(device, base);
            below.truncate(lowest.low - 1, top);
            for interval in whole.intervals() {
                below.insert(*interval);
            }
            (whole, at) = (below, base);
        }
        whole
    }

    /// Drops the pieces of a device that nothing links to its first entry. Returns whether there were
    /// any. This device's own stay: it may have built on them.
    pub(super) fn drop_loose(&mut self, device: DeviceId, now: Timestamp) -> Result<bool, Error> {
        if device == self.device() {
            return Ok(false);
        }
        let mut dropped = false;
        while let Some((branch, piece)) = self.loose_piece(&device)? {
            for entry in self
                .rows
                .entries(&device, branch, (piece.low, piece.high))?
            {
                let seq = entry.header.header().seq;
                self.take_out(Place {
                    device,
                    branch,
                    seq,
                })?;
            }
            let mut chain = self.kept(&device, branch);
            chain.remove((piece.low, piece.high), EntryId::default());
            self.set_chain(device, branch, chain)?;
            dropped = true;
        }
        if dropped {
            self.join_pieces(device, now)?;
        }
        Ok(dropped)
    }

    pub(super) fn take_out(&mut self, place: Place) -> Result<(), Error> {
        if let Some(entry) = self.rows.entry(&place)? {
            self.unindex(place, &entry)?;
            self.rows.delete(place.key(&self.rows.hint()));
        }
        Ok(())
    }

    pub(super) fn set_chain(
        &mut self,
        device: DeviceId,
        branch: u8,
        chain: Chain,
    ) -> Result<(), Error> {
        self.set_kept(device, branch, chain)?;
        let links = self.links.values_mut();
        for session in links.filter_map(|link| link.session.as_mut()) {
            session.forget(device, branch);
        }
        self.forget_met(device, branch);
        Ok(())
    }

    fn loose_piece(&self, device: &DeviceId) -> Result<Option<(u8, Interval)>, Error> {
        for branch in 0..MAX_BRANCHES {
            for piece in self.kept(device, branch).intervals() {
                if piece.low > 1 && self.base_of(device, branch, piece.low)?.is_none() {
                    return Ok(Some((branch, *piece)));
                }
            }
        }
        Ok(None)
    }

    /// Returns the branch, other than its own, that holds what an entry builds on, and the id of that.
    pub(super) fn base_of(
        &self,
        device: &DeviceId,
        branch: u8,
        seq: u64,
    ) -> Result<Option<(u8, EntryId)>, Error> {
        if seq <= 1 {
            return Ok(None);
        }
        let below = |other: &u8| *other != branch && self.frontier.holds(device, *other, seq - 1);
        // Asked of every device for each digest: no row is read where there is one branch only.
        if !(0..MAX_BRANCHES).any(|other| below(&other)) {
            return Ok(None);
        }
        let Some(prev) = self.prev_of(device, branch, seq)? else {
            return Ok(None);
        };
        for other in (0..MAX_BRANCHES).filter(below) {
            if self.held_id(device, other, seq - 1)? == Some(prev) {
                return Ok(Some((other, prev)));
            }
        }
        Ok(None)
    }

    pub(super) fn prev_of(
        &self,
        device: &DeviceId,
        branch: u8,
        seq: u64,
    ) -> Result<Option<EntryId>, Error> {
        let entry = self.rows.entry(&Place {
            device: *device,
            branch,
            seq,
        })?;
        Ok(entry.map(|entry| entry.header.header().prev))
    }
}
