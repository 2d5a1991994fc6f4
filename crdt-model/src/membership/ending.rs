//! Endings: acts that end somebody's say, and what they strike.
//!
//! R4: an ending strikes what those whose say it ends wrote outside its past, so that nobody goes on by
//! pretending not to know, or to have written earlier. R5 (in `witness`) spares what was provably
//! seen first.

use super::act::{Kind, Role};
use super::node::Node;
use super::past::Past;
use super::scope::Scope;
use crate::id::{ActId, DeviceId, InviteId, PersonId};
use std::collections::BTreeSet;

/// What an ending ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A person is removed.
    Removed(PersonId),
    /// A person goes.
    Left(PersonId),
    /// A device is removed by its person.
    Device(DeviceId),
    /// A person gets a role. Only the loss of one strikes anything.
    Role(PersonId, Role),
    /// An invite is revoked.
    Invite(InviteId),
}

/// One act, or voices that are enough together.
#[derive(Clone, Debug)]
pub(super) struct Ending<'a> {
    pub(super) target: Target,
    /// In order. More than one: voices.
    pub(super) acts: Vec<&'a Node>,
    /// The acts and everything before any of them.
    pub(super) past: Past,
    /// Whether it is made of voices (of one, in a circle of one).
    pub(super) voices: bool,
}

impl<'a> Ending<'a> {
    pub(super) fn new(target: Target, acts: Vec<&'a Node>, voices: bool) -> Self {
        let mut past = Past::default();
        for act in &acts {
            past.join(&act.past);
            past.add(act.place);
        }
        Self {
            target,
            acts,
            past,
            voices,
        }
    }

    /// Returns the ending that a single act is.
    pub(super) fn of(node: &'a Node) -> Option<Self> {
        node.verdict.direct.then(|| Self::said(node))?
    }

    /// Returns the ending that a single act says, were it enough.
    pub(super) fn said(node: &'a Node) -> Option<Self> {
        let target = match node.kind() {
            Kind::Remove { person, .. } => Target::Removed(*person),
            Kind::Leave { .. } => Target::Left(node.person()),
            Kind::RemoveDevice { device, .. } => Target::Device(*device),
            Kind::RevokeInvite { invite } => Target::Invite(*invite),
            Kind::SetRole {
                person,
                role: Role::Member,
            } => Target::Role(*person, Role::Member),
            Kind::Found { .. }
            | Kind::Invite(_)
            | Kind::Admit { .. }
            | Kind::AddDevice { .. }
            | Kind::SetRole { .. }
            | Kind::Epoch { .. }
            | Kind::Share { .. }
            | Kind::Ack { .. }
            | Kind::Rekey { .. }
            | Kind::SetRules { .. } => return None,
        };
        Some(Self::new(target, vec![node], false))
    }

    /// Returns the person whose membership it ends.
    pub(super) fn ends_person(&self) -> Option<PersonId> {
        match self.target {
            Target::Removed(person) | Target::Left(person) => Some(person),
            Target::Device(_) | Target::Role(..) | Target::Invite(_) => None,
        }
    }

    /// Returns the people who wrote it.
    pub(super) fn authors(&self) -> BTreeSet<PersonId> {
        self.acts.iter().map(|act| act.person()).collect()
    }

    /// Returns whether an act knows all of it.
    pub(super) fn known_to(&self, node: &Node) -> bool {
        self.acts.iter().all(|act| node.knows(act))
    }

    /// Returns the smallest of its ids: the last word where nothing else tells two apart.
    pub(super) fn id(&self) -> ActId {
        self.acts.iter().map(|act| act.id).min().unwrap_or_default()
    }

    /// Returns whether an act is struck, were nobody to vouch for it.
    pub(super) fn strikes(&self, scope: &Scope<'_>, node: &Node) -> bool {
        if self.past.has(node.place) {
            return false;
        }
        match self.target {
            Target::Removed(person) => {
                (node.person() == person && !self.forgiven(scope, &person, node))
                    || (made_by(node, &person) && !self.known_to(node))
            }
            Target::Left(person) => node.person() == person && !self.forgiven(scope, &person, node),
            Target::Device(device) => {
                let invited = made(scope, node).is_some_and(|made| made.device() == device);
                node.device() == device || (invited && !self.known_to(node))
            }
            Target::Role(person, role) => {
                role == Role::Member && !self.known_to(node) && self.used_role(scope, person, node)
            }
            Target::Invite(invite) => {
                let used = node.verdict.grant.map(|grant| grant.invite);
                used == Some(invite) && !self.known_to(node)
            }
        }
    }

    /// Returns whether an act would fall with this, or with something that it rests on.
    pub(super) fn shakes(&self, scope: &Scope<'_>, node: &Node) -> bool {
        let grounds = |node| scope.grounds(node).into_iter().flatten();
        !self.past.has(node.place)
            && (self.strikes(scope, node)
                || (!self.known_to(node) && grounds(node).any(|on| self.shakes(scope, on))))
    }

    /// Whether the person had come back, after this, when they wrote it.
    fn forgiven(&self, scope: &Scope<'_>, person: &PersonId, node: &Node) -> bool {
        scope
            .introductions(person)
            .any(|back| node.past.has(back.place) && self.known_to(back))
    }

    /// Whether an act rests on the keeper's role that this takes away: their own, or an admission of
    /// a keeper by their invite.
    fn used_role(&self, scope: &Scope<'_>, person: PersonId, node: &Node) -> bool {
        let own = node.person() == person && node.verdict.by_role;
        let makes_keeper = node
            .verdict
            .grant
            .is_some_and(|grant| grant.role == Role::Keeper && grant.maker == person);
        let outside = |made: &Node| !self.past.has(made.place);
        own || (makes_keeper && made(scope, node).is_some_and(outside))
    }
}

/// The invite that an admission goes by.
fn made<'a>(scope: &Scope<'a>, node: &Node) -> Option<&'a Node> {
    scope.graph.node(&node.verdict.grant?.made)
}

fn made_by(node: &Node, person: &PersonId) -> bool {
    let grant = node.verdict.grant;
    grant.is_some_and(|grant| grant.maker == *person)
}
