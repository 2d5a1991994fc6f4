//! What a member keeps for themselves alone: written like anything else, and in no circle.

use super::{After, Driver, Round};
use crate::handle::Keep;
use crate::local::Local;
use crate::storage::Engine;

impl<E: Engine> Driver<E> {
    /// Writes what somebody wants kept, and answers once it is durable.
    pub(super) fn keep(&mut self, keep: Keep, round: &mut Round) {
        let (batch, answer) = keep(&self.shown());
        if !batch.is_empty() {
            if let Err(error) = self.vault.write(batch) {
                return answer(Err(error.into()));
            }
            (round.kept, round.moved) = (true, true);
            self.hide_muted();
        }
        round.after.push(After::Kept(answer));
    }

    /// Has each circle show nothing of whom this member muted there.
    pub(super) fn hide_muted(&mut self) {
        let local = Local::new(&self.vault);
        for circle in &mut self.circles {
            if let Ok(people) = local.muted(circle.row.hint) {
                circle.hide(people);
            } else {
                tracing::debug!("whom somebody muted cannot be read");
            }
        }
    }
}
