//! A transcript: everything that a replica could tell another one, one way, piece by piece.
//!
//! ```text
//! piece = a frame of the sync session: Acts, ActsEnd, Records, Retracts, Run
//!       | 0x80 ‖ (device, keys)        epoch keys, wrapped to one device            bundles only
//!       | 0x81 ‖ list of secrets       epoch keys as they are                       backups only
//!       | 0x82 ‖ list of (entry, key)  keys of single bodies, as they are           backups only
//!       | 0x83 ‖ list of (entry, key)  keys of notes to this person, as they are    backups only
//! ```
//!
//! Acts first, then records, keys and retracts, then the entries that are left, the newest first, as in
//! a session. Taken piece by piece, so that nobody waits while a large circle is written out; what was
//! written meanwhile follows at the end. A bundle is a transcript sealed for the circle, a backup one
//! that is sealed for its person.

mod carried;
mod held;
pub mod keepsake;
mod rescue;
mod restored;

use super::Replica;
use super::retracts::DETACHED;
use crate::bounded::List;
use crate::codec;
use crate::id::{ActId, DeviceId, EntryId, EpochId, PersonId};
use crate::key::{Rng, Secret};
use crate::log::chain::{Chain, Interval};
use crate::log::run::Run;
use crate::membership::graph::Graph;
use crate::secrecy::bundle::{BundleKey, Head};
use crate::secrecy::usable;
use crate::store::Error;
use crate::sync::message::{Acts, Keys, MAX_ACTS, MAX_RETRACTS, Message, Need};
use crate::sync::plan::{Plan, Step};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

/// Marks epoch keys that are wrapped to one device.
const KEYS_TO: u8 = 0x80;
/// Marks epoch keys as they are.
const SECRETS: u8 = 0x81;
/// Marks keys of single bodies as they are.
const GRANTS: u8 = 0x82;
/// Marks keys of notes as they are.
const NOTES: u8 = 0x83;

/// The most keys in one piece.
const MAX_KEYS: usize = 256;
/// The most epoch keys that a bundle carries for one device: who was away for longer asks a member.
const MAX_KEYS_TO: usize = 64;
/// The newest epochs by which a bundle may open here.
const BUNDLE_EPOCHS: usize = 16;
/// The most bytes of acts or records in one piece.
const PIECE_BYTES: usize = 160 * 1024;
/// The most records in one piece.
const MAX_RECORDS: usize = 256;
/// How often what was written meanwhile is added: somebody who never stops writing is not waited for.
const ROUNDS: u8 = 4;

/// Keys of single bodies, or of notes.
type Grants = List<(EntryId, Secret), MAX_KEYS>;

/// Epoch keys, wrapped to one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeysTo {
    device: DeviceId,
    keys: Keys,
}

/// What a transcript is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// For the members, or for one of them: what that one is known to hold is left out.
    Bundle {
        /// The one.
        to: Option<PersonId>,
    },
    /// For this person alone: with the keys as they are.
    Backup,
    /// The same where the store is damaged: what can still be read.
    Rescue {
        /// The time, by which it is judged what may have faded.
        now: Timestamp,
    },
}

/// How far a transcript is.
#[derive(Clone, Debug)]
pub struct Transcript {
    purpose: Purpose,
    stage: Stage,
    rounds: u8,
    acts: usize,
    retracts: usize,
    sent: BTreeMap<(DeviceId, u8), Chain>,
    plan: Plan,
    ready: VecDeque<Vec<u8>>,
    /// How much of what is held could not be read, of a rescue.
    lost: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Acts,
    Beside,
    Runs,
    Done,
}

impl Replica {
    /// Begins a transcript of all that is held.
    pub fn transcript(&self, purpose: Purpose) -> Result<Transcript, Error> {
        let sent = match purpose {
            Purpose::Bundle { to: Some(person) } => self.held_by(&person)?,
            Purpose::Bundle { to: None } | Purpose::Backup | Purpose::Rescue { .. } => {
                BTreeMap::new()
            }
        };
        Ok(Transcript {
            purpose,
            stage: Stage::Acts,
            rounds: 0,
            acts: 0,
            retracts: 0,
            sent,
            plan: Plan::default(),
            ready: VecDeque::new(),
            lost: 0,
        })
    }

