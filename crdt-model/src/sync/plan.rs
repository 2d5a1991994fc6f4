//! What one peer lacks and in which order it gets it: retracts first, then the newest entries first.

use crate::id::DeviceId;
use crate::log::entry::Place;
use std::collections::{BTreeMap, BTreeSet};

/// What is left to send.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    retracts: BTreeSet<Place>,
    chains: BTreeMap<(DeviceId, u8), Lacking>,
}

/// What the peer lacks of one chain.
#[derive(Clone, Debug, Default)]
struct Lacking {
    /// Ascending ranges of sequence numbers.
    ranges: Vec<(u64, u64)>,
    /// The lamport time of the newest entry in them, to choose between chains.
    newest: u64,
}

/// The next thing to send: entries `low..=high` of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The device.
    pub device: DeviceId,
    /// The branch of its chain.
    pub branch: u8,
    /// The first sequence number.
    pub low: u64,
    /// The last.
    pub high: u64,
}

impl Step {
    /// Returns the step of one entry.
    pub fn one(place: &Place) -> Self {
        let Place {
            device,
            branch,
            seq,
        } = *place;
        Self {
            device,
            branch,
            low: seq,
            high: seq,
        }
    }
}

impl Plan {
    /// Returns whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.retracts.is_empty() && self.chains.is_empty()
    }

    /// Adds a retract, to go before everything else.
    pub fn add_retract(&mut self, place: Place) {
        self.retracts.insert(place);
    }

    /// Adds a range of a chain whose newest entry has this lamport time.
    pub fn add(&mut self, device: DeviceId, branch: u8, range: (u64, u64), newest: u64) {
        let lacking = self.chains.entry((device, branch)).or_default();
        lacking.newest = lacking.newest.max(newest);
        let mut merged = range;
        lacking.ranges.retain(|&(low, high)| {
            let apart = high.saturating_add(1) < merged.0 || merged.1.saturating_add(1) < low;
            if !apart {
                merged = (merged.0.min(low), merged.1.max(high));
            }
            apart
        });
        lacking.ranges.push(merged);
        lacking.ranges.sort_unstable();
    }

    /// Returns every entry of the chains, each with the lamport time of its chain's newest.
    pub fn places(&self) -> impl Iterator<Item = (Place, u64)> {
        self.chains.iter().flat_map(|(&(device, branch), lacking)| {
            let seqs = lacking.ranges.iter().flat_map(|&(low, high)| low..=high);
            seqs.map(move |seq| {
                let place = Place {
                    device,
                    branch,
                    seq,
                };
                (place, lacking.newest)
            })
        })
    }

    /// Takes the next step of at most `most` entries.
    pub fn next(&mut self, most: u64) -> Option<Step> {
        if let Some(place) = self.retracts.pop_first() {
            return Some(Step::one(&place));
        }
        let (&(device, branch), lacking) = self
            .chains
            .iter_mut()
            .max_by_key(|(key, lacking)| (lacking.newest, **key))?;
        let (low, high) = lacking.ranges.pop()?;
        let from = low.max((high + 1).saturating_sub(most.max(1)));
        if from > low {
            lacking.ranges.push((low, from - 1));
        }
        if lacking.ranges.is_empty() {
            self.chains.remove(&(device, branch));
        }
        Some(Step {
            device,
            branch,
            low: from,
            high,
        })
    }

    /// Puts back the lower part of a step that was not sent, and says how new what is left is.
    pub fn put_back(&mut self, step: Step, newest: u64) {
        if step.low <= step.high {
            self.add(step.device, step.branch, (step.low, step.high), newest);
        }
    }

    /// Says how new what is left of a chain is, after its newest part was taken.
    pub fn set_newest(&mut self, device: DeviceId, branch: u8, newest: u64) {
        if let Some(lacking) = self.chains.get_mut(&(device, branch)) {
            lacking.newest = newest;
        }
    }

    /// Drops what is planned of a chain above `seq`.
    pub fn truncate(&mut self, device: DeviceId, branch: u8, seq: u64) {
        self.retracts
            .retain(|place| place.device != device || place.seq <= seq);
        if let Some(lacking) = self.chains.get_mut(&(device, branch)) {
            lacking.ranges.retain_mut(|range| {
                range.1 = range.1.min(seq);
                range.0 <= range.1
            });
            if lacking.ranges.is_empty() {
                self.chains.remove(&(device, branch));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: DeviceId = DeviceId([1; 32]);
    const BO: DeviceId = DeviceId([2; 32]);

    #[test]
    fn retracts_go_first_then_the_newest_chain_from_its_top() {
        let mut plan = Plan::default();
        plan.add(ANA, 0, (1, 10), 100);
        plan.add(BO, 0, (5, 6), 200);
        plan.add_retract(Place {
            device: ANA,
            branch: 0,
            seq: 3,
        });
        let step = |device, low, high| Step {
            device,
            branch: 0,
            low,
            high,
        };
        assert_eq!(plan.next(4), Some(step(ANA, 3, 3)));
        assert_eq!(plan.next(4), Some(step(BO, 5, 6)));
        assert_eq!(plan.next(4), Some(step(ANA, 7, 10)));
        assert_eq!(plan.next(4), Some(step(ANA, 3, 6)));
        assert_eq!(plan.next(4), Some(step(ANA, 1, 2)));
        assert_eq!(plan.next(4), None);
        assert!(plan.is_empty());
    }

    #[test]
    fn what_is_put_back_joins_what_is_left() {
        let mut plan = Plan::default();
        plan.add(ANA, 0, (1, 10), 9);
        let step = plan.next(5);
        assert_eq!(
            step,
            Some(Step {
                device: ANA,
                branch: 0,
                low: 6,
                high: 10
            })
        );
        plan.put_back(
            Step {
                device: ANA,
                branch: 0,
                low: 6,
                high: 8,
            },
            8,
        );
        assert_eq!(
            plan.next(50),
            Some(Step {
                device: ANA,
                branch: 0,
                low: 1,
                high: 8
            })
        );
    }

    #[test]
    fn a_cut_drops_what_lies_above_it() {
        let mut plan = Plan::default();
        plan.add(ANA, 0, (1, 10), 9);
        plan.truncate(ANA, 0, 4);
        assert_eq!(
            plan.next(50),
            Some(Step {
                device: ANA,
                branch: 0,
                low: 1,
                high: 4
            })
        );
        assert!(plan.is_empty());
    }
}
