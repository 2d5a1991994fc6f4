//! The last word to a device that no longer belongs and was away when that was decided.
//!
//! It hears the acts that ended it and those which these rest on: it was a member while they were
//! written. Nothing later, no keys, no records; and nothing that it says is taken in. A device that was
//! let in and turned out never to have belonged hears likewise what undid that.

use super::Replica;
use super::tables::Frame;
use crate::id::{ActId, DeviceId};
use crate::membership::act::{Kind, SignedAct, VerifiedAct};
use crate::membership::graph::{Graph, Tip};
use crate::membership::roster::Standing;
use crate::replica::input::LinkId;
use crate::replica::output::{Outbox, Output};

impl Replica {
    /// Returns the acts that a device has to hear to know that it no longer belongs, each after what it
    /// builds on. None when it belongs, when nobody here ever let it in, or when its own acts say that it
    /// knows.
    pub(super) fn last_word(&self, device: DeviceId) -> Vec<SignedAct> {
        let Some(graph) = self.graph.as_ref().filter(|_| self.is_active()) else {
            return Vec::new();
        };
        let ends = endings(graph, &device);
        let mut tips = graph.tips();
        tips.retain(|tip| tip.device == device);
        tips.extend(ways_in(graph, &device).map(|act| Tip {
            device: act.act().device,
            seq: act.act().seq,
            act: act.id(),
        }));
        let missing = graph.missing_for(&tips).into_iter();
        let missing = missing.filter(|act| graph.knows(&ends, &act.id()));
        missing.map(|act| act.signed().clone()).collect()
    }
}

/// A farewell, after it was told once or nobody was found for long: nobody is looked for any more.
impl Replica {
    /// Whether a member who calls is met. One that calls a device which left has not heard of that: only
    /// somebody may have heard who was removed elsewhere, or nobody came for months. Likewise one that
    /// calls a device which, as far as it knows itself, turned out never to have belonged; or it has heard
    /// more, by which that device belongs. It is told acts and no more.
    pub(super) fn answers_members(&self) -> bool {
        let undone = self.has_been() && self.standing().is_none();
        self.has_a_say() || undone || matches!(self.standing(), Some(Standing::Left(_)))
    }
}

/// Says the last word, if there is one, and ends the link.
pub(super) fn say_last(id: LinkId, acts: Vec<SignedAct>, out: &mut Outbox) {
    if acts.is_empty() {
        return;
    }
    out.outputs.push(Output::Trust { link: id });
    let mut frame = Frame::default();
    for act in acts {
        frame.add(act, id, out);
    }
    frame.flush(id, out);
    out.outputs.push(Output::Close { link: id });
}

/// Returns the acts by which a device no longer belongs.
fn endings(graph: &Graph, device: &DeviceId) -> Vec<ActId> {
    let roster = graph.roster();
    let Some(known) = roster.devices.get(device) else {
        return undoings(graph, device);
    };
    if known.active {
        return Vec::new();
    }
    let removals = roster.removals.iter();
    let removals = removals.filter(|(_, removal)| removal.person == known.person);
    let ends: Vec<ActId> = removals.map(|(act, _)| *act).collect();
    if !ends.is_empty() {
        return ends;
    }
    let of_it = graph.iter().filter(|act| match &act.act().kind {
        Kind::RemoveDevice { device: gone, .. } => gone == device,
        Kind::Leave { .. } => roster.person_of(&act.act().device) == Some(known.person),
        _ => false,
    });
    let counts = of_it.filter(|act| !graph.is_void(&act.id()));
    counts.map(VerifiedAct::id).collect()
}

/// Returns the acts that let a device in, whether they count or not.
fn ways_in<'a>(graph: &'a Graph, device: &DeviceId) -> impl Iterator<Item = &'a VerifiedAct> {
    graph.iter().filter(move |act| match &act.act().kind {
        Kind::Admit { newcomer, .. } => newcomer.device == *device,
        Kind::AddDevice { device: added, .. } => added.device == *device,
        _ => false,
    })
}

/// Returns the acts by which a device that was let in never belonged: others came by the same invite, it
/// was stopped, or whoever let it in was removed beside that.
fn undoings(graph: &Graph, device: &DeviceId) -> Vec<ActId> {
    let roster = graph.roster();
    let mut ends = Vec::new();
    for way_in in ways_in(graph, device) {
        let by = roster.person_of(&way_in.act().device);
        let Kind::Admit { invite, .. } = &way_in.act().kind else {
            continue;
        };
        let used = roster.invites.get(invite);
        let winners = used.into_iter().flat_map(|used| &used.used_by);
        let winners = winners.filter_map(|person| roster.people.get(person));
        ends.extend(winners.map(|person| person.admitted));
        let of_makers = |person| by == Some(person) || used.is_some_and(|used| used.by == person);
        let removals = roster.removals.iter();
        let removals = removals.filter(|(_, removal)| of_makers(removal.person));
        ends.extend(removals.map(|(act, _)| *act));
        let stops = graph.iter().filter(|act| {
            matches!(&act.act().kind, Kind::RevokeInvite { invite: stopped } if stopped == invite)
        });
        ends.extend(stops.map(VerifiedAct::id));
    }
    ends
}
