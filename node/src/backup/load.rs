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
use circlet_model::key::{Secret, SigningKey};
use circlet_model::replica::input::{Command, CommandId, Input};
use circlet_model::replica::output::Outbox;
use circlet_model::replica::{self, Replica};
use circlet_model::store::{self, Reader};
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
        let (name, seed) = (&self.person.name, &self.person.seed);
        let mut loading = Loading::new(rows, now, name, seed)?;
        loading.in_passes(|loading| {
            let mut at = None;
            self.each(|piece| loading.take(piece, &mut at))?;
            loading.hand_over(at)
        })?;
        for at in 0..loading.circles.len() {
            loading.end(at)?;
        }
        Ok(loading)
    }
}

impl<'a> Loading<'a> {
    /// Begins with nothing of a person.
    pub(super) fn new(
        rows: &'a dyn Shelf,
        now: Timestamp,
        name: &str,
        seed: &Secret,
    ) -> Result<Self, Problem> {
        let mut rng = fresh_rng()?;
        let identity = Identity::of(name, seed, &mut rng)?;
        Ok(Self {
            rows,
            now,
            rng,
            identity,
            circles: Vec::new(),
            waiting: Vec::new(),
            bytes: 0,
            again: false,
            new: 0,
        })
    }

    /// Goes through the same pieces again while that brings more of what builds on others.
    pub(super) fn in_passes(
        &mut self,
        mut pass: impl FnMut(&mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        for _ in 0..PASSES {
            (self.again, self.new) = (false, 0);
            pass(self)?;
            if !self.again || self.new == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Takes a piece of the circle at `at`, or the beginning of the next.
    pub(super) fn take(&mut self, piece: Vec<u8>, at: &mut Option<usize>) -> Result<(), Problem> {
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
    pub(super) fn begin(&mut self, circle: &Circle) -> Result<usize, Problem> {
        let hint = circle.id.hint();
        let known = self.circles.iter().position(|(known, _)| *known == hint);
        if let Some(at) = known {
            return Ok(at);
        }
        let cards = circle.cards.iter().map(|card| card.to_string()).collect();
        self.begin_as_new(hint, circle.person.as_ref(), |keys, reader, _, out| {
            Replica::restore(keys, reader, circle.id, cards, out)
        })
    }

    /// Begins a circle with keys of a new device; returns where it is.
    pub(super) fn begin_as_new(
        &mut self,
        hint: Hint,
        person: Option<&Secret>,
        begin: impl FnOnce(
            replica::Identity,
            Box<dyn Reader>,
            Timestamp,
            &mut Outbox,
        ) -> Result<Replica, store::Error>,
    ) -> Result<usize, Problem> {
        let kept: Vec<Hint> = self.circles.iter().map(|(hint, _)| *hint).collect();
        let device = SigningKey::random(&mut self.rng);
        let identity = &self.identity;
        self.identity = identity.with_circle(hint, &device, &kept, &mut self.rng)?;
        if let Some(person) = person {
            self.identity = self.identity.with_person(hint, person);
        }
        let keys = self.identity.keys(hint).ok_or_else(Problem::bug)?;
        let mut out = Outbox::default();
        let replica = begin(keys, self.rows.reader(), self.now, &mut out)?;
        self.rows.write(out.writes)?;
        self.circles.push((hint, replica));
        Ok(self.circles.len() - 1)
    }

    /// Hands over to the circle at `at` what waits for it.
    pub(super) fn hand_over(&mut self, at: Option<usize>) -> Result<(), Problem> {
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

    /// Ends the circle at `at`, all of which was taken in.
    pub(super) fn end(&mut self, at: usize) -> Result<(), Problem> {
        self.handing(at, |replica, (now, _), out| {
            Ok(replica.end_restoring(now, out)?)
        })
    }

    /// Shows the circle at `at` though nobody was asked what was taken back since.
    pub(super) fn show_now(&mut self, at: usize) -> Result<(), Problem> {
        self.handing(at, |replica, (now, rng), out| {
            let (id, command) = (CommandId(0), Command::ShowNow);
            replica.handle(now, rng, Input::Command { id, command }, out);
            Ok(())
        })
    }

    /// Lets a circle do something, and keeps what it wants kept.
    fn handing<T>(
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
