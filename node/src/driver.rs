//! The driver: one thread that owns every replica of a home, the store and a network per circle, and
//! carries inputs in and outputs out, storing before sending.
//!
//! ```text
//! requests ─┐              ┌─ replies                 one round:
//! events   ─┼─► round ─────┼─ frames, dials            1. take what waits (at most ROUND), hand each
//! wakes    ─┘   │   ▲      └─ wakes                       input to its replica, write its changes
//!               ▼   │                                 2. flush once
//!              store (write, flush)                   3. only then carry out every output, in order
//! ```
//!
//! A thread of its own, because the store blocks; the networks run on the program's runtime.
//!
//! A network that ends by itself is opened again after [`REOPEN_FIRST`], then after twice as long each
//! time up to [`REOPEN_LONGEST`]; the replica sees its links end.
//!
//! When the store cannot be written, nothing of that input is sent, answered or shown as done: the
//! replica is opened again from what the store does hold, its links are closed, whoever asked gets a
//! [`Problem`], and after [`RETRY`] the circle goes on by itself.

mod begin;
mod cards;
mod carry;
mod circle;
mod devices;
mod keep;
mod ports;
mod round;
pub(crate) mod row;
mod running;
#[cfg(test)]
mod tests;
mod turns;

use crate::cards::Cards;
use crate::clock::Watch;
use crate::config::Config;
use crate::handle::{Answer, Request, Select, Shown};
use crate::identity::{Hint, Identity};
use crate::keystore::{Keystore, fresh_rng};
use crate::local::Local;
use crate::network;
use crate::problem::Problem;
use crate::storage::{Engine, Vault};
use circle::Circle;
use circlet_model::replica::Replica;
use circlet_model::replica::input::{Command, CommandId, Input};
use circlet_model::replica::output::{Output, Reply};
use circlet_model::store::{self, Reader};
use circlet_model::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use round::{After, Round};
pub(crate) use running::{Running, start};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use turns::{next_event, waiting_event};

/// How long a circle whose changes could not be stored waits before it tries again.
const RETRY: Duration = Duration::from_secs(10);

/// How long after a circle's network ended by itself it is opened again, the first time.
const REOPEN_FIRST: Duration = Duration::from_secs(1);

/// The longest such wait. A network that lasted longer than this had no lasting trouble.
const REOPEN_LONGEST: Duration = Duration::from_mins(5);

/// The longest time between two looks at the clock, so that a sleep of the computer is noticed.
const LOOK: Duration = Duration::from_secs(30);

/// How long the networks may take to close: what is left of five seconds is for the rest.
const CLOSING: Duration = Duration::from_secs(3);

/// What a driver is made of.
#[derive(Debug)]
pub(crate) struct Parts<E> {
    pub(crate) vault: Vault<E>,
    pub(crate) keystore: Keystore,
    pub(crate) identity: Identity,
    pub(crate) config: Config,
}

struct Driver<E> {
    vault: Vault<E>,
    keystore: Keystore,
    identity: Identity,
    config: Config,
    networks: Option<tokio::runtime::Handle>,
    rng: ChaCha20Rng,
    circles: Vec<Circle>,
    waiting: BTreeMap<u64, (Hint, Answer<Reply>)>,
    commands: u64,
    turn: usize,
    watch: Watch,
    settle: watch::Sender<bool>,
    /// Tells whoever shows something that it may have changed.
    moved: watch::Sender<()>,
    /// Circles whose replicas asked for other keys, and what they asked.
    other_keys: Vec<(Hint, Output)>,
    keeping: cards::Keeping,
    looked: Instant,
}

/// What wakes the driver.
enum Work {
    Request(Request),
    Event(Hint, network::Event),
    /// A circle's network ended by itself.
    Ended(Hint),
    Tick,
    Shutdown,
}

