//! Epoch keys on this device: minting, sharing, receiving, asking for what is missing.

use super::Replica;
use super::grants::stories_known;
use super::rows::from_head;
use crate::id::{ActId, DeviceId, EpochId};
use crate::key::{Rng, Secret};
use crate::log::entry::{Entry, Place};
use crate::log::header::{Action, Header, KeyClass};
use crate::membership::act::{History, Kind};
use crate::replica::output::{Event, Outbox, Output};
use crate::secrecy::epoch::EpochKey;
use crate::secrecy::seal::{self, BodyKey};
use crate::secrecy::usable;
use crate::secrecy::wrap::{self, Row};
use crate::store::{Error, Scan, Space};
use crate::time::Timestamp;
use std::collections::BTreeMap;

impl Replica {
    /// Returns the epoch to seal with, and mints one where none is fit. `None` when this device may
    /// not.
    pub(super) fn sealing_epoch(&mut self, now: Timestamp, rng: &mut Rng<'_>) -> Option<ActId> {
        let roster = self.roster()?;
        let fit = usable::sealing_epoch(roster, &self.ring, self.device(), now.day());
        fit.or_else(|| self.mint(now, rng))
    }

    /// Mints an epoch for every active device.
    pub(super) fn mint(&mut self, now: Timestamp, rng: &mut Rng<'_>) -> Option<ActId> {
        let circle = self.state.circle?;
        let roster = self.roster()?;
        let devices: BTreeMap<DeviceId, _> = roster
            .keyed_devices(self.device())
            .map(|(id, device)| (*id, &device.kem))
            .collect();
        let minted = wrap::mint(circle, &devices, rng).ok()?;
        let (commons, stories) = (minted.commons.id(), minted.stories.id());
        let (to, table) = (minted.to, minted.table.hash());
        let act = self.act(
            Kind::Epoch {
                commons,
                stories,
                to,
                table,
            },
            now,
        )?;
        self.rows.save(self.rows.table_key(&act), &minted.table);
        self.take_key(commons, minted.commons);
        self.take_key(stories, minted.stories);
        Some(act)
    }

    /// Shares with a device the keys that it lacks and may have.
    pub(super) fn share_keys(&mut self, to: DeviceId, now: Timestamp, rng: &mut Rng<'_>) {
        let (Some(graph), Some(circle)) = (self.graph.as_ref(), self.state.circle) else {
            return;
        };
        let roster = graph.roster();
        let closed = |admission| stories_known(graph, admission);
        let due = usable::shares_due(roster, closed, &self.ring, self.device());
        let Some((_, ids)) = due.into_iter().find(|(device, _)| *device == to) else {
            return;
        };
        let Some(kem) = roster.devices.get(&to).map(|device| device.kem.clone()) else {
            return;
        };
        let Ok(shared) = wrap::share(circle, (to, &kem), &ids, &self.ring, rng) else {
            return;
        };
        let kind = Kind::Share {
            to,
            keys: shared.keys,
            table: shared.table.hash(),
        };
        if let Some(act) = self.act(kind, now) {
            self.rows.save(self.rows.table_key(&act), &shared.table);
        }
    }

    pub(super) fn take_key(&mut self, id: EpochId, key: EpochKey) {
        let secret = key.secret().clone();
        if !self.ring.holds(&id) && self.ring.insert(id, key) {
            self.rows.save(self.rows.epoch_key(&id), &secret);
            self.due.keys_came = true;
            self.due.ask_again = true;
        }
    }

    /// Opens an entry's body with the epoch's key, or with a key for this body alone.
    pub(super) fn open_body(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Error> {
        let Some(body) = &entry.body else {
            return Ok(None);
        };
        let header = entry.header.header();
        if let Some(key) = self.ring.get(&header.epoch) {
            return Ok(seal::open(key, &header.associated(), body).ok());
        }
        let granted: Option<Secret> = self.rows.load(&self.rows.grant_key(&entry.id()))?;
        Ok(granted.and_then(|key| seal::open_with(&BodyKey(key), &header.associated(), body).ok()))
    }

    /// Whether this person may read an entry at all: it was written since they came, or is commons.
    pub(super) fn may_open(&self, header: &Header) -> bool {
        self.may_read(self.device(), header)
    }

    pub(super) fn may_read(&self, device: DeviceId, header: &Header) -> bool {
        let Some(roster) = self.roster() else {
            return false;
        };
        let person = roster
            .person_of(&device)
            .and_then(|person| roster.people.get(&person));
        let mut may = roster.keyed_devices(self.device());
        let Some(person) = person.filter(|_| may.any(|(id, _)| *id == device)) else {
            return false;
        };
        let after = person.open_after.get(&header.device).copied().unwrap_or(0);
        header.class == KeyClass::Commons || person.history == History::All || header.seq > after
    }

    /// Tries again what could not be opened, and says so if something opened.
    pub(super) fn try_sealed(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        if self.open_sealed(now)? {
            out.outputs.push(Output::Event(Event::Content));
        }
        Ok(())
    }

    /// Tries again what could not be opened, if a key came since, or acts that were waited for. Returns
    /// whether anything opened.
    pub(super) fn open_sealed(&mut self, now: Timestamp) -> Result<bool, Error> {
        if !std::mem::take(&mut self.due.keys_came) {
            return Ok(false);
        }
        let rows = self
            .rows
            .scan(&Scan::all(Space::Sealed, self.rows.hint()))?;
        let mut opened = false;
        for (_, row) in rows {
            let place: Place = from_head(&row)?;
            let key = self.rows.sealed_key(&place);
            match self.rows.entry(&place)? {
                Some(entry) if entry.header.header().action == Action::Retract => {
                    self.rows.delete(key.clone());
                    self.obey_entry(place, &entry)?;
                }
                Some(entry) => {
                    self.index(place, &entry, true, now)?;
                    opened |= self.open_body(&entry)?.is_some();
                }
                None => self.rows.delete(key.clone()),
            }
            opened |= self.rows.get(&key)?.is_none();
        }
        Ok(opened)
    }

    pub(super) fn open_row(
        &self,
        circle: crate::id::CircleId,
        ids: &[EpochId],
        row: &Row,
    ) -> Vec<EpochKey> {
        let me = (self.device(), &self.identity.kem);
        wrap::open_share_row(circle, me, ids, row).unwrap_or_default()
    }
}
