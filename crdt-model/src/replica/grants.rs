//! Keys on request: what a member may have of what it cannot open, and what came of asking.

use super::Replica;
use crate::bounded::List;
use crate::id::{ActId, DeviceId, EntryId, EpochId};
use crate::key::{Rng, Secret};
use crate::log::entry::Place;
use crate::membership::act::Kind;
use crate::membership::graph::Graph;
use crate::secrecy::seal::{self, BodyKey};
use crate::secrecy::{usable, wrap};
use crate::store::Error;
use crate::sync::message::{Keys, Need};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl Replica {
    /// Answers a request for keys with those that the device may have.
    pub(super) fn answer_need(
        &self,
        to: DeviceId,
        need: &Need,
        rng: &mut Rng<'_>,
    ) -> Result<Keys, Error> {
        let (Some(graph), Some(circle)) = (self.graph.as_ref(), self.state.circle) else {
            return Ok(Keys::default());
        };
        let roster = graph.roster();
        let mut keyed = roster.keyed_devices(self.device());
        let Some((_, device)) = keyed.find(|(id, _)| **id == to) else {
            return Ok(Keys::default());
        };
        let closed = |admission| stories_known(graph, admission);
        let mut ids = usable::may_have(roster, closed, to, &need.epochs);
        ids.retain(|id| self.ring.holds(id));
        let shared = wrap::share(circle, (to, &device.kem), &ids, &self.ring, rng).ok();
        let epochs = shared.and_then(|shared| {
            let row = shared.table.row(0)?.clone();
            Some((List::new(ids).ok()?, row))
        });
        let mut bodies = Vec::new();
        for (id, (device, seq)) in need.bodies.iter().zip(need.places.iter()) {
            if let Some(key) = self.body_key_for(to, *id, *device, *seq)? {
                bodies.push((*id, key));
            }
        }
        Ok(Keys {
            epochs,
            bodies: List::new(bodies).unwrap_or_default(),
        })
    }

    fn body_key_for(
        &self,
        to: DeviceId,
        id: EntryId,
        device: DeviceId,
        seq: u64,
    ) -> Result<Option<Secret>, Error> {
        for branch in 0..crate::log::frontier::MAX_BRANCHES {
            let Some(entry) = self.rows.entry(&Place {
                device,
                branch,
                seq,
            })?
            else {
                continue;
            };
            let header = entry.header.header();
            if entry.id() != id || !self.may_read(to, header) {
                continue;
            }
            if let Some(granted) = self.rows.load::<Secret>(&self.rows.grant_key(&id))? {
                return Ok(Some(granted));
            }
            // Only of a body that opens: others say nothing of who wrote them.
            let body = self.ring.get(&header.epoch).zip(entry.body.as_deref());
            let key = body.and_then(|(key, body)| seal::key_of(key, &header.associated(), body));
            return Ok(key.map(|key| key.0));
        }
        Ok(None)
    }

    /// Takes keys that were asked for in this session.
    pub(super) fn take_keys(
        &mut self,
        keys: Keys,
        asked: &BTreeMap<[u8; 32], Place>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Some(circle) = self.state.circle else {
            return Ok(false);
        };
        if let Some((ids, row)) = keys.epochs {
            let opened = self.open_row(circle, &ids, &row);
            for (id, key) in ids.iter().zip(opened) {
                if asked.contains_key(&id.0) && self.is_epoch(id) {
                    self.take_key(*id, key);
                }
            }
        }
        for (id, key) in keys.bodies.into_inner() {
            if let Some(place) = asked.get(&id.0) {
                self.take_grant(id, key, place)?;
            }
        }
        self.open_sealed(now)
    }

    /// Keeps the key of a single body if it opens it.
    fn take_grant(&mut self, id: EntryId, key: Secret, place: &Place) -> Result<(), Error> {
        let grant = self.rows.grant_key(&id);
        let entry = self.rows.entry(place)?.filter(|entry| entry.id() == id);
        let Some(entry) = entry.filter(|entry| self.awaits_key(entry)) else {
            return Ok(());
        };
        let (header, body) = (entry.header.header(), entry.body.as_deref());
        let key = BodyKey(key);
        let opens = body.is_some_and(|b| seal::open_with(&key, &header.associated(), b).is_ok());
        if opens && self.rows.get(&grant)?.is_none() {
            self.rows.save(grant, &key.0);
            self.due.keys_came = true;
            self.due.answer_again = true;
        }
        Ok(())
    }
}

/// Returns the stories keys that an act knew of: of every epoch act before it, whether it counts or not.
pub(super) fn stories_known(graph: &Graph, act: ActId) -> BTreeSet<EpochId> {
    let epochs = graph.iter().filter_map(|epoch| match &epoch.act().kind {
        Kind::Epoch { stories, .. } if graph.knows(&[act], &epoch.id()) => Some(*stories),
        _ => None,
    });
    epochs.collect()
}
