//! The feed: which stories there are, and which responses and gestures a story has, in their order.
//!
//! What one input shows goes into one row with up to [`MAX_SHOWN`] lines, so that a newcomer who takes
//! in a whole circle writes few rows, each beside the one before. A row lies at its highest lamport
//! time; whoever reads from the newest back merges rows until the next one lies lower.
//!
//! A line is never taken out: it counts while its thing is here and says the same lamport time.

use super::things::Thing;
use super::{Replica, Rows};
use crate::codec;
use crate::content::response::Response;
use crate::content::{Body, Kind};
use crate::id::{DeviceId, ThingId};
use crate::log::entry::Place;
use crate::log::header::Header;
use crate::store::{Error, Key, Scan, Space};
use std::collections::{BTreeMap, BTreeSet};

/// The most lines of a row: below 4 KiB, which an engine keeps in one piece.
const MAX_SHOWN: usize = 64;

/// How many rows are read at once.
const ROWS_AT_ONCE: usize = 16;

/// One line: in the order of the feed, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown {
    pub(super) lamport: u64,
    pub(super) device: DeviceId,
    pub(super) thing: ThingId,
}

/// A row: the lines of each device.
type Lines = Vec<(DeviceId, Vec<(u64, ThingId)>)>;

/// What the current input shows: under a story, or in the feed.
#[derive(Debug, Default)]
pub(super) struct Fresh(BTreeMap<Option<ThingId>, BTreeSet<Shown>>);

impl Fresh {
    /// Takes the rows to write: owner, lamport time and head of each.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (Option<ThingId>, u64, Vec<u8>)> + use<> {
        let fresh = std::mem::take(&mut self.0).into_iter();
        fresh.flat_map(|(under, shown)| {
            let shown: Vec<Shown> = shown.into_iter().collect();
            let rows: Vec<_> = shown.chunks(MAX_SHOWN).filter_map(head).collect();
            rows.into_iter()
                .map(move |(lamport, head)| (under, lamport, head))
        })
    }
}

impl Replica {
    /// Shows a thing that begins with this entry where it belongs.
    pub(super) fn show_in_time(
        &mut self,
        thing: &mut Thing,
        place: Place,
        header: &Header,
        body: &Body,
    ) {
        match Kind::from_number(thing.kind) {
            Some(Kind::Story) => {}
            Some(Kind::Response | Kind::Gesture) => match Response::story_of(body, header.device) {
                Some(story) => thing.under = Some(story),
                None => return,
            },
            Some(Kind::Profile | Kind::Settings | Kind::Agreement) | None => return,
        }
        let shown = Shown {
            lamport: header.lamport,
            device: place.device,
            thing: header.thing,
        };
        self.rows.show(thing.under, shown);
    }
}

impl Rows {
    /// Shows a thing in the feed, or under its story.
    pub(super) fn show(&mut self, under: Option<ThingId>, shown: Shown) {
        self.fresh.0.entry(under).or_default().insert(shown);
    }

    /// Hands the lines of the feed, or of a story, to a reader, the newest first, until it has enough.
    pub(super) fn newest(
        &self,
        under: Option<ThingId>,
        mut reader: impl FnMut(Shown) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut waiting = BTreeSet::new();
        let mut to = None;
        loop {
            let scan = Scan {
                backwards: true,
                limit: ROWS_AT_ONCE,
                to: to.take(),
                ..Scan::all(Space::Time, self.time_owner(under))
            };
            let rows = self.scan(&scan)?;
            for (order, value) in &rows {
                let highest = order
                    .first_chunk()
                    .map_or(0, |order| u64::from_be_bytes(*order));
                while waiting
                    .last()
                    .is_some_and(|shown: &Shown| shown.lamport > highest)
                {
                    let Some(shown) = waiting.pop_last() else {
                        break;
                    };
                    if !reader(shown)? {
                        return Ok(());
                    }
                }
                waiting.extend(lines(&value.head)?);
            }
            match rows.last() {
                Some((last, _)) => to = Some(last.clone()),
                None => break,
            }
        }
        while let Some(shown) = waiting.pop_last() {
            if !reader(shown)? {
                break;
            }
        }
        Ok(())
    }

    /// The place of a row in the feed, or under its story.
    pub(super) fn time_key(&self, under: Option<ThingId>, lamport: u64, head: &[u8]) -> Key {
        let order = [lamport.to_be_bytes().as_slice(), &self.tag(head)].concat();
        Key::new(Space::Time, self.time_owner(under), order)
    }

    /// The owner of the feed's rows, or of the responses to a story.
    fn time_owner(&self, under: Option<ThingId>) -> Vec<u8> {
        [self.hint().as_slice(), &under.unwrap_or_default().0].concat()
    }
}

/// Returns the highest lamport time of some lines, and what their row holds.
fn head(shown: &[Shown]) -> Option<(u64, Vec<u8>)> {
    let highest = shown.last()?.lamport;
    let mut lines: BTreeMap<DeviceId, Vec<(u64, ThingId)>> = BTreeMap::new();
    for line in shown {
        let of_device = lines.entry(line.device).or_default();
        of_device.push((line.lamport, line.thing));
    }
    let lines: Lines = lines.into_iter().collect();
    Some((highest, codec::encode(&lines)))
}

fn lines(head: &[u8]) -> Result<Vec<Shown>, Error> {
    let lines: Lines = postcard::from_bytes(head)
        .map_err(|_| Error::Damaged("a row of the feed does not decode".into()))?;
    let of_device = |(device, lines): (DeviceId, Vec<(u64, ThingId)>)| {
        lines.into_iter().map(move |(lamport, thing)| Shown {
            lamport,
            device,
            thing,
        })
    };
    Ok(lines.into_iter().flat_map(of_device).collect())
}
