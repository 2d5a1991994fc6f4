//! What is missing here and is asked for: epoch keys, and keys of single bodies.

use super::Replica;
use super::rows::from_head;
use super::session::send;
use crate::bounded::List;
use crate::id::{DeviceId, EpochId};
use crate::log::entry::Place;
use crate::log::frontier::MAX_BRANCHES;
use crate::log::header::KeyClass;
use crate::membership::act::History;
use crate::replica::input::LinkId;
use crate::replica::output::Outbox;
use crate::store::{Error, Scan, Space};
use crate::sync::message::{Message, Need};
use crate::sync::session::Session;
use std::collections::{BTreeMap, BTreeSet};

/// The most entries looked at for one request.
const MAX_ASKED: usize = 192;
/// The most epoch keys asked for that no entry at hand is sealed with. Together with the above they fit
/// into one request.
const MAX_LACKING: usize = 64;

impl Replica {
    /// Asks a peer for the keys that are missing here.
    pub(super) fn ask_for_keys(
        &mut self,
        id: LinkId,
        session: &mut Session,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let need = self.need(session)?;
        if !need.epochs.is_empty() || !need.bodies.is_empty() {
            out.outputs.push(send(id, &Message::Need(need)));
        }
        Ok(())
    }

    /// Returns what is missing here and was not asked for yet, from where the last question ended.
    pub(super) fn need(&self, session: &mut Session) -> Result<Need, Error> {
        let (mut epochs, mut bodies, mut places) = (self.not_held(), Vec::new(), Vec::new());
        let nothing = Place {
            device: self.device(),
            branch: 0,
            seq: 0,
        };
        epochs.retain(|epoch| session.asked.insert(epoch.0, nothing).is_none());
        while epochs.is_empty() && bodies.is_empty() && !session.asked_all {
            let scan = Scan {
                limit: MAX_ASKED,
                backwards: true,
                to: session.asked_from.clone(),
                ..Scan::all(Space::Sealed, self.rows.hint())
            };
            let rows = self.rows.scan(&scan)?;
            session.asked_all = rows.len() < MAX_ASKED;
            session.asked_from = rows.last().map(|(order, _)| order.clone());
            for (_, row) in rows {
                let place: Place = from_head(&row)?;
                let Some(entry) = self.rows.entry(&place)? else {
                    continue;
                };
                let header = entry.header.header();
                if !self.awaits_key(&entry) {
                    continue;
                }
                if self.was_given(&header.epoch, header.class) {
                    if session.asked.insert(header.epoch.0, place).is_none() {
                        epochs.insert(header.epoch);
                    }
                } else if session.asked.insert(entry.id().0, place).is_none() {
                    bodies.push(entry.id());
                    places.push((place.device, place.seq));
                }
            }
        }
        Ok(Need {
            epochs: List::new(epochs.into_iter().collect()).unwrap_or_default(),
            bodies: List::new(bodies).unwrap_or_default(),
            places: List::new(places).unwrap_or_default(),
        })
    }

    /// When this person was let in a second time and less stays closed to them than it did: notes what
    /// they may read now, so that its keys are asked for.
    pub(super) fn open_more(&mut self) {
        let closed = self.closed();
        let before = std::mem::replace(&mut self.closed, closed);
        for (device, last) in before {
            let first = self.closed.get(&device).map_or(1, |still| still + 1);
            for branch in 0..MAX_BRANCHES {
                let chain = self.frontier.chain(&device, branch);
                let pieces = chain.intervals().iter();
                for seq in pieces.flat_map(|it| it.low.max(first)..=it.high.min(last)) {
                    self.rows.put_sealed(&Place {
                        device,
                        branch,
                        seq,
                    });
                    (self.due.keys_came, self.due.ask_again) = (true, true);
                }
            }
        }
    }

    /// Returns the last entry of each device that is closed to this person.
    pub(super) fn closed(&self) -> BTreeMap<DeviceId, u64> {
        let person = self
            .roster()
            .and_then(|roster| roster.people.get(&self.me()));
        let from_now = person.filter(|person| person.history != History::All);
        from_now
            .map(|person| person.open_after.clone())
            .unwrap_or_default()
    }

    /// Returns keys that the graph says went to this device and that never came: whoever passed the acts
    /// on had no row for it. Without them it could neither say hello to those who do not know it nor
    /// read what is sealed with them.
    pub(super) fn not_held(&self) -> BTreeSet<EpochId> {
        let (me, roster) = (self.device(), self.roster());
        let epochs = roster.into_iter().flat_map(|roster| roster.epochs.values());
        let given = epochs.flat_map(|epoch| {
            let commons = epoch.commons_to.contains(&me).then_some(epoch.commons);
            let stories = epoch.stories_to.contains(&me).then_some(epoch.stories);
            commons.into_iter().chain(stories)
        });
        let lacking = given.filter(|id| !self.ring.holds(id));
        lacking.take(MAX_LACKING).collect()
    }

    /// Whether this device holds a key that somebody else minted: one that a hello can be sealed with.
    pub(super) fn shares_a_key(&self) -> bool {
        let (me, roster) = (self.device(), self.roster());
        let mut epochs = roster.into_iter().flat_map(|roster| roster.epochs.values());
        epochs.any(|epoch| epoch.by != me && self.ring.holds(&epoch.commons))
    }

    /// Whether the graph says that an epoch's key went to this device.
    fn was_given(&self, id: &EpochId, class: KeyClass) -> bool {
        let Some(roster) = self.roster() else {
            return false;
        };
        roster.epochs.values().any(|epoch| {
            epoch.key(class) == *id && epoch.recipients(class).contains(&self.device())
        })
    }

    /// Whether the graph names an epoch's key: others are of no use.
    pub(super) fn is_epoch(&self, id: &EpochId) -> bool {
        self.roster().is_some_and(|roster| {
            let mut epochs = roster.epochs.values();
            epochs.any(|epoch| epoch.commons == *id || epoch.stories == *id)
        })
    }
}
