//! Linking: how another computer becomes a device of a person, by a device key and four words.
//!
//! ```text
//!   this device                               the other computer
//!   makes a device key      -- typed -->      Link (its keys), sealed under the device key
//!   notes it: Wait          <-------------    shows four words made of its keys
//!   its member types them
//!   Linked (person's secret in this circle, HPKE to that device's KEM key)
//!                           ------------->    comes back as a new device of the person
//! ```
//!
//! The four words are typed where the key was made, so that nobody who only saw the key can slip in a
//! computer of their own: other keys have other words. A device key is for one computer and one hour.

use super::Replica;
use super::state::{Phase, State};
use crate::codec;
use crate::id::{DeviceId, PersonId};
use crate::invitation::{AnyKey, DeviceKey, InviteSecret};
use crate::key::{Rng, Secret, Signature};
use crate::membership::MAX_OF_ONE;
use crate::replica::Identity;
use crate::replica::output::{Event, JoinEnd, Outbox, Output, Refusal, Reply};
use crate::replica::rows::Rows;
use crate::secrecy::hello::BoxKey;
use crate::secrecy::kem::{self, PublicKey as KemKey, Sealed};
use crate::store::{Error, Reader};
use crate::sync::hello::{Answer, Hello};
use crate::time::Timestamp;
use crate::words;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// How long a device key lasts: both computers are at hand.
const LASTS: Duration = Duration::from_hours(1);
/// The most computers that may wait on one device key: who saw the key cannot crowd out the right one.
const MAX_WAITING: usize = 4;
/// So soon a computer asks again whether its words were typed.
const ASKS_AGAIN: Duration = Duration::from_secs(4);
const LINKED: &str = "circlet 1 linked, the person key";

/// A device key that was made here, as it is stored. A new one takes its place.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Offer {
    secret: [u8; 16],
    until: Timestamp,
    waiting: Vec<(DeviceId, KemKey)>,
    /// Which of them its member meant.
    confirmed: Option<DeviceId>,
}

impl Offer {
    fn key(&self, hint: [u8; 16]) -> DeviceKey {
        DeviceKey::new(hint, InviteSecret(self.secret), &[])
    }
}

