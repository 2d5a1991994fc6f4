//! How this computer becomes a device of somebody who belongs, and how it changes its keys.

use super::begin::{answer_later, was_here};
use super::round::After;
use super::{CLOSING, Driver, Round};
use crate::handle::Answer;
use crate::identity::Hint;
use crate::network::Command;
use crate::problem::Problem;
use crate::storage::Engine;
use circlet_model::invitation::{AnyKey, DeviceKey};
use circlet_model::key::{Secret, SigningKey};
use circlet_model::replica::Replica;
use circlet_model::replica::input::Input;
use circlet_model::replica::output::{Outbox, Output};
use circlet_model::replica::overview::Standing;
use circlet_model::secrecy::kem;
use std::collections::BTreeMap;

impl<E: Engine> Driver<E> {
    /// Begins to come back to the circles of these cards and keys.
    pub(super) fn come_back(
        &mut self,
        seed: &Secret,
        contacts: Vec<AnyKey>,
        answer: Answer<Vec<Hint>>,
        round: &mut Round,
    ) {
        match self.try_come_back(seed, contacts, round) {
            Ok(hints) => match hints.last() {
                Some(hint) => answer_later(*hint, answer, hints, round),
                None => drop(answer.send(Ok(hints))),
            },
            Err(problem) => drop(answer.send(Err(problem))),
        }
    }

    fn try_come_back(
        &mut self,
        seed: &Secret,
        contacts: Vec<AnyKey>,
        round: &mut Round,
    ) -> Result<Vec<Hint>, Problem> {
        if !self.identity.is_of(seed) {
            return Err(other_person());
        }
        let mut by_circle: BTreeMap<Hint, Vec<String>> = BTreeMap::new();
        for contact in contacts {
            let texts = by_circle.entry(contact.hint()).or_default();
            texts.push(contact.to_text().to_string());
        }
        let hints = by_circle.keys().copied().collect();
        for (hint, texts) in by_circle {
            self.return_to(hint, texts, round)?;
        }
        Ok(hints)
    }

    /// Begins to come back to one circle, or goes on with more to find a member by.
    pub(super) fn return_to(
        &mut self,
        hint: Hint,
        contacts: Vec<String>,
        round: &mut Round,
    ) -> Result<(), Problem> {
        match self.circle(hint).map(|circle| circle.line().standing()) {
            Some(None) => return Err(self.closed(hint)),
            Some(Some(Standing::Member | Standing::Pending | Standing::Knocking)) => return Ok(()),
            Some(Some(Standing::Linking { .. })) => return Err(linking()),
            Some(Some(Standing::Left | Standing::Removed)) => return Err(was_here()),
            Some(Some(Standing::Returning)) => {}
            // A device that was taken out does not come in again: another one does.
            Some(Some(Standing::Ended(_) | Standing::DeviceRemoved)) | None => {
                self.draw_keys_anew(hint, round)?;
            }
        }
        self.open_returning(hint, contacts, round)
    }

    fn open_returning(
        &mut self,
        hint: Hint,
        contacts: Vec<String>,
        round: &mut Round,
    ) -> Result<(), Problem> {
        let (now, mut outbox) = (self.now(), Outbox::default());
        let identity = self.identity.keys(hint).ok_or_else(Problem::bug)?;
        let reader = self.reader();
        let replica = Replica::come_back(identity, reader, hint, contacts, now, &mut outbox)?;
        self.begin(hint, replica, outbox, round)
    }

    /// Draws keys for a circle; a network that it has already begins again with them, before anything
    /// is sent.
    fn draw_keys_anew(&mut self, hint: Hint, round: &mut Round) -> Result<(), Problem> {
        let device = SigningKey::random(&mut self.rng);
        self.draw_keys(hint, &device)?;
        if self.circle(hint).is_some() {
            round.after.push(After::Restart(hint));
        }
        Ok(())
    }

