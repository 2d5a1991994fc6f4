//! What this device wrote on top of words that a cut took out of view: it is written again.
//!
//! An edit of the agreement, or of what the circle has settled, builds on what its writer saw. Where a cut takes
//! some of that, the edit is held back, though its writer belongs. Nobody can show it as it is: whoever never
//! got what it builds on could not tell whose that was. So whoever wrote last on top of it writes again what
//! they saw, as an ordinary edit of what counts now.
//!
//! ```text
//! ana   "Anyone may pass." ----------------------- removes bo, of whom she holds nothing more
//! bo           "Bo brings tea." (beyond the cut)
//! cai                 "We listen." (held back)        both sentences, on top of Ana's
//! ```

use super::Replica;
use super::agreements::Kept;
use crate::content::agreement;
use crate::content::{self, Body, Kind};
use crate::document::Change;
use crate::document::left::{self, Left};
use crate::document::text::TextDocument;
use crate::id::{DeviceId, ThingId};
use crate::key::Rng;
use crate::log::entry::{Entry, Place};
use crate::replica::output::{Event, Outbox, Output, Refusal};
use crate::store::Error;
use crate::sync::schedule::is_due;
use crate::time::{Day, Timestamp};
use core::time::Duration;

/// For so long it is waited for what else the others bring, who brought the removal.
const WAIT: Duration = Duration::from_secs(10);

/// What was left, or nothing, where nothing of it can be read.
type Found<T> = Result<Option<T>, Refusal>;

impl Replica {
    /// A while after something was cut, writes again what was left without its ground.
    pub(super) fn write_anew(&mut self, now: Timestamp, rng: &mut Rng<'_>, out: &mut Outbox) {
        if !self.due.anew || !self.is_active() {
            self.due.anew_at = None;
            return;
        }
        let at = *self.due.anew_at.get_or_insert(now.after(WAIT));
        if !is_due(at, now) {
            return;
        }
        (self.due.anew, self.due.anew_at) = (false, None);
        // What cannot be read or written now is tried again after the next act, or the next start; a store
        // that fails says so itself.
        let agreed = self.agree_anew(now, rng).unwrap_or_default();
        let settled = self.settle_anew(now, rng).unwrap_or_default();
        if agreed.or(settled).is_some() {
            out.outputs.push(Output::Event(Event::Content));
        }
    }

    /// Writes again what this device wrote last to the agreement, where that is what counted.
    fn agree_anew(&mut self, now: Timestamp, rng: &mut Rng<'_>) -> Found<()> {
        let me = self.device();
        let by_me = self.agreements.iter();
        let by_me = by_me.filter_map(|(id, kept)| Some((kept.last_by(me)?, *id)));
        let Some(((written, place), thing)) = by_me.max() else {
            return Ok(None);
        };
        let begun = self.begun_agreements()?;
        let is_begun = begun.iter().any(|(id, _)| *id == thing);
        let first = begun.first().map(|(id, kept)| (*id, (*kept).clone()));
        let counts = first.as_ref().is_some_and(|(id, _)| *id == thing);
        if is_begun && !counts {
            return Ok(None);
        }
        let places = self.places_of(&thing)?;
        let writes = |it: &Self, of: &DeviceId| it.roster().is_some_and(|it| it.is_active(of));
        let Some(left) = self.left((thing, place), &places, Kind::Agreement, writes)? else {
            return Ok(None);
        };
        // What others began since stays the one that counts.
        let first = first.filter(|(_, kept)| counts || kept.begun() > Some(written));
        match first {
            Some((id, kept)) => self.put_back_into((id, &kept), counts, &left, now, rng),
            None => self.begin_again(&left.text().map_err(content::Error::from)?, now, rng),
        }
    }

