//! Pieces of branches: bringing together what belongs together, whichever came first.
//!
//! Each move makes one piece out of two, or takes one away from where it is twice: so there are only as
//! many moves as there are pieces.

use super::Replica;
use crate::id::DeviceId;
use crate::log::chain::{Chain, Interval};
use crate::log::entry::{Entry, Place};
use crate::log::frontier::MAX_BRANCHES;
use crate::store::Error;
use crate::time::Timestamp;

/// The most moves after one run: far more than any honest device's pieces need.
const MAX_MOVES: usize = 64;

/// Entries taken out of a branch.
type Lifted = (Interval, Vec<Entry>);

/// What to do with entries of one branch.
#[derive(Clone, Copy)]
enum Move {
    /// They belong to another one: from which to which, and the first and the last.
    Over((u8, u8), (u64, u64)),
    /// Another one has them too: in which they are twice and in which they stay.
    Twice((u8, u8), (u64, u64)),
    /// Each of two has from a number on what belongs to the other, or may as well: they exchange it.
    Swap((u8, u8), u64),
}

impl Replica {
    /// Brings together what belongs together, after something of a device was stored or dropped.
    /// Returns whether anything moved.
    pub(super) fn join_pieces(&mut self, device: DeviceId, now: Timestamp) -> Result<bool, Error> {
        let mut moved = false;
        for _ in 0..MAX_MOVES {
            match self.next_move(&device)? {
                Some(Move::Over(way, range)) => self.move_piece(device, way, range, now)?,
                Some(Move::Twice(way, range)) => self.drop_twice(device, way, range, now)?,
                Some(Move::Swap(pair, low)) => self.swap_above(device, pair, low, now)?,
                None => break,
            }
            moved = true;
        }
        Ok(moved)
    }

    /// Returns a piece that is in the wrong branch, and the way it has to go.
    fn next_move(&self, device: &DeviceId) -> Result<Option<Move>, Error> {
        let chains = (0..MAX_BRANCHES).map(|branch| (branch, self.kept(device, branch)));
        let chains: Vec<_> = chains.filter(|(_, chain)| !chain.is_empty()).collect();
        for (to, chain) in &chains {
            for piece in chain.intervals() {
                for (from, _) in chains.iter().filter(|(from, _)| from != to) {
                    let way = (*from, *to);
                    if let Some(found) = self.piece_above(device, way, piece)? {
                        return Ok(Some(found));
                    }
                    if let Some(range) = self.piece_below(device, way, piece)? {
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
        Ok(gap.map(|((branch, _), at)| Move::Swap((*branch, at), 1)))
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

    /// Returns how what of another branch builds on a piece of this one comes here.
    fn piece_above(
        &self,
        device: &DeviceId,
        (from, to): (u8, u8),
        below: &Interval,
    ) -> Result<Option<Move>, Error> {
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
            _ => return Ok(Some(Move::Over((from, to), (piece.low, piece.high)))),
        };
        // What is above in this branch builds on the piece, or on a part of it, or else it has to go.
        if self.held_id(device, from, end)? == self.prev_of(device, to, end + 1)? {
            return Ok(Some(Move::Over((from, to), (piece.low, end))));
        }
        let base = self.base_of(device, to, end + 1)?;
        Ok(base.map(|_| Move::Swap((from, to), piece.low)))
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
        range: (u64, u64),
        now: Timestamp,
    ) -> Result<(), Error> {
        let lifted = self.lift(device, from, range)?;
        self.lay(device, to, vec![lifted], now)?;
        self.rename_fresh(device, (from, to), range);
        Ok(())
    }

    /// Exchanges what two branches have from a number on, which is where pieces of either begin.
    fn swap_above(
        &mut self,
        device: DeviceId,
        (one, other): (u8, u8),
        low: u64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let of_one = self.lift_above(device, one, low)?;
        let of_other = self.lift_above(device, other, low)?;
        self.lay(device, other, of_one, now)?;
        self.lay(device, one, of_other, now)?;
        self.rename_fresh(device, (one, other), (low, u64::MAX));
        Ok(())
    }

    fn lift_above(&mut self, device: DeviceId, branch: u8, low: u64) -> Result<Vec<Lifted>, Error> {
        let pieces = self.kept(&device, branch).above(low - 1);
        let pieces = pieces.intervals().iter();
        pieces
            .map(|piece| self.lift(device, branch, (piece.low, piece.high)))
            .collect()
    }

    /// Takes entries out of a branch.
    fn lift(
        &mut self,
        device: DeviceId,
        branch: u8,
        (low, high): (u64, u64),
    ) -> Result<Lifted, Error> {
        let below = self.held_id(&device, branch, low - 1)?.unwrap_or_default();
        let top = self.held_id(&device, branch, high)?.unwrap_or_default();
        let mut entries = self.rows.entries(&device, branch, (low, high))?;
        entries.sort_by_key(|entry| entry.header.header().seq);
        for entry in &entries {
            let seq = entry.header.header().seq;
            self.take_out(Place {
                device,
                branch,
                seq,
            })?;
        }
        let mut chain = self.kept(&device, branch);
        chain.remove((low, high), below);
        self.set_chain(device, branch, chain)?;
        Ok((Interval { low, high, top }, entries))
    }

    /// Puts into a branch what was taken out of another.
    fn lay(
        &mut self,
        device: DeviceId,
        branch: u8,
        pieces: Vec<Lifted>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut chain = self.kept(&device, branch);
        for (interval, entries) in pieces {
            for entry in entries {
                let seq = entry.header.header().seq;
                let place = Place {
                    device,
                    branch,
                    seq,
                };
                self.keep(place, entry, now)?;
            }
            chain.insert(interval);
        }
        self.set_chain(device, branch, chain)
    }

    /// What has still to be passed on is where it is now.
    fn rename_fresh(&mut self, device: DeviceId, (one, other): (u8, u8), (low, high): (u64, u64)) {
        let places = self.fresh.iter_mut().map(|(place, _)| place);
        for place in places.filter(|it| it.device == device && (low..=high).contains(&it.seq)) {
            if place.branch == one {
                place.branch = other;
            } else if place.branch == other {
                place.branch = one;
            }
        }
    }
}
