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

/// The most moves after one run: far more than any honest device's pieces need.
const MAX_MOVES: usize = 64;

/// What to do with entries of one branch.
#[derive(Clone, Copy)]
enum Move {
    /// They belong to another one: from which to which, and the first and the last.
    Over((u8, u8), (u64, u64)),
    /// Another one has them too: in which they are twice and in which they stay.
    Twice((u8, u8), (u64, u64)),
}

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

    /// Brings together what belongs together, after something of a device was stored or dropped.
    /// Returns whether anything moved.
    pub(super) fn join_pieces(&mut self, device: DeviceId, now: Timestamp) -> Result<bool, Error> {
        let mut moved = false;
        for _ in 0..MAX_MOVES {
            match self.next_move(&device)? {
                Some(Move::Over(way, range)) => self.move_piece(device, way, range, now)?,
                Some(Move::Twice(way, range)) => self.drop_twice(device, way, range, now)?,
                None => break,
            }
            moved = true;
        }
        Ok(moved)
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

    /// Returns a piece that is in the wrong branch, and the way it has to go.
    fn next_move(&self, device: &DeviceId) -> Result<Option<Move>, Error> {
        let chains = (0..MAX_BRANCHES).map(|branch| (branch, self.kept(device, branch)));
        let chains: Vec<_> = chains.filter(|(_, chain)| !chain.is_empty()).collect();
        for (to, chain) in &chains {
            for piece in chain.intervals() {
                for (from, _) in chains.iter().filter(|(from, _)| from != to) {
                    let way = (*from, *to);
                    let range = match self.piece_above(device, way, piece)? {
                        Some(range) => Some(range),
                        None => self.piece_below(device, way, piece)?,
                    };
                    if let Some(range) = range {
                        return Ok(Some(Move::Over(way, range)));
                    }
                    if let Some(range) = self.piece_twice(device, way, piece)? {
                        return Ok(Some(Move::Twice(way, range)));
                    }
                }
            }
        }
        if let Some(found) = self.piece_apart(device, &chains)? {
            return Ok(Some(found));
        }
        // No branch is empty below one that is not: the first is the one that everybody has.
        let gap = chains
            .iter()
            .zip(0..)
            .find(|((branch, _), at)| branch != at);
        let gap = gap.and_then(|((branch, chain), at)| Some((*branch, at, *chain.last()?)));
        Ok(gap.map(|(branch, at, piece)| Move::Over((branch, at), (piece.low, piece.high))))
    }

    /// Returns a piece that builds on another branch and lies above one that it does not build on, and the
    /// way to a branch of its own.
    fn piece_apart(
        &self,
        device: &DeviceId,
        chains: &[(u8, Chain)],
    ) -> Result<Option<Move>, Error> {
        let free = (0..MAX_BRANCHES).find(|free| chains.iter().all(|(used, _)| used != free));
        let Some(free) = free else { return Ok(None) };
        for (branch, chain) in chains {
            for piece in chain.intervals().iter().skip(1) {
                if self.base_of(device, *branch, piece.low)?.is_some() {
                    let way = (*branch, free);
                    return Ok(Some(Move::Over(way, (piece.low, piece.high))));
                }
            }
        }
        Ok(None)
    }

    /// Returns what of another branch builds on a piece of this one.
    fn piece_above(
        &self,
        device: &DeviceId,
        (from, to): (u8, u8),
        below: &Interval,
    ) -> Result<Option<(u64, u64)>, Error> {
        let chain = self.kept(device, to);
        let theirs = self.kept(device, from);
        let piece = theirs
            .intervals()
            .iter()
            .find(|it| it.low == below.high + 1);
        let Some(piece) = piece else { return Ok(None) };
        if self.prev_of(device, from, piece.low)? != Some(below.top) {
            return Ok(None);
        }
        let next = chain.intervals().iter().find(|it| it.low > below.high);
        let end = match next {
            Some(next) if next.low <= piece.high + 1 => next.low - 1,
            _ => return Ok(Some((piece.low, piece.high))),
        };
        // What is above in this branch has to build on the piece, or on a part of it.
        let linked = self.held_id(device, from, end)? == self.prev_of(device, to, end + 1)?;
        Ok((linked && end >= piece.low).then_some((piece.low, end)))
    }

    /// Returns a piece of another branch that a piece of this one builds on, and that is linked to nothing
    /// else.
    fn piece_below(
        &self,
        device: &DeviceId,
        (from, to): (u8, u8),
        above: &Interval,
    ) -> Result<Option<(u64, u64)>, Error> {
        let chain = self.kept(device, to);
        let prev = self.prev_of(device, to, above.low)?;
        let theirs = self.kept(device, from);
        let piece = theirs
            .intervals()
            .iter()
            .find(|it| it.high + 1 == above.low);
        let Some(piece) = piece.filter(|piece| piece.low > 1 && Some(piece.top) == prev) else {
            return Ok(None);
        };
        let free = !(piece.low..=piece.high).any(|seq| chain.holds(seq));
        let below = self.held_id(device, to, piece.low - 1)?;
        let fits = below.is_none() || below == self.prev_of(device, from, piece.low)?;
        let base = self.base_of(device, from, piece.low)?;
        let loose = fits && base.is_none_or(|(branch, _)| branch == to);
        Ok((free && loose).then_some((piece.low, piece.high)))
    }

    /// Returns what of a piece of another branch, linked to nothing there, this piece has too.
    fn piece_twice(
        &self,
        device: &DeviceId,
        (from, to): (u8, u8),
        piece: &Interval,
    ) -> Result<Option<(u64, u64)>, Error> {
        let same = |seq| Ok(self.held_id(device, from, seq)? == self.held_id(device, to, seq)?);
        for other in self.kept(device, from).intervals() {
            let (low, high) = (other.low.max(piece.low), other.high.min(piece.high));
            let twice = low <= high && other.low > 1 && same(low)?;
            let base = self.base_of(device, from, other.low)?;
            if !twice || base.is_some_and(|(base, _)| base != to) {
                continue;
            }
            // They are the same up to some entry, and differ from there on.
            let (mut last, mut above) = (low, high + 1);
            while last + 1 < above {
                let middle = last + (above - last) / 2;
                if same(middle)? {
                    last = middle;
                } else {
                    above = middle;
                }
            }
            return Ok(Some((low, last)));
        }
        Ok(None)
    }

    /// Drops entries from one branch that stay in another.
    fn drop_twice(
        &mut self,
        device: DeviceId,
        (from, to): (u8, u8),
        (low, high): (u64, u64),
        now: Timestamp,
    ) -> Result<(), Error> {
        let below = self.held_id(&device, from, low - 1)?.unwrap_or_default();
        for entry in self.rows.entries(&device, to, (low, high))? {
            let seq = entry.header.header().seq;
            let place = |branch| Place {
                device,
                branch,
                seq,
            };
            // What is shown of it goes with either: so both go, and one comes again.
            self.take_out(place(from))?;
            self.take_out(place(to))?;
            self.keep(place(to), entry, now)?;
        }
        let mut chain = self.kept(&device, from);
        chain.remove((low, high), below);
        self.set_chain(device, from, chain)
    }

    /// Moves entries from one branch to another.
    fn move_piece(
        &mut self,
        device: DeviceId,
        (from, to): (u8, u8),
        (low, high): (u64, u64),
        now: Timestamp,
    ) -> Result<(), Error> {
        let below = self.held_id(&device, from, low - 1)?.unwrap_or_default();
        let top = self.held_id(&device, from, high)?.unwrap_or_default();
        let mut entries = self.rows.entries(&device, from, (low, high))?;
        entries.sort_by_key(|entry| entry.header.header().seq);
        for entry in entries {
            let seq = entry.header.header().seq;
            let place = |branch| Place {
                device,
                branch,
                seq,
            };
            self.take_out(place(from))?;
            self.keep(place(to), entry, now)?;
            for (fresh, _) in self.fresh.iter_mut().filter(|(it, _)| *it == place(from)) {
                *fresh = place(to);
            }
        }
        let mut chain = self.kept(&device, from);
        chain.remove((low, high), below);
        self.set_chain(device, from, chain)?;
        let mut chain = self.kept(&device, to);
        chain.insert(Interval { low, high, top });
        self.set_chain(device, to, chain)
    }

    fn take_out(&mut self, place: Place) -> Result<(), Error> {
        if let Some(entry) = self.rows.entry(&place)? {
            self.unindex(place, &entry)?;
            self.rows.delete(place.key(&self.rows.hint()));
        }
        Ok(())
    }

    fn set_chain(&mut self, device: DeviceId, branch: u8, chain: Chain) -> Result<(), Error> {
        self.set_kept(device, branch, chain)?;
        let links = self.links.values_mut();
        for session in links.filter_map(|link| link.session.as_mut()) {
            session.forget(device, branch);
        }
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
    fn base_of(
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

    fn prev_of(&self, device: &DeviceId, branch: u8, seq: u64) -> Result<Option<EntryId>, Error> {
        let entry = self.rows.entry(&Place {
            device: *device,
            branch,
            seq,
        })?;
        Ok(entry.map(|entry| entry.header.header().prev))
    }
}