    /// Puts what was left back into an agreement: where it stood, or below what others began since.
    fn put_back_into(
        &mut self,
        (thing, kept): (ThingId, &Kept),
        is_of_it: bool,
        left: &Left,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Found<()> {
        let Some(document) = self.open_agreement(kept)? else {
            return Ok(None);
        };
        let edited = if is_of_it {
            left.back_into(&document, self.device(), now)
        } else {
            below(&document, left, self.device(), now)
        };
        let Some((whole, change)) = edited.map_err(content::Error::from)? else {
            return Ok(None);
        };
        if kept.is_full_for(self.me()) {
            let whole = whole.text().map_err(content::Error::from)?;
            return self.begin_again(&whole, now, rng);
        }
        let body = Body::new(Kind::Agreement, &[change])?;
        let places = kept.thing().places;
        self.write_on(thing, &places, Kind::Agreement, &body, now, rng)?;
        Ok(Some(()))
    }

    fn begin_again(&mut self, text: &str, now: Timestamp, rng: &mut Rng<'_>) -> Found<()> {
        let begun = TextDocument::begin(self.device(), now, &agreement::shown(text));
        let (_, change) = begun.map_err(content::Error::from)?;
        let body = Body::new(Kind::Agreement, &[change])?;
        self.make(Kind::Agreement, &body, Day::default(), now, rng)?;
        Ok(Some(()))
    }

    /// Settles again what this device settled, and nobody otherwise since.
    fn settle_anew(&mut self, now: Timestamp, rng: &mut Rng<'_>) -> Found<()> {
        let Some((id, thing)) = self.settings_thing()?.filter(|_| self.may_settle()) else {
            return Ok(None);
        };
        let me = self.device();
        let by_me = thing.by_keepers.iter().filter(|place| place.device == me);
        let Some(last) = by_me.max_by_key(|place| place.seq).copied() else {
            return Ok(None);
        };
        let writes = |it: &Self, device: &DeviceId| it.is_active_keeper(device);
        let left = self.left((id, last), &thing.by_keepers, Kind::Settings, writes)?;
        let (Some(left), Some((creator, opened))) = (left, self.opened(&thing)?) else {
            return Ok(None);
        };
        let all: Vec<_> = opened.iter().map(|it| it.write(&thing)).collect();
        let (_, mut document) = content::open(creator, &all)?;
        let sets = left.sets(&document).map_err(content::Error::from)?;
        let sets = sets
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone()));
        let change = document.edit(me, now, &sets.collect::<Vec<_>>());
        let Some(change) = change.map_err(content::Error::from)? else {
            return Ok(None);
        };
        let body = Body::new(Kind::Settings, &[change])?;
        self.write_on(id, &thing.by_keepers, Kind::Settings, &body, now, rng)?;
        Ok(Some(()))
    }

    /// Returns what the last that this device wrote to a thing was made from, where it was left without its
    /// ground and no other device that `writes` has built on it.
    fn left(
        &mut self,
        (thing, last): (ThingId, Place),
        places: &[Place],
        kind: Kind,
        writes: impl Fn(&Self, &DeviceId) -> bool,
    ) -> Found<Left> {
        let (mut shown, mut own) = (Vec::new(), None);
        for place in places {
            let Some(entry) = self.rows.entry(place)? else {
                continue;
            };
            let changes = self.changes_of(&entry, kind)?;
            if *place == last {
                own = changes.last().cloned();
            }
            shown.extend(changes);
        }
        let Some(own) = own else {
            return Ok(None);
        };
        if left::counts(&shown, &own).map_err(content::Error::from)? {
            return Ok(None);
        }
        let mut gone = Vec::new();
        self.each_beyond(|it, _, entry| {
            if entry.header.header().thing == thing {
                gone.extend(it.changes_of(&entry, kind)?);
            }
            Ok(())
        })?;
        let left = Left::of(&shown, &gone, &own, |device| writes(self, device));
        Ok(left.map_err(content::Error::from)?)
    }

    /// Returns the changes of a thing of some kind that an entry carries.
    fn changes_of(&self, entry: &Entry, kind: Kind) -> Result<Vec<Change>, Error> {
        let body = self.body_of(entry)?.filter(|body| body.kind() == Ok(kind));
        let changes = body.map(|body| body.check(entry.header.header().device));
        Ok(changes.and_then(Result::ok).unwrap_or_default())
    }

    fn is_active_keeper(&self, device: &DeviceId) -> bool {
        let roster = self.roster().filter(|roster| roster.is_active(device));
        let person = roster.and_then(|roster| roster.person_of(device));
        person.is_some_and(|person| roster.is_some_and(|roster| roster.is_keeper(&person)))
    }
}

/// Returns an agreement with what was left of another below it. `None` where all of that stands there.
fn below(
    document: &TextDocument,
    left: &Left,
    device: DeviceId,
    now: Timestamp,
) -> Result<Option<(TextDocument, Change)>, crate::document::Error> {
    let (text, saw) = (document.text()?, left.text()?);
    if text.contains(&saw) {
        return Ok(None);
    }
    document.edit(document, &format!("{text}\n\n{saw}"), device, now)
}