impl Replica {
    /// Begins to become a device of whoever made this key. The identity's person key is not used.
    pub fn link(
        identity: Identity,
        reader: Box<dyn Reader>,
        key: &DeviceKey,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Self {
        let mut replica = Self::empty(identity, Rows::new(reader, key.hint()));
        replica.state = State {
            phase: Phase::Linking {
                key: key.to_text().to_string(),
                met: false,
            },
            ..State::default()
        };
        replica.save_state();
        replica.plan_dials(now, out);
        replica.finish(now, out);
        replica
    }

    /// Returns the four words of this computer while it waits to be linked.
    pub fn linking_words(&self) -> Option<String> {
        let kem = self.identity.kem.public();
        matches!(self.state.phase, Phase::Linking { .. })
            .then(|| self.four_words(self.device(), kem))
    }

    /// Returns how many computers wait for their four words, and until when the device key lasts;
    /// `None` when there is none that lets one in.
    pub fn device_key(&self, now: Timestamp) -> Option<(usize, Timestamp)> {
        let offer = self.offer().ok().flatten()?;
        let open = offer.confirmed.is_none() && offer.until > now;
        open.then_some((offer.waiting.len(), offer.until))
    }

    /// Whether this person has as many devices as one may have.
    pub(super) fn has_many_devices(&self) -> bool {
        let me = self.me();
        let mine = self.roster().map(|roster| roster.devices_of(&me).count());
        mine.is_some_and(|mine| mine >= MAX_OF_ONE)
    }

    pub(super) fn offer_device(
        &mut self,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Reply {
        let secret = InviteSecret::random(rng);
        let offer = Offer {
            secret: secret.0,
            until: now.after(LASTS),
            waiting: Vec::new(),
            confirmed: None,
        };
        self.rows.save(self.rows.offer_key(), &offer);
        self.listen_for_beacons(now, out);
        let key = DeviceKey::new(self.hint(), secret, &self.reachable);
        Reply::DeviceKey {
            key: key.to_text().to_string(),
            until: offer.until,
        }
    }

    pub(super) fn confirm_device(&mut self, typed: &str, now: Timestamp) -> Result<Reply, Refusal> {
        let offer = self.offer()?.ok_or(Refusal::NobodyWaits)?;
        if offer.waiting.is_empty() {
            return Err(Refusal::NobodyWaits);
        }
        let lower = typed.to_lowercase();
        let typed: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).collect();
        let typed: Vec<&str> = typed.into_iter().filter(|word| !word.is_empty()).collect();
        let meant = offer.waiting.iter().find(|(device, kem)| {
            let words = self.four_words(*device, kem);
            words.split(' ').eq(typed.iter().copied())
        });
        let (device, _) = meant.ok_or(Refusal::OtherWords)?;
        if offer.confirmed.is_some_and(|other| other != *device) || offer.until <= now {
            return Err(Refusal::InviteEnded);
        }
        let confirmed = Some(*device);
        let offer = Offer { confirmed, ..offer };
        self.rows.save(self.rows.offer_key(), &offer);
        Ok(Reply::Done)
    }

    /// Answers a computer that holds this device's device key.
    pub(super) fn link_device(
        &mut self,
        sealed_with: Option<&BoxKey>,
        (device, kem): (DeviceId, KemKey),
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Option<Answer>, Error> {
        let Some(mut offer) = self.offer()? else {
            return Ok(None);
        };
        if sealed_with != Some(&offer.key(self.hint()).box_key()) {
            return Ok(None);
        }
        let known = offer.waiting.iter().find(|(waits, _)| *waits == device);
        if let Some((_, kem)) = known.filter(|_| offer.confirmed == Some(device)) {
            let person = self.identity.person.to_secret();
            let bound = codec::encode(&(self.hint(), device));
            let sealed = kem::seal(kem, LINKED, &bound, &person.0, rng);
            return Ok(sealed.ok().map(Answer::Linked));
        }
        if offer.confirmed.is_some() || offer.until <= now {
            return Ok(Some(Answer::End(JoinEnd::DeviceKeyOver)));
        }
        if known.is_none() && offer.waiting.len() < MAX_WAITING {
            offer.waiting.push((device, kem));
            self.rows.save(self.rows.offer_key(), &offer);
            out.outputs.push(Output::Event(Event::DeviceWaits));
        }
        Ok(Some(Answer::Wait))
    }

    pub(super) fn link_hello(&self, key: &str, binding: Signature) -> Option<(BoxKey, Hello)> {
        let key = device_key(key)?;
        let hello = Hello::Link {
            device: self.device(),
            kem: self.identity.kem.public().clone(),
            binding,
        };
        Some((key.box_key(), hello))
    }

    /// The device that made the key has this one's keys.
    pub(super) fn is_noticed(&mut self, out: &mut Outbox) {
        if let Phase::Linking { key, met: false } = &self.state.phase {
            self.state.phase = Phase::Linking {
                key: key.clone(),
                met: true,
            };
            self.save_state();
            out.outputs.push(Output::Event(Event::JoinWaits));
        }
    }

    /// Takes the person key that this device is given.
    pub(super) fn take_person(&mut self, sealed: &Sealed, out: &mut Outbox) {
        let Phase::Linking { key, .. } = &self.state.phase else {
            return;
        };
        let bound = codec::encode(&(self.hint(), self.device()));
        let opened = self.identity.kem.open(LINKED, &bound, sealed).ok();
        let person = opened.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
        if let Some(person) = person {
            out.outputs.push(Output::Adopt {
                person: Secret(person),
                contacts: vec![key.clone()],
            });
        }
    }

    /// Returns when to ask again whether the four words were typed.
    pub(super) fn asks_again(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = matches!(self.state.phase, Phase::Linking { met: true, .. });
        waits.then(|| now.after(ASKS_AGAIN))
    }

    pub(super) fn offered_key(&self) -> Option<BoxKey> {
        let offer = self.offer().ok().flatten()?;
        Some(offer.key(self.hint()).box_key())
    }

    pub(super) fn offered_beacon(&self, now: Timestamp) -> Option<[u8; 32]> {
        let offer = self.offer().ok().flatten();
        let open = offer.filter(|offer| offer.confirmed.is_none() && offer.until > now)?;
        Some(open.key(self.hint()).beacon_key(now.day()).0.0)
    }

    fn offer(&self) -> Result<Option<Offer>, Error> {
        self.rows.load(&self.rows.offer_key())
    }

    /// No person yet: the words are of the device alone.
    fn four_words(&self, device: DeviceId, kem: &KemKey) -> String {
        words::four(&self.hint(), PersonId::default(), device, kem)
    }
}

fn device_key(text: &str) -> Option<DeviceKey> {
    match AnyKey::from_text(text) {
        Ok(AnyKey::Device(key)) => Some(key),
        Ok(AnyKey::Invite(_) | AnyKey::Card(_)) | Err(_) => None,
    }
}
