//! The graph: acts that hold, each attached to what its writer knew.
//!
//! An act is attached when everything it names is here and the rules R1 and R2 let it pass in the light
//! of its own past. Both are matters of that past alone, so every replica attaches the same acts,
//! in whatever order they come.

use super::act::{Kind, VerifiedAct};
use super::judge::{self, Refusal, Verdict};
use super::node::{Indexes, Node};
use super::past::{Past, Place};
use super::resolve::{self, Resolution};
use super::roster::Roster;
use crate::id::{ActId, CircleId, DeviceId, PersonId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

mod offer;

pub use offer::Tip;

/// Rosters of earlier points that are kept at hand: enough for entries of a few dozen points in a run.
const MEMO: usize = 32;
/// Ids of refused acts that are remembered, so that what builds on them is refused too and not waited
/// for. Forgetting one costs a question to a peer.
const REFUSED: usize = 1024;

/// The membership graph of one circle.
#[derive(Clone, Debug)]
pub struct Graph {
    circle: CircleId,
    nodes: Vec<Arc<Node>>,
    index: BTreeMap<ActId, Arc<Node>>,
    chains: Vec<Chain>,
    heads: BTreeSet<ActId>,
    refused: VecDeque<ActId>,
    /// Acts that others build on and that are not here.
    wanted: BTreeSet<ActId>,
    /// Who was long gone when that was last computed.
    gone: BTreeSet<PersonId>,
    pub(super) by: Indexes,
    current: OnceLock<Resolution>,
    memo: VecDeque<(Past, Resolution)>,
}

/// What became of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Insert {
    /// It is part of the graph now.
    Attached,
    /// It already was.
    Known,
    /// It names acts that are not here yet. Come back when they are.
    Missing(Vec<ActId>),
    /// It does not hold, and never will.
    Refused(Refusal),
}

/// What one device wrote, one act on the other.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) device: DeviceId,
    /// Where it leaves another chain; `None` when it begins with the device's first act.
    pub(super) parent: Option<Place>,
    pub(super) nodes: Vec<Arc<Node>>,
}

impl Graph {
    /// Returns an empty graph.
    pub fn new(circle: CircleId) -> Self {
        Self {
            circle,
            nodes: Vec::new(),
            index: BTreeMap::new(),
            chains: Vec::new(),
            heads: BTreeSet::new(),
            refused: VecDeque::new(),
            wanted: BTreeSet::new(),
            gone: BTreeSet::new(),
            by: Indexes::default(),
            current: OnceLock::new(),
            memo: VecDeque::new(),
        }
    }

    /// Attaches an act if everything that it builds on is here and it holds.
    pub fn insert(&mut self, act: VerifiedAct) -> Insert {
        let id = act.id();
        if self.contains(&id) {
            return Insert::Known;
        }
        if self.refused.contains(&id) {
            return Insert::Refused(Refusal::Again);
        }
        if act.act().circle != self.circle {
            return self.refuse(id, Refusal::Circle);
        }
        let parents: Vec<ActId> = act.parents().collect();
        if parents.iter().any(|parent| self.refused.contains(parent)) {
            return self.refuse(id, Refusal::Parent);
        }
        let missing: Vec<ActId> = parents
            .iter()
            .filter(|parent| !self.contains(parent))
            .copied()
            .collect();
        if !missing.is_empty() {
            self.want(&missing);
            return Insert::Missing(missing);
        }
        let Some(past) = self.past_of(&parents) else {
            return Insert::Missing(parents);
        };
        let kept = self.current.get().map(|now| &now.kept);
        let latest = past.len() == self.nodes.len() || kept == Some(&past);
        let judged = if latest {
            judge::judge(self.resolution(), &act)
        } else {
            judge::judge(&self.resolution_at(&past), &act)
        };
        match judged {
            Ok(verdict) => {
                self.attach(act, past, verdict, latest);
                Insert::Attached
            }
            Err(refusal) => self.refuse(id, refusal),
        }
    }

    /// Returns whether an act is attached.
    pub fn contains(&self, act: &ActId) -> bool {
        self.index.contains_key(act)
    }

