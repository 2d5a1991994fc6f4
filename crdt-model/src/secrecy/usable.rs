//! Which key to seal with, and who lacks which: the K rules over a roster.
//!
//! - K1: an epoch is *usable* when its minting device is active, both keys were given to exactly the
//!   active devices, this device holds both, no device has changed its KEM key since, and it is younger
//!   than [`MAX_AGE`] days. The usable epoch of greatest depth, then commons id, seals. There is
//!   none: the caller mints (K3). No clock decides who can read: a day only makes an epoch old, and one
//!   far ahead counts as old as well. Whom a keeper has asked to remove, where that takes two, gets no
//!   keys (R8).
//! - K2: any member that sees an active device without a key it may have shares it. Commons keys: all.
//!   Stories keys: of epochs that its person's admission did not know of, or all, as the invite's
//!   history says. (Single older bodies are opened to newcomers by their body keys.) That somebody was
//!   given a key is no reason to give it: the rule is the same for what is pushed and what is asked
//!   for, and a stories key is closed if any epoch that names it is. Only who was given a key shares
//!   it, as the graph demands.
//! - K5: the minting device and its person's others are active devices like any: they get rows too.
//!
//! What was sealed under an epoch that no longer counts stays readable to who holds its key.

use crate::id::{ActId, DeviceId, EpochId};
use crate::log::header::KeyClass;
use crate::membership::act::History;
use crate::membership::roster::{Epoch, Person, Roster};
use crate::secrecy::epoch::Ring;
use crate::secrecy::wrap::MAX_SHARED;
use crate::time::Day;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// After so many days an epoch no longer seals.
pub const MAX_AGE: u32 = 30;
/// How far ahead of the own clock an epoch's day may lie: clocks a day off are common.
pub const MAX_AHEAD: u32 = 1;

/// Returns the epoch that this device seals with today; `None` = it has to mint one first.
pub fn sealing_epoch(roster: &Roster, ring: &Ring, me: DeviceId, today: Day) -> Option<ActId> {
    if !roster.is_active(&me) {
        return None;
    }
    let active: BTreeSet<DeviceId> = roster.keyed_devices(me).map(|(id, _)| *id).collect();
    newest_first(roster).into_iter().find_map(|(act, epoch)| {
        let usable = active.contains(&epoch.by)
            && epoch.commons_to == active
            && epoch.stories_to == active
            && !epoch.outdated
            && is_young(epoch.day, today)
            && ring.holds(&epoch.commons)
            && ring.holds(&epoch.stories)
            && is_alone(roster, act, epoch);
        usable.then_some(act)
    })
}

/// Returns which active devices lack which keys that this device holds and that they may have: newest
/// epochs first, at most [`MAX_SHARED`] keys for one device at a time.
///
/// `closed(admission)` says which stories keys an admission knew of: those of every epoch act in its
/// causal past, whether that act counts or not.
pub fn shares_due(
    roster: &Roster,
    closed: impl Fn(ActId) -> BTreeSet<EpochId>,
    ring: &Ring,
    me: DeviceId,
) -> Vec<(DeviceId, Vec<EpochId>)> {
    if !roster.is_active(&me) {
        return Vec::new();
    }
    let epochs = newest_first(roster);
    let mut due = Vec::new();
    for (device, state) in roster.keyed_devices(me).filter(|(id, _)| **id != me) {
        let Some(person) = roster.people.get(&state.person) else {
            continue;
        };
        let closed = closed_to(person, &closed);
        let mut keys = Vec::new();
        for (_, epoch) in &epochs {
            for class in [KeyClass::Commons, KeyClass::Stories] {
                let key = epoch.key(class);
                let given = epoch.recipients(class);
                let lacks = !given.contains(device) && !keys.contains(&key);
                if lacks && given.contains(&me) && ring.holds(&key) && !closed.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys.truncate(MAX_SHARED);
        if !keys.is_empty() {
            due.push((*device, keys));
        }
    }
    due
}

/// Returns which of these keys a device may have.
pub fn may_have(
    roster: &Roster,
    closed: impl Fn(ActId) -> BTreeSet<EpochId>,
    device: DeviceId,
    keys: &[EpochId],
) -> Vec<EpochId> {
    let person = roster.person_of(&device);
    let person = person.and_then(|person| roster.people.get(&person));
    let Some(person) = person.filter(|_| roster.is_active(&device)) else {
        return Vec::new();
    };
    let closed = closed_to(person, closed);
    let named = |key: &EpochId| {
        let mut epochs = roster.epochs.values();
        epochs.any(|epoch| [epoch.commons, epoch.stories].contains(key))
    };
    let open = keys
        .iter()
        .filter(|key| !closed.contains(*key) && named(key));
    open.copied().collect()
}

/// Returns the stories keys that are closed to a person.
fn closed_to(person: &Person, closed: impl Fn(ActId) -> BTreeSet<EpochId>) -> BTreeSet<EpochId> {
    match person.history {
        History::All => BTreeSet::new(),
        History::FromNow | History::Days30 => closed(person.admitted),
    }
}

fn newest_first(roster: &Roster) -> Vec<(ActId, &Epoch)> {
    let mut epochs: Vec<_> = roster
        .epochs
        .iter()
        .map(|(act, epoch)| (*act, epoch))
        .collect();
    epochs.sort_by_key(|(act, epoch)| Reverse((epoch.depth, epoch.commons, *act)));
    epochs
}

fn is_young(day: Day, today: Day) -> bool {
    day.0 <= today.0.saturating_add(MAX_AHEAD) && today.0.saturating_sub(day.0) < MAX_AGE
}

/// Whether no other epoch names one of the keys. Fresh keys never meet: a key that is named twice was
/// brought back on purpose, and others may know it.
fn is_alone(roster: &Roster, act: ActId, epoch: &Epoch) -> bool {
    let mine = [epoch.commons, epoch.stories];
    roster.epochs.iter().all(|(other, it)| {
        *other == act
            || ![it.commons, it.stories]
                .iter()
                .any(|key| mine.contains(key))
    })
}

#[cfg(test)]
mod tests;
