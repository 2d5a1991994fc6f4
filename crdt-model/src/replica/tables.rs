//! Wrap tables: which rows go along with an act, and which are carried for others.
//!
//! Whoever holds a key gives it to who asks. But whoever made a key can be gone before it met all who
//! were given it, and whom it did meet may have come too late to be given it. So acts carry, besides the
//! row of the device they are told to, those of devices whose acts do not show yet that they know of them.
//! A row says nothing to anybody but its device.
//!
//! That a device knows an act does not show that it had its row: acts also come by a bundle. And who does
//! not belong today may tomorrow. So rows are kept for two months before either counts against them.

use super::Replica;
use super::session::send;
use crate::bounded::List;
use crate::codec;
use crate::id::{ActId, DeviceId, EpochId, Hash};
use crate::membership::act::{Kind, SignedAct, VerifiedAct};
use crate::membership::graph::Graph;
use crate::replica::input::LinkId;
use crate::replica::output::Outbox;
use crate::secrecy::usable::MAX_AGE;
use crate::secrecy::wrap::{self, Table};
use crate::store::Error;
use crate::sync::message::{Acts, MAX_ACTS, Message};
use crate::sync::session::Session;
use crate::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of acts and tables in one frame, less the largest act and piece: well below the largest
/// frame.
const FRAME_BYTES: usize = 160 * 1024;
/// The most rows for others that go to a device which gets the key itself, and so can give it on.
const MAX_OTHERS: usize = 16;
/// The most rows of a table in one piece: so many, and the hashes of all, stay far below a frame.
const MAX_ROWS: usize = 32;
/// The most bytes of rows beside a device's own that go to it in one session, or that it gets for asking.
const MAX_CARRIED: usize = 512 * 1024;
/// For so many days a row is kept whoever knows of it.
const KEPT: u32 = 2 * MAX_AGE;

impl Replica {
    /// Sends acts, each with the rows that go with it: those for others with the newest first, as far as
    /// [`MAX_CARRIED`] reaches.
    pub(super) fn send_acts(
        &self,
        id: LinkId,
        session: &Session,
        missing: Vec<ActId>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let (mut tables, mut room) = (BTreeMap::new(), MAX_CARRIED);
        for act in missing.iter().rev() {
            let some = self.tables_for(act, &session.device, room > 0)?;
            let bytes: usize = some.iter().map(|table| codec::encode(table).len()).sum();
            room = room.saturating_sub(bytes);
            tables.insert(*act, some);
        }
        let mut frame = Frame::default();
        for act_id in missing {
            let Some(act) = self.graph.as_ref().and_then(|graph| graph.get(&act_id)) else {
                continue;
            };
            frame.add(act.signed().clone(), id, out);
            for table in tables.remove(&act_id).unwrap_or_default() {
                frame.add_table(act_id, table, id, out);
            }
        }
        frame.flush(id, out);
        Ok(())
    }

    /// Takes of an act's table the keys that are wrapped to this device, and keeps the rows of those who
    /// may lack them. Rows that hold something else than the act says are not passed on.
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
        let keys = keys_of(&kind).len();
        let table = table.only(|at| table.row(at).is_some_and(|row| row.fits(keys)));
        self.carry_rows(act, devices, &table)
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