    /// Returns an attached act.
    pub fn get(&self, act: &ActId) -> Option<&VerifiedAct> {
        self.index.get(act).map(|node| &node.act)
    }

    /// Returns how many acts are attached.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns whether nothing is attached yet.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns the acts in the order in which they were attached: each after what it builds on.
    pub fn iter(&self) -> impl Iterator<Item = &VerifiedAct> {
        self.nodes.iter().map(|node| &node.act)
    }

    /// Returns the sequence number and the `prev` of a device's next act, on the branch that counts.
    pub fn next(&self, device: &DeviceId) -> (u64, ActId) {
        match self.resolution().tips.get(device) {
            Some((seq, act)) => (seq.saturating_add(1), *act),
            None => (1, ActId::default()),
        }
    }

    /// Returns the roster of all acts. Computed at most once after each change.
    pub fn roster(&self) -> &Roster {
        &self.resolution().roster
    }

    /// Returns the roster of some heads and everything before them; `None` when one is not known.
    pub fn roster_at(&mut self, heads: &[ActId]) -> Option<Arc<Roster>> {
        let past = self.past_of(heads)?;
        if past.len() == self.nodes.len() {
            return Some(Arc::clone(&self.resolution().roster));
        }
        Some(self.resolution_at(&past).roster)
    }

    /// Returns whether an act is one of the heads or lies before them.
    pub fn knows(&self, heads: &[ActId], act: &ActId) -> bool {
        self.index.get(act).is_some_and(|act| {
            heads
                .iter()
                .filter_map(|head| self.index.get(head))
                .any(|head| head.knows(act))
        })
    }

    /// Returns whether one of the heads knows an act that brought a device in. Whether that act counts
    /// to this day does not matter: what is once introduced stays so, whatever comes to be known.
    pub fn introduces(&self, heads: &[ActId], device: &DeviceId) -> bool {
        let mut acts = self.by.devices.get(device).into_iter().flatten();
        acts.any(|act| self.knows(heads, &act.id))
    }

    /// Returns whether everything that `earlier` reaches is reached by `later`.
    pub fn covers(&self, later: &[ActId], earlier: &[ActId]) -> bool {
        earlier.iter().all(|act| self.knows(later, act))
    }

    /// Returns whether `later` leaves out something that `earlier` reaches, but for acts of people whom it
    /// knows to be removed. Unknown acts say nothing.
    pub fn leaves_out(&self, later: &[ActId], earlier: &[ActId]) -> bool {
        let (Some(later), Some(earlier)) = (self.past_of(later), self.past_of(earlier)) else {
            return false;
        };
        let known_removed = |person: PersonId| {
            let before = self.nodes.iter().filter(|node| later.has(node.place));
            before.into_iter().any(|node| match node.kind() {
                Kind::Remove { person: gone, .. } => *gone == person,
                _ => false,
            })
        };
        self.chains.iter().enumerate().any(|(number, chain)| {
            let less = later.of(number) < earlier.of(number);
            let person = chain.nodes.first().map(|node| node.person());
            less && !person.is_some_and(known_removed)
        })
    }

    /// Returns whether some act, whether it counts or not, made a person a keeper.
    pub fn is_named_keeper(&self, person: &PersonId) -> bool {
        self.by.keepers.contains(person)
    }

    /// Returns the length of the longest way from an act back to the beginning.
    pub fn depth(&self, act: &ActId) -> Option<u64> {
        self.index.get(act).map(|node| node.depth)
    }

    /// Returns whether an act is attached but does not count.
    pub fn is_void(&self, act: &ActId) -> bool {
        self.resolution().void.contains(act)
    }
}

impl Graph {
    pub(super) fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    pub(super) fn chains(&self) -> &[Chain] {
        &self.chains
    }

    pub(super) fn node(&self, act: &ActId) -> Option<&Node> {
        self.index.get(act).map(|node| &**node)
    }

