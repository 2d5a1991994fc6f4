//! A round: inputs handed to their replicas, their changes written, one flush, and what follows it.

use super::circle::Circle;
use super::{Driver, RETRY};
use crate::handle::{Kept, Look};
use crate::identity::Hint;
use crate::network;
use crate::problem::Problem;
use crate::storage::Engine;
use circlet_model::replica::input::Input;
use circlet_model::replica::output::{Outbox, Output};
use circlet_model::store::{self, Batch};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The most inputs that share a flush: enough that a flood of small writes costs few flushes, few
/// enough that nobody waits long for theirs.
const INPUTS: usize = 64;

/// The most bytes of frames that do: less than half of what a peer may send ahead, so that it packs more
/// while these are stored.
const BYTES: usize = 384 * 1024;

/// How often the store is looked at, whether it has grown much.
const LOOK_AT_STORE: Duration = Duration::from_hours(1);

/// What is done with one flush, and after it.
#[derive(Default)]
pub(super) struct Round {
    pub(super) taken: usize,
    /// Of frames.
    pub(super) bytes: usize,
    /// Whether a replica was handed something.
    pub(super) moved: bool,
    pub(super) written: BTreeSet<Hint>,
    /// Whether something was written that is in no circle.
    pub(super) kept: bool,
    pub(super) after: Vec<After>,
}

/// What happens after the flush.
pub(super) enum After {
    Output {
        hint: Hint,
        generation: u64,
        output: Output,
    },
    Network(Hint, network::Command),
    Open(Hint),
    Restart(Hint),
    Look(Look),
    Answer(Hint, Kept),
    Kept(Kept),
}

impl<E: Engine> Driver<E> {
    /// Hands an input to a replica and writes what it wants kept.
    pub(super) fn feed(&mut self, hint: Hint, input: Input, round: &mut Round) {
        let now = self.now();
        let Some(circle) = self
            .circles
            .iter_mut()
            .find(|circle| circle.row.hint == hint)
        else {
            return;
        };
        let Ok(replica) = &mut circle.replica else {
            return;
        };
        let mut outbox = Outbox::default();
        round.moved = true;
        replica.handle(now, &mut self.rng, input, &mut outbox);
        let generation = circle.generation;
        let written = match outbox.trouble {
            None => self.write(hint, outbox.writes, round),
            Some(trouble) => Err(trouble),
        };
        match written {
            Ok(()) => round.outputs(hint, generation, outbox.outputs),
            Err(error) => self.reload(hint, &error, &error.clone().into(), round),
        }
    }

    pub(super) fn write(
        &mut self,
        hint: Hint,
        writes: Batch,
        round: &mut Round,
    ) -> Result<(), store::Error> {
        if !writes.is_empty() {
            self.vault.write(writes)?;
            round.written.insert(hint);
        }
        Ok(())
    }

    /// Makes the round durable, then carries out what hangs on it.
    pub(super) async fn finish(&mut self, mut round: Round) {
        let wrote = round.kept || !round.written.is_empty();
        if wrote {
            match self.vault.flush() {
                Ok(()) => {
                    for hint in &round.written {
                        if let Some(circle) = self.circle(*hint) {
                            circle.resume();
                        }
                    }
                }
                Err(error) => self.give_up(&error, &mut round),
            }
        }
        for after in round.after {
            self.carry(after).await;
        }
        self.keep_cards(wrote, false);
        if round.moved {
            self.moved.send_replace(());
        }
        let settled = self.circles.iter().all(Circle::settled);
        self.settle
            .send_if_modified(|known| std::mem::replace(known, settled) != settled);
    }

    /// Now and then gives back the room that the store has no use for. Whoever asks meanwhile waits.
    pub(super) fn shrink(&mut self) {
        if self.looked.elapsed() < LOOK_AT_STORE {
            return;
        }
        if let Err(error) = self.vault.shrink() {
            tracing::debug!(%error, "the store could not be made smaller");
        }
        self.looked = Instant::now();
    }

