//! What this device has taken back and no member is known to have heard of.
//!
//! A device that no longer belongs tells of it in its hello, a few at a time and in turn: what somebody
//! does not obey keeps nothing else back.

use super::Replica;
use crate::bounded::List;
use crate::id::{DeviceId, ThingId};
use crate::store::Error;
use crate::sync::hello::{Answer, MAX_TOLD};
use crate::sync::message::SignedHeader;

impl Replica {
    /// Notes that somebody has to be told.
    pub(super) fn owe(&mut self, thing: ThingId) {
        self.owed.insert(thing);
        self.rows.save(self.rows.owed_key(&thing), &thing);
    }

    /// Notes that a member holds all that this device has taken back.
    pub(super) fn owe_nothing(&mut self) {
        for thing in std::mem::take(&mut self.owed) {
            self.rows.delete(self.rows.owed_key(&thing));
        }
    }

    /// Returns what to tell in a hello.
    pub(super) fn owed_retracts(&self) -> List<SignedHeader, MAX_TOLD> {
        let owed = self.next_owed();
        let retracts = self.signed_retracts(owed.iter()).unwrap_or_default();
        List::new(retracts).unwrap_or_default()
    }

    fn next_owed(&self) -> Vec<ThingId> {
        let after = self.owed_after.unwrap_or_default();
        let (before, after): (Vec<ThingId>, Vec<ThingId>) =
            self.owed.iter().partition(|thing| **thing <= after);
        after.into_iter().chain(before).take(MAX_TOLD).collect()
    }

    /// Notes that a hello was said: the next one tells of others, whatever becomes of these.
    pub(super) fn told_some(&mut self) {
        self.owed_after = self.next_owed().last().copied();
    }

    /// Obeys what a device that no longer belongs has taken back. It gets nothing but the answer.
    pub(super) fn hear_retracts(
        &mut self,
        device: DeviceId,
        retracts: &[SignedHeader],
    ) -> Result<Option<Answer>, Error> {
        let mut taken = Vec::new();
        for signed in retracts
            .iter()
            .filter(|(header, _)| header.device == device)
        {
            self.obey_detached(vec![signed.clone()])?;
            taken.extend(Some(signed.0.thing).filter(|thing| self.retracts.contains_key(thing)));
        }
        let taken = List::new(taken).unwrap_or_default();
        Ok((!taken.is_empty()).then_some(Answer::Took(taken)))
    }

    /// Notes what a member has obeyed. Returns whether any of it was owed.
    pub(super) fn told(&mut self, things: &[ThingId]) -> bool {
        let before = self.owed.len();
        for thing in things {
            if self.owed.remove(thing) {
                self.rows.delete(self.rows.owed_key(thing));
            }
        }
        self.owed.len() < before
    }
}
