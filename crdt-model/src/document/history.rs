//! Which changes of a document count, and what Automerge makes of them.
//!
//! A change counts when
//!
//! 1. every change it builds on counts;
//! 2. it is the next of its device after what it builds on (`seq`), and no other change with that
//!    device and number counts;
//! 3. its sets are numbered from one past the greatest number it builds on (`start`);
//! 4. each earlier set it takes the place of is in what it builds on and of the same key; each character
//!    of a text that it names is in what it builds on.
//!
//! Honest devices keep these by themselves; Automerge relies on them and does not check them all.
//! Changes are taken up in the order of what they build on, then of their id, so that of two with one
//! number, from a device that is in two minds, every replica with the same changes picks the same.

use super::change::{Change, Does, Parts, Set, SetId};
use super::rebuilt::{from_scalar, set_id, to_automerge};
use super::splice::{self, MADE, Runs};
use super::{Error, MAX_CHANGES, Value};
use crate::bounded::{List, Text, TooLong};
use crate::id::{DeviceId, Hash};
use crate::time::Timestamp;
use automerge::{Automerge, ROOT, ReadDoc};
use std::collections::{BTreeMap, BTreeSet};

/// All known changes of a document, with those that count in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    known: BTreeMap<Hash, Known>,
    order: Vec<Hash>,
    /// The number of the last change of each device that counts.
    clock: Clock,
    /// The key of each set that counts, and the number of the change it is in.
    sets: BTreeMap<SetId, (Text<{ super::MAX_KEY }>, u64)>,
    /// The characters that were put in by changes that count.
    runs: Runs,
    /// The greatest number of a step that counts.
    greatest: u64,
    /// Whether it is a text: then a step that makes it comes before all others.
    is_text: bool,
}

pub(super) type Clock = BTreeMap<DeviceId, u64>;

#[derive(Clone, Debug)]
struct Known {
    change: Change,
    /// Of each device, the last change among this one and its past. Empty until it counts.
    clock: Clock,
}

impl History {
    /// Returns the history of a text that nobody has put anything into.
    pub(super) fn of_text() -> Self {
        Self {
            greatest: MADE,
            is_text: true,
            ..Self::default()
        }
    }

    /// Sorts out all the changes known.
    pub(super) fn load(changes: impl IntoIterator<Item = Change>) -> Result<Self, Error> {
        let mut history = Self::default();
        for change in changes {
            if matches!(change.parts.does, Does::Splices(_)) && !history.is_text {
                history = Self::of_text();
            }
            history.known.insert(
                change.id(),
                Known {
                    change,
                    clock: Clock::new(),
                },
            );
            if history.known.len() > MAX_CHANGES {
                return Err(TooLong(MAX_CHANGES).into());
            }
        }
        history.sort_out();
        if history.order.is_empty() {
            return Err(Error::Empty);
        }
        Ok(history)
    }

    /// Returns every change known, whether it counts or not.
    pub(super) fn known(&self) -> impl Iterator<Item = &Change> {
        self.known.values().map(|known| &known.change)
    }

    /// Returns this history up to some changes; `None` when one of them does not count.
    pub(super) fn at(&self, heads: &[Hash]) -> Result<Option<Self>, Error> {
        if heads.is_empty() {
            return Ok(Some(Self::of_text()));
        }
        let mut wanted: BTreeSet<Hash> = heads.iter().copied().collect();
        let mut found = Vec::new();
        for id in self.order.iter().rev() {
            if let Some(known) = self.known.get(id).filter(|_| wanted.remove(id)) {
                wanted.extend(known.change.parts.deps.iter().copied());
                found.push(known.change.clone());
            }
        }
        if !wanted.is_empty() {
            return Ok(None);
        }
        Self::load(found).map(Some)
    }

    /// Returns the change that comes last among those that count, whatever their clocks say.
    pub(super) fn last(&self) -> Option<&Change> {
        let changes = self.in_order();
        changes.max_by_key(|change| (change.parts.start, change.device))
    }

