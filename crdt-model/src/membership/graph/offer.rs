//! What a replica shows of its graph, and what it takes: tips, heads, what another lacks, and R9.
//!
//! Acts that R9 drops are kept here but shown to nobody: two replicas of which only one ever had them show the
//! same.

use super::Graph;
use crate::id::{ActId, DeviceId, EntryId};
use crate::key::Signature;
use crate::membership::act::{SignedAct, VerifiedAct};
use crate::membership::node::Node;
use crate::membership::past::{Past, Place};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Ids of acts that are remembered because others build on them: more than a round of sync brings.
const WANTED: usize = 1024;

/// The last act of a device (of each branch, if it forked).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tip {
    /// Which device.
    pub device: DeviceId,
    /// The act's place in the device's chain.
    pub seq: u64,
    /// The act.
    pub act: ActId,
}

impl Graph {
    /// Returns the acts that nobody has built on, in ascending order.
    pub fn heads(&self) -> Vec<ActId> {
        let kept = self.kept();
        if kept.len() == self.nodes.len() {
            return self.heads.iter().copied().collect();
        }
        let nodes = || self.nodes.iter().filter(|node| kept.has(node.place));
        let built_on: BTreeSet<ActId> = nodes().flat_map(|node| node.act.parents()).collect();
        let ids: BTreeSet<ActId> = nodes().map(|node| node.id).collect();
        ids.difference(&built_on).copied().collect()
    }

    /// Returns the last act of each device and branch, in ascending order.
    pub fn tips(&self) -> Vec<Tip> {
        let kept = self.kept();
        let chains = || self.chains.iter().enumerate();
        let branches = chains().filter(|(number, _)| kept.of(*number) > 0);
        let continued: BTreeSet<Place> = branches.filter_map(|(_, it)| it.parent).collect();
        let last = chains().filter_map(|(number, chain)| {
            let at = kept.of(number).checked_sub(1)?;
            let node = chain.nodes.get(at as usize)?;
            (!continued.contains(&node.place)).then_some(Tip {
                device: chain.device,
                seq: node.act.act().seq,
                act: node.id,
            })
        });
        let mut tips: Vec<Tip> = last.collect();
        tips.sort_unstable();
        tips
    }

    /// Returns at most so many tips, in ascending order: where there are more, the last ones of each
    /// device, the same number for all.
    pub fn tips_within(&self, most: usize) -> Vec<Tip> {
        let tips = self.tips();
        if tips.len() <= most {
            return tips;
        }
        let mut counts: BTreeMap<DeviceId, usize> = BTreeMap::new();
        let mut ranked: Vec<(usize, Tip)> = Vec::new();
        for tip in tips.into_iter().rev() {
            let count = counts.entry(tip.device).or_default();
            ranked.push((*count, tip));
            *count += 1;
        }
        ranked.sort_unstable();
        ranked.truncate(most);
        let mut tips: Vec<Tip> = ranked.into_iter().map(|(_, tip)| tip).collect();
        tips.sort_unstable();
        tips
    }

    /// Returns the acts that a replica with these tips lacks, each after what it builds on.
    ///
    /// Whoever has an act has everything before it. A tip that is not known here and lies beyond what is
    /// held of its device says that the other is ahead on that chain; one that does not lie beyond
    /// is a branch of a fork and says nothing about what is held here. What is then sent twice is met
    /// with [`Known`](super::Insert::Known).
    pub fn missing_for(&self, tips: &[Tip]) -> Vec<&VerifiedAct> {
        let mut known = Past::default();
        for tip in tips {
            if let Some(node) = self.index.get(&tip.act) {
                known.join(&node.past);
                known.add(node.place);
            } else if let Some(last) = self.only_chain(&tip.device)
                && last.act.act().seq < tip.seq
            {
                known.join(&last.past);
                known.add(last.place);
            }
        }
        let kept = self.kept();
        let nodes = self.nodes.iter().filter(|node| kept.has(node.place));
        nodes
            .filter(|node| !known.has(node.place))
            .map(|node| &node.act)
            .collect()
    }

    /// Returns whether an act that comes from elsewhere is not worth reading (R9): its person was removed,
    /// more than half of the members know, and nobody is known to build on it. Where several claim the
    /// device, all of them: which of them the act is of shows only when it is read.
    pub fn is_late(&self, act: &ActId, device: &DeviceId) -> bool {
        let gone = self.current.get().map_or(&self.gone, |now| &now.gone);
        let brought = self.by.devices.get(device).into_iter().flatten();
        let mut claimed = brought
            .filter_map(|act| act.brings_in())
            .map(|(person, _)| gone.contains(&person))
            .peekable();
        claimed.peek().is_some() && claimed.all(|gone| gone) && !self.wanted.contains(act)
    }

    /// Returns whether an act is attached and shown: R9 does not drop it.
    pub fn keeps(&self, act: &ActId) -> bool {
        let node = self.index.get(act);
        node.is_some_and(|node| self.kept().has(node.place))
    }

    /// Returns whether R9 drops anything that is here.
    pub fn drops_any(&self) -> bool {
        self.kept().len() < self.nodes.len()
    }

    /// Returns a device's signature over an entry that some act names as a cut, whether that act counts or
    /// not.
    pub fn signature_of_cut(&self, entry: &EntryId) -> Option<Signature> {
        self.by.cuts.get(entry).copied()
    }

    /// Of acts in causal order, notes those that a wanted one builds on, directly or not. Returns whether any
    /// is wanted.
    pub fn want_below(&mut self, acts: &[SignedAct]) -> bool {
        let mut any = false;
        for signed in acts.iter().rev() {
            if self.wanted.contains(&signed.act.id()) {
                any = true;
                let parents = signed.act.parents();
                let missing: Vec<ActId> = parents.filter(|it| !self.contains(it)).collect();
                self.want(&missing);
            }
        }
        any
    }

    /// Notes acts that others build on.
    pub(super) fn want(&mut self, acts: &[ActId]) {
        for act in acts {
            if self.wanted.len() >= WANTED {
                self.wanted.pop_first();
            }
            self.wanted.insert(*act);
        }
    }

    fn kept(&self) -> &Past {
        &self.resolution().kept
    }

    /// Returns the last act of a device that has one chain.
    fn only_chain(&self, device: &DeviceId) -> Option<&Arc<Node>> {
        match self.by.chains.get(device)?.as_slice() {
            [chain] => self.chains.get(*chain)?.nodes.last(),
            _ => None,
        }
    }
}
