//! Loading a backup into a store, on a disk or in memory, through the checks that all comes through.

use super::alone;
use super::in_memory::{InMemory, Shelf};
use super::open::Backup;
use super::problems::damaged;
use super::{CIRCLE, Circle, TURN};
use crate::identity::{Hint, Identity};
use crate::keystore::fresh_rng;
use crate::problem::Problem;
use circlet_model::codec;
use circlet_model::key::SigningKey;
use circlet_model::replica::Replica;
use circlet_model::replica::output::Outbox;
use circlet_model::time::Timestamp;
use rand_chacha::ChaCha20Rng;

/// How often what builds on something that came after it is gone through again.
const PASSES: usize = 3;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// When it was made.
    pub made: Timestamp,
    /// The name of its person.
    pub name: String,
    /// The circles: each with its name, and with the names of those who belonged to it.
    pub circles: Vec<(String, Vec<String>)>,
}

/// A backup on its way into a store.
pub(super) struct Loading<'a> {
    rows: &'a dyn Shelf,
    now: Timestamp,
    rng: ChaCha20Rng,
    pub(super) identity: Identity,
    pub(super) circles: Vec<(Hint, Replica)>,
    waiting: Vec<Vec<u8>>,
    bytes: usize,
    again: bool,
    new: u64,
}

impl Backup {
    /// Loads the whole backup in memory, and says what is in it.
    pub fn check(&self, now: Timestamp) -> Result<Account, Problem> {
        let rows = InMemory::default();
        let loading = self.load(&rows, now)?;
        let circles = loading.circles.iter().map(|(_, replica)| {
            let overview = replica.overview();
            let members = overview.members.into_iter().map(|member| member.name);
            (overview.name, members.collect())
        });
        Ok(Account {
            made: self.person.made,
            name: self.person.name.to_string(),
            circles: circles.collect(),
        })
    }

    /// Loads the whole backup into a store, with keys of new devices.
    pub(super) fn load<'a>(
        &self,
        rows: &'a dyn Shelf,
        now: Timestamp,
    ) -> Result<Loading<'a>, Problem> {
        let mut rng = fresh_rng()?;
        let identity = Identity::of(&self.person.name, &self.person.seed, &mut rng)?;
        let mut loading = Loading {
            rows,
            now,
            rng,
            identity,
            circles: Vec::new(),
            waiting: Vec::new(),
            bytes: 0,
            again: false,
            new: 0,
        };
        for _ in 0..PASSES {
            (loading.again, loading.new) = (false, 0);
            let mut at = None;
            self.each(|piece| loading.take(piece, &mut at))?;
            loading.hand_over(at)?;
            if !loading.again || loading.new == 0 {
                break;
            }
        }
        for at in 0..loading.circles.len() {
            loading.handing(at, |replica, (now, _), out| {
                Ok(replica.end_restoring(now, out)?)
            })?;
        }
        Ok(loading)
    }
}

impl Loading<'_> {
    /// Takes a piece of the circle at `at`, or the beginning of the next.
    fn take(&mut self, piece: Vec<u8>, at: &mut Option<usize>) -> Result<(), Problem> {
        if let Some((&CIRCLE, bytes)) = piece.split_first() {
            self.hand_over(*at)?;
            let circle: Circle = codec::decode(bytes).map_err(|_| damaged())?;
            *at = Some(self.begin(&circle)?);
            return Ok(());
        }
        if alone::take(&piece, self.rows)? {
            return Ok(());
        }
        self.bytes += piece.len();
        self.waiting.push(piece);
        if self.bytes >= TURN {
            self.hand_over(*at)?;
        }
        Ok(())
    }

    /// Returns where a circle is, and begins it where it is not here yet.
    fn begin(&mut self, circle: &Circle) -> Result<usize, Problem> {
        let hint = circle.id.hint();
        let known = self.circles.iter().position(|(known, _)| *known == hint);
        if let Some(at) = known {
            return Ok(at);
        }
        let kept: Vec<Hint> = self.circles.iter().map(|(hint, _)| *hint).collect();
        let device = SigningKey::random(&mut self.rng);
        let identity = &self.identity;
        self.identity = identity.with_circle(hint, &device, &kept, &mut self.rng)?;
        if let Some(person) = &circle.person {
            self.identity = self.identity.with_person(hint, person);
        }
        let keys = self.identity.keys(hint).ok_or_else(Problem::bug)?;
        let cards = circle.cards.iter().map(|card| card.to_string()).collect();
        let mut out = Outbox::default();
        let reader = self.rows.reader();
        let replica = Replica::restore(keys, reader, circle.id, cards, &mut out)?;
        self.rows.write(out.writes)?;
        self.circles.push((hint, replica));
        Ok(self.circles.len() - 1)
    }

    /// Hands over to the circle at `at` what waits for it.
    fn hand_over(&mut self, at: Option<usize>) -> Result<(), Problem> {
        let pieces = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        if pieces.is_empty() {
            return Ok(());
        }
        let at = at.ok_or_else(damaged)?;
        let carried = self.handing(at, |replica, (now, rng), out| {
            Ok(replica.take_backup(&pieces, now, rng, out)?)
        })?;
        if carried.bad {
            return Err(damaged());
        }
        self.again |= carried.again;
        self.new += carried.new;
        Ok(())
    }

    /// Lets a circle do something, and keeps what it wants kept.
    pub(super) fn handing<T>(
        &mut self,
        at: usize,
        ask: impl FnOnce(&mut Replica, (Timestamp, &mut ChaCha20Rng), &mut Outbox) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let (_, replica) = self.circles.get_mut(at).ok_or_else(Problem::bug)?;
        let mut out = Outbox::default();
        let done = ask(replica, (self.now, &mut self.rng), &mut out)?;
        if let Some(error) = out.trouble {
            return Err(error.into());
        }
        self.rows.write(out.writes)?;
        Ok(done)
    }
}
