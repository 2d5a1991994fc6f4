//! A past: which acts lie before a point, as one number per chain.
//!
//! A chain is what one device wrote, one act on the other; a device that forked has one chain for each
//! branch. Whoever knows an act knows the acts before it on its chain, so a count per chain says it all
//! and "does this lie before that" is one look. Chains are numbered as this replica met them: the
//! numbers mean nothing elsewhere.

/// The place of an act: which chain, and how many of that chain stand before it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) chain: usize,
    pub(super) at: u32,
}

/// A set of acts that holds with each act everything before it. Never ends in a zero, so that equal
/// sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Past(Vec<u32>);

impl Past {
    /// Returns how many acts of a chain are in it.
    pub(super) fn of(&self, chain: usize) -> u32 {
        self.0.get(chain).copied().unwrap_or(0)
    }

    /// Returns whether the act at a place is in it.
    pub(super) fn has(&self, place: Place) -> bool {
        self.of(place.chain) > place.at
    }

    /// Returns how many acts are in it.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|count| *count as usize).sum()
    }

    /// Adds the act at a place. The acts before it must be in.
    pub(super) fn add(&mut self, place: Place) {
        if self.0.len() <= place.chain {
            self.0.resize(place.chain + 1, 0);
        }
        if let Some(count) = self.0.get_mut(place.chain) {
            *count = (*count).max(place.at.saturating_add(1));
        }
    }

    /// Takes out the act at a place and those after it on its chain.
    pub(super) fn cut(&mut self, place: Place) {
        if let Some(count) = self.0.get_mut(place.chain) {
            *count = (*count).min(place.at);
        }
        self.trim();
    }

    /// Adds all of another.
    pub(super) fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Keeps what is also in another.
    pub(super) fn meet(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).min(*theirs);
        }
        self.trim();
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}
