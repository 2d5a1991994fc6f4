//! How a circle begins on this computer: by founding it, or by joining it.

use super::circle::Circle;
use super::row::Row;
use super::{After, Driver, Round};
use crate::handle::{Answer, Line};
use crate::identity::Hint;
use crate::network::Command;
use crate::problem::Problem;
use crate::storage::Engine;
use circlet_model::id::CircleId;
use circlet_model::invitation::{AnyKey, InviteKey};
use circlet_model::key::SigningKey;
use circlet_model::membership::act::{MAX_NAME, circle_id};
use circlet_model::replica::output::Outbox;
use circlet_model::replica::overview::Standing;
use circlet_model::replica::{Replica, Start};
use rand_core::Rng as _;

impl<E: Engine> Driver<E> {
    /// Founds a circle.
    pub(super) fn found(&mut self, name: &str, answer: Answer<CircleId>, round: &mut Round) {
        match self.try_found(name, round) {
            Ok(circle) => answer_later(circle.hint(), answer, circle, round),
            Err(problem) => drop(answer.send(Err(problem))),
        }
    }

    /// Begins to join a circle; joining again goes on with the key at hand.
    pub(super) fn join(&mut self, key: &AnyKey, answer: Answer<Hint>, round: &mut Round) {
        let begun = match key {
            AnyKey::Invite(key) => self.try_join(key, round),
            AnyKey::Device(key) => self.try_link(key, round),
            AnyKey::Card(_) => Err(Problem::bug()),
        };
        match begun {
            Ok(hint) => answer_later(hint, answer, hint, round),
            Err(problem) => drop(answer.send(Err(problem))),
        }
    }

    fn try_found(&mut self, name: &str, round: &mut Round) -> Result<CircleId, Problem> {
        let name = name.trim();
        self.check_is_new(name)?;
        let device = SigningKey::random(&mut self.rng);
        let mut nonce = [0; 32];
        self.rng.fill_bytes(&mut nonce);
        let circle = circle_id(&nonce, device.device());
        let hint = circle.hint();
        self.draw_keys(hint, &device)?;
        let mut outbox = Outbox::default();
        let now = self.now();
        let identity = self.identity.keys(hint).ok_or_else(Problem::bug)?;
        let start = Start {
            identity,
            name: self.identity.name(),
            reader: self.reader(),
        };
        let replica = Replica::found(start, name, nonce, now, &mut self.rng, &mut outbox);
        let replica = replica.ok_or_else(not_a_name)?;
        self.begin(hint, replica, outbox, round)?;
        Ok(circle)
    }

    fn try_join(&mut self, key: &InviteKey, round: &mut Round) -> Result<Hint, Problem> {
        let hint = key.hint();
        let now = self.now();
        match self.circle(hint).map(|circle| circle.line().standing()) {
            Some(Some(Standing::Member)) => return Ok(hint),
            Some(Some(Standing::Returning)) => {
                self.return_to(hint, vec![key.to_text().to_string()], round)?;
                return Ok(hint);
            }
            Some(Some(Standing::Left | Standing::Removed | Standing::DeviceRemoved)) => {
                return Err(was_here());
            }
            Some(Some(Standing::Linking { .. })) => return Err(super::devices::linking()),
            Some(None) => return Err(self.closed(hint)),
            Some(Some(Standing::Pending | Standing::Knocking | Standing::Ended(_))) => {}
            None => {
                let device = SigningKey::random(&mut self.rng);
                self.draw_keys(hint, &device)?;
            }
        }
        let mut outbox = Outbox::default();
        let identity = self.identity.keys(hint).ok_or_else(Problem::bug)?;
        let start = Start {
            identity,
            name: self.identity.name(),
            reader: self.reader(),
        };
        let replica = Replica::join(start, key, now, &mut outbox);
        let replica = replica.ok_or_else(not_a_name)?;
        self.begin(hint, replica, outbox, round)?;
        Ok(hint)
    }

    /// Writes a replica's beginning, and puts it in the place of one that only waited to join.
    pub(super) fn begin(
        &mut self,
        hint: Hint,
        replica: Replica,
        outbox: Outbox,
        round: &mut Round,
    ) -> Result<(), Problem> {
        if let Some(trouble) = outbox.trouble {
            return Err(trouble.into());
        }
        let now = self.now();
        let known = self.circle(hint).map(|circle| circle.row.clone());
        let row = known.clone().unwrap_or_else(|| Row::new(hint, now));
        let mut writes = outbox.writes;
        writes.push(row.put());
        self.write(hint, writes, round)?;
        let generation = if let Some(circle) = self.circle(hint) {
            for link in circle.replace(Ok(replica)) {
                round
                    .after
                    .push(After::Network(hint, Command::Close { link }));
            }
            circle.wake = Some(now);
            circle.generation
        } else {
            self.circles.push(Circle::new(row, Ok(replica)));
            round.after.push(After::Open(hint));
            0
        };
        round.outputs(hint, generation, outbox.outputs);
        Ok(())
    }

    /// Draws and keeps this device's keys for a circle, before anything of it is stored.
    pub(super) fn draw_keys(&mut self, hint: Hint, device: &SigningKey) -> Result<(), Problem> {
        let kept: Vec<Hint> = self.circles.iter().map(|circle| circle.row.hint).collect();
        let identity = self
            .identity
            .with_circle(hint, device, &kept, &mut self.rng)?;
        identity.save(&self.keystore, &mut self.rng)?;
        self.identity = identity;
        Ok(())
    }

    fn check_is_new(&self, name: &str) -> Result<(), Problem> {
        let lower = name.to_lowercase();
        let shown = self.shown();
        let same = |line: &Line<'_>| {
            line.replica
                .is_ok_and(|it| it.overview().name.to_lowercase() == lower)
        };
        if shown.circles.iter().any(same) {
            return Err(Problem::new(
                "name-taken",
                "You already have a circle of this name on this computer. Nothing was changed.",
                "Choose another name, so that you can tell them apart.",
            ));
        }
        Ok(())
    }
}

pub(super) fn answer_later<T: Send + 'static>(
    hint: Hint,
    answer: Answer<T>,
    value: T,
    round: &mut Round,
) {
    let answer = move |durable: Result<(), Problem>| drop(answer.send(durable.map(|()| value)));
    round.after.push(After::Answer(hint, Box::new(answer)));
}

fn not_a_name() -> Problem {
    Problem::new(
        "not-a-name",
        format!(
            "A name has at least one letter and at most {MAX_NAME} bytes. Nothing was changed."
        ),
        "Try another one.",
    )
}

pub(super) fn was_here() -> Problem {
    Problem::new(
        "was-here",
        "This computer has been in this circle before and keeps what was yours there, so it cannot \
         join the same circle a second time.",
        "Set up Circlet in another folder (CIRCLET_HOME), and join from there.",
    )
}
