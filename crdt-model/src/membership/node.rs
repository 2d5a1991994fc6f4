//! An attached act, and the ways to find it.

use super::act::{Cut, Kind, Role, VerifiedAct};
use super::judge::Verdict;
use super::past::{Past, Place};
use crate::id::{ActId, DeviceId, EntryId, EpochId, PersonId};
use crate::key::Signature;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An attached act.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) act: VerifiedAct,
    pub(super) id: ActId,
    /// In the order of attachment, on this replica only.
    pub(super) number: usize,
    pub(super) place: Place,
    /// Everything before it.
    pub(super) past: Past,
    /// How long the longest way back to the beginning is.
    pub(super) depth: u64,
    pub(super) verdict: Verdict,
}

/// Ways to find acts by what they name.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes {
    pub(super) chains: BTreeMap<DeviceId, Vec<usize>>,
    /// Acts that let a person in.
    pub(super) people: BTreeMap<PersonId, Vec<Arc<Node>>>,
    /// Acts that bring a device in.
    pub(super) devices: BTreeMap<DeviceId, Vec<Arc<Node>>>,
    /// Acts that give somebody a key.
    pub(super) keys: BTreeMap<EpochId, Vec<Arc<Node>>>,
    /// Everybody whom an act made a keeper.
    pub(super) keepers: BTreeSet<PersonId>,
    /// The entries that acts name as cuts, whether these count or not: their devices' signatures.
    pub(super) cuts: BTreeMap<EntryId, Signature>,
}

impl Node {
    /// Returns whether another act is this one or lies before it.
    pub(super) fn knows(&self, other: &Self) -> bool {
        self.number == other.number || self.past.has(other.place)
    }

    /// Returns the order in which acts are taken: by depth, then by id. Each comes after what it
    /// builds on, and every replica has the same order.
    pub(super) fn order(&self) -> (u64, ActId) {
        (self.depth, self.id)
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.act.act().kind
    }

    pub(super) fn device(&self) -> DeviceId {
        self.act.act().device
    }

    pub(super) fn person(&self) -> PersonId {
        self.verdict.person
    }

    /// Returns the person this lets in.
    pub(super) fn lets_in(&self) -> Option<PersonId> {
        if let Kind::Found { founder: new, .. } | Kind::Admit { newcomer: new, .. } = self.kind() {
            return Some(new.person);
        }
        None
    }

    /// Returns the device this brings in, and whose it is.
    pub(super) fn brings_in(&self) -> Option<(PersonId, DeviceId)> {
        if let Kind::Found { founder: new, .. } | Kind::Admit { newcomer: new, .. } = self.kind() {
            return Some((new.person, new.device));
        }
        if let Kind::AddDevice { device, .. } = self.kind() {
            return Some((device.person, device.device));
        }
        None
    }

    /// Returns the cuts that this names.
    pub(super) fn cuts(&self) -> &[Cut] {
        if let Kind::Remove { cut, .. } | Kind::Leave { cut } = self.kind() {
            cut
        } else if let Kind::RemoveDevice { cut, .. } = self.kind() {
            cut.as_slice()
        } else {
            &[]
        }
    }

    /// Returns the person this makes a keeper, as far as it counts.
    fn makes_keeper(&self) -> Option<PersonId> {
        if let Kind::SetRole { person, role } = self.kind() {
            return Some(*person).filter(|_| *role == Role::Keeper);
        }
        let role = self.verdict.grant.map_or(Role::Keeper, |grant| grant.role);
        self.lets_in().filter(|_| role == Role::Keeper)
    }
}

impl Indexes {
    pub(super) fn add(&mut self, node: &Arc<Node>) {
        if let Some(person) = node.lets_in() {
            push(&mut self.people, person, node);
        }
        if let Some((_, device)) = node.brings_in() {
            push(&mut self.devices, device, node);
        }
        self.keepers.extend(node.makes_keeper());
        self.cuts
            .extend(node.cuts().iter().map(|cut| (cut.entry, cut.signature)));
        if let Kind::Epoch {
            commons, stories, ..
        } = node.kind()
        {
            push(&mut self.keys, *commons, node);
            push(&mut self.keys, *stories, node);
        }
        if let Kind::Share { keys, .. } = node.kind() {
            for key in keys {
                push(&mut self.keys, *key, node);
            }
        }
    }
}

fn push<K: Ord>(index: &mut BTreeMap<K, Vec<Arc<Node>>>, key: K, node: &Arc<Node>) {
    index.entry(key).or_default().push(Arc::clone(node));
}
