//! Too many devices of one person: which of them stay.
//!
//! Whoever adds a device and knows of so many already is refused (R1). Devices that were added beside each
//! other, by a copy of a key for instance, can still be more. Then those stay by which somebody came in; then
//! those of which more people knew while they knew of no more than may be; then those on a branch that
//! counts; then the earlier. Others' knowledge comes before the earlier, because whoever copied a key could
//! date devices back and put out those that the person uses.

use super::node::Node;
use super::past::Past;
use super::quarrel::Quarrel;
use super::roll::View as _;
use super::scope::Set;
use super::witness;
use crate::id::{DeviceId, PersonId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The most devices of a person that belong at a time.
pub const MAX_OF_ONE: usize = 8;

impl<'a> Quarrel<'_, 'a> {
    /// Finds what brings in devices beyond what a person may have: of one person at a time, as others may
    /// rest on them. Returns whether there is any.
    pub(super) fn find_crowd(&self, beyond: &mut Set) -> bool {
        let mut rivals: BTreeMap<PersonId, Vec<&'a Node>> = BTreeMap::new();
        for node in self.scope.nodes.iter().filter(|node| self.stands.has(node)) {
            if let Some((person, _)) = node.brings_in() {
                rivals.entry(person).or_default().push(node);
            }
        }
        // Most people have few, and those need no further look.
        for nodes in rivals.values_mut().filter(|it| it.len() > MAX_OF_ONE) {
            nodes.retain(|node| self.brings_in(node));
            let surplus = self.surplus(nodes);
            if surplus
                .iter()
                .fold(false, |new, node| beyond.add(node) | new)
            {
                return true;
            }
        }
        false
    }

    /// Returns what brings in the devices that are too many, of one person's.
    fn surplus(&self, rivals: &[&'a Node]) -> Vec<&'a Node> {
        let mut devices: BTreeMap<DeviceId, Vec<&'a Node>> = BTreeMap::new();
        for node in rivals {
            if let Some((_, device)) = node.brings_in() {
                devices.entry(device).or_default().push(node);
            }
        }
        if devices.len() <= MAX_OF_ONE {
            return Vec::new();
        }
        let mut before: Option<Past> = None;
        for node in rivals {
            witness::meet(&mut before, node);
        }
        let elders = self.who_knew(rivals, before.as_ref());
        let all = self.who_knew(rivals, None);
        let mut ranked: Vec<_> = devices.into_iter().collect();
        ranked.sort_by_cached_key(|(device, nodes)| {
            let count = |known: &Known| Reverse(known.get(device).map_or(0, BTreeSet::len));
            let lost = nodes.iter().all(|it| self.scope.on_branch(it, &self.lost));
            let first = nodes.iter().map(|node| node.order()).min();
            (
                !is_someones(nodes),
                count(&elders),
                count(&all),
                lost,
                first,
            )
        });
        let surplus = ranked.into_iter().skip(MAX_OF_ONE);
        surplus.flat_map(|(_, nodes)| nodes).collect()
    }

    /// Of each device, the other people whose acts that stand know of it, and of no more than may be.
    fn who_knew(&self, rivals: &[&'a Node], before: Option<&Past>) -> Known {
        let mut known = Known::new();
        let own = rivals.iter().find_map(|node| node.brings_in());
        for (_, chain, count) in self.scope.chains() {
            let acts = chain.nodes.get(..count).unwrap_or_default();
            let devices = |act: &Node| -> BTreeSet<DeviceId> {
                let known = rivals.iter().filter(|node| act.knows(node));
                let known = known.filter_map(|node| node.brings_in());
                known.map(|(_, device)| device).collect()
            };
            let few = acts
                .iter()
                .take_while(|act| devices(act).len() <= MAX_OF_ONE);
            let Some(last) = few.filter(|act| self.stands.has(act)).last() else {
                continue;
            };
            let person = last.person();
            if own.is_none_or(|(own, _)| own != person)
                && witness::was_member(self.scope, &self.stands, &person, before)
            {
                for device in devices(last) {
                    known.entry(device).or_default().insert(person);
                }
            }
        }
        known
    }
}

/// Who knew of each device.
type Known = BTreeMap<DeviceId, BTreeSet<PersonId>>;

/// Whether somebody came in with a device: that is another member's word.
fn is_someones(nodes: &[&Node]) -> bool {
    nodes.iter().any(|node| node.lets_in().is_some())
}
