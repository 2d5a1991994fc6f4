//! What somebody at this computer asks for.

use super::Replica;
use crate::bounded::List;
use crate::id::{DeviceId, InviteId, PersonId};
use crate::invitation::{self, InviteKey, InviteSecret};
use crate::key::Rng;
use crate::log::frontier::MAX_BRANCHES;
use crate::membership::act::{Cut, History, Invite, Kind, Mode, Role};
use crate::replica::input::Command;
use crate::replica::output::{Outbox, Refusal, Reply};
use crate::store::Error;
use crate::time::Timestamp;
use core::time::Duration;

/// For so long a device that left tries to tell somebody: circles may not meet for weeks.
const FAREWELL: Duration = Duration::from_hours(60 * 24);

impl Replica {
    pub(super) fn command(
        &mut self,
        command: Command,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        if matches!(command, Command::ShowNow) {
            return self.show_now(now, out);
        }
        if self.state.phase.is_arriving() {
            return Err(Refusal::Pending);
        }
        if !self.is_active() && !takes_back(&command) {
            return Err(Refusal::NotAMember);
        }
        match command {
            Command::Invite {
                uses,
                expires,
                mode,
                history,
            } => self.invite((uses, expires, mode, history), now, rng, out),
            Command::ShowInvite { invite } => self.show_invite(invite, now),
            Command::StopInvite { invite } => self.stop_invite(invite, now, out),
            Command::Welcome { person } => {
                self.welcome(person, now, rng)?.ok_or(Refusal::NotFound)?;
                self.roster_changed(now, out)?;
                Ok(Reply::Done)
            }
            Command::NotNow { person } => self.put_aside(person, now, out),
            Command::Share { story, fade } => {
                let thing = self.share(&story, fade, now, rng)?;
                Ok(Reply::Shared { thing })
            }
            Command::Settle { fade, tells } => self.settle(fade, tells, now, rng),
            Command::Agreement { text, seen } => self.write_agreement(&text, &seen, now, rng),
            Command::Agree { version } => self.agree(&version, now, rng),
            Command::Respond { to, text } => {
                let thing = self.respond(to, &text, now, rng)?;
                Ok(Reply::Shared { thing })
            }
            Command::Gesture { to, says, back } => self.gesture((to, says, back), now, rng, out),
            Command::Edit { thing, edit } => {
                let thing = self.edit(thing, edit, now, rng)?;
                Ok(Reply::Shared { thing })
            }
            Command::TakeBack { thing } => {
                self.take_back(thing, now)?;
                if !self.is_active() {
                    self.plan_dials(now, out);
                }
                Ok(Reply::Done)
            }
            Command::Carry { pieces } => Ok(self.carry(&pieces, now, out)?),
            Command::ShowNow => self.show_now(now, out),
            Command::SetRole { person, role } => self.set_role(person, role, now, out),
            Command::Remove { person } => self.remove(person, now, rng, out),
            Command::Leave => self.leave(now, out),
            Command::AddDevice if self.has_many_devices() => Err(Refusal::TooManyDevices),
            Command::AddDevice => Ok(self.offer_device(now, rng, out)),
            Command::ConfirmDevice { words } => self.confirm_device(&words, now),
            Command::RemoveDevice { device } => self.remove_device(device, now, rng, out),
        }
    }

    fn invite(
        &mut self,
        (uses, expires, mode, history): (u16, Duration, Mode, History),
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        let circle = self.state.circle.ok_or(Refusal::Pending)?;
        let act = self.sealing_epoch(now, rng).ok_or(Refusal::NotAllowed)?;
        let epoch = self.roster().and_then(|roster| roster.epochs.get(&act));
        let epoch = epoch
            .map(|epoch| epoch.commons)
            .ok_or(Refusal::NotAllowed)?;
        let commons = self.ring.get(&epoch).ok_or(Refusal::NotAllowed)?;
        let secret = InviteSecret::random(rng);
        let sealed = invitation::seal_secret(commons, circle, &secret, rng);
        let key = InviteKey::new(circle, secret, &self.reachable);
        let (invite, role, expires) = (key.invite(), Role::Member, now.after(expires));
        let kind = Kind::Invite(Invite {
            invite,
            role,
            uses,
            expires,
            mode,
            history,
            sealed,
            epoch,
        });
        self.act(kind, now).ok_or(Refusal::NotAllowed)?;
        self.roster_changed(now, out)?;
        Ok(Reply::Invited {
            invite,
            key: key.to_text().to_string(),
        })
    }

