//! How the rest of the program talks to the driver: requests through one bounded channel, and looks
//! at the replicas, which run where the replicas live.

use crate::identity::{Hint, Identity};
use crate::local::Local;
use crate::problem::{Kind, Problem};
use circlet_model::address::Address;
use circlet_model::id::CircleId;
use circlet_model::invitation::AnyKey;
use circlet_model::key::Secret;
use circlet_model::replica::Replica;
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::Standing;
use circlet_model::store::{self, Batch};
use circlet_model::time::Timestamp;
use std::fmt;
use tokio::sync::{mpsc, oneshot, watch};

/// Requests that may wait for the driver; whoever asks waits when there are more.
pub(crate) const REQUESTS: usize = 64;

/// The fewest characters of a circle's id that count as naming it.
const SHORTEST_ID: usize = 6;

/// Talks to the driver of a home.
#[derive(Clone, Debug)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
    moved: watch::Receiver<()>,
}

/// Which circle is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// The only one.
    Only,
    /// The one whose name or id begins like this.
    Named(String),
    /// The one with this hint.
    Hint(Hint),
}

/// Where the answer goes.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Problem>>;

/// Something that is run where the replicas live, once what they hold is durable.
pub(crate) type Look = Box<dyn FnOnce(&Shown<'_>) + Send>;

/// Something that says what is to be kept for the member alone, and whom to answer once it is durable.
pub(crate) type Keep = Box<dyn FnOnce(&Shown<'_>) -> (Batch, Kept) + Send>;

/// Who is answered once something is durable, or could not be made so.
pub(crate) type Kept = Box<dyn FnOnce(Result<(), Problem>) + Send>;

/// What the driver is asked.
pub(crate) enum Request {
    /// Begin a circle.
    Found {
        name: String,
        answer: Answer<CircleId>,
    },
    /// Join one, or become a device of somebody in it.
    Join {
        key: Box<AnyKey>,
        answer: Answer<Hint>,
    },
    /// Come back to circles as the person of this home.
    Return {
        seed: Secret,
        contacts: Vec<AnyKey>,
        answer: Answer<Vec<Hint>>,
    },
    /// Have a replica do something.
    Command {
        circle: Select,
        command: Box<Command>,
        answer: Answer<Reply>,
    },
    /// Look at the replicas.
    Look(Look),
    /// Keep something for the member alone.
    Keep(Keep),
}

/// All circles of a home, to be looked at.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The circles, the longest-standing first.
    pub circles: Vec<Line<'a>>,
    /// Who the person at this computer is.
    pub identity: &'a Identity,
    /// What is kept for this person alone.
    pub local: Local<'a>,
    /// The time.
    pub now: Timestamp,
}

/// One circle, to be looked at.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// The first bytes of its id.
    pub hint: Hint,
    /// Its replica, or why it could not be opened.
    pub replica: Result<&'a Replica, &'a store::Error>,
    /// Where its node listens.
    pub listening: &'a [Address],
    /// Where it could not listen though it was asked to.
    pub refused: &'a [Address],
    /// Whether it waits because the store could not be written.
    pub paused: bool,
    /// Whether its network ended by itself and is about to be opened again.
    pub cut_off: bool,
}

impl Handle {
    /// Returns a handle and what the driver reads. `moved` tells of every round in which a replica did something.
    pub(crate) fn new(moved: watch::Receiver<()>) -> (Self, mpsc::Receiver<Request>) {
        let (requests, inbox) = mpsc::channel(REQUESTS);
        (Self { requests, moved }, inbox)
    }

    /// Returns what tells that something may have changed since now; it ends with the driver.
    pub(crate) fn moved(&self) -> watch::Receiver<()> {
        let mut moved = self.moved.clone();
        moved.mark_unchanged();
        moved
    }

    /// Begins a circle.
    pub async fn found(&self, name: String) -> Result<CircleId, Problem> {
        self.ask(|answer| Request::Found { name, answer }).await
    }

    /// Begins to join a circle, or goes on with this key.
    pub async fn join(&self, key: impl Into<AnyKey>) -> Result<Hint, Problem> {
        let key = Box::new(key.into());
        self.ask(|answer| Request::Join { key, answer }).await
    }

    /// Begins to come back to the circles of these cards and keys. The seed is that of this home's
    /// person, to be sure.
    pub async fn come_back(
        &self,
        seed: Secret,
        contacts: Vec<AnyKey>,
    ) -> Result<Vec<Hint>, Problem> {
        self.ask(|answer| Request::Return {
            seed,
            contacts,
            answer,
        })
        .await
    }

    /// Has a replica do something.
    pub async fn command(&self, circle: Select, command: Command) -> Result<Reply, Problem> {
        let command = Box::new(command);
        self.ask(|answer| Request::Command {
            circle,
            command,
            answer,
        })
        .await
    }

