//! Wrap tables: which rows go along with an act, and which are carried for others.
//!
//! Whoever holds a key gives it to who asks. But whoever made a key can be gone before it met all who
//! were given it, and whom it did meet may have come too late to be given it. So acts carry, besides the
//! row of the device they are told to, those of devices whose acts do not show yet that they know of them.
//! A row says nothing to anybody but its device.

use super::Replica;
use super::session::send;
use crate::bounded::List;
use crate::id::{ActId, DeviceId, EpochId, Hash};
use crate::membership::act::Kind;
use crate::membership::graph::Graph;
use crate::replica::input::LinkId;
use crate::replica::output::Outbox;
use crate::secrecy::wrap::{self, Table};
use crate::store::Error;
use crate::sync::message::{Acts, Message};
use std::collections::BTreeSet;

/// The most rows for others that go to a device which gets the key itself, and so can give it on.
const MAX_OTHERS: usize = 16;
/// The most rows of a table in one piece: so many, and the hashes of all, stay far below a frame.
const MAX_ROWS: usize = 32;

impl Replica {
    /// Takes of an act's table the keys that are wrapped to this device, and keeps the rows of those who
    /// may lack them.
    pub(super) fn take_table(&mut self, act: ActId, table: &Table) -> Result<(), Error> {
        let Some(kind) = self.graph.as_ref().and_then(|graph| graph.get(&act)) else {
            return Ok(());
        };
        let kind = kind.act().kind.clone();
        let Some((devices, hash)) = recipients(&kind) else {
            return Ok(());
        };
        if table.check(hash, devices.len()).is_err() {
            return Ok(());
        }
        self.take_row(&kind, devices, table);
        self.carry_rows(act, devices, table)
    }

    fn take_row(&mut self, kind: &Kind, devices: &[DeviceId], table: &Table) {
        let me = (self.device(), &self.identity.kem);
        let place = devices.iter().position(|device| *device == me.0);
        let row = place.and_then(|at| table.row(at));
        let (Some(row), Some(circle)) = (row, self.state.circle) else {
            return;
        };
        let keys = match kind {
            Kind::Epoch {
                commons, stories, ..
            } => {
                let ids = [*commons, *stories];
                let opened = wrap::open_epoch_row(circle, me, ids, row).ok();
                opened.map(|(one, other)| vec![(ids[0], one), (ids[1], other)])
            }
            Kind::Share { keys, .. } => {
                let opened = wrap::open_share_row(circle, me, keys, row).ok();
                opened.map(|opened| keys.iter().copied().zip(opened).collect())
            }
            _ => None,
        };
        for (id, key) in keys.unwrap_or_default() {
            if self.is_epoch(&id) {
                self.take_key(id, key);
            }
        }
    }

    fn carry_rows(&mut self, act: ActId, devices: &[DeviceId], table: &Table) -> Result<(), Error> {
        let unheard = self.unheard(&act, devices);
        let others = table.only(|at| devices.get(at).is_some_and(|it| unheard.contains(it)));
        if others.rows.is_empty() {
            return Ok(());
        }
        let key = self.rows.table_key(&act);
        let mut kept: Table = self.rows.load(&key)?.unwrap_or_default();
        if kept.add(others) {
            self.rows.save(key, &kept);
        }
        Ok(())
    }

    /// Returns the rows that go to a device with an act, in pieces that fit into a frame.
    pub(super) fn tables_for(&self, act: &ActId, to: &DeviceId) -> Result<Vec<Table>, Error> {
        let kind = self.graph.as_ref().and_then(|graph| graph.get(act));
        let Some((devices, _)) = kind.and_then(|act| recipients(&act.act().kind)) else {
            return Ok(Vec::new());
        };
        let table: Option<Table> = self.rows.load(&self.rows.table_key(act))?;
        let Some(table) = table else {
            return Ok(Vec::new());
        };
        let mut wanted = self.unheard(act, devices);
        if devices.contains(to) && wanted.len() > MAX_OTHERS {
            wanted.clear();
        }
        wanted.insert(*to);
        let there = table.rows.iter().map(|(at, _)| usize::from(*at));
        let places: Vec<usize> = there
            .filter(|at| devices.get(*at).is_some_and(|it| wanted.contains(it)))
            .collect();
        let pieces = places.chunks(MAX_ROWS);
        Ok(pieces
            .map(|some| table.only(|at| some.contains(&at)))
            .collect())
    }

