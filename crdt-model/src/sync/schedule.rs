//! Whom to dial and when: back-off as values, so that whoever owns time decides when it passes.
//!
//! The first tries come quickly (1 s, 2 s, 4 s, ...), then back off to 20 minutes, each with half of it
//! left to chance, so that a circle that wakes together does not dial together. A changed network or a
//! heard beacon begins anew.

use crate::key::Rng;
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::BTreeMap;

/// The wait after the first dial that led nowhere.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two dials of the same target.
pub const LONGEST_WAIT: Duration = Duration::from_mins(20);
/// At most this many dials at a time: a home router's table is small.
pub const MAX_DIALS: usize = 3;
/// At most this many links that this side began.
pub const MAX_LINKS: usize = 6;

/// The state of every target.
#[derive(Clone, Debug)]
pub struct Schedule<T: Ord + Clone> {
    targets: BTreeMap<T, Target>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Target {
    tries: u32,
    next: Timestamp,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Waiting,
    Dialling,
    Linked,
}

impl<T: Ord + Clone> Default for Schedule<T> {
    fn default() -> Self {
        Self {
            targets: BTreeMap::new(),
        }
    }
}

impl<T: Ord + Clone> Schedule<T> {
    /// Keeps exactly these targets; new ones may be dialled at once.
    pub fn set_targets(&mut self, targets: impl IntoIterator<Item = T>) {
        let mut old = std::mem::take(&mut self.targets);
        for target in targets {
            let state = old.remove(&target).unwrap_or_default();
            self.targets.insert(target, state);
        }
    }

    /// Adds a target to be dialled at once, beside the others.
    pub fn add(&mut self, key: T, now: Timestamp) {
        self.targets.entry(key).or_insert(Target {
            next: now,
            ..Target::default()
        });
    }

    /// Forgets a target.
    pub fn remove(&mut self, key: &T) {
        self.targets.remove(key);
    }

    /// Returns every target.
    pub fn targets(&self) -> impl Iterator<Item = &T> {
        self.targets.keys()
    }

    /// Returns the targets to dial now and notes that they are being dialled.
    pub fn due(&mut self, now: Timestamp) -> Vec<T> {
        let count = |state| self.targets.values().filter(|t| t.state == state).count();
        let dialling = count(State::Dialling);
        let room = MAX_DIALS
            .saturating_sub(dialling)
            .min(MAX_LINKS.saturating_sub(dialling + count(State::Linked)));
        let mut due: Vec<(Timestamp, T)> = self
            .targets
            .iter()
            .filter(|(_, target)| target.state == State::Waiting && is_due(target.next, now))
            .map(|(key, target)| (target.next, key.clone()))
            .collect();
        due.sort();
        due.truncate(room);
        for (_, key) in &due {
            if let Some(target) = self.targets.get_mut(key) {
                target.state = State::Dialling;
            }
        }
        due.into_iter().map(|(_, key)| key).collect()
    }

    /// Returns when the next target is due, if one waits and there is room for it.
    pub fn next(&self) -> Option<Timestamp> {
        let waiting = self
            .targets
            .values()
            .filter(|target| target.state == State::Waiting);
        waiting.map(|target| target.next).min()
    }

    /// Notes that a dial led nowhere or a link ended.
    pub fn failed(&mut self, key: &T, now: Timestamp, rng: &mut Rng<'_>) {
        if let Some(target) = self.targets.get_mut(key) {
            target.tries = target.tries.saturating_add(1);
            let doubled = FIRST_WAIT.saturating_mul(1 << target.tries.saturating_sub(1).min(11));
            let wait = doubled.min(LONGEST_WAIT);
            let half = u64::try_from(wait.as_millis()).unwrap_or(0) / 2;
            let chance = rng.next_u64() % (half + 1);
            target.next = now.after(Duration::from_millis(half + chance));
            target.state = State::Waiting;
        }
    }

    /// Notes that a link came to its end which was of use, whoever began it: the waits begin anew.
    pub fn lost(&mut self, key: &T, now: Timestamp, rng: &mut Rng<'_>) {
        if let Some(target) = self.targets.get_mut(key)
            && target.state == State::Waiting
        {
            target.tries = 0;
            self.failed(key, now, rng);
        }
    }

    /// Returns how often in a row a target was not reached.
    pub fn tries(&self, key: &T) -> u32 {
        self.targets.get(key).map_or(0, |target| target.tries)
    }

    /// Notes that a link stands. Whether it is of use shows later: see [`Self::settled`].
    pub fn linked(&mut self, key: &T) {
        if let Some(target) = self.targets.get_mut(key) {
            target.state = State::Linked;
        }
    }

    /// Notes that a link came to a session: when it ends, the waits begin anew.
    pub fn settled(&mut self, key: &T) {
        if let Some(target) = self.targets.get_mut(key) {
            *target = Target {
                state: State::Linked,
                ..Target::default()
            };
        }
    }

    /// Lets a target be dialled at once.
    pub fn hurry(&mut self, key: &T, now: Timestamp) {
        if let Some(target) = self.targets.get_mut(key)
            && target.state == State::Waiting
        {
            *target = Target {
                next: now,
                ..Target::default()
            };
        }
    }

    /// Lets a waiting target be dialled no later than this.
    pub fn sooner(&mut self, key: &T, at: Timestamp) {
        if let Some(target) = self.targets.get_mut(key) {
            target.next = target.next.min(at);
        }
    }

    /// Lets every waiting target be dialled at once.
    pub fn hurry_all(&mut self, now: Timestamp) {
        for target in self
            .targets
            .values_mut()
            .filter(|target| target.state == State::Waiting)
        {
            *target = Target {
                next: now,
                ..Target::default()
            };
        }
    }
}

/// Whether a time has come. One further ahead than any wait was set before the clock was put back.
pub fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at > now.after(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn waits_double_up_to_twenty_minutes_with_half_left_to_chance() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut schedule = Schedule::default();
        schedule.set_targets(["bo"]);
        let mut now = Timestamp(1_000_000);
        for tries in 0..20_u32 {
            assert_eq!(schedule.due(now), ["bo"]);
            assert!(schedule.due(now).is_empty(), "one dial at a time");
            schedule.failed(&"bo", now, &mut rng);
            let wait = schedule.next().unwrap().since(now);
            let full = FIRST_WAIT
                .saturating_mul(1 << tries.min(11))
                .min(LONGEST_WAIT);
            assert!(full / 2 <= wait && wait <= full, "try {tries}: {wait:?}");
            now = schedule.next().unwrap();
        }
        schedule.hurry_all(now);
        assert_eq!(schedule.next(), Some(now));
    }

    #[test]
    fn at_most_three_dials_and_six_links() {
        let mut schedule = Schedule::default();
        schedule.set_targets(0..10);
        let now = Timestamp(0);
        let mut linked = 0;
        loop {
            let due = schedule.due(now);
            assert!(due.len() <= MAX_DIALS);
            if due.is_empty() {
                break;
            }
            for key in due {
                schedule.linked(&key);
                linked += 1;
            }
        }
        assert_eq!(linked, MAX_LINKS);
    }
}
