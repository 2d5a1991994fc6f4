//! Taking in the pieces of a transcript, by the same checks as what comes over a link.
//!
//! Whoever sealed it is not asked whether they spoke the truth: acts, records and retracts carry their
//! signatures, entries those of their chain's tips, keys open what they are for or are dropped. So a
//! piece that comes twice, late or in another order changes nothing that would not be so anyway, and an
//! old one does not bring back what was taken back since.

use super::super::Replica;
use super::super::acts::Taken;
use super::super::entries::RunTaken;
use super::{GRANTS, Grants, KEYS_TO, KeysTo, MAX_KEYS, NOTES, SECRETS};
use crate::bounded::List;
use crate::codec;
use crate::key::{Rng, Secret};
use crate::log::entry::Place;
use crate::log::run::Run;
use crate::membership::act::SignedAct;
use crate::replica::output::{Carried, Outbox, Reply};
use crate::secrecy::epoch::EpochKey;
use crate::store::Error;
use crate::sync::message::Message;
use crate::time::Timestamp;
use std::collections::BTreeMap;

impl Replica {
    /// Takes in what a bundle carries, up to the first piece that is not in order.
    pub(in super::super) fn carry(
        &mut self,
        pieces: &[Vec<u8>],
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Reply, Error> {
        let carried = self.take_pieces(pieces, false, now, out)?;
        Ok(Reply::Carried(carried))
    }

    /// Takes in what a backup holds of this circle, up to the first piece that is not in order. Nothing
    /// is handed over where the store fails.
    pub fn take_backup(
        &mut self,
        pieces: &[Vec<u8>],
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Carried, Error> {
        self.rows.begin();
        let carried = self.take_pieces(pieces, true, now, out)?;
        self.answer_later(rng, out)?;
        self.finish(now, out);
        match out.trouble.take() {
            Some(error) => Err(error),
            None => Ok(carried),
        }
    }

    fn take_pieces(
        &mut self,
        pieces: &[Vec<u8>],
        own: bool,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<Carried, Error> {
        let mut carried = Carried::default();
        let (fresh, missing) = (self.fresh.len(), self.missing.len());
        for piece in pieces {
            if !self.take_piece(piece, own, &mut carried, (now, out))? {
                carried.bad = true;
                break;
            }
        }
        carried.new += self.fresh.len().saturating_sub(fresh) as u64;
        carried.again |= self.missing.len() > missing;
        Ok(carried)
    }

    /// Takes in one piece; says whether it is in order. A piece that is not known here is skipped.
    fn take_piece(
        &mut self,
        piece: &[u8],
        own: bool,
        carried: &mut Carried,
        (now, out): (Timestamp, &mut Outbox),
    ) -> Result<bool, Error> {
        match (piece.split_first(), own) {
            (Some((&KEYS_TO, bytes)), false) => return self.take_keys_to(bytes, now),
            (Some((&SECRETS, bytes)), true) => return self.take_secrets(bytes, now),
            (Some((&mark @ (GRANTS | NOTES), bytes)), true) => {
                return Ok(self.take_grants(mark, bytes));
            }
            _ => {}
        }
        let message = match Message::from_frame(piece) {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(true),
            Err(_) => return Ok(false),
        };
        match message {
            Message::Acts(acts) => self.take_carried_acts(&acts.acts, carried, (now, out)),
            Message::ActsEnd => {
                self.roster_changed(now, out)?;
                self.try_sealed(now, out)?;
                Ok(true)
            }
            Message::Records(records) => Ok(self.on_records(records.into_inner(), now, out)),
            Message::Retracts(retracts) => {
                let before = self.retracts.len();
                let good = self.obey_detached(retracts.into_inner())?;
                carried.new += self.retracts.len().saturating_sub(before) as u64;
                Ok(good)
            }
            Message::Run(run) => self.take_carried_run(run, carried, now),
            // What only means something to somebody who answers.
            Message::Open(_)
            | Message::Have(_)
            | Message::Stored(_)
            | Message::End(_)
            | Message::Need(_)
            | Message::Keys(_) => Ok(false),
        }
    }

    fn take_carried_acts(
        &mut self,
        acts: &[SignedAct],
        carried: &mut Carried,
        (now, out): (Timestamp, &mut Outbox),
    ) -> Result<bool, Error> {
        let mut new = false;
        for (_, taken) in self.take_acts(acts) {
            match taken {
                Taken::New => {
                    new = true;
                    carried.new += 1;
                }
                Taken::Nothing => {}
                Taken::Early => carried.again = true,
                Taken::Bad => return Ok(false),
            }
        }
        if new {
            self.roster_grew(false, now, out)?;
        }
        Ok(true)
    }

    fn take_carried_run(
        &mut self,
        run: Run,
        carried: &mut Carried,
        now: Timestamp,
    ) -> Result<bool, Error> {
        match self.take_run(run, now)? {
            RunTaken::Stored => Ok(true),
            RunTaken::Moved | RunTaken::Early | RunTaken::Unvouched => {
                carried.again = true;
                Ok(true)
            }
            RunTaken::Bad => Ok(false),
        }
    }

    /// Takes the keys that are wrapped to this device, if it lacks them.
    fn take_keys_to(&mut self, bytes: &[u8], now: Timestamp) -> Result<bool, Error> {
        let Ok(KeysTo { device, keys }) = codec::decode(bytes) else {
            return Ok(false);
        };
        if device != self.device() || !keys.bodies.is_empty() {
            return Ok(keys.bodies.is_empty());
        }
        let nowhere = Place {
            device,
            branch: 0,
            seq: 0,
        };
        let ids = keys.epochs.iter().flat_map(|(ids, _)| ids.iter());
        let lacking = ids.filter(|id| !self.ring.holds(id));
        let asked: BTreeMap<_, _> = lacking.map(|id| (id.0, nowhere)).collect();
        if !asked.is_empty() {
            self.take_keys(keys, &asked, now)?;
        }
        Ok(true)
    }

    fn take_secrets(&mut self, bytes: &[u8], now: Timestamp) -> Result<bool, Error> {
        let Ok(secrets) = codec::decode::<List<Secret, MAX_KEYS>>(bytes) else {
            return Ok(false);
        };
        for secret in secrets.into_inner() {
            let key = EpochKey::from_secret(secret);
            if self.is_epoch(&key.id()) {
                self.take_key(key.id(), key);
            }
        }
        self.open_sealed(now)?;
        Ok(true)
    }

    /// Keeps keys of bodies or notes that are about to come. What does not open its own is of no use to
    /// anybody.
    fn take_grants(&mut self, mark: u8, bytes: &[u8]) -> bool {
        let Ok(grants) = codec::decode::<Grants>(bytes) else {
            return false;
        };
        for (entry, key) in grants.into_inner() {
            let row = if mark == NOTES {
                self.rows.note_key(&entry)
            } else {
                self.rows.grant_key(&entry)
            };
            self.rows.save(row, &key);
        }
        true
    }
}