    /// Returns the rows that go to a device with an act, in pieces that fit into a frame: its own, and those
    /// for others if it is to carry any.
    pub(super) fn tables_for(
        &self,
        act: &ActId,
        to: &DeviceId,
        others: bool,
    ) -> Result<Vec<Table>, Error> {
        let kind = self.graph.as_ref().and_then(|graph| graph.get(act));
        let Some((devices, _)) = kind.and_then(|act| recipients(&act.act().kind)) else {
            return Ok(Vec::new());
        };
        if !self.may_be_given(to) {
            return Ok(Vec::new());
        }
        let table: Option<Table> = self.rows.load(&self.rows.table_key(act))?;
        let Some(table) = table else {
            return Ok(Vec::new());
        };
        let mut wanted = self.unheard(act, devices);
        if !others || (devices.contains(to) && wanted.len() > MAX_OTHERS) {
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

    /// Whether rows go from here to a device: only among members, and not to whom a keeper asks out (R8).
    fn may_be_given(&self, to: &DeviceId) -> bool {
        let roster = self.roster().filter(|_| self.is_active());
        roster.is_some_and(|roster| {
            let mut keyed = roster.keyed_devices(self.device());
            keyed.any(|(device, _)| device == to)
        })
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
        if wanted.is_empty() {
            return Ok(());
        }
        let gives = |kind: &Kind| {
            let given = recipients(kind).is_some_and(|(devices, _)| devices.contains(&to));
            given && keys_of(kind).iter().any(|key| wanted.contains(key))
        };
        let (mut frame, mut room) = (Frame::default(), MAX_CARRIED);
        let acts = self.graph.iter().flat_map(Graph::iter);
        for act in acts.filter(|act| gives(&act.act().kind)) {
            for table in self.tables_for(&act.id(), &to, false)? {
                room = room.saturating_sub(codec::encode(&table).len());
                frame.add_table(act.id(), table, id, out);
            }
            if room == 0 {
                break;
            }
        }
        frame.flush(id, out);
        Ok(())
    }

    /// Lets go of old rows whose devices have shown that they know of them, or do not belong.
    pub(super) fn drop_rows(&mut self, today: Day) -> Result<(), Error> {
        let graph = self.graph.as_ref();
        let graph = graph.filter(|graph| self.is_borne_out(graph, today));
        let is_old = |act: &&VerifiedAct| {
            let gives = recipients(&act.act().kind).is_some();
            gives && today.0.saturating_sub(act.act().day.0) >= KEPT
        };
        let acts = graph.into_iter().flat_map(Graph::iter).filter(is_old);
        let acts: Vec<(ActId, Kind)> = acts.map(|act| (act.id(), act.act().kind.clone())).collect();
        for (act, kind) in acts {
            let key = self.rows.table_key(&act);
            let (Some((devices, _)), Some(kept)) =
                (recipients(&kind), self.rows.load::<Table>(&key)?)
            else {
                continue;
            };
            let mut unheard = self.unheard(&act, devices);
            unheard.retain(|device| self.roster().is_some_and(|roster| roster.is_active(device)));
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
        let Some(graph) = self.graph.as_ref() else {
            return BTreeSet::new();
        };
        let others = devices.iter().filter(|id| **id != self.device());
        let unheard = others.filter(|id| {
            let known = graph.roster().devices.get(id).map(|known| known.added);
            let known: Vec<ActId> = known.into_iter().chain([graph.next(id).1]).collect();
            !graph.knows(&known, act)
        });
        unheard.copied().collect()
    }
}

/// Acts and tables on their way into frames, each of which goes out when it is full.
#[derive(Default)]
pub(super) struct Frame {
    acts: Vec<SignedAct>,
    tables: Vec<(ActId, Table)>,
    bytes: usize,
}

impl Frame {
    pub(super) fn add(&mut self, act: SignedAct, id: LinkId, out: &mut Outbox) {
        self.bytes += codec::encode(&act).len();
        self.acts.push(act);
        self.flush_if_full(id, out);
    }

    fn add_table(&mut self, act: ActId, table: Table, id: LinkId, out: &mut Outbox) {
        self.bytes += codec::encode(&table).len();
        self.tables.push((act, table));
        self.flush_if_full(id, out);
    }

    fn flush_if_full(&mut self, id: LinkId, out: &mut Outbox) {
        let most = self.acts.len().max(self.tables.len());
        if self.bytes > FRAME_BYTES || most == MAX_ACTS {
            self.flush(id, out);
        }
    }

    pub(super) fn flush(&mut self, id: LinkId, out: &mut Outbox) {
        self.bytes = 0;
        if self.acts.is_empty() && self.tables.is_empty() {
            return;
        }
        let message = Acts {
            acts: List::new(std::mem::take(&mut self.acts)).unwrap_or_default(),
            tables: List::new(std::mem::take(&mut self.tables)).unwrap_or_default(),
        };
        out.outputs.push(send(id, &Message::Acts(message)));
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
