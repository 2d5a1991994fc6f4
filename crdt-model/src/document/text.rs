//! Text that several people edit: each change puts characters in and takes some out, and what was typed
//! apart is kept side by side. Automerge's `Text`.
//!
//! ```text
//! on the wire   Change = postcard of { seq, start, time, deps, splices }   (canonical, with limits)
//!               Splice = put in behind a character (or first) these characters
//!                      | take out so many characters from this one on
//! in memory     Automerge change as for registers; one operation for each character put in or taken out
//! ```
//!
//! A character is named by the step that put it in. The text itself is there from the beginning: a
//! change of nobody's, which each replica makes for itself and which no bytes from outside can stand for,
//! makes it under the key `t` with the number 1. So two who begin at once begin the same text.
//!
//! What somebody typed is told from what they *saw*: the two are compared, and the difference goes on top
//! of everything known. Nothing that came meanwhile is taken out.

use super::Error;
use super::change::{Change, Does, Parts};
use super::history::History;
use super::rebuilt::actor;
use super::splice::{KEY, MAX_SPLICES, MAX_STEPS, Splice, to_splices};
use crate::bounded::{List, TooLong};
use crate::id::{DeviceId, Hash};
use crate::time::Timestamp;
use automerge::legacy::Op;
use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, AutomergeError, ObjId, ROOT, ReadDoc};

/// The changes of one text and what they say together.
#[derive(Clone, Debug)]
pub struct TextDocument {
    pub(super) history: History,
}

impl TextDocument {
    /// Begins a text.
    pub fn begin(device: DeviceId, time: Timestamp, text: &str) -> Result<(Self, Change), Error> {
        let empty = Self {
            history: History::of_text(),
        };
        let (document, change) = empty
            .edit(&empty, text, device, time)?
            .ok_or(Error::Empty)?;
        Ok((document, change))
    }

    /// Opens a text from all its known changes, in any order. Those that do not continue others properly,
    /// or whose past is not known yet, are kept and not shown.
    pub fn load(changes: impl IntoIterator<Item = Change>) -> Result<Self, Error> {
        let history = History::load(changes)?;
        Ok(Self { history })
    }

    /// Returns what is shown.
    pub fn text(&self) -> Result<String, Error> {
        let document = self.history.merge()?;
        let text = object(&document)?;
        document.text(&text).map_err(|_| Error::Merge)
    }

    /// Returns it as a file that any Automerge opens.
    pub fn save(&self) -> Result<Vec<u8>, Error> {
        Ok(self.history.merge()?.save())
    }

    /// Returns the changes that nothing else builds on: they name what is shown.
    pub fn heads(&self) -> Vec<Hash> {
        self.history.heads()
    }

    /// Returns the text as it was when these were its heads; `None` when one of them does not count here.
    pub fn at(&self, heads: &[Hash]) -> Result<Option<Self>, Error> {
        let history = self.history.at(heads)?;
        Ok(history.map(|history| Self { history }))
    }

    /// Returns the text with what somebody made of the one that they saw, and the change that does it.
    /// `None` when they made nothing of it.
    pub fn edit(
        &self,
        seen: &Self,
        text: &str,
        device: DeviceId,
        time: Timestamp,
    ) -> Result<Option<(Self, Change)>, Error> {
        let next = self.history.next_parts(device, time)?;
        let splices = seen.compare(text, device, next.start)?;
        if splices.is_empty() {
            return Ok(None);
        }
        let parts = Parts {
            does: Does::Splices(List::new(splices)?),
            ..next
        };
        if !parts.well_formed() {
            return Err(TooLong(MAX_STEPS as usize).into());
        }
        let change = Change { device, parts };
        let known = self.history.known().cloned().chain([change.clone()]);
        let document = Self::load(known.collect::<Vec<_>>())?;
        Ok(Some((document, change)))
    }

    /// Returns who changed it last, and when by their clock.
    pub fn last(&self) -> Option<(DeviceId, Timestamp)> {
        let last = self.history.last()?;
        Some((last.device, last.parts.time))
    }

    /// Whether nobody has changed it since it was begun.
    pub fn is_as_begun(&self) -> bool {
        self.history.counting() == 1
    }

    /// Returns what makes this text into another, as a device whose steps begin with this number.
    fn compare(&self, new: &str, device: DeviceId, start: u64) -> Result<Vec<Splice>, Error> {
        let fine = self.operations(device, |transaction, text, _| {
            transaction.update_text(text, new)
        });
        let splices = to_splices(fine?, device, start)?;
        if splices.len() <= MAX_SPLICES {
            return Ok(splices);
        }
        // Hardly a word stayed.
        let whole = self.operations(device, |transaction, text, length| {
            let length = isize::try_from(length).unwrap_or(isize::MAX);
            transaction.splice_text(text, 0, length, new)
        });
        to_splices(whole?, device, start)
    }

    /// Returns the operations by which Automerge does something to the text, and the number of the first.
    fn operations(
        &self,
        device: DeviceId,
        does: impl FnOnce(&mut Transaction<'_>, &ObjId, usize) -> Result<(), AutomergeError>,
    ) -> Result<(u64, Vec<Op>), Error> {
        let mut document = self.history.merge()?.with_actor(actor(&device));
        let text = object(&document)?;
        let length = document.length(&text);
        let mut transaction = document.transaction();
        does(&mut transaction, &text, length).map_err(|_| Error::Merge)?;
        let (Some(hash), _) = transaction.commit() else {
            return Ok((0, Vec::new()));
        };
        let change = document.get_change_by_hash(&hash).ok_or(Error::Merge)?;
        let change = change.decode();
        Ok((change.start_op.get(), change.operations))
    }
}

fn object(document: &Automerge) -> Result<ObjId, Error> {
    let found = document.get(ROOT, KEY).map_err(|_| Error::Merge)?;
    found.map(|(_, id)| id).ok_or(Error::Merge)
}

#[cfg(test)]
mod tests;
