//! What another person is known to hold, so that a bundle for them leaves it out.

use super::super::Replica;
use crate::id::{DeviceId, EntryId, PersonId};
use crate::log::chain::{Chain, Interval};
use crate::log::record::{Kind as RecordKind, Payload};
use crate::membership::roster::Roster;
use crate::store::Error;
use std::collections::BTreeMap;

impl Replica {
    /// Returns what every active device of a person says that it holds, as far as it agrees with what is
    /// held here; nothing where one of them has not said.
    pub(super) fn held_by(
        &self,
        person: &PersonId,
    ) -> Result<BTreeMap<(DeviceId, u8), Chain>, Error> {
        let mut told = Vec::new();
        let devices = self.roster().into_iter().flat_map(Roster::active_devices);
        for (device, _) in devices.filter(|(_, device)| device.person == *person) {
            let record = self.records.get(&(*device, RecordKind::Frontier));
            let Some(Payload::Frontier { held }) = record.map(|it| &it.record.payload) else {
                return Ok(BTreeMap::new());
            };
            told.push(held);
        }
        let mut holds = BTreeMap::new();
        for ((device, branch), chain) in self.frontier.chains().filter(|_| !told.is_empty()) {
            let mut lacking = Chain::default();
            for held in &told {
                let theirs = held.iter().filter(|(whose, _)| whose == device);
                let mut same = Chain::default();
                for interval in theirs.flat_map(|(_, intervals)| intervals.iter()) {
                    if self.held_id(device, *branch, interval.high)? == Some(interval.top) {
                        same.insert(*interval);
                    }
                }
                insert(&mut lacking, chain.without(&same));
            }
            let mut all_hold = Chain::default();
            insert(&mut all_hold, chain.without(&lacking));
            holds.insert((*device, *branch), all_hold);
        }
        Ok(holds)
    }
}

fn insert(chain: &mut Chain, ranges: Vec<(u64, u64)>) {
    for (low, high) in ranges {
        let top = EntryId::default();
        chain.insert(Interval { low, high, top });
    }
}