    fn show_invite(&self, invite: InviteId, now: Timestamp) -> Result<Reply, Refusal> {
        let circle = self.state.circle.ok_or(Refusal::Pending)?;
        let roster = self.roster().ok_or(Refusal::Pending)?;
        let state = roster.invites.get(&invite).ok_or(Refusal::NotFound)?;
        if !Self::invite_is_open(state, now) {
            return Err(Refusal::InviteEnded);
        }
        let secret = self.invite_secret(&state.invite).ok_or(Refusal::NotFound)?;
        let key = InviteKey::new(circle, secret, &self.reachable);
        Ok(Reply::Invited {
            invite,
            key: key.to_text().to_string(),
        })
    }

    fn stop_invite(
        &mut self,
        invite: InviteId,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        let roster = self.roster().ok_or(Refusal::Pending)?;
        let state = roster.invites.get(&invite).ok_or(Refusal::NotFound)?;
        if state.revoked {
            return Ok(Reply::Done);
        }
        self.act(Kind::RevokeInvite { invite }, now)
            .ok_or(Refusal::NotAllowed)?;
        self.roster_changed(now, out)?;
        Ok(Reply::Done)
    }

    fn set_role(
        &mut self,
        person: PersonId,
        role: Role,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        self.member(&person)?;
        self.act(Kind::SetRole { person, role }, now)
            .ok_or(Refusal::NotAllowed)?;
        self.roster_changed(now, out)?;
        Ok(Reply::Done)
    }

    fn remove(
        &mut self,
        person: PersonId,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        let devices = self.member(&person)?;
        let cut = List::new(self.cuts_of(&devices)?).map_err(|_| Refusal::NotAllowed)?;
        self.act(Kind::Remove { person, cut }, now)
            .ok_or(Refusal::NotAllowed)?;
        self.mint(now, rng);
        self.roster_changed(now, out)?;
        Ok(Reply::Done)
    }

    fn leave(&mut self, now: Timestamp, out: &mut Outbox) -> Result<Reply, Refusal> {
        let devices = self.member(&self.me())?;
        let cut = List::new(self.cuts_of(&devices)?).map_err(|_| Refusal::NotAllowed)?;
        self.act(Kind::Leave { cut }, now)
            .ok_or(Refusal::NotAllowed)?;
        self.state.farewell_until = Some(now.after(FAREWELL));
        self.save_state();
        self.roster_changed(now, out)?;
        Ok(Reply::Done)
    }

    /// Returns the devices of a person who belongs.
    fn member(&self, person: &PersonId) -> Result<Vec<DeviceId>, Refusal> {
        let roster = self.roster().ok_or(Refusal::Pending)?;
        let devices = roster
            .devices
            .iter()
            .filter(|(_, device)| device.person == *person);
        let devices: Vec<_> = devices
            .filter(|(_, d)| d.active)
            .map(|(id, _)| *id)
            .collect();
        if devices.is_empty() {
            Err(Refusal::NotFound)
        } else {
            Ok(devices)
        }
    }

    /// Returns, for each device of a person, where a removal or a farewell cuts: after the last entry held
    /// that a newcomer can verify by its own signature. Of a device with branches it is the last of all of
    /// them, because a cut holds for each by its number: so none loses what is held of it.
    pub(super) fn cuts_of(&self, devices: &[DeviceId]) -> Result<Vec<Cut>, Error> {
        let mut cuts = Vec::new();
        for device in devices {
            let mut last: Option<Cut> = None;
            for branch in 0..MAX_BRANCHES {
                let above = last.as_ref().map_or(0, |cut| cut.seq);
                last = self.last_anchor(device, branch, above)?.or(last);
            }
            cuts.extend(last);
        }
        Ok(cuts)
    }

    /// Returns the last entry of a branch above a number that has its own signature.
    fn last_anchor(&self, device: &DeviceId, branch: u8, above: u64) -> Result<Option<Cut>, Error> {
        let chain = self.frontier.chain(device, branch);
        for (low, mut high) in chain.within((above + 1, u64::MAX)).into_iter().rev() {
            while high >= low {
                for entry in self.rows.page(device, branch, (low, high))? {
                    high = entry.header.header().seq - 1;
                    if let Some(signature) = entry.signature {
                        return Ok(Some(Cut {
                            device: *device,
                            seq: high + 1,
                            entry: entry.id(),
                            signature,
                        }));
                    }
                }
            }
        }
        Ok(None)
    }
}

/// Whether a command is one that somebody may still give who does not belong any more.
fn takes_back(command: &Command) -> bool {
    matches!(
        command,
        Command::TakeBack { .. } | Command::Gesture { back: true, .. }
    )
}
