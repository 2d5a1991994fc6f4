//! What a damaged store still says of what its member keeps for themselves alone, for a fresh one.

use super::{Local, fresh_thing};
use crate::identity::Hint;
use crate::problem::Problem;
use circlet_model::store::{Batch, Error};

/// What can be carried over.
#[derive(Default)]
pub(crate) struct Rescued {
    /// What puts it into the fresh store, a batch for each.
    pub(crate) batches: Vec<Batch>,
    /// Whether some of it could not be read.
    pub(crate) lost: bool,
}

impl Local<'_> {
    /// Returns what can still be read, for a store that holds nothing of it yet.
    pub(crate) fn rescue(self, to: Local<'_>, circles: &[Hint]) -> Result<Rescued, Problem> {
        let mut rescued = Rescued::default();
        for draft in rescued.read(self.readable_drafts())? {
            match draft {
                Some(draft) => rescued.batches.push(to.put_draft(&draft)),
                None => rescued.lost = true,
            }
        }
        let card = rescued.read(self.card())?;
        if !card.is_blank() {
            rescued.batches.push(to.keep_card(&card, fresh_thing()?)?);
        }
        if let Some(made) = rescued.read(self.last_backup())? {
            rescued.batches.push(to.keep_last_backup(made));
        }
        for circle in circles {
            let muted = rescued.read(self.muted(*circle))?;
            if !muted.is_empty() {
                let batch = to.mute(*circle, muted, fresh_thing()?)?;
                rescued.batches.push(batch);
            }
            let place = rescued.read(self.place(*circle))?;
            rescued.batches.push(to.keep_place(*circle, &place));
        }
        Ok(rescued)
    }
}

impl Rescued {
    /// Returns what was read, and nothing where it is damaged.
    fn read<T: Default>(&mut self, read: Result<T, Error>) -> Result<T, Problem> {
        match read {
            Err(Error::Damaged(_)) => {
                self.lost = true;
                Ok(T::default())
            }
            read => Ok(read?),
        }
    }
}
