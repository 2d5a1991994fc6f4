//! Fading: when the day of a story is over, and when its words are erased.
//!
//! The header says the last day. After it the story is hidden at once, by this device's clock. Clocks
//! jump, so erasing takes more: another device has signed something on a later day too, or the clock has
//! said so for [`ALONE`] while this device ran and nobody wrote otherwise. So a clock that jumps hides,
//! and destroys nothing.
//!
//! ```text
//! last day      |  shown
//! the day after |  hidden     erased once `sure` says that the last day is over
//! ```
//!
//! What fades is listed in rows by the earliest day among the things of one input, so that only what is
//! due is read. A thing is erased once every entry of it that is held is over: an entry without its body
//! is taken by others only where its header says so.
//!
//! **Taking a header alone.** Whoever erased first gives the header without the body. A clock that is
//! behind would not take it, and never come into step: so the day that two other people have written
//! counts too, or the one of the only other.

use super::Replica;
use super::rows::from_head;
use crate::codec;
use crate::id::{DeviceId, PersonId, ThingId};
use crate::log::entry::{Entry, Place};
use crate::log::header::{Action, Header};
use crate::membership::graph::Graph;
use crate::replica::output::{Event, Outbox, Output};
use crate::secrecy::usable::MAX_AHEAD;
use crate::store::{Error, Key, Scan, Space};
use crate::time::{Day, Timestamp};
use core::time::Duration;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// For so long a clock that nobody bears out has to say the same while this device runs.
const ALONE: Duration = Duration::from_hours(24);
/// At most so much of it is counted at once: a clock that jumps does not run.
const STEP: Duration = Duration::from_hours(1);
/// The most things of a row: below 4 KiB, which an engine keeps in one piece.
const MAX_LINES: usize = 128;
/// The most rows handled at once: a batch stays small, and the rest follows at once.
const ROWS_AT_ONCE: usize = 8;

/// What is known of days, and of what fades.
#[derive(Debug, Default)]
pub(super) struct Fading {
    /// The earliest day after which something fades.
    first: Option<Day>,
    /// The last day that each other device has written on.
    heard: BTreeMap<DeviceId, Day>,
    /// While something is due by this clock alone: when it was last looked at, and how long it has run.
    alone: Option<(Timestamp, Duration)>,
    /// Whether more is due than was handled at once.
    more: Option<Timestamp>,
}

/// Things that fade, as one input notes them.
#[derive(Debug, Default)]
pub(super) struct Lines(BTreeSet<(Day, ThingId)>);

impl Fading {
    /// When there is more to look at.
    pub(super) fn wake(&self) -> Option<Timestamp> {
        let alone = self.alone.map(|(seen, _)| seen.after(STEP));
        self.more.or(alone)
    }

    /// Counts how long this device has run with something due by its clock alone; returns whether that is
    /// long enough.
    fn ran(&mut self, now: Timestamp) -> bool {
        let (seen, ran) = self.alone.unwrap_or((now, Duration::ZERO));
        let ran = ran.saturating_add(now.since(seen).min(STEP));
        self.alone = Some((now, ran));
        ran >= ALONE
    }
}

impl Lines {
    fn add(&mut self, day: Day, thing: ThingId) {
        self.0.insert((day, thing));
    }

    fn first(&self) -> Option<Day> {
        self.0.first().map(|(day, _)| *day)
    }

    /// Takes the rows to write: the first day and the head of each.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (Day, Vec<u8>)> + use<> {
        let lines: Vec<_> = core::mem::take(&mut self.0).into_iter().collect();
        let rows: Vec<_> = lines
            .chunks(MAX_LINES)
            .filter_map(|some| Some((some.first()?.0, codec::encode(&some))))
            .collect();
        rows.into_iter()
    }
}

impl Replica {
    /// Notes on which day another device has written.
    pub(super) fn hear_day(&mut self, device: DeviceId, day: Day) {
        if device == self.device() {
            return;
        }
        let heard = self.fading.heard.entry(device).or_default();
        if day > *heard {
            *heard = day;
            // Who speaks now of an earlier day speaks against this clock.
            if self.fading.first.is_some_and(|first| !first.is_over(day)) {
                self.fading.alone = None;
            }
        }
    }

    /// Whether an entry's body is not kept: its thing was taken back, or its day is over for sure.
    pub(super) fn is_erased(&self, header: &Header, now: Timestamp) -> bool {
        let fades = header.action == Action::Write && header.expires != Day::default();
        let over = fades && header.expires.is_over(self.sure(now.day()));
        over || self.retracts.contains_key(&header.thing)
    }

    /// Whether a header is taken without its body.
    pub(super) fn may_have_faded(&self, last: Day, now: Timestamp) -> bool {
        let today = now.day().plus(1).max(self.day_of_others());
        last.is_over(today)
    }