    /// Returns the change that comes first among those that count.
    pub(super) fn first(&self) -> Option<&Change> {
        let known = self.known.get(self.order.first()?)?;
        Some(&known.change)
    }

    /// Returns what the changes say together.
    pub(super) fn values(&self) -> Result<BTreeMap<String, Value>, Error> {
        if let [only] = self.order.as_slice() {
            // Nothing to merge. Most documents are like this: a story is one change.
            let sets = self
                .known
                .get(only)
                .into_iter()
                .flat_map(|known| known.change.parts.sets());
            return Ok(sets
                .filter_map(|set| Some((set.key.to_string(), set.value.clone()?)))
                .collect());
        }
        let document = self.merge()?;
        let mut values = BTreeMap::new();
        for key in document.keys(ROOT) {
            let shown = document.get(ROOT, key.as_str()).map_err(|_| Error::Merge)?;
            let (value, _) = shown.ok_or(Error::Merge)?;
            let value = value
                .as_scalar()
                .and_then(from_scalar)
                .ok_or(Error::Merge)?;
            values.insert(key, value);
        }
        Ok(values)
    }

    /// Returns the next change of a device on top of all that count.
    pub(super) fn next(
        &self,
        device: DeviceId,
        time: Timestamp,
        wanted: BTreeMap<String, Option<Value>>,
    ) -> Result<Parts, Error> {
        let mut sets = Vec::new();
        let document = if self.order.is_empty() {
            None
        } else {
            Some(self.merge()?)
        };
        for (key, value) in wanted {
            let mut over = Vec::new();
            if let Some(document) = &document {
                let shown = document
                    .get_all(ROOT, key.as_str())
                    .map_err(|_| Error::Merge)?;
                over.extend(shown.iter().filter_map(|(_, id)| set_id(id)));
                over.sort_unstable();
            }
            sets.push(Set {
                key: Text::new(key)?,
                value,
                over: List::new(over)?,
            });
        }
        Ok(Parts {
            does: Does::Sets(List::new(sets)?),
            ..self.next_parts(device, time)?
        })
    }

    /// Returns the same without anything that it does.
    pub(super) fn next_parts(&self, device: DeviceId, time: Timestamp) -> Result<Parts, Error> {
        Ok(Parts {
            seq: self.clock.get(&device).unwrap_or(&0) + 1,
            start: self.greatest + 1,
            time,
            deps: List::new(self.heads())?,
            does: Does::Sets(List::default()),
        })
    }

    /// Returns Automerge's own document of the changes that count.
    pub(super) fn merge(&self) -> Result<Automerge, Error> {
        let mut hashes = BTreeMap::new();
        let mut changes: Vec<_> = self.is_text.then(splice::made).into_iter().collect();
        let made = changes.first().map(automerge::Change::hash);
        for id in &self.order {
            let Some(known) = self.known.get(id) else {
                continue;
            };
            let deps = &known.change.parts.deps;
            let first = made.filter(|_| deps.is_empty());
            let deps = deps.iter().filter_map(|dep| hashes.get(dep).copied());
            let deps = deps.chain(first).collect();
            let change = to_automerge(&known.change, deps);
            hashes.insert(*id, change.hash());
            changes.push(change);
        }
        // The random actor that it draws is never used: it makes no change.
        let mut document = Automerge::new();
        document.apply_changes(changes).map_err(|_| Error::Merge)?;
        Ok(document)
    }

    /// Returns how many changes count.
    pub(super) fn counting(&self) -> usize {
        self.order.len()
    }

