//! What can still be read of a replica whose store is damaged, as a transcript.
//!
//! An entry that does not open, or whose body is gone though nobody took it back and it cannot have faded,
//! is left out: where it stood there is a gap, which any member fills. What is whole around it is carried,
//! also what only this device held.

use super::super::Replica;
use super::{GRANTS, NOTES, Transcript};
use crate::id::{EntryId, ThingId};
use crate::key::Secret;
use crate::log::entry::{Entry, Place};
use crate::log::header::Action;
use crate::log::run::{MAX_RUN, Run};
use crate::store::Error;
use crate::sync::message::{Message, SignedHeader};
use crate::sync::plan::Step;
use crate::time::Timestamp;

/// The most bytes of bodies in one piece: it has to fit into a frame.
const BODY_BYTES: usize = 160 * 1024;

/// What is whole of some entries.
#[derive(Default)]
struct Whole {
    /// Those that are neighbours, together.
    parts: Vec<Vec<Entry>>,
    /// The keys of single bodies among them.
    grants: Vec<(EntryId, Secret)>,
    /// The keys of notes among them that were opened here.
    notes: Vec<(EntryId, Secret)>,
}

impl Replica {
    /// Adds what is whole of the next step of the plan; says whether there was one.
    pub(super) fn rescue_next(
        &self,
        transcript: &mut Transcript,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Some(step) = transcript.plan.next(MAX_RUN as u64) else {
            return Ok(false);
        };
        transcript.note_sent(step);
        let roster = self.roster();
        let Some(person) = roster.and_then(|roster| roster.person_of(&step.device)) else {
            return Ok(true);
        };
        let whole = self.whole_parts(step, now, &mut transcript.lost)?;
        transcript.put_keys(GRANTS, whole.grants);
        transcript.put_keys(NOTES, whole.notes);
        // The newest first: what lies above vouches for what lies below.
        for run in whole
            .parts
            .iter()
            .rev()
            .filter_map(|part| Run::pack(part, person))
        {
            transcript.ready.push_back(Message::Run(run).to_frame());
        }
        Ok(true)
    }

    /// Returns what is whole of a step.
    fn whole_parts(&self, step: Step, now: Timestamp, lost: &mut u64) -> Result<Whole, Error> {
        let mut whole = Whole::default();
        whole.parts.push(Vec::new());
        let mut bytes = 0;
        for seq in step.low..=step.high {
            let place = Place {
                device: step.device,
                branch: step.branch,
                seq,
            };
            let entry = undamaged(self.rows.entry(&place))?.flatten();
            let Some(entry) = entry.filter(|entry| self.is_whole(entry, now)) else {
                *lost += 1;
                whole.parts.push(Vec::new());
                continue;
            };
            let id = entry.id();
            let grant = (self.rows.grant_key(&id), &mut whole.grants);
            let note = (self.rows.note_key(&id), &mut whole.notes);
            for (key, keys) in [grant, note] {
                match undamaged(self.rows.load(&key))? {
                    Some(held) => keys.extend(held.map(|held| (id, held))),
                    None => *lost += 1,
                }
            }
            bytes += entry.body.as_ref().map_or(0, Vec::len);
            if bytes > BODY_BYTES {
                bytes = 0;
                whole.parts.push(Vec::new());
            }
            if let Some(part) = whole.parts.last_mut() {
                part.push(entry);
            }
        }
        whole.parts.retain(|part| !part.is_empty());
        Ok(whole)
    }

    /// Whether nothing of an entry is missing that should be there.
    fn is_whole(&self, entry: &Entry, now: Timestamp) -> bool {
        let header = entry.header.header();
        entry.body.is_some()
            || header.action != Action::Write
            || self.retracts.contains_key(&header.thing)
            || self.may_have_faded(header.expires, now)
    }

    /// Returns those of the retracts outside the chains that can be read.
    pub(super) fn retracts_left(
        &self,
        detached: &[ThingId],
        lost: &mut u64,
    ) -> Result<Vec<SignedHeader>, Error> {
        let mut left = Vec::new();
        for thing in detached {
            match undamaged(self.signed_retracts(core::iter::once(thing)))? {
                Some(signed) => left.extend(signed),
                None => *lost += 1,
            }
        }
        Ok(left)
    }
}

/// Returns what was read; `None` where it is damaged.
fn undamaged<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(Error::Damaged(_)) => Ok(None),
        read => read.map(Some),
    }
}
