//! The roster: what the resolver says about one set of acts. Same acts, same roster, on every node.

use crate::id::{ActId, DeviceId, EntryId, EpochId, InviteId, PersonId};
use crate::log::header::KeyClass;
use crate::membership::act::{History, Invite, Role, Rules};
use crate::secrecy::kem::PublicKey as KemKey;
use crate::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// Who belongs, and what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Everybody who ever belonged.
    pub people: BTreeMap<PersonId, Person>,
    /// Every device that ever belonged.
    pub devices: BTreeMap<DeviceId, Device>,
    /// Every invite that was validly made.
    pub invites: BTreeMap<InviteId, InviteState>,
    /// Every epoch that was validly minted, by its act.
    pub epochs: BTreeMap<ActId, Epoch>,
    /// How the circle decides.
    pub rules: Rules,
    /// Removals in effect and the people who are known to know of each: its author and who acked.
    pub removals: BTreeMap<ActId, Removal>,
    /// Members whom one keeper has asked to remove where that takes two: no key goes to them (R8).
    pub asked_out: BTreeSet<PersonId>,
}

/// A person in the circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name they came with.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Whether they belong now.
    pub standing: Standing,
    /// The act that let them in: the last that counts.
    pub admitted: ActId,
    /// The day of it, as its writer said.
    pub since: Day,
    /// The invite they came by; `None` for the founder.
    pub invite: Option<InviteId>,
    /// What they may read of the time before.
    pub history: History,
    /// For each device the sequence number after which its entries are open to them; a device that is
    /// not named is open from its first. With several admissions that count: the smallest.
    pub open_after: BTreeMap<DeviceId, u64>,
}

/// Whether somebody belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They belong.
    Active,
    /// They left, by this act.
    Left(ActId),
    /// They were removed, by this act (the first in id order when several did).
    Removed(ActId),
}

/// A device of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Whose.
    pub person: PersonId,
    /// Where to send keys.
    pub kem: KemKey,
    /// The act that brought it in.
    pub added: ActId,
    /// Whether it, and its person, belong now.
    pub active: bool,
    /// Once it is no longer active: the last of its entries that counts; `None` = none of them.
    /// With several removals: the largest.
    pub cut: Option<(u64, EntryId)>,
    /// Whether two acts with one sequence number prove that its key was used twice.
    pub forked: bool,
}

/// An invite and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteState {
    /// What it allows.
    pub invite: Invite,
    /// The act that made it.
    pub made: ActId,
    /// Who made it.
    pub by: PersonId,
    /// The people it let in.
    pub used_by: BTreeSet<PersonId>,
    /// Whether it was ended: by an act, or because somebody who could read it was removed.
    pub revoked: bool,
}

/// An epoch: two keys and who has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The commons key.
    pub commons: EpochId,
    /// The stories key.
    pub stories: EpochId,
    /// The device that minted it.
    pub by: DeviceId,
    /// The day of it, as its writer said.
    pub day: Day,
    /// How long the longest chain of acts before it is: newer is larger.
    pub depth: u64,
    /// Every device the commons key was wrapped or shared to, by acts that count or not.
    pub commons_to: BTreeSet<DeviceId>,
    /// Every device the stories key was wrapped or shared to, by acts that count or not.
    pub stories_to: BTreeSet<DeviceId>,
    /// Whether a device has changed its KEM key since: what was wrapped to the old one may be known to
    /// whoever stole it.
    pub outdated: bool,
}

/// A removal in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Who was removed.
    pub person: PersonId,
    /// Who is known to know: the people whose acts have it in their past.
    pub known_by: BTreeSet<PersonId>,
}

/// From so many keepers on, the quorum binds.
const QUORUM_FROM: usize = 4;
/// In a circle of so many, anybody invites: otherwise two of whom one never comes back could do nothing.
const TOO_FEW: usize = 2;

impl Roster {
    /// Returns the people who belong now.
    pub fn members(&self) -> impl Iterator<Item = (&PersonId, &Person)> {
        self.people
            .iter()
            .filter(|(_, person)| person.standing == Standing::Active)
    }

    /// Returns the devices that belong now.
    pub fn active_devices(&self) -> impl Iterator<Item = (&DeviceId, &Device)> {
        self.devices.iter().filter(|(_, device)| device.active)
    }

    /// Returns a person's devices that belong now.
    pub fn devices_of(&self, person: &PersonId) -> impl Iterator<Item = &DeviceId> {
        let theirs = self.active_devices();
        let theirs = theirs.filter(move |(_, device)| device.person == *person);
        theirs.map(|(id, _)| id)
    }

    /// Returns whether a device belongs now.
    pub fn is_active(&self, device: &DeviceId) -> bool {
        self.devices.get(device).is_some_and(|device| device.active)
    }

    /// Returns the person of a device that belongs or belonged.
    pub fn person_of(&self, device: &DeviceId) -> Option<PersonId> {
        self.devices.get(device).map(|device| device.person)
    }

    /// Returns whether a person belongs now.
    pub fn is_member(&self, person: &PersonId) -> bool {
        let person = self.people.get(person);
        person.is_some_and(|person| person.standing == Standing::Active)
    }

    /// Returns whether a person is a keeper now.
    pub fn is_keeper(&self, person: &PersonId) -> bool {
        self.is_member(person) && self.role_of(person) == Role::Keeper
    }

    /// Returns the devices that get keys from one: those that belong, less those whose person is asked
    /// out, but for one's own.
    pub fn keyed_devices(&self, me: DeviceId) -> impl Iterator<Item = (&DeviceId, &Device)> {
        let mine = self.person_of(&me);
        self.active_devices().filter(move |(_, device)| {
            Some(device.person) == mine || !self.asked_out.contains(&device.person)
        })
    }

    /// Returns whether only keepers invite and admit.
    pub fn keepers_invite(&self) -> bool {
        self.rules.keepers_invite && self.members().count() > TOO_FEW
    }

    /// Returns whether it takes two keepers to remove somebody or change a role (R8).
    pub fn two_keepers(&self) -> bool {
        let keepers = self.members().filter(|(_, it)| it.role == Role::Keeper);
        self.rules.quorum && keepers.count() >= QUORUM_FROM
    }

    pub(super) fn role_of(&self, person: &PersonId) -> Role {
        self.people
            .get(person)
            .map_or_else(Role::default, |person| person.role)
    }
}

impl Epoch {
    /// Returns the id of one of its keys.
    pub fn key(&self, class: KeyClass) -> EpochId {
        match class {
            KeyClass::Commons => self.commons,
            KeyClass::Stories => self.stories,
        }
    }

    /// Returns every device that was given one of its keys.
    pub fn recipients(&self, class: KeyClass) -> &BTreeSet<DeviceId> {
        match class {
            KeyClass::Commons => &self.commons_to,
            KeyClass::Stories => &self.stories_to,
        }
    }
}
