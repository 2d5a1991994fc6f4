//! The frontier: what a replica holds of every device's entries.
//!
//! A device has one chain. When its key was used twice for one sequence number it has two branches: both
//! stay readable, each replica numbers them as they came, and a peer's chains are told apart by the ids
//! of their tops. What they share is kept with one of them; whoever tells of another tells it with that.
//! A backup that was put back more than once makes more than two; beyond [`MAX_BRANCHES`] none is kept,
//! and only a forger gets there.

use crate::bounded::List;
use crate::id::{DeviceId, EntryId};
use crate::log::chain::{Chain, Interval};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most branches of one device: that many times somebody may put back old backups, alone, before
/// words are lost.
pub const MAX_BRANCHES: u8 = 4;
/// The most intervals of one chain that a frontier names; the newest ones go first.
pub const MAX_INTERVALS: usize = 256;
/// The most chains a frontier names.
pub const MAX_CHAINS: usize = 1024;
/// The most intervals of all chains that a frontier names: with the chains and what was taken back they
/// fit into one frame, whose other side would end the link.
const MAX_PIECES: usize = 3000;

/// What is held, by device and branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    chains: BTreeMap<(DeviceId, u8), Chain>,
}

/// A frontier on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    chains: List<(DeviceId, List<Interval, MAX_INTERVALS>), MAX_CHAINS>,
}

impl Frontier {
    /// Returns a chain; an empty one where nothing is held.
    pub fn chain(&self, device: &DeviceId, branch: u8) -> Chain {
        self.chains
            .get(&(*device, branch))
            .cloned()
            .unwrap_or_default()
    }

    /// Returns every chain.
    pub fn chains(&self) -> impl Iterator<Item = (&(DeviceId, u8), &Chain)> {
        self.chains.iter()
    }

    /// Returns whether an entry is held.
    pub fn holds(&self, device: &DeviceId, branch: u8, seq: u64) -> bool {
        self.chains
            .get(&(*device, branch))
            .is_some_and(|chain| chain.holds(seq))
    }

    /// Returns whether a device's key was used twice.
    pub fn forked(&self, device: &DeviceId) -> bool {
        self.chains.contains_key(&(*device, 1))
    }

    /// Adds an interval and returns the chain.
    pub fn insert(&mut self, device: DeviceId, branch: u8, interval: Interval) -> &Chain {
        let chain = self.chains.entry((device, branch)).or_default();
        chain.insert(interval);
        chain
    }

    /// Replaces a chain; an empty one is dropped.
    pub fn set(&mut self, device: DeviceId, branch: u8, chain: Chain) {
        if chain.is_empty() {
            self.chains.remove(&(device, branch));
        } else {
            self.chains.insert((device, branch), chain);
        }
    }

    /// Returns how many entries are held.
    pub fn len(&self) -> u64 {
        self.chains.values().map(Chain::len).sum()
    }

    /// Returns whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// Returns the form that travels: of chains in very many pieces, the newest pieces of each. `whole`
    /// gives branches together with what they share with others.
    pub fn to_held(&self, whole: impl Fn(&DeviceId, u8) -> Chain) -> Held {
        let chains = self.chains.keys().take(MAX_CHAINS);
        let chains = chains.map(|(device, branch)| (*device, whole(device, *branch)));
        let chains: Vec<_> = chains.collect();
        let pieces = |most: usize| {
            let lengths = chains.iter().map(|(_, chain)| chain.intervals().len());
            lengths.map(|length| length.min(most)).sum::<usize>()
        };
        let mut most = MAX_INTERVALS;
        while most > 1 && pieces(most) > MAX_PIECES {
            most /= 2;
        }
        let newest = |chain: &Chain| {
            let intervals = chain.intervals();
            let from = intervals.len().saturating_sub(most);
            List::new(intervals.iter().skip(from).copied().collect()).unwrap_or_default()
        };
        let chains = chains
            .iter()
            .map(|(device, chain)| (*device, newest(chain)));
        Held {
            chains: List::new(chains.collect()).unwrap_or_default(),
        }
    }
}

impl Held {
    /// Returns what the sender holds of the chain that `mine` is, by the ids of tops. `id_of` gives
    /// the ids of the entries of `mine`. Where no chain of theirs contradicts, the first counts: what
    /// they hold above mine is taken to build on it, unless the device is known to have `forked`:
    /// then it may build on the other branch, and only a chain that agrees counts.
    pub fn matching(
        &self,
        device: &DeviceId,
        mine: &Chain,
        forked: bool,
        mut id_of: impl FnMut(u64) -> Option<EntryId>,
    ) -> Option<Chain> {
        let theirs = self.chains.iter().filter(|(theirs, _)| theirs == device);
        let mut open = None;
        for (_, intervals) in theirs {
            let chain = Chain::new(intervals.to_vec())?;
            let mut agrees = None;
            for interval in chain.intervals() {
                let known = mine
                    .holds(interval.high)
                    .then(|| id_of(interval.high))
                    .flatten();
                match known {
                    Some(id) if id == interval.top => agrees = agrees.or(Some(true)),
                    Some(_) => agrees = Some(false),
                    None => {}
                }
            }
            match agrees {
                Some(true) => return Some(chain),
                Some(false) => {}
                None => open = open.or(Some(chain)),
            }
        }
        open.filter(|_| !forked)
    }

    /// Returns the largest sequence number they hold of a device, with its id.
    pub fn newest(&self, device: &DeviceId) -> Option<Interval> {
        let own = self.chains.iter().filter(|(theirs, _)| theirs == device);
        own.filter_map(|(_, intervals)| intervals.last().copied())
            .max_by_key(|last| last.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;
    use crate::id::ThingId;
    use crate::sync::message::{Have, MAX_DETACHED, Message};

    #[test]
    fn a_frontier_in_very_many_pieces_fits_into_a_frame() {
        let mut frontier = Frontier::default();
        for device in 0..MAX_CHAINS as u64 {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&device.to_be_bytes());
            let intervals = (0..MAX_INTERVALS as u64).map(|n| Interval {
                low: u64::MAX / 2 + 2 * n,
                high: u64::MAX / 2 + 2 * n,
                top: EntryId([7; 32]),
            });
            let chain = Chain::new(intervals.collect()).unwrap();
            frontier.set(DeviceId(id), 0, chain);
        }
        let held = frontier.to_held(|device, branch| frontier.chain(device, branch));
        let newest = frontier.chain(&DeviceId([0; 32]), 0);
        assert_eq!(
            held.newest(&DeviceId([0; 32])),
            newest.last().copied(),
            "the newest pieces are named"
        );
        let retracted = List::new(vec![ThingId([3; 16]); MAX_DETACHED]).unwrap();
        let frame = Message::Have(Have { held, retracted }).to_frame();
        assert!(frame.len() < codec::MAX_FRAME, "{}", frame.len());
        assert!(Message::from_frame(&frame).unwrap().is_some());
    }
}
