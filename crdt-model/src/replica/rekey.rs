//! This device's KEM keys: a fresh one each month, and letting go of the one before (K4).
//!
//! ```text
//! a month old, and in touch       Keep: a fresh key beside the old one     the shell makes them durable
//!                       Kept ---> the act `Rekey`: whoever knows it wraps to the fresh key
//! every device that belongs
//! knows it, or a month later      Keep: without the old one                it is gone for good
//! ```
//!
//! The fresh key is durable before others hear of it, so that nobody wraps to a key that nobody has.
//! Keys that were kept, and never said because the computer stopped, are said the next time.
//!
//! *In touch*: a peer gave its acts in this session. So a disk that was put back hears of its own later
//! acts before it writes one that would fork. *A month*: by this clock, where by the same clock somebody
//! else wrote an act or record within the last two; so a clock that jumps changes nothing. Where nobody
//! else wrote any for so long, nothing was wrapped either, and the key can wait.
//!
//! Nothing honest is lost with an old key. Only epoch keys are ever sealed to a KEM key, and what does
//! not open is asked for as what never came: any member who holds it seals it anew, to the key of now.

use super::Replica;
use crate::id::{ActId, DeviceId};
use crate::key::Rng;
use crate::membership::act::Kind;
use crate::membership::graph::Graph;
use crate::replica::output::{Outbox, Output};
use crate::secrecy::kem::{self, PublicKey as KemKey};
use crate::secrecy::usable::{MAX_AGE, MAX_AHEAD};
use crate::store::Error;
use crate::time::{Day, Timestamp};

/// So many days ago somebody else wrote something, if this clock is to be believed: a key that was made
/// when they last did is replaced in time.
const BORNE_OUT: u32 = 2 * MAX_AGE;

/// A KEM key of this device's, as the graph says: since which act, of which day.
type Said<'a> = (ActId, Day, &'a KemKey);

impl Replica {
    /// Once a day, when in touch with somebody: sees whether it is time for a fresh key, or to let go
    /// of an old one.
    pub(super) fn tend_keys(
        &mut self,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let today = now.day();
        let out_of_it = self.was_taken_out();
        if self.tended == today || !(out_of_it || self.is_in_touch()) {
            return Ok(());
        }
        self.tended = today;
        self.drop_rows(today)?;
        let kem = if out_of_it {
            // Nothing comes to a device that is out.
            self.identity.kem.without(|_| true)
        } else {
            self.say_key(now, out)?;
            self.keys_for(today, rng)
        };
        if kem != self.identity.kem {
            out.outputs.push(Output::Keep { kem });
        }
        Ok(())
    }

    /// The shell has made these keys durable.
    pub(super) fn keys_kept(
        &mut self,
        kem: kem::Keys,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        self.identity.kem = kem;
        self.say_key(now, out)
    }

    /// Returns the KEM keys that this device should have.
    pub(super) fn keys_for(&self, today: Day, rng: &mut Rng<'_>) -> kem::Keys {
        let keys = &self.identity.kem;
        let Some(graph) = self.graph.as_ref().filter(|_| self.may_change_keys()) else {
            return keys.clone();
        };
        let said = said(graph, self.device());
        let borne_out = self.is_borne_out(graph, today);
        let old = |day: &Day| borne_out && today.0.saturating_sub(day.0) >= MAX_AGE;
        let is_over = |(act, day, _): &Said<'_>| {
            old(day) || (self.all_know(graph, act) && self.not_held().is_empty())
        };
        let left = keys.without(|key| {
            let next = said.iter().skip_while(|(.., said)| *said != key).nth(1);
            // A key that was never said is sealed to by nobody.
            next.map_or(said.iter().all(|(.., said)| *said != key), is_over)
        });
        let due = match said.last() {
            Some((_, day, last)) if *last == keys.public() => old(day),
            // The keys of an earlier state of this computer were put back, not so its store.
            Some(_) => said.iter().any(|(.., said)| *said == keys.public()),
            None => false,
        };
        let fresh = due.then(|| left.renewed(rng).ok()).flatten();
        fresh.unwrap_or(left)
    }

    /// Tells the others of the newest key, if it was never said.
    fn say_key(&mut self, now: Timestamp, out: &mut Outbox) -> Result<(), Error> {
        let kem = self.identity.kem.public().clone();
        let graph = self.graph.as_ref().filter(|_| self.may_change_keys());
        let new = graph.is_some_and(|graph| {
            let mut said = said(graph, self.device()).into_iter();
            said.all(|(.., said)| *said != kem)
        });
        if new && self.act(Kind::Rekey { kem }, now).is_some() {
            self.roster_changed(now, out)?;
        }
        Ok(())
    }

    /// Whether a peer has given its acts in a session that goes on.
    fn is_in_touch(&self) -> bool {
        let mut sessions = self.links.values().filter_map(|link| link.session.as_ref());
        sessions.any(|session| session.acts_in)
    }

    /// Whether this device belongs, and is the only one with its key.
    fn may_change_keys(&self) -> bool {
        let roster = self.roster().filter(|_| !self.state.superseded);
        let device = roster.and_then(|roster| roster.devices.get(&self.device()));
        device.is_some_and(|device| device.active && !device.forked)
    }

    /// Whether somebody else wrote something lately, by this clock.
    pub(super) fn is_borne_out(&self, graph: &Graph, today: Day) -> bool {
        let me = self.device();
        let acts = graph.iter().map(|act| (act.act().device, act.act().day));
        let records = self.records.iter();
        let records = records.map(|((device, _), signed)| (*device, signed.record.at.day()));
        let mut others = acts.chain(records).filter(|(device, _)| *device != me);
        others.any(|(_, day)| {
            let ahead = day.0.saturating_sub(today.0);
            ahead <= MAX_AHEAD && today.0.saturating_sub(day.0) <= BORNE_OUT
        })
    }

    /// Whether every other device that belongs has built on an act.
    fn all_know(&self, graph: &Graph, act: &ActId) -> bool {
        let me = self.device();
        let mut others = graph.roster().active_devices().filter(|(id, _)| **id != me);
        others.all(|(id, _)| graph.knows(&[graph.next(id).1], act))
    }
}

/// Returns the KEM keys that the others know or knew a device by, in their order.
fn said(graph: &Graph, device: DeviceId) -> Vec<Said<'_>> {
    let added = graph.roster().devices.get(&device).map(|known| known.added);
    let acts = graph.iter().filter_map(|act| {
        let kem = match &act.act().kind {
            _ if graph.is_void(&act.id()) => return None,
            Kind::Found { founder, .. } if Some(act.id()) == added => &founder.kem,
            Kind::Admit { newcomer, .. } if Some(act.id()) == added => &newcomer.kem,
            Kind::AddDevice { device, .. } if Some(act.id()) == added => &device.kem,
            Kind::Rekey { kem } if act.act().device == device => kem,
            _ => return None,
        };
        Some((act.id(), act.act().day, kem))
    });
    acts.collect()
}
