//! Taking in entries: which branch they belong to, whether they are authentic, where they are kept.

use super::Replica;
use crate::id::{DeviceId, EntryId, PersonId};
use crate::log::chain::Interval;
use crate::log::entry::{Entry, Place};
use crate::log::frontier::{MAX_BRANCHES, MAX_INTERVALS};
use crate::log::header::Action;
use crate::log::run::{Run, Unpacked, Unverified};
use crate::store::Error;
use crate::time::Timestamp;

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunTaken {
    /// All of it is stored, or was, or is not to be kept.
    Stored,
    /// It shows that what was held of its device belongs elsewhere: plans of before do not hold.
    Moved,
    /// Its device is not known here: acts are missing.
    Early,
    /// What vouches for it is not here: it may be when it is asked for again.
    Unvouched,
    /// It is not authentic: whoever sent it did not check it.
    Bad,
}

impl Replica {
    /// Takes in a run that somebody sent.
    pub(super) fn take_run(&mut self, run: Run, now: Timestamp) -> Result<RunTaken, Error> {
        let device = run.device;
        let Some((person, limit)) = self.limit_of(&device) else {
            return Ok(RunTaken::Early);
        };
        let Some(circle) = self.state.circle else {
            return Ok(RunTaken::Early);
        };
        let Some(unpacked) = run.unpack(circle, person) else {
            return Ok(RunTaken::Bad);
        };
        let (low, high) = unpacked.range();
        if low == 0 || high == u64::MAX {
            return Ok(RunTaken::Bad);
        }
        let last = match limit {
            None => high,
            Some(None) => 0,
            Some(Some((seq, _))) => high.min(seq),
        };
        let mut branch = self.branch_for(&device, &unpacked)?;
        let mut moved = false;
        if branch.is_none() && self.drop_loose(device, now)? {
            branch = self.branch_for(&device, &unpacked)?;
            moved = true;
        }
        let kept = if branch.is_some() { last } else { 0 };
        self.obey_detached(unpacked.retracts_above(kept))?;
        let Some(branch) = branch else {
            return Ok(if moved {
                RunTaken::Moved
            } else {
                RunTaken::Stored
            });
        };
        let above = self.rows.entry(&Place {
            device,
            branch,
            seq: high + 1,
        })?;
        let linked = above.map(|entry| entry.header.header().prev);
        let held = self.held_id(&device, branch, high)?;
        let cut_at = |id: &EntryId| self.graph.as_ref()?.signature_of_cut(id);
        let vouched = |id: &EntryId| [linked, held].contains(&Some(*id)) || cut_at(id).is_some();
        let mut entries = match unpacked.verify(vouched) {
            Ok(entries) => entries,
            Err(Unverified::Unvouched) => return Ok(RunTaken::Unvouched),
            Err(Unverified::Forged) => return Ok(RunTaken::Bad),
        };
        // What a removal cuts at has its device's signature there, also once the removal falls.
        for entry in entries.iter_mut().filter(|it| it.signature.is_none()) {
            entry.signature = cut_at(&entry.id());
        }
        self.store_run(branch, entries, last, now)?;
        moved |= self.keeps_branches(&device) && self.join_pieces(device, now)?;
        Ok(if moved {
            RunTaken::Moved
        } else {
            RunTaken::Stored
        })
    }

    /// Adds an entry that this device has just written.
    pub(super) fn store_own(&mut self, entry: &Entry, now: Timestamp) -> Result<Place, Error> {
        let header = entry.header.header();
        let place = Place {
            device: header.device,
            branch: 0,
            seq: header.seq,
        };
        let lamport = header.lamport;
        self.keep(place, entry.clone(), now)?;
        self.grow(
            place.device,
            0,
            Interval {
                low: place.seq,
                high: place.seq,
                top: entry.id(),
            },
        )?;
        self.fresh.push((place, lamport));
        Ok(place)
    }

