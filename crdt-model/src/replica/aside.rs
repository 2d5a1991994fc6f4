//! "Not now": somebody who knocked is put aside, on this computer and no other.
//!
//! Nobody is told, and the newcomer goes on waiting: another member may say welcome, and so may whoever put
//! them aside. After a week a knock stands among those who wait again, and at once when it comes with
//! other keys than before.

use super::Replica;
use super::admit::Waiting;
use crate::id::{DeviceId, PersonId};
use crate::replica::output::{Event, Outbox, Output, Refusal, Reply};
use crate::replica::overview::Knock;
use crate::store::Error;
use crate::time::Timestamp;
use core::time::Duration;

/// For so long a knock stays aside.
const ASIDE: Duration = Duration::from_hours(24 * 7);

/// The row of it: with which device they knocked, and since when they are aside.
type Stored = (DeviceId, Timestamp);

impl Replica {
    /// Returns the people who knocked and were put aside here: they can still be let in.
    pub fn aside(&self, now: Timestamp) -> Vec<Knock> {
        self.waiting_where(true, now)
    }

    /// Puts somebody aside who waits for a welcome.
    pub(super) fn put_aside(
        &mut self,
        person: PersonId,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Reply, Refusal> {
        let waiting: Option<Waiting> = self.rows.load(&self.rows.knock_key(&person))?;
        let waiting = waiting.filter(|waiting| self.still_waits(waiting, now));
        let waiting = waiting.ok_or(Refusal::NotFound)?;
        let key = self.rows.aside_key(&person);
        self.rows.save(key, &(waiting.newcomer.device, now));
        out.outputs.push(Output::Event(Event::Members));
        Ok(Reply::Done)
    }

    /// Whether somebody who waits was put aside here.
    pub(super) fn is_aside(&self, waiting: &Waiting) -> Result<bool, Error> {
        let key = self.rows.aside_key(&waiting.newcomer.person);
        Ok(self.rows.get(&key)?.is_some())
    }

    /// Somebody who was put aside knocks: after a week, or with other keys, they wait again.
    pub(super) fn knocks_again(
        &mut self,
        waiting: &Waiting,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let key = self.rows.aside_key(&waiting.newcomer.person);
        let Some((device, since)) = self.rows.load::<Stored>(&key)? else {
            return Ok(());
        };
        // A clock that was put back: the week cannot be told any more.
        let over = since.after(ASIDE) <= now || now < since;
        if over || device != waiting.newcomer.device {
            self.rows.delete(key);
            out.outputs.push(Output::Event(Event::Knocked));
        }
        Ok(())
    }
}
