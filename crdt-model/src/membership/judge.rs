//! R1 and R2: whether an act holds in the light of its own past.

use super::act::{Act, History, Invite, Kind, NewDevice, Newcomer, Role, VerifiedAct};
use super::crowd::MAX_OF_ONE;
use super::resolve::Resolution;
use super::roster::Roster;
use crate::id::{ActId, EpochId, InviteId, PersonId};

/// Why an act is not attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Of another circle.
    #[error("the act belongs to another circle")]
    Circle,
    /// It was refused before.
    #[error("the act was refused before")]
    Again,
    /// It builds on an act that was refused.
    #[error("the act builds on one that was refused")]
    Parent,
    /// Its device did not belong, as far as it knew itself.
    #[error("the act's device does not belong")]
    Author,
    /// It does not follow the last act of its device that it knew (R2).
    #[error("the act does not follow its device's last")]
    Order,
    /// Its author's role does not allow it.
    #[error("the act needs another role")]
    Role,
    /// Whom or what it is about is not known, or not in a state that allows it.
    #[error("the act is about something that does not allow it")]
    Subject,
    /// The person has as many devices as one may have.
    #[error("the person has as many devices as one may have")]
    Devices,
    /// The invite is not known, ended or used up.
    #[error("the act's invite does not let anybody in")]
    Invite,
}

/// What an act is, in the light of its own past: the same on every replica, for ever.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    /// The person of its device.
    pub(super) person: PersonId,
    /// Whether it takes effect by itself; a voice does only together with others.
    pub(super) direct: bool,
    /// Whether it rests on its author being a keeper.
    pub(super) by_role: bool,
    /// What an admission grants.
    pub(super) grant: Option<Grant>,
}

/// What an invite granted the newcomer, and what bounds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) invite: InviteId,
    /// The act that made it.
    pub(super) made: ActId,
    pub(super) maker: PersonId,
    pub(super) uses: u16,
    pub(super) role: Role,
    pub(super) history: History,
}

/// Judges an act by what its past resolves to.
pub(super) fn judge(past: &Resolution, act: &VerifiedAct) -> Result<Verdict, Refusal> {
    let act = act.act();
    let roster = &*past.roster;
    let last = past.tips.get(&act.device);
    let follows = match last {
        Some((seq, id)) => act.seq == seq.saturating_add(1) && act.prev == *id,
        None => act.seq == 1 && act.prev == ActId::default(),
    };
    if !follows {
        return Err(Refusal::Order);
    }
    if let Kind::Found { founder, .. } = &act.kind {
        return Ok(plain(founder.person));
    }
    if let Kind::AddDevice { device, .. } = &act.kind
        && device.device == act.device
    {
        comes_back(roster, device)?;
        return Ok(plain(device.person));
    }
    let person = author(roster, act)?;
    let keeper = roster.is_keeper(&person);
    let mut verdict = plain(person);
    match &act.kind {
        Kind::Invite(invite) => verdict.by_role = may_invite(roster, keeper, invite)?,
        Kind::RevokeInvite { invite } => {
            verdict.by_role = may_revoke(roster, &person, keeper, invite)?;
        }
        Kind::Admit {
            invite, newcomer, ..
        } => {
            verdict.by_role = roster.keepers_invite();
            verdict.grant = Some(may_admit(roster, keeper, invite, newcomer)?);
        }
        Kind::AddDevice { device, .. } => {
            require(device.person == person, Refusal::Subject)?;
            may_add(roster, device)?;
        }
        Kind::RemoveDevice { device, .. } => require(
            roster.is_active(device) && roster.person_of(device) == Some(person),
            Refusal::Subject,
        )?,
        Kind::SetRole { .. } | Kind::Remove { .. } | Kind::SetRules { .. } => {
            (verdict.direct, verdict.by_role) = may_decide(roster, &person, &act.kind)?;
        }
        Kind::Share { to, keys, .. } => {
            let given = keys.iter().all(|key| was_given(roster, act, key));
            require(roster.is_active(to) && given, Refusal::Subject)?;
        }
        Kind::Epoch {
            commons, stories, ..
        } => {
            let new = ![commons, stories].iter().any(|key| is_named(roster, key));
            require(new, Refusal::Subject)?;
        }
        Kind::Found { .. } => return Err(Refusal::Subject),
        Kind::Leave { .. } | Kind::Ack { .. } | Kind::Rekey { .. } => {}
    }
    Ok(verdict)
}