    /// Looks at the replicas.
    pub async fn look<T, F>(&self, look: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Shown<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let run =
            |answer: Answer<T>| -> Look { Box::new(move |shown| drop(answer.send(look(shown)))) };
        self.ask(|answer| Request::Look(run(answer))).await
    }

    /// Keeps something for the member alone: the changes that are made of what is here.
    pub(crate) async fn keep<T, F>(&self, keep: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Shown<'_>) -> Result<(Batch, T), Problem> + Send + 'static,
    {
        let run = |answer: Answer<T>| -> Keep {
            Box::new(move |shown| match keep(shown) {
                Ok((batch, value)) => {
                    let durable = |kept: Result<(), Problem>| kept.map(|()| value);
                    (batch, Box::new(|kept| drop(answer.send(durable(kept)))))
                }
                Err(problem) => {
                    drop(answer.send(Err(problem)));
                    (Batch::new(), Box::new(drop))
                }
            })
        };
        self.ask(|answer| Request::Keep(run(answer))).await
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, Problem> {
        let (answer, wait) = oneshot::channel();
        self.requests
            .send(request(answer))
            .await
            .map_err(|_| Problem::closing())?;
        wait.await.map_err(|_| Problem::closing())?
    }
}

impl<'a> Shown<'a> {
    /// Returns the circle that is meant.
    pub fn pick(&self, select: &Select) -> Result<Line<'a>, Problem> {
        let found: Vec<Line<'a>> = match select {
            Select::Hint(hint) => self.those(|line| line.hint == *hint),
            Select::Only => self.only(),
            Select::Named(name) => self.named(name),
        };
        match (found.as_slice(), self.circles.is_empty()) {
            ([line], _) => Ok(*line),
            ([], true) => Err(no_circle()),
            ([], false) => Err(Problem::not_found("circle")),
            ([_, _, ..], _) => Err(several()),
        }
    }

    /// Returns the circles that may be meant: all of them where none is named.
    pub fn among(&self, select: &Select) -> Result<Vec<Line<'a>>, Problem> {
        match select {
            Select::Only => Ok(self.circles.clone()),
            Select::Named(_) | Select::Hint(_) => Ok(vec![self.pick(select)?]),
        }
    }

    /// Returns the replica that is meant.
    pub fn replica(&self, select: &Select) -> Result<&'a Replica, Problem> {
        self.pick(select)?
            .replica
            .map_err(|error| error.clone().into())
    }

    fn only(&self) -> Vec<Line<'a>> {
        if self.circles.len() == 1 {
            return self.circles.clone();
        }
        let joined = self.those(|line| line.standing() == Some(Standing::Member));
        if joined.is_empty() {
            self.circles.clone()
        } else {
            joined
        }
    }

    fn named(&self, name: &str) -> Vec<Line<'a>> {
        let wanted = name.trim().to_lowercase();
        let called = |line: &Line<'a>| {
            line.replica
                .map_or_else(|_| String::new(), |it| it.overview().name.to_lowercase())
        };
        let exact = self.those(|line| called(line) == wanted);
        if !exact.is_empty() {
            return exact;
        }
        let long_enough = wanted.len() >= SHORTEST_ID;
        self.those(|line| {
            (!wanted.is_empty() && called(line).starts_with(&wanted))
                || (long_enough && line.id().starts_with(&wanted))
        })
    }

    fn those(&self, keep: impl Fn(&Line<'a>) -> bool) -> Vec<Line<'a>> {
        self.circles
            .iter()
            .filter(|line| keep(line))
            .copied()
            .collect()
    }
}

impl Line<'_> {
    /// Returns how far this device is in it; `None` when its replica could not be opened.
    pub fn standing(&self) -> Option<Standing> {
        self.replica.ok().map(|replica| replica.overview().standing)
    }

    /// Returns the id in hexadecimal; its first half while the join is under way.
    pub fn id(&self) -> String {
        let whole = self.replica.ok().and_then(Replica::circle);
        whole.map_or_else(|| hint_hex(self.hint), |circle| circle.to_hex())
    }
}

/// Returns a hint in hexadecimal.
pub fn hint_hex(hint: Hint) -> String {
    hint.iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("paused", &self.paused)
            .finish_non_exhaustive()
    }
}

fn no_circle() -> Problem {
    Problem::new(
        "no-circle",
        "You are in no circle yet on this computer.",
        "Begin one with `circlet new NAME`, or join one with `circlet join`.",
    )
    .of(Kind::NotFound)
}

fn several() -> Problem {
    Problem::new(
        "which-circle",
        "You are in more than one circle, and this could mean several of them. Nothing was changed.",
        "Say which with `--circle NAME`; `circlet list` shows them.",
    )
}