    /// Takes back what a round wrote and could not make durable.
    fn give_up(&mut self, error: &store::Error, round: &mut Round) {
        tracing::debug!("the store could not be flushed");
        let problem = unsure(error);
        let written = std::mem::take(&mut round.written);
        let (lost, kept): (Vec<After>, Vec<After>) = std::mem::take(&mut round.after)
            .into_iter()
            .partition(|after| match after {
                After::Kept(_) => true,
                other => other.hint().is_some_and(|hint| written.contains(&hint)),
            });
        round.after = kept;
        for after in lost {
            match after {
                After::Answer(_, answer) | After::Kept(answer) => answer(Err(problem.clone())),
                After::Open(hint) | After::Restart(hint) => {
                    round.after.push(After::Restart(hint));
                }
                After::Output { .. } | After::Network(..) | After::Look(_) => {}
            }
        }
        for hint in written {
            self.reload(hint, error, &problem, round);
        }
    }

    /// Opens a replica again from what the store holds, as if it had just started. One that met damage
    /// is closed until the node starts again: what cannot be read looks like what is not there.
    fn reload(&mut self, hint: Hint, error: &store::Error, problem: &Problem, round: &mut Round) {
        let damaged = matches!(error, store::Error::Damaged(_));
        let replica = if damaged {
            Some(Err(error.clone()))
        } else {
            self.load(hint)
        };
        let Some(replica) = replica else {
            return;
        };
        let retry = (!damaged).then(|| self.now().after(RETRY));
        let Some(circle) = self.circle(hint) else {
            return;
        };
        for link in circle.reload(replica, retry) {
            round
                .after
                .push(After::Network(hint, network::Command::Close { link }));
        }
        // What was written earlier in this round is done, and its answer waits for the flush.
        let done: BTreeSet<u64> = round.after.iter().filter_map(After::answers).collect();
        let asked: Vec<u64> = self
            .waiting
            .iter()
            .filter(|(id, (of, _))| *of == hint && !done.contains(id))
            .map(|(id, _)| *id)
            .collect();
        for (_, answer) in asked.iter().filter_map(|id| self.waiting.remove(id)) {
            drop(answer.send(Err(problem.clone())));
        }
    }
}

impl Round {
    /// Whether what else waits is for the next one.
    pub(super) fn is_full(&self) -> bool {
        self.taken >= INPUTS || self.bytes >= BYTES
    }

    pub(super) fn outputs(&mut self, hint: Hint, generation: u64, outputs: Vec<Output>) {
        let after = outputs.into_iter().map(|output| After::Output {
            hint,
            generation,
            output,
        });
        self.after.extend(after);
    }
}

impl After {
    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Output { hint, .. }
            | Self::Network(hint, _)
            | Self::Open(hint)
            | Self::Restart(hint)
            | Self::Answer(hint, _) => Some(*hint),
            Self::Look(_) | Self::Kept(_) => None,
        }
    }

    /// Returns the number of the command that this answers.
    fn answers(&self) -> Option<u64> {
        match self {
            Self::Output {
                output: Output::Reply { id, .. },
                ..
            } => Some(id.0),
            Self::Output { .. }
            | Self::Network(..)
            | Self::Open(_)
            | Self::Restart(_)
            | Self::Look(_)
            | Self::Answer(..)
            | Self::Kept(_) => None,
        }
    }
}

/// Returns the problem of a change that may or may not have reached the disk.
fn unsure(error: &store::Error) -> Problem {
    let mut problem = Problem::from(error.clone());
    problem.message = String::from(
        "Circlet could not make sure that what you asked for is on this computer's \
                       disk, so nothing was sent. What was saved before is safe.",
    );
    problem.next = format!(
        "{} Look whether it is there before you repeat it.",
        problem.next
    );
    problem
}