    fn refuse(&mut self, id: ActId, refusal: Refusal) -> Insert {
        if self.refused.len() >= REFUSED {
            self.refused.pop_front();
        }
        self.refused.push_back(id);
        Insert::Refused(refusal)
    }

    /// Returns these acts and everything before them; `None` when one is not known.
    fn past_of(&self, acts: &[ActId]) -> Option<Past> {
        let mut past = Past::default();
        for act in acts {
            let node = self.index.get(act)?;
            past.join(&node.past);
            past.add(node.place);
        }
        Some(past)
    }

    fn resolution(&self) -> &Resolution {
        self.current
            .get_or_init(|| resolve::resolve(self, &self.everything()))
    }

    fn everything(&self) -> Past {
        let mut past = Past::default();
        for node in self.chains.iter().filter_map(|chain| chain.nodes.last()) {
            past.add(node.place);
        }
        past
    }

    /// Who belongs and who is long gone: as it was gone on with, and resolved anew.
    #[cfg(test)]
    pub(super) fn both_ways(&self) -> [(Roster, BTreeSet<PersonId>); 2] {
        let anew = resolve::resolve(self, &self.everything());
        [self.resolution().clone(), anew].map(|it| (Arc::unwrap_or_clone(it.roster), it.gone))
    }

    /// Resolves a point in the past, from memory or by one step from memory where that will do.
    fn resolution_at(&mut self, past: &Past) -> Resolution {
        if let Some((_, known)) = self.memo.iter().find(|(known, _)| known == past) {
            return known.clone();
        }
        let resolution = self
            .one_step(past)
            .unwrap_or_else(|| resolve::resolve(self, past));
        if self.memo.len() >= MEMO {
            self.memo.pop_front();
        }
        self.memo.push_back((past.clone(), resolution.clone()));
        resolution
    }

    /// The past of an act whose only parent is known with its own past: one step further.
    fn one_step(&self, past: &Past) -> Option<Resolution> {
        let last = self.chains.iter().enumerate().find_map(|(chain, nodes)| {
            let at = past.of(chain).checked_sub(1)?;
            let node = nodes.nodes.get(at as usize)?;
            (node.past.len() + 1 == past.len()).then_some(node)
        })?;
        let (_, before) = self.memo.iter().find(|(known, _)| *known == last.past)?;
        let mut resolution = before.clone();
        resolution.extend(self, last).then_some(resolution)
    }

    fn attach(&mut self, act: VerifiedAct, past: Past, verdict: Verdict, latest: bool) {
        let id = act.id();
        let depth = act
            .parents()
            .filter_map(|parent| self.depth(&parent))
            .max()
            .map_or(0, |depth| depth + 1);
        for parent in act.parents() {
            self.heads.remove(&parent);
        }
        self.heads.insert(id);
        let node = Arc::new(Node {
            id,
            number: self.nodes.len(),
            place: self.place(&act),
            past,
            depth,
            verdict,
            act,
        });
        if let Some(chain) = self.chains.get_mut(node.place.chain) {
            chain.nodes.push(Arc::clone(&node));
        }
        self.by.add(&node);
        self.index.insert(id, Arc::clone(&node));
        self.nodes.push(Arc::clone(&node));
        if let Some(mut current) = self.current.take() {
            let extended = latest && current.extend(self, &node);
            self.gone.clone_from(&current.gone);
            if extended {
                self.current = OnceLock::from(current);
            }
        }
    }

    /// Finds the act's chain, or begins one: the device's first, or a branch.
    fn place(&mut self, act: &VerifiedAct) -> Place {
        let parent = self.index.get(&act.act().prev).map(|node| node.place);
        if let Some(Place { chain, at }) = parent
            && self.chains.get(chain).map(|chain| chain.nodes.len()) == Some(at as usize + 1)
        {
            return Place { chain, at: at + 1 };
        }
        let device = act.act().device;
        let chain = self.chains.len();
        self.chains.push(Chain {
            device,
            parent,
            nodes: Vec::new(),
        });
        self.by.chains.entry(device).or_default().push(chain);
        Place { chain, at: 0 }
    }
}