impl<E: Engine> Driver<E> {
    fn open(parts: Parts<E>, settle: watch::Sender<bool>) -> Result<Self, Problem> {
        let Parts {
            vault,
            keystore,
            identity,
            config,
        } = parts;
        let networks = config.network.then(tokio::runtime::Handle::current);
        let mut circles = Vec::new();
        let watch = Watch::new(config.clock);
        for row in row::Row::all(&vault, &identity.hints(), config.clock.now())? {
            let replica = load(&vault, &identity, row.hint);
            circles.extend(replica.map(|replica| Circle::new(row, replica)));
        }
        let rng = fresh_rng()?;
        let keeping = cards::Keeping::new(Cards::of(&keystore));
        let mut driver = Self {
            vault,
            keystore,
            identity,
            config,
            networks,
            rng,
            circles,
            waiting: BTreeMap::new(),
            commands: 0,
            turn: 0,
            watch,
            settle,
            moved: watch::Sender::new(()),
            other_keys: Vec::new(),
            keeping,
            looked: Instant::now(),
        };
        driver.hide_muted();
        Ok(driver)
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Request>, shutdown: CancellationToken) {
        let mut first = Round::default();
        for hint in self.hints() {
            self.begin_running(hint, &mut first);
        }
        self.finish(first).await;
        loop {
            self.change_keys().await;
            let mut round = Round::default();
            match self.next(&mut inbox, &shutdown).await {
                Work::Shutdown => break,
                work @ (Work::Request(_) | Work::Event(..) | Work::Ended(_) | Work::Tick) => {
                    self.take(work, &mut round);
                }
            }
            while !round.is_full() {
                match self.waiting_work(&mut inbox) {
                    Some(work) => self.take(work, &mut round),
                    None => break,
                }
            }
            self.wake(&mut round);
            self.finish(round).await;
            self.shrink();
        }
        self.close().await;
    }

    /// Opens a circle's network. Its replica hears nothing before it is known where it listens, so
    /// that it dials from there. Without network it is told where it could be reached last.
    fn begin_running(&mut self, hint: Hint, round: &mut Round) {
        round.after.push(After::Open(hint));
        if self.networks.is_none() {
            let addresses = self.circle(hint).map(|circle| circle.row.reachable());
            let addresses = addresses.unwrap_or_default();
            self.feed(hint, Input::Reachable { addresses }, round);
        }
    }

