//! A replica that came from a backup: a new device of its person, with the past out of view at first.
//!
//! ```text
//! restore   the transcript of the backup, taken in by the usual checks; keys of its own, drawn anew
//! veiled    the words are here and nothing shows them: what was taken back since is not known yet
//! return    as one who comes back with the 24 words, only that it holds most of it already
//! unveiled  when a member has given all that was lacking, retracts first; or when its person says so
//! ```
//!
//! The old device's chains are other people's to it: it never continues them, so nothing forks.

use super::super::rows::Rows;
use super::super::state::{Phase, State};
use super::super::{Identity, Replica};
use crate::id::CircleId;
use crate::membership::graph::Graph;
use crate::membership::roster::Standing;
use crate::replica::output::{Event, Outbox, Output, Refusal, Reply};
use crate::store::{Error, Reader};
use crate::time::Timestamp;

impl Replica {
    /// Begins to restore a circle from a backup, for a new device of its person. The contacts are texts
    /// of circle cards.
    pub fn restore(
        identity: Identity,
        reader: Box<dyn Reader>,
        circle: CircleId,
        contacts: Vec<String>,
        out: &mut Outbox,
    ) -> Result<Self, Error> {
        let mut replica = Self::empty(identity, Rows::new(reader, circle.hint()));
        replica.state = State {
            circle: Some(circle),
            phase: Phase::Returning { contacts },
            ..State::default()
        };
        replica.graph = Some(Graph::new(circle));
        let veil = replica.rows.veil_key();
        replica.rows.save(veil, &true);
        replica.save_state();
        out.writes.extend(replica.rows.take()?);
        Ok(replica)
    }

    /// Ends restoring, once the whole backup was taken in. Who no longer belonged does not come back.
    pub fn end_restoring(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        self.rows.begin();
        self.cut(now, out)?;
        if matches!(
            self.standing(),
            Some(Standing::Left(_) | Standing::Removed(_))
        ) {
            self.state.phase = Phase::Member;
            self.save_state();
        }
        out.writes.extend(self.rows.take()?);
        Ok(())
    }

    /// Whether what came from a backup is out of view, until it is known what was taken back since.
    pub fn is_veiled(&self) -> Result<bool, Error> {
        Ok(self.rows.get(&self.rows.veil_key())?.is_some())
    }

    /// Shows what came from a backup though nobody was met since.
    pub(in super::super) fn show_now(
        &mut self,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        if !self.is_veiled()? {
            return Ok(Reply::Done);
        }
        // Nobody is there to be asked: this device brings itself in over what it knows.
        if self.standing() == Some(Standing::Active) {
            self.arrive(now, out)?;
            self.finish_return(now, out);
        }
        self.lift_veil(out)?;
        Ok(Reply::Done)
    }

    /// Shows what came from a backup: it is known what was taken back since.
    pub(in super::super) fn lift_veil(&mut self, out: &mut Outbox) -> Result<(), Error> {
        if self.is_veiled()? {
            self.rows.delete(self.rows.veil_key());
            out.outputs.push(Output::Event(Event::Content));
        }
        Ok(())
    }
}
