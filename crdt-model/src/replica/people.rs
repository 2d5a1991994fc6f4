//! What a surface can ask about people beyond who belongs: the four words of newcomers, who is gone.

use super::Replica;
use crate::id::{ActId, PersonId};
use crate::membership::act::{Kind, Newcomer, VerifiedAct};
use crate::membership::graph::Graph;
use crate::membership::roster::{Roster, Standing};
use crate::replica::overview::Gone;
use crate::time::Day;
use crate::words;

impl Replica {
    /// Returns the four words of this person's own keys: those they knock with, or came with. `None` for
    /// a founder.
    pub fn own_words(&self) -> Option<String> {
        if self.state.phase.joining().is_some() {
            let keys = &self.identity;
            let (person, device) = (keys.person.person(), keys.device.device());
            return Some(words::four(&self.hint(), person, device, keys.kem.public()));
        }
        self.words_of(&self.me())
    }

    /// Returns who left or was removed, the last first.
    pub fn gone(&self) -> Vec<Gone> {
        let Some(graph) = self.graph.as_ref() else {
            return Vec::new();
        };
        let roster = graph.roster();
        let members = roster.members().count();
        let mut gone: Vec<Gone> = roster
            .people
            .iter()
            .filter_map(|(id, person)| {
                let (removed, day) = ended(graph, &person.standing)?;
                Some(Gone {
                    person: *id,
                    name: self.name_of(id),
                    removed,
                    day,
                    known_by: known_by(roster, id),
                    members,
                })
            })
            .collect();
        gone.sort_by_key(|gone| (core::cmp::Reverse(gone.day), gone.person));
        gone
    }

    /// Returns the four words of the keys that a person came with.
    pub(super) fn words_of(&self, person: &PersonId) -> Option<String> {
        let graph = self.graph.as_ref()?;
        let person = graph.roster().people.get(person)?;
        let Kind::Admit { newcomer, .. } = &graph.get(&person.admitted)?.act().kind else {
            return None;
        };
        Some(self.words_of_newcomer(newcomer))
    }

    pub(super) fn words_of_newcomer(&self, newcomer: &Newcomer) -> String {
        words::four(
            &self.hint(),
            newcomer.person,
            newcomer.device,
            &newcomer.kem,
        )
    }
}

/// Returns whether somebody was removed, and on which day they went. `None` for those who belong, and
/// for those of whom it turned out that they never did.
fn ended(graph: &Graph, standing: &Standing) -> Option<(bool, Day)> {
    let act = |id: &ActId| graph.get(id).map(VerifiedAct::act);
    match standing {
        Standing::Active => None,
        Standing::Removed(id) => act(id).map(|act| (true, act.day)),
        Standing::Left(id) => act(id)
            .filter(|act| matches!(act.kind, Kind::Leave { .. }))
            .map(|act| (false, act.day)),
    }
}

/// How many of those who belong are known to know of a person's removal.
fn known_by(roster: &Roster, person: &PersonId) -> usize {
    let of_them = || {
        let removals = roster.removals.values();
        removals.filter(|removal| removal.person == *person)
    };
    let knows = |id: &PersonId| of_them().any(|removal| removal.known_by.contains(id));
    roster.members().filter(|(id, _)| knows(id)).count()
}