    /// Returns the changes that count, each after what it builds on.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Change> {
        let known = self.order.iter().filter_map(|id| self.known.get(id));
        known.map(|known| &known.change)
    }

    /// Whether a change counts.
    pub(super) fn counts(&self, id: &Hash) -> bool {
        self.order.contains(id)
    }

    /// Returns the changes that count and that none that counts builds on, in ascending order.
    pub(super) fn heads(&self) -> Vec<Hash> {
        let mut heads: BTreeSet<Hash> = self.order.iter().copied().collect();
        for known in self.order.iter().filter_map(|id| self.known.get(id)) {
            for dep in &known.change.parts.deps {
                heads.remove(dep);
            }
        }
        heads.into_iter().collect()
    }

    /// Takes up changes, each after all it builds on, of several the one with the least id first.
    fn sort_out(&mut self) {
        let mut ready = BTreeSet::new();
        let mut missing = BTreeMap::new();
        let mut waiting: BTreeMap<Hash, Vec<Hash>> = BTreeMap::new();
        for (id, known) in &self.known {
            let deps = &known.change.parts.deps;
            if deps.is_empty() {
                ready.insert(*id);
            }
            missing.insert(*id, deps.len());
            for dep in deps {
                waiting.entry(*dep).or_default().push(*id);
            }
        }
        while let Some(id) = ready.pop_first() {
            if !self.take_up(id) {
                continue;
            }
            for next in waiting.remove(&id).unwrap_or_default() {
                if let Some(count) = missing.get_mut(&next) {
                    *count -= 1;
                    if *count == 0 {
                        ready.insert(next);
                    }
                }
            }
        }
    }

    /// Makes a change count if it continues properly what it builds on, all of which counts.
    fn take_up(&mut self, id: Hash) -> bool {
        let Some(known) = self.known.get(&id) else {
            return false;
        };
        let Change { device, parts } = &known.change;
        let (mut clock, greatest) = self.past(parts);
        let seq = clock.get(device).copied().unwrap_or(0) + 1;
        let free = self.clock.get(device).is_none_or(|last| *last < parts.seq);
        let builds = self.holds_what_it_names(*device, parts, &clock);
        if parts.seq != seq || !free || parts.start != greatest + 1 || !builds {
            return false;
        }
        clock.insert(*device, parts.seq);
        self.clock.insert(*device, parts.seq);
        self.greatest = self.greatest.max(parts.start + parts.steps() - 1);
        match &parts.does {
            Does::Sets(sets) => {
                for (number, set) in (parts.start..).zip(sets) {
                    let of = (set.key.clone(), parts.seq);
                    self.sets.insert(SetId(number, *device), of);
                }
            }
            Does::Splices(splices) => self.runs.add(splices, parts.start, (*device, parts.seq)),
        }
        if let Some(known) = self.known.get_mut(&id) {
            known.clock = clock;
        }
        self.order.push(id);
        true
    }

    /// Whether the earlier steps that a change names are in its past, whose clock this is.
    fn holds_what_it_names(&self, device: DeviceId, parts: &Parts, clock: &Clock) -> bool {
        let seen = |set: &SetId| clock.get(&set.1).copied().unwrap_or(0);
        let known = |set: &Set, over: &SetId| {
            let found = self.sets.get(over);
            found.is_some_and(|(key, change)| *key == set.key && *change <= seen(over))
        };
        match &parts.does {
            Does::Sets(sets) => sets
                .iter()
                .all(|set| set.over.iter().all(|over| known(set, over))),
            Does::Splices(splices) => self.runs.hold(splices, (parts.start, device), clock),
        }
    }

    /// Returns the clock and the greatest number of all that some parts build on.
    fn past(&self, parts: &Parts) -> (Clock, u64) {
        let mut clock = Clock::new();
        let mut greatest = if self.is_text { MADE } else { 0 };
        for dep in parts.deps.iter().filter_map(|dep| self.known.get(dep)) {
            for (device, seq) in &dep.clock {
                let last = clock.entry(*device).or_default();
                *last = (*seq).max(*last);
            }
            let parts = &dep.change.parts;
            greatest = greatest.max(parts.start + parts.steps() - 1);
        }
        (clock, greatest)
    }
}
