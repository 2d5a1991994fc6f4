//! Taking a circle's transcript where the replicas live, some at a time.

use super::TURN;
use crate::handle::{Handle, Select};
use crate::identity::Hint;
use crate::keystore::fresh_rng;
use crate::problem::Problem;
use circlet_model::replica::transcript::{Purpose, Transcript};
use zeroize::Zeroizing;

/// The pieces of a circle's transcript, taken where the replicas live, some at a time.
pub(crate) struct Pieces {
    purpose: Purpose,
    transcript: Option<Transcript>,
    done: bool,
}

impl Pieces {
    /// Begins a transcript.
    pub(crate) fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            transcript: None,
            done: false,
        }
    }

    /// Returns the next pieces; `None` at the end.
    pub(crate) async fn next(
        &mut self,
        handle: &Handle,
        hint: Hint,
    ) -> Result<Option<Vec<Zeroizing<Vec<u8>>>>, Problem> {
        if self.done {
            return Ok(None);
        }
        let (purpose, before) = (self.purpose, self.transcript.take());
        let mut rng = fresh_rng()?;
        let (transcript, pieces, done) = handle
            .look(move |shown| {
                let replica = shown.replica(&Select::Hint(hint))?;
                let mut transcript = match before {
                    Some(transcript) => transcript,
                    None => replica.transcript(purpose)?,
                };
                let (mut pieces, mut bytes) = (Vec::new(), 0);
                while bytes < TURN {
                    match replica.next_piece(&mut transcript, &mut rng)? {
                        Some(piece) => {
                            bytes += piece.len();
                            pieces.push(Zeroizing::new(piece));
                        }
                        None => return Ok((transcript, pieces, true)),
                    }
                }
                Ok((transcript, pieces, false))
            })
            .await?;
        (self.transcript, self.done) = (Some(transcript), done);
        Ok(Some(pieces))
    }
}