    /// Returns a device's person, and for one that no longer belongs the last entry that counts.
    #[expect(
        clippy::type_complexity,
        reason = "person, and perhaps a limit, and perhaps none of it"
    )]
    fn limit_of(&self, device: &DeviceId) -> Option<(PersonId, Option<Option<(u64, EntryId)>>)> {
        let known = self.roster()?.devices.get(device)?;
        Some((known.person, (!known.active).then_some(known.cut)))
    }

    /// Whether nothing that is held of a branch contradicts a run.
    pub(super) fn agrees(
        &self,
        device: &DeviceId,
        branch: u8,
        run: &Unpacked,
    ) -> Result<bool, Error> {
        let chain = self.kept(device, branch);
        let (low, high) = run.range();
        for seq in low..=high {
            if chain.holds(seq) && self.held_id(device, branch, seq)? != run.id(seq) {
                return Ok(false);
            }
        }
        if chain.holds(high + 1) {
            let above = self.rows.entry(&Place {
                device: *device,
                branch,
                seq: high + 1,
            })?;
            let prev = above.map(|entry| entry.header.header().prev);
            if prev != run.id(high) {
                return Ok(false);
            }
        }
        let below = low - 1;
        if chain.holds(below) && self.held_id(device, branch, below)? != Some(run.prev()) {
            return Ok(false);
        }
        Ok(true)
    }

    pub(super) fn held_id(
        &self,
        device: &DeviceId,
        branch: u8,
        seq: u64,
    ) -> Result<Option<EntryId>, Error> {
        let chain = self.kept(device, branch);
        let top = chain
            .intervals()
            .iter()
            .find(|interval| interval.high == seq);
        if let Some(interval) = top {
            return Ok(Some(interval.top));
        }
        if !chain.holds(seq) {
            return Ok(None);
        }
        Ok(self
            .rows
            .entry(&Place {
                device: *device,
                branch,
                seq,
            })?
            .map(|entry| entry.id()))
    }

    /// Stores the entries of a verified run up to `last`.
    fn store_run(
        &mut self,
        branch: u8,
        mut entries: Vec<Entry>,
        last: u64,
        now: Timestamp,
    ) -> Result<(), Error> {
        entries.retain(|entry| entry.header.header().seq <= last);
        self.without_shared(branch, &mut entries)?;
        // A body may be missing only where it was taken back or has faded. What is older than one that
        // should be there is not taken: somebody else will have it.
        let mut after = 0;
        for (at, entry) in entries.iter().enumerate() {
            let header = entry.header.header();
            let gone = entry.body.is_none() && header.action == Action::Write;
            if gone
                && !self.may_have_faded(header.expires, now)
                && !self.retracts.contains_key(&header.thing)
            {
                self.misses_retract(header.thing);
                after = at + 1;
            }
        }
        let entries = entries.split_off(after);
        let (Some(first), Some(top)) = (entries.first(), entries.last()) else {
            return Ok(());
        };
        let (device, low) = (first.header.header().device, first.header.header().seq);
        let interval = Interval {
            low,
            high: top.header.header().seq,
            top: top.id(),
        };
        let chain = self.kept(&device, branch);
        let mut grown = chain.clone();
        grown.insert(interval);
        if grown.intervals().len() > MAX_INTERVALS {
            return Ok(());
        }
        self.judge_order(branch, &entries)?;
        for entry in entries {
            let place = Place {
                device,
                branch,
                seq: entry.header.header().seq,
            };
            if !chain.holds(place.seq) {
                if device == self.device() {
                    self.heard_of_itself();
                }
                let lamport = entry.header.header().lamport;
                self.keep(place, entry, now)?;
                self.fresh.push((place, lamport));
            }
        }
        self.grow(device, branch, interval)
    }

    /// Drops what a branch has in common with others: it is kept with one of them.
    fn without_shared(&self, branch: u8, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let mut shared = 0;
        for entry in entries.iter() {
            let header = entry.header.header();
            let mut elsewhere = false;
            for other in (0..MAX_BRANCHES).filter(|other| *other != branch) {
                elsewhere |= self.held_id(&header.device, other, header.seq)? == Some(entry.id());
            }
            if !elsewhere {
                break;
            }
            shared += 1;
        }
        entries.drain(..shared);
        Ok(())
    }

    fn grow(&mut self, device: DeviceId, branch: u8, interval: Interval) -> Result<(), Error> {
        let mut chain = self.kept(&device, branch);
        chain.insert(interval);
        self.set_kept(device, branch, chain)
    }
}
