//! What is known of one session: one peer, one circle, one link.
//!
//! ```text
//!   Open (acts and records held)            both sides, at once
//!   Acts ... ActsEnd                        what the other lacks; from here both know who belongs
//!   Have (entries held)                     only now
//!   Run ... Run          <- Stored          newest first, at most eight under way
//!   End (digest)                            nothing left; equal digests: in step
//!   Acts, Run, Records                      at once, as they come; another's entries after a moment,
//!                                           and only if no End has shown that they are there
//!   Open                                    anew, when both rest and the digests differ
//! ```

use crate::id::{ActId, DeviceId, EntryId, EpochId, Hash, PeerId};
use crate::log::chain::{Chain, Interval};
use crate::log::entry::Place;
use crate::sync::message::Open;
use crate::sync::plan::{Plan, Step};
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// At most this many runs under way to a peer before it says that it stored them: so many that it has some to
/// store while others are packed.
const MAX_IN_FLIGHT: usize = 32;
/// At most about this many bytes in them: what waits for a slow peer is in memory.
const MAX_BYTES_IN_FLIGHT: usize = 1024 * 1024;
/// The first wait before a session that rests out of step begins anew; it doubles each time.
const ANEW_WAIT: Duration = Duration::from_secs(1);

/// One session.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a step of the exchange that came or not"
)]
#[derive(Clone, Debug)]
pub struct Session {
    /// Who, to the transport.
    pub peer: PeerId,
    /// Who, to the circle.
    pub device: DeviceId,
    /// Whether a member vouched for the device though its admission is not known here yet.
    pub vouched: bool,
    /// Whether an `Open` of ours has not been answered by one of theirs.
    pub awaits_open: bool,
    /// Their `Open`, kept until the device may see what it asks for.
    pub their_open: Option<Open>,
    /// How many acts, in the order they were attached here, the peer has been given or had. `None`
    /// until the first exchange.
    pub acts_given: Option<usize>,
    /// Acts that came from this peer: not to be sent back.
    pub acts_theirs: BTreeSet<ActId>,
    /// Whether they have sent all their acts.
    pub acts_in: bool,
    /// Whether our frontier was sent.
    pub have_sent: bool,
    /// What they hold of each chain here: as they told it, and as was sent either way since. `None`
    /// until they told it.
    pub holds: Option<BTreeMap<(DeviceId, u8), Chain>>,
    /// What is left to send.
    pub plan: Plan,
    /// What came from somebody else, whom the peer may be linked with too: planned at `later_at` unless
    /// the peer shows before that it holds it.
    pub later: Plan,
    /// When that is.
    pub later_at: Option<Timestamp>,
    /// What was sent and not yet stored there, each with its bytes.
    pub in_flight: VecDeque<(Step, usize)>,
    /// The digest in the last `End` sent.
    pub told: Option<Hash>,
    /// The digest in the last `End` received.
    pub their_digest: Option<Hash>,
    /// When to begin anew if the digests still differ.
    pub anew_at: Option<Timestamp>,
    /// How often it was begun anew.
    pub anew: u32,
    /// Keys that were asked for, each with an entry that it is to open: only these are taken, and none
    /// is asked for again.
    pub asked: BTreeMap<[u8; 32], Place>,
    /// Where among what cannot be opened the last question for keys ended.
    pub asked_from: Option<Vec<u8>>,
    /// Whether all of it was asked for.
    pub asked_all: bool,
    /// What they asked for and could not be given: it is sent as soon as it can be.
    pub unanswered: Unanswered,
    /// How much could not be opened, ever, when that question began.
    pub asked_of: u64,
}

/// Keys that a peer asked for in vain.
#[derive(Clone, Debug, Default)]
pub struct Unanswered {
    /// Epoch keys.
    pub epochs: BTreeSet<EpochId>,
    /// Keys of single bodies, and where these are.
    pub bodies: BTreeMap<EntryId, (DeviceId, u64)>,
}

impl Session {
    /// Returns a session before its first message.
    pub fn new(peer: PeerId, device: DeviceId, vouched: bool) -> Self {
        Self {
            peer,
            device,
            vouched,
            awaits_open: false,
            their_open: None,
            acts_given: None,
            acts_theirs: BTreeSet::new(),
            acts_in: false,
            have_sent: false,
            holds: None,
            plan: Plan::default(),
            later: Plan::default(),
            later_at: None,
            in_flight: VecDeque::new(),
            told: None,
            their_digest: None,
            anew_at: None,
            anew: 0,
            asked: BTreeMap::new(),
            asked_from: None,
            asked_all: false,
            unanswered: Unanswered::default(),
            asked_of: 0,
        }
    }

