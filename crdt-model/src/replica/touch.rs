//! What this device knows of how far the others are: who is in touch, and who holds what was shared.
//!
//! It is what sessions told, and what was stored over there; kept in memory only, so that nobody's comings
//! and goings are written down. What is not known here may be there all the same.

use super::Replica;
use super::things::Thing;
use crate::id::{DeviceId, EntryId, PersonId, ThingId};
use crate::log::chain::Chain;
use crate::log::entry::Place;
use crate::replica::overview::{InTouch, Reached};
use crate::store::Error;
use crate::sync::session::Session;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a device with which no session stands any more.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// When the last session ended.
    at: Timestamp,
    /// What it holds of each chain.
    holds: BTreeMap<(DeviceId, u8), Chain>,
}

impl Replica {
    /// Returns how the other members can be reached, the longest-standing first.
    pub fn in_touch(&self) -> Vec<InTouch> {
        let digest = self.digest.unwrap_or_else(|| self.compute_digest());
        let members = self.members().into_iter();
        members
            .filter(|member| !member.me)
            .map(|member| {
                let sessions = || self.sessions().filter(|it| self.is_of(it, &member.person));
                let met = self.met.iter().filter(|(device, _)| {
                    self.roster().and_then(|roster| roster.person_of(device)) == Some(member.person)
                });
                InTouch {
                    connected: sessions().next().is_some(),
                    in_step: sessions().any(|session| session.in_step(&digest)),
                    last: met.map(|(_, met)| met.at).max(),
                    person: member.person,
                    name: member.name,
                }
            })
            .collect()
    }

    /// Returns to whom something that this person shared is known to have come; `None` where it is not
    /// theirs. Of those who may not read it, because they came later, nothing is said: they hold it sealed.
    pub fn reached(&self, id: ThingId) -> Result<Option<Reached>, Error> {
        let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&id))?;
        let own = |thing: &Thing| thing.creator == Some(self.me()) && !thing.places.is_empty();
        let Some(thing) = thing.filter(own) else {
            return Ok(None);
        };
        let Some(roster) = self.roster().filter(|_| self.is_active()) else {
            return Ok(None);
        };
        let mut entries = Vec::new();
        for place in &thing.places {
            entries.extend(self.rows.entry(place)?);
        }
        let may = |device: &DeviceId| {
            let mut headers = entries.iter().map(|entry| entry.header.header());
            headers.all(|header| self.may_read(*device, header))
        };
        let whole = |device: &DeviceId| thing.places.iter().all(|it| self.is_held_by(device, it));
        let readers = roster.active_devices().filter(|(device, _)| may(device));
        let (mut may, mut there) = (BTreeSet::new(), BTreeSet::new());
        for (device, of) in readers {
            may.insert(of.person);
            if whole(device) {
                there.insert(of.person);
            }
        }
        let mut reached = Reached::default();
        let others = self.members().into_iter().filter(|it| !it.me);
        for member in others.filter(|it| may.contains(&it.person)) {
            let names = if there.contains(&member.person) {
                &mut reached.by
            } else {
                &mut reached.unknown
            };
            names.push(member.name);
        }
        Ok(Some(reached))
    }

    /// Says whether everything that was written on this computer is known to be on another member's, too.
    pub fn is_all_elsewhere(&self) -> bool {
        let own = self.device();
        let others: Vec<DeviceId> = self.roster().map_or_else(Vec::new, |roster| {
            let others = roster.active_devices();
            let others = others.filter(|(_, device)| device.person != self.me());
            others.map(|(device, _)| *device).collect()
        });
        let chains = self.frontier.chains();
        let own = chains.filter(|((device, _), _)| *device == own);
        own.flat_map(|((device, branch), chain)| {
            let seqs = chain.intervals().iter().map(|held| held.low..=held.high);
            seqs.flatten().map(|seq| Place {
                device: *device,
                branch: *branch,
                seq,
            })
        })
        .all(|place| others.iter().any(|other| self.is_held_by(other, &place)))
    }

    /// Keeps what an ended session told.
    pub(super) fn note_met(&mut self, session: Session, now: Timestamp) {
        let met = self.met.entry(session.device).or_default();
        met.at = now;
        let Some(mut holds) = session.holds else {
            return;
        };
        for (step, _) in &session.in_flight {
            if let Some(chain) = holds.get_mut(&(step.device, step.branch)) {
                chain.remove((step.low, step.high), EntryId::default());
            }
        }
        met.holds = holds;
    }

    /// Forgets who holds a branch whose entries were moved.
    pub(super) fn forget_met(&mut self, device: DeviceId, branch: u8) {
        for met in self.met.values_mut() {
            met.holds.remove(&(device, branch));
        }
    }

    fn sessions(&self) -> impl Iterator<Item = &Session> {
        let sessions = self.links.values().filter_map(|link| link.session.as_ref());
        sessions.filter(|session| session.acts_in)
    }

    fn is_of(&self, session: &Session, person: &PersonId) -> bool {
        let of = self.roster().and_then(|it| it.person_of(&session.device));
        of == Some(*person)
    }

    /// Says whether a device is known to hold an entry: it said so, or stored it.
    fn is_held_by(&self, device: &DeviceId, place: &Place) -> bool {
        let before = self.met.get(device).is_some_and(|met| {
            let chain = met.holds.get(&(place.device, place.branch));
            chain.is_some_and(|chain| chain.holds(place.seq))
        });
        before
            || self
                .sessions()
                .any(|it| it.device == *device && it.stored(place))
    }
}