    /// Lists an entry that fades one day.
    pub(super) fn note_fading(&mut self, entry: &Entry) {
        let header = entry.header.header();
        if header.expires != Day::default() && entry.body.is_some() {
            self.rows.fading.add(header.expires, header.thing);
            let first = self.fading.first.unwrap_or(header.expires);
            self.fading.first = Some(first.min(header.expires));
        }
    }

    /// Erases what has faded for sure. Costs nothing where nothing is due.
    pub(super) fn fade(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        let today = now.day();
        self.fading.more = None;
        if !self.fading.first.is_some_and(|first| first.is_over(today)) {
            self.fading.alone = None;
            return Ok(());
        }
        let sure = self.sure(today);
        let due = |first: &Option<Day>| first.is_some_and(|first| first.is_over(sure));
        if due(&self.fading.first) {
            return self.fade_before(sure, now, out);
        }
        if self.fading.ran(now) {
            return self.fade_before(today, now, out);
        }
        Ok(())
    }

    /// Reads back on which day something fades first, and what days others have written on.
    pub(super) fn load_fading(&mut self) -> Result<(), Error> {
        self.fading.first = self.first_listed()?;
        let acts = self.graph.iter().flat_map(Graph::iter);
        let days: Vec<_> = acts.map(|act| (act.act().device, act.act().day)).collect();
        for (device, day) in days {
            self.hear_day(device, day);
        }
        Ok(())
    }

    /// The day that it is for sure, as far as erasing goes: this clock and another device agree on it.
    fn sure(&self, today: Day) -> Day {
        let heard = self.fading.heard.values();
        let credible = heard.filter(|day| **day <= today.plus(MAX_AHEAD));
        credible.max().map_or(Day::default(), |day| today.min(*day))
    }

    /// The day that two other people have written on, or the only other.
    fn day_of_others(&self) -> Day {
        let Some(roster) = self.roster() else {
            return Day::default();
        };
        let mut people: BTreeMap<PersonId, Day> = BTreeMap::new();
        for (device, day) in &self.fading.heard {
            if let Some(person) = roster.person_of(device) {
                let heard = people.entry(person).or_default();
                *heard = (*heard).max(*day);
            }
        }
        let mut days: Vec<Day> = people.into_values().collect();
        days.sort_unstable_by_key(|day| Reverse(*day));
        days.get(1).or(days.first()).copied().unwrap_or_default()
    }

    fn fade_before(&mut self, day: Day, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        let scan = Scan {
            limit: ROWS_AT_ONCE,
            ..self.rows.fading_scan(day)
        };
        let rows = self.rows.scan(&scan)?;
        let lasting = self.lasting(day)?;
        if rows.len() == ROWS_AT_ONCE {
            self.fading.more = Some(now.after(Duration::from_millis(1)));
        }
        for (order, row) in rows {
            let lines: Vec<(Day, ThingId)> = from_head(&row)?;
            self.rows
                .delete(Key::new(Space::Meta, self.rows.hint(), order));
            for (last, thing) in lines {
                if !last.is_over(day) {
                    self.rows.fading.add(last, thing);
                } else if !lasting.contains(&thing) && !self.retracts.contains_key(&thing) {
                    self.fade_thing(thing, day)?;
                }
            }
        }
        let fresh = self.rows.fading.first();
        self.fading.first = self.first_listed()?.into_iter().chain(fresh).min();
        out.outputs.push(Output::Event(Event::Content));
        Ok(())
    }

    /// Erases a thing unless an entry of it lasts longer: then it fades with that one.
    fn fade_thing(&mut self, id: ThingId, day: Day) -> Result<(), Error> {
        for place in self.places_of(&id)? {
            let entry = self.rows.entry(&place)?;
            if entry.is_some_and(|entry| lasts(&entry, day)) {
                return Ok(());
            }
        }
        self.erase(id)
    }

    /// Returns the things of which an entry that cannot be opened yet lasts longer.
    fn lasting(&self, day: Day) -> Result<BTreeSet<ThingId>, Error> {
        let mut things = BTreeSet::new();
        let waiting = Scan::all(Space::Sealed, self.rows.hint());
        for (_, row) in self.rows.scan(&waiting)? {
            let place: Place = from_head(&row)?;
            let entry = self.rows.entry(&place)?;
            let entry = entry.filter(|entry| lasts(entry, day));
            things.extend(entry.map(|entry| entry.header.header().thing));
        }
        Ok(things)
    }

    fn first_listed(&self) -> Result<Option<Day>, Error> {
        let scan = Scan {
            limit: 1,
            ..self.rows.meta_scan(10)
        };
        let rows = self.rows.scan(&scan)?;
        let Some((_, row)) = rows.first() else {
            return Ok(None);
        };
        let lines: Vec<(Day, ThingId)> = from_head(row)?;
        Ok(lines.first().map(|(day, _)| *day))
    }
}

/// Whether an entry's body is here and lasts beyond the eve of a day.
fn lasts(entry: &Entry, day: Day) -> bool {
    entry.body.is_some() && !entry.header.header().expires.is_over(day)
}
