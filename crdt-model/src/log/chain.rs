//! A chain: which entries of one device are held, as a short list of intervals.

use crate::id::EntryId;
use serde::{Deserialize, Serialize};

/// Entries `low..=high` of a device, all held. `top` is the id of `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// The first sequence number.
    pub low: u64,
    /// The last sequence number.
    pub high: u64,
    /// The id of the last entry.
    pub top: EntryId,
}

impl Interval {
    /// Returns whether an entry is among them.
    pub fn holds(&self, seq: u64) -> bool {
        self.low <= seq && seq <= self.high
    }
}

/// The intervals held of one chain: ascending, apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    intervals: Vec<Interval>,
}

impl Chain {
    /// Returns a chain of intervals if they are ascending and apart.
    pub fn new(intervals: Vec<Interval>) -> Option<Self> {
        let each = intervals.iter().all(|it| 0 < it.low && it.low <= it.high);
        let apart = intervals.windows(2).all(
            |pair| matches!(pair, [a, b] if a.high.checked_add(1).is_some_and(|next| next < b.low)),
        );
        (each && apart).then_some(Self { intervals })
    }

    /// Returns the intervals.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// Returns the last interval, which holds the newest entry.
    pub fn last(&self) -> Option<&Interval> {
        self.intervals.last()
    }

    /// Returns whether an entry is held.
    pub fn holds(&self, seq: u64) -> bool {
        self.intervals.iter().any(|interval| interval.holds(seq))
    }

    /// Returns how many entries are held.
    pub fn len(&self) -> u64 {
        self.intervals
            .iter()
            .map(|interval| interval.high - interval.low + 1)
            .sum()
    }

    /// Returns whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Adds entries `low..=high`, of which none or some are held already.
    pub fn insert(&mut self, added: Interval) {
        let mut merged = added;
        let mut kept = Vec::with_capacity(self.intervals.len() + 1);
        for interval in self.intervals.drain(..) {
            let apart = interval.high.saturating_add(1) < merged.low
                || merged.high.saturating_add(1) < interval.low;
            if apart {
                kept.push(interval);
            } else {
                if interval.high > merged.high {
                    merged.top = interval.top;
                    merged.high = interval.high;
                }
                merged.low = merged.low.min(interval.low);
            }
        }
        kept.push(merged);
        kept.sort_by_key(|interval| interval.low);
        self.intervals = kept;
    }

    /// Drops every entry above `seq`, whose id is `top`.
    pub fn truncate(&mut self, seq: u64, top: EntryId) {
        self.intervals.retain(|interval| interval.low <= seq);
        if let Some(last) = self.intervals.last_mut()
            && last.high > seq
        {
            last.high = seq;
            last.top = top;
        }
    }

    /// Returns what lies above `seq`.
    pub fn above(&self, seq: u64) -> Self {
        let above = self.intervals.iter().filter(|interval| interval.high > seq);
        let above = above.map(|interval| Interval {
            low: interval.low.max(seq.saturating_add(1)),
            ..*interval
        });
        Self {
            intervals: above.collect(),
        }
    }

    /// Returns the ranges held of `low..=high`, ascending.
    pub fn within(&self, (low, high): (u64, u64)) -> Vec<(u64, u64)> {
        let inside = self.intervals.iter();
        let inside = inside.map(|interval| (interval.low.max(low), interval.high.min(high)));
        inside.filter(|(low, high)| low <= high).collect()
    }

    /// Drops entries `low..=high`, which lie within one interval; `below` is the id of the entry below.
    pub fn remove(&mut self, (low, high): (u64, u64), below: EntryId) {
        let mut kept = Vec::with_capacity(self.intervals.len() + 1);
        for interval in self.intervals.drain(..) {
            if interval.high < low || high < interval.low {
                kept.push(interval);
                continue;
            }
            if interval.low < low {
                kept.push(Interval {
                    high: low - 1,
                    top: below,
                    ..interval
                });
            }
            if high < interval.high {
                kept.push(Interval {
                    low: high + 1,
                    ..interval
                });
            }
        }
        self.intervals = kept;
    }

    /// Returns the ranges held here and not there, ascending.
    pub fn without(&self, other: &Self) -> Vec<(u64, u64)> {
        let mut ranges = Vec::new();
        for mine in &self.intervals {
            let mut low = mine.low;
            for theirs in &other.intervals {
                if theirs.high < low {
                    continue;
                }
                if theirs.low > mine.high {
                    break;
                }
                if theirs.low > low {
                    ranges.push((low, theirs.low - 1));
                }
                low = theirs.high.saturating_add(1);
            }
            if low <= mine.high {
                ranges.push((low, mine.high));
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn interval(low: u64, high: u64) -> Interval {
        Interval {
            low,
            high,
            top: EntryId([high as u8; 32]),
        }
    }

    fn chain_of(seqs: &BTreeSet<u64>) -> Chain {
        let mut chain = Chain::default();
        for &seq in seqs {
            chain.insert(interval(seq, seq));
        }
        chain
    }

    #[test]
    fn intervals_that_touch_become_one() {
        let mut chain = Chain::default();
        chain.insert(interval(5, 7));
        chain.insert(interval(1, 2));
        chain.insert(interval(3, 4));
        assert_eq!(chain.intervals(), [interval(1, 7)]);
        assert_eq!(chain.above(3).intervals(), [interval(4, 7)]);
        assert!(chain.above(7).is_empty());
        chain.truncate(3, EntryId([3; 32]));
        assert_eq!(chain.intervals(), [interval(1, 3)]);
        assert_eq!(chain.within((2, 9)), [(2, 3)]);
        assert!(chain.within((4, 9)).is_empty());
        chain.remove((2, 2), EntryId([1; 32]));
        assert_eq!(chain.intervals(), [interval(1, 1), interval(3, 3)]);
    }

    #[test]
    fn lists_out_of_order_are_refused() {
        assert!(Chain::new(vec![interval(1, 2), interval(3, 4)]).is_none());
        assert!(Chain::new(vec![interval(4, 5), interval(1, 2)]).is_none());
        assert!(Chain::new(vec![interval(0, 2)]).is_none());
        assert!(
            Chain::new(vec![
                Interval {
                    low: 3,
                    high: u64::MAX,
                    top: EntryId::default()
                },
                interval(1, 1)
            ])
            .is_none()
        );
        assert!(Chain::new(vec![interval(1, 2), interval(4, 4)]).is_some());
    }

    proptest! {
        #[test]
        fn behaves_like_a_set_of_numbers(
            mine in prop::collection::btree_set(1_u64..60, 0..40),
            theirs in prop::collection::btree_set(1_u64..60, 0..40),
        ) {
            let (a, b) = (chain_of(&mine), chain_of(&theirs));
            prop_assert_eq!(a.len() as usize, mine.len());
            prop_assert!(Chain::new(a.intervals().to_vec()).is_some());
            for seq in 1..60 {
                prop_assert_eq!(a.holds(seq), mine.contains(&seq));
            }
            let lacking: BTreeSet<u64> =
                a.without(&b).into_iter().flat_map(|(low, high)| low..=high).collect();
            prop_assert_eq!(lacking, mine.difference(&theirs).copied().collect());
        }
    }
}
