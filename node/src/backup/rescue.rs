//! What a damaged store still holds, put into a fresh one: as from a backup, in which this computer is a new
//! device of its person.
//!
//! A circle of which all could be read goes on at once. Of one of which something is missing, what could
//! be read is here and out of view, until a member has told what was taken back; any member fills the gaps.
//! One that could not be read at all comes back from the members alone, found by the cards that are kept
//! beside the store.

use super::load::Loading;
use super::{Circle, MAX_CARDS};
use crate::cards::Kept;
use crate::driver::row::Row;
use crate::identity::{Hint, Identity};
use crate::keystore::fresh_rng;
use crate::local::Local;
use crate::problem::Problem;
use crate::storage::{Sled, Vault};
use circlet_model::bounded::{List, Text};
use circlet_model::replica::Replica;
use circlet_model::replica::overview::{Overview, Standing};
use circlet_model::replica::transcript::Purpose;
use circlet_model::store::Error;
use circlet_model::time::Timestamp;

/// What became of a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// All of it could be read.
    Whole,
    /// A part of it could be read; the rest comes from the other members.
    Part,
    /// Nothing could be read; everything comes from the other members.
    FromOthers,
    /// This computer was not in it yet, or not any more: it does not come back by itself.
    Not,
}

/// What is put where.
#[derive(Debug)]
pub(crate) struct Rescue<'a> {
    /// The damaged store, if anything in it can be read.
    pub(crate) from: Option<&'a Vault<Sled>>,
    /// Whether the newest of it is missing without a trace.
    pub(crate) torn: bool,
    /// The fresh one.
    pub(crate) to: &'a Vault<Sled>,
    /// Who the person is.
    pub(crate) identity: &'a Identity,
    /// Where members were last.
    pub(crate) cards: &'a [Kept],
    /// The time.
    pub(crate) now: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Rescued {
    /// The keys of the new device.
    pub(crate) identity: Identity,
    /// The circles: each with its name as far as it is known, and with what became of it.
    pub(crate) circles: Vec<(String, Back)>,
    /// Whether something is lost that this person kept for themselves alone.
    pub(crate) lost_alone: bool,
    /// Whether anything was damaged at all.
    pub(crate) damaged: bool,
}

/// A circle of the damaged store.
struct Before {
    hint: Hint,
    since: Timestamp,
    /// Its replica, if that can be opened.
    replica: Option<Replica>,
}