    /// Begins anew to ask for keys if more could not be opened since.
    pub fn ask_for_more(&mut self, sealed: u64) {
        if core::mem::replace(&mut self.asked_of, sealed) != sealed {
            self.ask_anew(false);
        }
    }

    /// Begins anew to ask for keys, and forgets the answers so far if `afresh`.
    pub fn ask_anew(&mut self, afresh: bool) {
        self.asked_from = None;
        self.asked_all = false;
        if afresh {
            self.asked.clear();
        }
    }

    /// Returns whether nothing is left to send and all of it is stored there.
    pub fn rests(&self) -> bool {
        self.holds.is_some() && self.plan.is_empty() && self.in_flight.is_empty()
    }

    /// Returns whether the peer's credit allows another run.
    pub fn has_credit(&self) -> bool {
        let bytes: usize = self.in_flight.iter().map(|(_, bytes)| bytes).sum();
        self.in_flight.len() < MAX_IN_FLIGHT && bytes < MAX_BYTES_IN_FLIGHT
    }

    /// Returns whether both hold the same.
    pub fn in_step(&self, digest: &Hash) -> bool {
        self.rests() && self.their_digest.as_ref() == Some(digest)
    }

    /// Notes that something is missing here or there: it is begun anew after a wait.
    pub fn rest_out_of_step(&mut self, now: Timestamp) {
        let wait = ANEW_WAIT.saturating_mul(1 << self.anew.min(10));
        self.anew_at = Some(now.after(wait));
    }

    /// Begins the exchange anew.
    pub fn reset(&mut self) {
        let fresh = Self::new(self.peer, self.device, self.vouched);
        *self = Self {
            awaits_open: self.awaits_open,
            acts_given: self.acts_given,
            anew: self.anew,
            asked: std::mem::take(&mut self.asked),
            unanswered: std::mem::take(&mut self.unanswered),
            in_flight: std::mem::take(&mut self.in_flight),
            ..fresh
        };
    }

    /// Notes that the peer holds `low..=high` of a chain now, or will when what is under way arrives.
    pub fn note(&mut self, step: Step) {
        if let Some(holds) = self.holds.as_mut() {
            let chain = holds.entry((step.device, step.branch)).or_default();
            chain.insert(Interval {
                low: step.low,
                high: step.high,
                top: EntryId::default(),
            });
        }
    }

    /// Notes that the peer holds all that was to be planned later.
    pub fn holds_later(&mut self) {
        self.later_at = None;
        let mut later = std::mem::take(&mut self.later);
        while let Some(step) = later.next(u64::MAX) {
            self.note(step);
        }
    }

    /// Plans now what was to be planned later, as far as the peer lacks it still.
    pub fn plan_later(&mut self) {
        self.later_at = None;
        let later = std::mem::take(&mut self.later);
        for (place, newest) in later.places() {
            if !self.has(&place) {
                self.plan
                    .add(place.device, place.branch, (place.seq, place.seq), newest);
            }
        }
    }

    /// Forgets what was known and planned of a branch whose entries were moved.
    pub fn forget(&mut self, device: DeviceId, branch: u8) {
        self.plan.truncate(device, branch, 0);
        self.later.truncate(device, branch, 0);
        if let Some(holds) = self.holds.as_mut() {
            holds.remove(&(device, branch));
        }
    }

    /// Returns whether the peer holds an entry already, as far as it has said.
    pub fn stored(&self, place: &Place) -> bool {
        let under_way = |(step, _): &(Step, usize)| {
            (step.device, step.branch) == (place.device, place.branch)
                && (step.low..=step.high).contains(&place.seq)
        };
        self.has(place) && !self.in_flight.iter().any(under_way)
    }

    /// Returns whether the peer holds an entry, or will.
    pub fn has(&self, place: &Place) -> bool {
        let chain = self
            .holds
            .as_ref()
            .and_then(|holds| holds.get(&(place.device, place.branch)));
        chain.is_some_and(|chain| chain.holds(place.seq))
    }
}