/// What keepers decide, and other members by voices. Returns whether it takes effect by itself, and
/// whether it takes a keeper.
fn may_decide(roster: &Roster, person: &PersonId, kind: &Kind) -> Result<(bool, bool), Refusal> {
    let keeper = roster.is_keeper(person);
    let alone = keeper && !roster.two_keepers();
    match kind {
        Kind::SetRole {
            person: whose,
            role,
        } => {
            require(roster.is_member(whose), Refusal::Subject)?;
            let same = *role == roster.role_of(whose);
            Ok((alone || (keeper && same), keeper))
        }
        Kind::Remove { person: whom, .. } => {
            let other = roster.is_member(whom) && whom != person;
            require(other, Refusal::Subject).map(|()| (alone, keeper))
        }
        Kind::SetRules { rules } => {
            require(alone || (keeper && rules.quorum), Refusal::Role).map(|()| (true, true))
        }
        _ => Err(Refusal::Subject),
    }
}

fn plain(person: PersonId) -> Verdict {
    Verdict {
        person,
        direct: true,
        by_role: false,
        grant: None,
    }
}

fn author(roster: &Roster, act: &Act) -> Result<PersonId, Refusal> {
    roster
        .devices
        .get(&act.device)
        .filter(|device| device.active)
        .map(|device| device.person)
        .ok_or(Refusal::Author)
}

/// A new device that brings its person back by the person key's certificate.
fn comes_back(roster: &Roster, device: &NewDevice) -> Result<(), Refusal> {
    require(roster.is_member(&device.person), Refusal::Author)?;
    may_add(roster, device)
}

/// A further device of somebody who belongs.
fn may_add(roster: &Roster, device: &NewDevice) -> Result<(), Refusal> {
    let new = !roster.devices.contains_key(&device.device);
    require(new, Refusal::Subject)?;
    let free = roster.devices_of(&device.person).count() < MAX_OF_ONE;
    require(free, Refusal::Devices)
}

/// Any member invites, unless the circle leaves that to keepers; only a keeper invites a keeper, and
/// not where that takes two. Returns whether it takes a keeper.
fn may_invite(roster: &Roster, keeper: bool, invite: &Invite) -> Result<bool, Refusal> {
    let makes_keeper = invite.role == Role::Keeper;
    let needs_keeper = makes_keeper || roster.keepers_invite();
    let alone = !(makes_keeper && roster.two_keepers());
    require(alone && (keeper || !needs_keeper), Refusal::Role)?;
    let new = !roster.invites.contains_key(&invite.invite);
    require(new, Refusal::Subject).map(|()| needs_keeper)
}

/// Whoever made it revokes it, or a keeper. Returns whether it takes a keeper.
fn may_revoke(
    roster: &Roster,
    person: &PersonId,
    keeper: bool,
    invite: &InviteId,
) -> Result<bool, Refusal> {
    let state = roster.invites.get(invite).ok_or(Refusal::Subject)?;
    let own = state.by == *person;
    require(own || keeper, Refusal::Role).map(|()| !own)
}

fn may_admit(
    roster: &Roster,
    keeper: bool,
    invite: &InviteId,
    newcomer: &Newcomer,
) -> Result<Grant, Refusal> {
    require(keeper || !roster.keepers_invite(), Refusal::Role)?;
    let state = roster.invites.get(invite).ok_or(Refusal::Invite)?;
    // One for keepers is worth what its maker could do alone now.
    let alone = roster.is_keeper(&state.by) && !roster.two_keepers();
    require(alone || state.invite.role != Role::Keeper, Refusal::Role)?;
    let free = state.used_by.len() < usize::from(state.invite.uses)
        || state.used_by.contains(&newcomer.person);
    require(free && !state.revoked, Refusal::Invite)?;
    let new = !roster.is_member(&newcomer.person) && !roster.devices.contains_key(&newcomer.device);
    require(new, Refusal::Subject)?;
    Ok(Grant {
        invite: *invite,
        made: state.made,
        maker: state.by,
        uses: state.invite.uses,
        role: state.invite.role,
        history: state.invite.history,
    })
}

/// Whether an act's device was itself given a key: nobody shares what they do not have.
fn was_given(roster: &Roster, act: &Act, key: &EpochId) -> bool {
    let mut epochs = roster.epochs.values();
    epochs.any(|epoch| {
        (epoch.commons == *key && epoch.commons_to.contains(&act.device))
            || (epoch.stories == *key && epoch.stories_to.contains(&act.device))
    })
}

/// Whether an epoch names a key: fresh keys never meet.
fn is_named(roster: &Roster, key: &EpochId) -> bool {
    let mut epochs = roster.epochs.values();
    epochs.any(|epoch| [epoch.commons, epoch.stories].contains(key))
}

fn require(holds: bool, otherwise: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(otherwise) }
}