impl Rescue<'_> {
    /// Fills the fresh store.
    pub(crate) fn fill(&self) -> Result<Rescued, Problem> {
        let identity = self.identity;
        let mut loading = Loading::new(self.to, self.now, identity.name(), identity.seed())?;
        let (mut circles, mut damaged) = (Vec::new(), false);
        for before in self.before()? {
            let overview = before.replica.as_ref().map(Replica::overview);
            let (back, lost) = match &overview {
                Some(overview) => self.carry(&mut loading, &before, overview)?,
                None => self.come_back(&mut loading, before.hint)?,
            };
            damaged |= lost > 0 || overview.is_none() || self.is_damaged(before.hint);
            if back != Back::Not {
                let row = Row::new(before.hint, before.since);
                self.to.write(vec![row.put()])?;
            }
            let name = overview.map(|overview| overview.name).unwrap_or_default();
            let kept = self.kept(before.hint).map(|kept| kept.name.to_string());
            let name = if name.is_empty() {
                kept.unwrap_or_default()
            } else {
                name
            };
            circles.push((name, back));
        }
        let lost_alone = self.carry_alone()?;
        self.to.flush()?;
        Ok(Rescued {
            identity: loading.identity,
            circles,
            lost_alone,
            damaged: damaged || lost_alone,
        })
    }

    /// Puts into the fresh store what this person keeps for themselves alone; says whether some of it is lost.
    fn carry_alone(&self) -> Result<bool, Problem> {
        let Some(from) = self.from else {
            return Ok(true);
        };
        let hints = self.identity.hints();
        let rescued = Local::new(from).rescue(Local::new(self.to), &hints)?;
        for batch in rescued.batches {
            self.to.write(batch)?;
        }
        Ok(rescued.lost || self.torn)
    }

    /// Returns the circles, the longest-standing first.
    fn before(&self) -> Result<Vec<Before>, Problem> {
        let hints = self.identity.hints();
        let Some(from) = self.from else {
            let since = self.now;
            let unread = hints.into_iter().map(|hint| Before {
                hint,
                since,
                replica: None,
            });
            return Ok(unread.collect());
        };
        let mut all = Vec::new();
        for row in Row::all(from, &hints, self.now)? {
            let keys = self.identity.keys(row.hint).ok_or_else(Problem::bug)?;
            let replica = match Replica::load(keys, Box::new(from.clone()), row.hint) {
                Err(Error::Damaged(_)) => None,
                loaded => Some(loaded?),
            };
            all.push(Before {
                hint: row.hint,
                since: row.since,
                replica,
            });
        }
        // Where the whole store is gone, nothing else says that there was one.
        let gone = hints.iter().filter(|hint| {
            all.iter().all(|before| before.hint != **hint) && self.kept(**hint).is_some()
        });
        let gone: Vec<Before> = gone
            .map(|hint| Before {
                hint: *hint,
                since: self.now,
                replica: None,
            })
            .collect();
        all.extend(gone);
        Ok(all)
    }

    /// Puts into the fresh store what can be read of a circle; says too how much could not be.
    fn carry(
        &self,
        loading: &mut Loading<'_>,
        before: &Before,
        overview: &Overview,
    ) -> Result<(Back, u64), Problem> {
        let (Some(replica), hint) = (&before.replica, before.hint) else {
            return self.come_back(loading, before.hint);
        };
        let here = match overview.standing {
            Standing::Member | Standing::Left | Standing::Removed => true,
            Standing::Returning => !overview.members.is_empty(),
            Standing::Pending
            | Standing::Knocking
            | Standing::Linking { .. }
            | Standing::DeviceRemoved
            | Standing::Ended(_) => return Ok((Back::Not, 0)),
        };
        let Some(id) = replica.circle().filter(|_| here) else {
            return self.come_back(loading, hint);
        };
        let fresh = replica.card().to_text();
        let cards = self.cards(hint).into_iter().chain([fresh]);
        let cards = cards.filter_map(|card| Text::new(&card).ok());
        let at = loading.begin(&Circle {
            id,
            name: Text::new(&overview.name).map_err(|_| Problem::bug())?,
            person: self.identity.person(hint).cloned(),
            cards: List::new(cards.take(MAX_CARDS).collect()).unwrap_or_default(),
        })?;
        let (mut lost, mut rng) = (0, fresh_rng()?);
        loading.in_passes(|loading| {
            let mut at = Some(at);
            let mut transcript = replica.transcript(Purpose::Rescue { now: self.now })?;
            while let Some(piece) = replica.next_piece(&mut transcript, &mut rng)? {
                loading.take(piece, &mut at)?;
            }
            lost = transcript.lost();
            loading.hand_over(at)
        })?;
        loading.end(at)?;
        let veiled = replica.is_veiled().unwrap_or(true);
        let whole = lost == 0 && !self.is_damaged(hint) && !veiled;
        if whole || matches!(overview.standing, Standing::Left | Standing::Removed) {
            loading.show_now(at)?;
        }
        Ok((if whole { Back::Whole } else { Back::Part }, lost))
    }

    /// Lets a circle come back from the others alone.
    fn come_back(&self, loading: &mut Loading<'_>, hint: Hint) -> Result<(Back, u64), Problem> {
        let (person, cards) = (self.identity.person(hint), self.cards(hint));
        loading.begin_as_new(hint, person, |keys, reader, now, out| {
            Replica::come_back(keys, reader, hint, cards, now, out)
        })?;
        Ok((Back::FromOthers, 0))
    }

    fn is_damaged(&self, hint: Hint) -> bool {
        self.torn || self.from.is_none_or(|from| from.is_damaged(hint))
    }

    fn kept(&self, hint: Hint) -> Option<&Kept> {
        self.cards.iter().find(|kept| kept.hint == hint)
    }

    fn cards(&self, hint: Hint) -> Vec<String> {
        self.kept(hint)
            .map(|kept| kept.card.to_string())
            .into_iter()
            .collect()
    }
}