    /// Returns the next piece; `None` at the end.
    pub fn next_piece(
        &self,
        transcript: &mut Transcript,
        rng: &mut Rng<'_>,
    ) -> Result<Option<Vec<u8>>, Error> {
        loop {
            if let Some(piece) = transcript.ready.pop_front() {
                return Ok(Some(piece));
            }
            match transcript.stage {
                Stage::Acts => {
                    let next = self.next_acts(&mut transcript.acts);
                    transcript.stage = next.as_ref().map_or(Stage::Beside, |_| Stage::Acts);
                    let piece = next.unwrap_or(Message::ActsEnd);
                    transcript.ready.push_back(piece.to_frame());
                }
                Stage::Beside => {
                    self.put_beside(transcript, rng)?;
                    self.plan_rest(transcript);
                    transcript.stage = Stage::Runs;
                }
                Stage::Runs => {
                    if !self.put_next_run(transcript)? {
                        transcript.rounds += 1;
                        let more = transcript.rounds < ROUNDS && self.is_ahead_of(transcript);
                        transcript.stage = if more { Stage::Acts } else { Stage::Done };
                    }
                }
                Stage::Done => return Ok(None),
            }
        }
    }

    /// Returns the head of a bundle whose file is sealed with a key, for those who belong now. `None`
    /// where this device does not.
    pub fn bundle_head(&self, file: &Secret, now: Timestamp, rng: &mut Rng<'_>) -> Option<Head> {
        let roster = self.roster().filter(|_| self.is_active())?;
        let epoch = usable::sealing_epoch(roster, &self.ring, self.device(), now.day());
        let epoch = epoch.and_then(|act| roster.epochs.get(&act));
        let by = epoch.and_then(|epoch| self.ring.get(&epoch.commons));
        let by = by.map(BundleKey::of_epoch);
        let to: Vec<_> = roster
            .keyed_devices(self.device())
            .map(|(_, device)| &device.kem)
            .collect();
        Head::seal(file, &self.hint(), by.as_ref(), &to, rng).ok()
    }

    /// Returns the key of a bundle's file if it is of this circle.
    pub fn open_bundle(&self, head: &Head) -> Option<Secret> {
        let roster = self.roster().filter(|_| self.is_active())?;
        let mut epochs: Vec<_> = roster.epochs.values().collect();
        epochs.sort_by_key(|epoch| Reverse(epoch.depth));
        let epochs = epochs
            .iter()
            .filter_map(|epoch| self.ring.get(&epoch.commons));
        let opened = head.open_by(&self.hint(), epochs.take(BUNDLE_EPOCHS));
        opened.or_else(|| head.open_as(&self.hint(), &self.identity.kem))
    }

    /// Returns the next acts, in the order in which they were attached.
    fn next_acts(&self, from: &mut usize) -> Option<Message> {
        let (mut acts, mut bytes) = (Vec::new(), 0);
        for act in self.graph.iter().flat_map(Graph::iter).skip(*from) {
            let signed = act.signed().clone();
            bytes += codec::encode(&signed).len();
            acts.push(signed);
            if bytes > PIECE_BYTES || acts.len() == MAX_ACTS {
                break;
            }
        }
        *from += acts.len();
        let some = !acts.is_empty();
        some.then(|| {
            Message::Acts(Acts {
                acts: List::new(acts).unwrap_or_default(),
                tables: List::default(),
            })
        })
    }

    /// Records, keys and detached retracts: what is neither act nor entry.
    fn put_beside(&self, transcript: &mut Transcript, rng: &mut Rng<'_>) -> Result<(), Error> {
        let (mut some, mut bytes) = (Vec::new(), 0);
        let mut records = self.records.values().peekable();
        while let Some(record) = records.next() {
            bytes += codec::encode(record).len();
            some.push(record.clone());
            if bytes > PIECE_BYTES || some.len() == MAX_RECORDS || records.peek().is_none() {
                bytes = 0;
                let records = List::new(std::mem::take(&mut some)).unwrap_or_default();
                transcript
                    .ready
                    .push_back(Message::Records(records).to_frame());
            }
        }
        match transcript.purpose {
            Purpose::Bundle { to } => self.put_keys(transcript, to, rng)?,
            Purpose::Backup | Purpose::Rescue { .. } => self.put_secrets(transcript),
        }
        let detached = self.detached();
        let signed = match transcript.purpose {
            Purpose::Rescue { .. } => self.retracts_left(&detached, &mut transcript.lost)?,
            Purpose::Bundle { .. } | Purpose::Backup => self.signed_retracts(detached.iter())?,
        };
        for some in signed.chunks(MAX_RETRACTS) {
            let retracts = List::new(some.to_vec()).unwrap_or_default();
            transcript
                .ready
                .push_back(Message::Retracts(retracts).to_frame());
        }
        transcript.retracts = self.retracts.len();
        Ok(())
    }

