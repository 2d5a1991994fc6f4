//! Which keys a hello from somebody else may be sealed with.

use super::Replica;
use crate::invitation::{self, InviteKey};
use crate::membership::act::{Invite, Kind, VerifiedAct};
use crate::membership::graph::Graph;
use crate::membership::roster::{InviteState, Roster};
use crate::secrecy::hello::BoxKey;
use std::cmp::Reverse;

/// The most invites whose holders are heard: the open ones first. Those that have ended get a word.
const HEARD_INVITES: usize = 64;

/// The newest epochs whose keys are tried on a hello.
const HELLO_EPOCHS: usize = 16;

impl Replica {
    /// Returns every key that a hello may be sealed with: open and ended invites, recent epochs.
    pub(super) fn hello_keys(&self) -> Vec<BoxKey> {
        let (Some(roster), Some(circle)) = (self.roster(), self.state.circle) else {
            return Vec::new();
        };
        let active = self.is_active();
        if !active && !self.has_been() {
            return Vec::new();
        }
        let mut epochs: Vec<_> = roster.epochs.values().collect();
        epochs.sort_by_key(|epoch| Reverse(epoch.depth));
        // Who has gone has a word for newcomers who ask them in vain; who left or never belonged, for members too.
        let answers = self.answers_members();
        let epochs = epochs
            .iter()
            .filter(|_| answers)
            .filter_map(|epoch| self.ring.get(&epoch.commons))
            .take(HELLO_EPOCHS);
        // Also those of which nothing came: whoever made one was removed beside it, or never belonged.
        let graph = self.graph.iter().flat_map(Graph::iter);
        let mut invites: Vec<_> = graph.filter_map(|act| as_invite(roster, act)).collect();
        invites.sort_by_key(|(invite, state)| {
            let used_up = |state: &InviteState| state.used_by.len() >= usize::from(invite.uses);
            let open = state.is_some_and(|state| !state.revoked && !used_up(state));
            Reverse((open, state.is_some(), invite.expires))
        });
        let invites = invites.into_iter().take(HEARD_INVITES);
        let invites = invites.filter_map(|(invite, _)| {
            Some(InviteKey::new(circle, self.invite_secret(invite)?, &[]).box_key())
        });
        let keys = self.offered_key().into_iter().chain(invites);
        let keys = keys.chain(epochs.map(BoxKey::of_epoch));
        let people = active.then(|| self.person_keys(roster));
        keys.chain(people.into_iter().flatten()).collect()
    }

    pub(super) fn invite_secret(&self, invite: &Invite) -> Option<invitation::InviteSecret> {
        let commons = self.ring.get(&invite.epoch)?;
        invitation::open_secret(commons, self.state.circle?, invite.invite, &invite.sealed)
    }
}

/// Returns the invite that an act made and what became of it: nothing where the act is void.
fn as_invite<'a>(
    roster: &'a Roster,
    act: &'a VerifiedAct,
) -> Option<(&'a Invite, Option<&'a InviteState>)> {
    match &act.act().kind {
        Kind::Invite(invite) => Some((invite, roster.invites.get(&invite.invite))),
        _ => None,
    }
}
