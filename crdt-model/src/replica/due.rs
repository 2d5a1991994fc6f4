//! What is to be tried again after an input.

use super::Replica;
use crate::id::{ActId, DeviceId};
use crate::key::Rng;
use crate::log::entry::Place;
use crate::log::header::Header;
use crate::replica::output::Outbox;
use crate::store::Error;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The most acts that are kept in mind because entries name them: beyond it each act is tried.
const MAX_AWAITED: usize = 4096;

/// What is to be tried again after this input.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that came or not"
)]
#[derive(Debug, Default)]
pub(super) struct Due {
    /// Whether a key came that may open what is sealed.
    pub(super) keys_came: bool,
    /// Whether something may wait for acts of which it is not known which.
    pub(super) acts_awaited: bool,
    /// Acts that an entry here names and that are not here.
    pub(super) awaited: BTreeSet<ActId>,
    /// Whether acts or keys came by which others may now give keys that they could not before.
    pub(super) ask_again: bool,
    /// Whether a key of a single body came that somebody may have asked for.
    pub(super) answer_again: bool,
    /// Devices of which something was taken out of view, and the last number that is left.
    pub(super) out_of_view: Vec<(DeviceId, u64)>,
    /// Whether something of this device's own may have been left without its ground.
    pub(super) anew: bool,
    /// When that is looked at.
    pub(super) anew_at: Option<Timestamp>,
}

impl Replica {
    /// After every input: looks at the keys, at what fades, and at what is to be written again.
    pub(super) fn tend(
        &mut self,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        self.tend_keys(now, rng, out)?;
        self.fade(now, out)?;
        self.write_anew(now, rng, out);
        Ok(())
    }

    /// Notes an entry that names acts which are not here.
    pub(super) fn await_acts(&mut self, place: &Place, header: &Header) {
        self.rows.put_sealed(place);
        let known = |head: &ActId| {
            self.graph
                .as_ref()
                .is_some_and(|graph| graph.contains(head))
        };
        let missing: Vec<ActId> = header
            .heads
            .iter()
            .filter(|it| !known(it))
            .copied()
            .collect();
        self.due.awaited.extend(missing);
        if self.due.awaited.len() > MAX_AWAITED {
            self.due.awaited.clear();
            self.due.acts_awaited = true;
        }
    }
}