    /// For each device, the newest keys that it may have and is not known to hold.
    fn put_keys(
        &self,
        transcript: &mut Transcript,
        to: Option<PersonId>,
        rng: &mut Rng<'_>,
    ) -> Result<(), Error> {
        let (Some(graph), Some(roster)) = (self.graph.as_ref(), self.roster()) else {
            return Ok(());
        };
        let mut epochs: Vec<(&ActId, _)> = roster.epochs.iter().collect();
        epochs.sort_by_key(|(_, epoch)| Reverse(epoch.depth));
        let others = roster.keyed_devices(self.device()).filter(|(id, device)| {
            **id != self.device() && to.is_none_or(|to| device.person == to)
        });
        for (id, device) in others {
            let known = [device.added, graph.next(id).1];
            let lacks = epochs
                .iter()
                .filter(|(act, epoch)| !epoch.commons_to.contains(id) || !graph.knows(&known, act));
            let keys = lacks.flat_map(|(_, epoch)| [epoch.commons, epoch.stories]);
            let keys: Vec<EpochId> = keys.take(MAX_KEYS_TO).collect();
            let need = Need {
                epochs: List::new(keys).unwrap_or_default(),
                ..Need::default()
            };
            let keys = self.answer_need(*id, &need, rng)?;
            if keys.epochs.as_ref().is_some_and(|(ids, _)| !ids.is_empty()) {
                let keys = KeysTo { device: *id, keys };
                transcript.ready.push_back(marked(KEYS_TO, &keys));
            }
        }
        Ok(())
    }

    fn put_secrets(&self, transcript: &mut Transcript) {
        let secrets = self.ring.iter().map(|(_, key)| key.secret().clone());
        let secrets: Vec<Secret> = secrets.collect();
        for some in secrets.chunks(MAX_KEYS) {
            let some: List<Secret, MAX_KEYS> = List::new(some.to_vec()).unwrap_or_default();
            transcript.ready.push_back(marked(SECRETS, &some));
        }
    }

    /// Plans what is held and was not sent.
    fn plan_rest(&self, transcript: &mut Transcript) {
        let none = Chain::default();
        let mut plan = Plan::default();
        for ((device, branch), chain) in self.frontier.chains() {
            let sent = transcript.sent.get(&(*device, *branch)).unwrap_or(&none);
            for range in chain.without(sent) {
                // The newest first does not matter to who reads it all at once.
                plan.add(*device, *branch, range, range.1);
            }
        }
        let places = self.retracts.values();
        for place in places.filter(|place| place.branch != DETACHED) {
            let sent = transcript.sent.get(&(place.device, place.branch));
            if !sent.is_some_and(|sent| sent.holds(place.seq)) {
                plan.add_retract(*place);
            }
        }
        transcript.plan = plan;
    }

    /// Adds the next run; says whether there was one.
    fn put_next_run(&self, transcript: &mut Transcript) -> Result<bool, Error> {
        if let Purpose::Rescue { now } = transcript.purpose {
            return self.rescue_next(transcript, now);
        }
        match self.next_run(&mut transcript.plan)? {
            Some((step, run)) => self.put_run(transcript, step, run).map(|()| true),
            None => Ok(false),
        }
    }

    fn put_run(&self, transcript: &mut Transcript, step: Step, run: Run) -> Result<(), Error> {
        if transcript.purpose == Purpose::Backup {
            let (mut grants, mut notes) = (Vec::new(), Vec::new());
            for entry in self
                .rows
                .entries(&step.device, step.branch, (step.low, step.high))?
            {
                let id = entry.id();
                let granted: Option<Secret> = self.rows.load(&self.rows.grant_key(&id))?;
                grants.extend(granted.map(|key| (id, key)));
                let opened: Option<Secret> = self.rows.load(&self.rows.note_key(&id))?;
                notes.extend(opened.map(|key| (id, key)));
            }
            transcript.put_keys(GRANTS, grants);
            transcript.put_keys(NOTES, notes);
        }
        transcript.note_sent(step);
        transcript.ready.push_back(Message::Run(run).to_frame());
        Ok(())
    }

    /// Whether more is held than a transcript has.
    fn is_ahead_of(&self, transcript: &Transcript) -> bool {
        let none = Chain::default();
        let mut chains = self.frontier.chains();
        self.graph.as_ref().map_or(0, Graph::len) > transcript.acts
            || self.retracts.len() > transcript.retracts
            || chains.any(|(key, chain)| {
                let sent = transcript.sent.get(key).unwrap_or(&none);
                !chain.without(sent).is_empty()
            })
    }
}

impl Transcript {
    /// Returns how much of what was held could not be read; 0 of what is no rescue.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn put_keys(&mut self, mark: u8, keys: Vec<(EntryId, Secret)>) {
        if !keys.is_empty() {
            let keys: Grants = List::new(keys).unwrap_or_default();
            self.ready.push_back(marked(mark, &keys));
        }
    }

    fn note_sent(&mut self, step: Step) {
        let sent = self.sent.entry((step.device, step.branch));
        sent.or_default().insert(Interval {
            low: step.low,
            high: step.high,
            top: EntryId::default(),
        });
    }
}

fn marked<T: Serialize>(mark: u8, value: &T) -> Vec<u8> {
    let mut piece = vec![mark];
    piece.extend(codec::encode(value));
    piece
}