    /// Gives a device its rows of keys that it asked for and that are not held here.
    pub(super) fn give_rows(
        &self,
        id: LinkId,
        to: DeviceId,
        keys: &[EpochId],
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let wanted: BTreeSet<_> = keys.iter().filter(|key| !self.ring.holds(key)).collect();
        let keyed = self.roster().is_some_and(|roster| {
            let mut keyed = roster.keyed_devices(self.device());
            keyed.any(|(device, _)| *device == to)
        });
        if wanted.is_empty() || !keyed {
            return Ok(());
        }
        let gives = |kind: &Kind| {
            let given = recipients(kind).is_some_and(|(devices, _)| devices.contains(&to));
            given && keys_of(kind).iter().any(|key| wanted.contains(key))
        };
        let acts = self.graph.iter().flat_map(Graph::iter);
        for act in acts.filter(|act| gives(&act.act().kind)) {
            for table in self.tables_for(&act.id(), &to)? {
                let acts = Acts {
                    acts: List::default(),
                    tables: List::new(vec![(act.id(), table)]).unwrap_or_default(),
                };
                out.outputs.push(send(id, &Message::Acts(acts)));
            }
        }
        Ok(())
    }

    /// Lets go of rows whose devices have shown that they know of them.
    pub(super) fn drop_rows(&mut self) -> Result<(), Error> {
        let acts = self.graph.iter().flat_map(Graph::iter);
        let acts = acts.filter(|act| recipients(&act.act().kind).is_some());
        let acts: Vec<(ActId, Kind)> = acts.map(|act| (act.id(), act.act().kind.clone())).collect();
        for (act, kind) in acts {
            let key = self.rows.table_key(&act);
            let (Some((devices, _)), Some(kept)) =
                (recipients(&kind), self.rows.load::<Table>(&key)?)
            else {
                continue;
            };
            let unheard = self.unheard(&act, devices);
            let left = kept.only(|at| devices.get(at).is_some_and(|it| unheard.contains(it)));
            if left.rows.is_empty() {
                self.rows.delete(key);
            } else if left.rows.len() < kept.rows.len() {
                self.rows.save(key, &left);
            }
        }
        Ok(())
    }

    /// Returns the other devices, of those an act gives keys to, whose acts do not show that they know
    /// of it.
    fn unheard(&self, act: &ActId, devices: &[DeviceId]) -> BTreeSet<DeviceId> {
        let (Some(graph), Some(roster)) = (self.graph.as_ref(), self.roster()) else {
            return BTreeSet::new();
        };
        let keyed = roster.keyed_devices(self.device());
        let others = keyed.filter(|(id, _)| **id != self.device() && devices.contains(id));
        let unheard = others.filter(|(id, device)| {
            let known = [device.added, graph.next(id).1];
            !graph.knows(&known, act)
        });
        unheard.map(|(id, _)| *id).collect()
    }
}

/// Returns the keys that an act gives.
fn keys_of(kind: &Kind) -> Vec<EpochId> {
    match kind {
        Kind::Epoch {
            commons, stories, ..
        } => vec![*commons, *stories],
        Kind::Share { keys, .. } => keys.to_vec(),
        _ => Vec::new(),
    }
}

/// Returns the devices that an act gives keys to, and what it says of its table.
fn recipients(kind: &Kind) -> Option<(&[DeviceId], Hash)> {
    match kind {
        Kind::Epoch { to, table, .. } => Some((to, *table)),
        Kind::Share { to, table, .. } => Some((core::slice::from_ref(to), *table)),
        _ => None,
    }
}