    /// Begins to become a device of whoever made this key.
    pub(super) fn try_link(&mut self, key: &DeviceKey, round: &mut Round) -> Result<Hint, Problem> {
        let hint = key.hint();
        match self.circle(hint).map(|circle| circle.line().standing()) {
            Some(None) => return Err(self.closed(hint)),
            Some(Some(Standing::Member)) => return Ok(hint),
            Some(Some(Standing::Left | Standing::Removed | Standing::DeviceRemoved)) => {
                return Err(was_here());
            }
            Some(Some(Standing::Linking { .. })) => {}
            Some(Some(
                Standing::Pending | Standing::Knocking | Standing::Returning | Standing::Ended(_),
            ))
            | None => self.draw_keys_anew(hint, round)?,
        }
        let (now, mut outbox) = (self.now(), Outbox::default());
        let identity = self.identity.keys(hint).ok_or_else(Problem::bug)?;
        let replica = Replica::link(identity, self.reader(), key, now, &mut outbox);
        self.begin(hint, replica, outbox, round)?;
        Ok(hint)
    }

    /// Gives the replicas that asked for it other keys, and opens them anew.
    pub(super) async fn change_keys(&mut self) {
        for (hint, output) in std::mem::take(&mut self.other_keys) {
            let mut round = Round::default();
            let done = match output {
                Output::Adopt { person, contacts } => {
                    self.adopt(hint, &person, contacts, &mut round)
                }
                Output::Keep { kem } => self.keep_kem(hint, kem, &mut round),
                _ => self.renew(hint, &mut round),
            };
            if done.is_err() {
                // The replica asks again when it is opened the next time, or tomorrow.
                tracing::debug!("a circle's keys could not be changed");
            }
            self.finish(round).await;
        }
    }

    /// Keeps the secret of the person key, then lets the replica come back with it.
    fn adopt(
        &mut self,
        hint: Hint,
        person: &Secret,
        contacts: Vec<String>,
        round: &mut Round,
    ) -> Result<(), Problem> {
        let identity = self.identity.with_person(hint, person);
        identity.save(&self.keystore, &mut self.rng)?;
        self.identity = identity;
        self.open_returning(hint, contacts, round)
    }

    /// Keeps a device's KEM keys in place of those before, which are gone with the old file.
    fn keep_kem(&mut self, hint: Hint, kem: kem::Keys, round: &mut Round) -> Result<(), Problem> {
        let identity = self.identity.with_kem(hint, &kem);
        identity.save(&self.keystore, &mut self.rng)?;
        self.identity = identity;
        self.feed(hint, Input::Kept { kem }, round);
        Ok(())
    }

    /// Draws new keys for a device whose disk was put back, and opens its replica with them.
    fn renew(&mut self, hint: Hint, round: &mut Round) -> Result<(), Problem> {
        self.draw_keys_anew(hint, round)?;
        let replica = self.load(hint).ok_or_else(Problem::bug)?;
        let now = self.now();
        let offline = self.networks.is_none();
        let Some(circle) = self.circle(hint) else {
            return Ok(());
        };
        for link in circle.replace(replica) {
            let close = After::Network(hint, Command::Close { link });
            round.after.push(close);
        }
        circle.wake = Some(now);
        if offline {
            self.feed(hint, Input::Wake, round);
        }
        Ok(())
    }

    /// Ends a circle's network and begins it again, with the keys as they are now.
    pub(super) async fn restart_network(&mut self, hint: Hint) {
        let Some(circle) = self.circle(hint) else {
            return;
        };
        let (network, events) = (circle.network.take(), circle.events.take());
        circle.listening.clear();
        circle.refused.clear();
        if let (Some(network), Some(mut events)) = (network, events) {
            let ended = async {
                drop(network.send(Command::Shutdown).await);
                while events.recv().await.is_some() {}
            };
            if tokio::time::timeout(CLOSING, ended).await.is_err() {
                tracing::debug!("a network took too long to close");
            }
        }
        self.open_network(hint);
    }
}

pub(super) fn linking() -> Problem {
    Problem::new(
        "linking",
        "This computer waits to be linked to another one of yours in this circle. Nothing was changed.",
        "`circlet status` shows the four words; type them at the other computer.",
    )
}

fn other_person() -> Problem {
    Problem::new(
        "other-words",
        "Circlet is set up on this computer already, with other words than these. Nothing was changed.",
        "Restore in another folder: set CIRCLET_HOME, then run this again.",
    )
}
