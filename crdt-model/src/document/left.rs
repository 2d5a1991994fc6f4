//! What was left without its ground: a change that does not count any more because some of what it builds on
//! is gone. What its device saw and what of that is still there say what is to be written again.

use super::change::{Change, Does};
use super::history::History;
use super::text::TextDocument;
use super::{Document, Error, Value};
use crate::id::{DeviceId, Hash};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a change without its ground was made from.
#[derive(Clone, Debug)]
pub struct Left {
    /// What its device saw, and the change itself.
    saw: History,
    /// What of that counts still.
    base: History,
    /// The changes of the rest that are not gone themselves.
    held_back: BTreeSet<Hash>,
}

type Known<'a> = BTreeMap<Hash, &'a Change>;

/// Whether a change counts among these.
pub fn counts(shown: &[Change], change: &Change) -> Result<bool, Error> {
    Ok(counting(shown)?.contains(&change.id()))
}

impl Left {
    /// Returns what the `last` change of a device was made from, with what others built on it who write no
    /// more. `None` where it counts among what is `shown`; where not all of its past is there, `gone` or not; or
    /// where a device that `writes` built on it, who has these words too.
    pub fn of(
        shown: &[Change],
        gone: &[Change],
        last: &Change,
        writes: impl Fn(&DeviceId) -> bool,
    ) -> Result<Option<Self>, Error> {
        let counting = counting(shown)?;
        let known: Known<'_> = shown.iter().chain(gone).map(|it| (it.id(), it)).collect();
        let id = last.id();
        if counting.contains(&id) {
            return Ok(None);
        }
        let (mut past, whole) = past_of(&known, id);
        if !whole {
            return Ok(None);
        }
        for change in shown.iter().filter(|it| !counting.contains(&it.id())) {
            let (below, whole) = past_of(&known, change.id());
            if below.contains_key(&id) && change.device != last.device {
                if writes(&change.device) {
                    return Ok(None);
                }
                // Who built on it and writes no more.
                past.extend(below.into_iter().filter(|_| whole));
            }
        }
        let saw = History::load(past.values().copied().cloned())?;
        if !saw.counts(&id) {
            return Ok(None);
        }
        let base = past.iter().filter(|(id, _)| counting.contains(*id));
        let base: Vec<_> = base.map(|(_, change)| (*change).clone()).collect();
        let held_back = shown.iter().map(Change::id);
        let held_back = held_back.filter(|id| past.contains_key(id) && !counting.contains(id));
        let held_back = held_back.collect();
        let base = match (base.is_empty(), &last.parts.does) {
            (true, Does::Sets(_)) => History::default(),
            (true, Does::Splices(_)) => History::of_text(),
            (false, _) => History::load(base)?,
        };
        Ok(Some(Self {
            saw,
            base,
            held_back,
        }))
    }

    /// Returns the text as the device saw it.
    pub fn text(&self) -> Result<String, Error> {
        let history = self.saw.clone();
        TextDocument { history }.text()
    }

    /// Returns a text with what the device saw put back into it, and the change that does it. `None` when all
    /// of that stands there.
    pub fn back_into(
        &self,
        text: &TextDocument,
        device: DeviceId,
        time: Timestamp,
    ) -> Result<Option<(TextDocument, Change)>, Error> {
        let saw = self.text()?;
        if text.text()?.contains(&saw) {
            return Ok(None);
        }
        let history = self.base.clone();
        text.edit(&TextDocument { history }, &saw, device, time)
    }

    /// Returns the keys that those whose changes are held back set, and nobody otherwise since.
    pub fn sets(&self, document: &Document) -> Result<Vec<(String, Option<Value>)>, Error> {
        let mut sets = BTreeMap::new();
        let held_back = self.saw.in_order();
        for change in held_back.filter(|change| self.held_back.contains(&change.id())) {
            for set in change.parts.sets() {
                sets.insert(set.key.to_string(), set.value.clone());
            }
        }
        let before = self.base.values()?;
        sets.retain(|key, _| document.get(key) == before.get(key));
        Ok(sets.into_iter().collect())
    }
}

/// Returns which of these changes count.
fn counting(shown: &[Change]) -> Result<BTreeSet<Hash>, Error> {
    match History::load(shown.iter().cloned()) {
        Ok(history) => Ok(history.in_order().map(Change::id).collect()),
        Err(Error::Empty) => Ok(BTreeSet::new()),
        Err(error) => Err(error),
    }
}

/// Returns a change and what it builds on, as far as it is known, and whether that is all.
fn past_of<'a>(known: &Known<'a>, last: Hash) -> (Known<'a>, bool) {
    let (mut past, mut whole) = (Known::new(), true);
    let mut wanted = vec![last];
    while let Some(id) = wanted.pop() {
        if past.contains_key(&id) {
            continue;
        }
        let Some(change) = known.get(&id) else {
            whole = false;
            continue;
        };
        wanted.extend(change.parts.deps.iter().copied());
        past.insert(id, change);
    }
    (past, whole)
}