    async fn next(
        &mut self,
        inbox: &mut mpsc::Receiver<Request>,
        shutdown: &CancellationToken,
    ) -> Work {
        let pause = self.pause();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Work::Shutdown,
            request = inbox.recv() => request.map_or(Work::Shutdown, Work::Request),
            work = next_event(&mut self.circles, &mut self.turn) => work,
            () = sleep(pause) => Work::Tick,
        }
    }

    /// Returns what waits already, requests first.
    fn waiting_work(&mut self, inbox: &mut mpsc::Receiver<Request>) -> Option<Work> {
        if let Ok(request) = inbox.try_recv() {
            return Some(Work::Request(request));
        }
        waiting_event(&mut self.circles, &mut self.turn)
    }

    /// Returns how long to wait for the next replica that wants to be woken.
    fn pause(&self) -> Duration {
        let now = self.now();
        let wakes = self.circles.iter().filter_map(Circle::next_wake);
        let reopens = self.circles.iter().filter_map(|circle| circle.outage.again);
        let next = wakes.chain(reopens).min();
        next.map_or(LOOK, |at| at.since(now)).min(LOOK)
    }

    fn take(&mut self, work: Work, round: &mut Round) {
        round.taken += 1;
        if let Work::Event(_, network::Event::Frame { frame, .. }) = &work {
            round.bytes += frame.len();
        }
        match work {
            Work::Request(Request::Found { name, answer }) => self.found(&name, answer, round),
            Work::Request(Request::Join { key, answer }) => self.join(&key, answer, round),
            Work::Request(Request::Return {
                seed,
                contacts,
                answer,
            }) => self.come_back(&seed, contacts, answer, round),
            Work::Request(Request::Command {
                circle,
                command,
                answer,
            }) => {
                self.command(&circle, *command, answer, round);
            }
            Work::Request(Request::Look(look)) => round.after.push(After::Look(look)),
            Work::Request(Request::Keep(keep)) => self.keep(keep, round),
            Work::Event(hint, event) => self.event(hint, event, round),
            Work::Ended(hint) => self.network_ended(hint, round),
            Work::Tick | Work::Shutdown => {}
        }
    }

    fn command(
        &mut self,
        select: &Select,
        command: Command,
        answer: Answer<Reply>,
        round: &mut Round,
    ) {
        let shown = self.shown();
        let picked = shown.pick(select);
        let hint = picked.and_then(|line| match line.replica {
            Ok(_) => Ok(line.hint),
            Err(error) => Err(error.clone().into()),
        });
        match hint {
            Ok(hint) => {
                self.commands += 1;
                self.waiting.insert(self.commands, (hint, answer));
                let id = CommandId(self.commands);
                self.feed(hint, Input::Command { id, command }, round);
            }
            Err(problem) => drop(answer.send(Err(problem))),
        }
    }

    /// Wakes the replicas whose time has come, and the circles that waited for the store.
    fn wake(&mut self, round: &mut Round) {
        let now = self.now();
        let jumped = self.watch.jumped();
        self.reopen_networks(now, round);
        let due: Vec<Hint> = self
            .circles
            .iter_mut()
            .filter(|circle| circle.next_wake().is_some_and(|at| at <= now))
            .map(|circle| {
                (circle.wake, circle.retry) = (None, None);
                circle.row.hint
            })
            .collect();
        for hint in due {
            self.reopen_if_closed(hint);
            self.feed(hint, Input::Wake, round);
        }
        if jumped {
            for hint in self
                .circles
                .iter()
                .map(|circle| circle.row.hint)
                .collect::<Vec<_>>()
            {
                self.feed(hint, Input::NetworkChanged, round);
            }
        }
    }

    fn reopen_if_closed(&mut self, hint: Hint) {
        if self
            .circle(hint)
            .is_some_and(|circle| circle.replica.is_err())
            && let Some(replica) = self.load(hint)
            && let Some(circle) = self.circle(hint)
        {
            circle.show(replica);
        }
    }

    /// Opens a replica from what the store holds; `None` where its keys are not here.
    fn load(&self, hint: Hint) -> Option<Result<Replica, store::Error>> {
        load(&self.vault, &self.identity, hint)
    }

    /// Returns why a circle that is here is not open.
    fn closed(&mut self, hint: Hint) -> Problem {
        let circle = self.circle(hint);
        let error = circle.and_then(|circle| circle.replica.as_ref().err().cloned());
        error.map_or_else(Problem::bug, Problem::from)
    }

    fn shown(&self) -> Shown<'_> {
        Shown {
            circles: self.circles.iter().map(Circle::line).collect(),
            identity: &self.identity,
            local: Local::new(&self.vault),
            now: self.now(),
        }
    }

    fn circle(&mut self, hint: Hint) -> Option<&mut Circle> {
        self.circles
            .iter_mut()
            .find(|circle| circle.row.hint == hint)
    }

    fn hints(&self) -> Vec<Hint> {
        self.circles.iter().map(|circle| circle.row.hint).collect()
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(self.vault.clone())
    }

    fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    /// Closes every link, then the store.
    async fn close(mut self) {
        for circle in &self.circles {
            if let Some(network) = &circle.network {
                drop(network.send(network::Command::Shutdown).await);
            }
        }
        let ended = async {
            for circle in &mut self.circles {
                if let Some(events) = &mut circle.events {
                    while events.recv().await.is_some() {}
                }
            }
        };
        if tokio::time::timeout(CLOSING, ended).await.is_err() {
            tracing::debug!("a network took too long to close");
        }
        self.keep_cards(false, true);
        if self.vault.flush().is_err() {
            tracing::debug!("the last flush did not work; nothing in it was acknowledged");
        }
    }
}

/// Opens a replica. One of which a part cannot be read stays closed: it would take what is missing for
/// what was taken back.
fn load<E: Engine>(
    vault: &Vault<E>,
    identity: &Identity,
    hint: Hint,
) -> Option<Result<Replica, store::Error>> {
    let keys = identity.keys(hint)?;
    if vault.is_damaged(hint) {
        return Some(Err(store::Error::Damaged("keys of its things".to_owned())));
    }
    Some(Replica::load(keys, Box::new(vault.clone()), hint))
}
