//! Writing entries: what this person shares.

use super::Replica;
use super::things::Thing;
use crate::bounded::List;
use crate::content::response::Response;
use crate::content::settings::Settings;
use crate::content::story::Story;
use crate::content::{self, Body, Content, Kind as ThingKind};
use crate::id::{ActId, EntryId, EpochId, Hash, PersonId, ThingId};
use crate::key::Rng;
use crate::log::chain::Interval;
use crate::log::entry::{Entry, Place};
use crate::log::header::{
    Action, Audience, Header, KeyClass, MAX_HEADS, MAX_LAMPORT, Origin, SUITE, VERSION,
    VerifiedHeader,
};
use crate::membership::act::{Kind, Newcomer, Rules};
use crate::membership::graph::Graph;
use crate::replica::input::Fade;
use crate::replica::output::Refusal;
use crate::secrecy::kem::PublicKey;
use crate::secrecy::{seal, sealed_note};
use crate::store::Error;
use crate::time::{Day, Timestamp};

/// How far a lamport time may lie above the number of entries held: many may be missing here.
const LAMPORT_AHEAD: u64 = 1 << 32;

/// What an entry is about, before it is sealed.
pub(super) struct Draft {
    pub(super) thing: ThingId,
    pub(super) origin: Option<Origin>,
    pub(super) deps: Vec<EntryId>,
    pub(super) class: KeyClass,
    pub(super) expires: Day,
    pub(super) action: Action,
    pub(super) body: Option<Vec<u8>>,
}

impl Replica {
    /// Writes the founding act, the first epoch and the circle's settings.
    pub(super) fn write_founding(
        &mut self,
        name: &str,
        circle_name: &str,
        nonce: [u8; 32],
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<(), Refusal> {
        let name = content::clean_name(name).map_err(|_| Refusal::Empty)?;
        let circle_name = content::clean_name(circle_name).map_err(|_| Refusal::Empty)?;
        let settings = Settings::named(circle_name);
        let circle = self.state.circle.ok_or(Refusal::NotAMember)?;
        let keys = &self.identity;
        let kem = keys.kem.public().clone();
        let founder = Newcomer::sign(circle, &keys.person, &keys.device, kem, name);
        let kind = Kind::Found {
            nonce,
            founder,
            rules: Rules::default(),
        };
        self.act(kind, now).ok_or(Refusal::NotAllowed)?;
        self.mint(now, rng).ok_or(Refusal::NotAllowed)?;
        let body = settings
            .create(self.device(), now)
            .map_err(|_| Refusal::Empty)?;
        self.make(ThingKind::Settings, &body, Day::default(), now, rng)?;
        Ok(())
    }

    /// Shares a story that fades as told.
    pub(super) fn share(
        &mut self,
        story: &Story,
        fade: Fade,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<ThingId, Refusal> {
        let body = story.create(self.device()).map_err(Refusal::from)?;
        let expires = self.last_day(fade, now)?;
        self.make(ThingKind::Story, &body, expires, now, rng)
    }

    /// Answers a story.
    pub(super) fn respond(
        &mut self,
        to: ThingId,
        text: &str,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<ThingId, Refusal> {
        let (_, to, expires) = self.answered(to, now)?;
        let text = content::clean_text(text).map_err(Refusal::from)?;
        let body = Response {
            to,
            text,
            written: now,
        }
        .create(self.device())
        .map_err(Refusal::from)?;
        self.make(ThingKind::Response, &body, expires, now, rng)
    }

    /// Returns who shared the story that somebody answers, the first story of all its edits, and its last
    /// day.
    pub(super) fn answered(
        &self,
        story: ThingId,
        now: Timestamp,
    ) -> Result<(PersonId, ThingId, Day), Refusal> {
        let thing: Option<Thing> = self.rows.load(&self.rows.thing_key(&story))?;
        let thing = thing
            .filter(|_| !self.retracts.contains_key(&story))
            .ok_or(Refusal::NotFound)?;
        let content = self.read_thing(&thing, now)?;
        let (Some(author), Some(Content::Story(read))) = (thing.creator, content) else {
            return Err(Refusal::NotFound);
        };
        Ok((author, self.thread(story, author, &read), thing.expires))
    }

    /// Takes back a story or response of this person's own.
    pub(super) fn take_back(&mut self, thing: ThingId, now: Timestamp) -> Result<(), Refusal> {
        let known: Option<Thing> = self.rows.load(&self.rows.thing_key(&thing))?;
        let known = known.ok_or(Refusal::NotFound)?;
        let (origin, class) = self.origin_of(&known).ok_or(Refusal::NotFound)?;
        if origin.creator != self.me() {
            return Err(Refusal::NotAllowed);
        }
        let draft = Draft {
            thing,
            origin: Some(origin),
            deps: Vec::new(),
            class,
            expires: Day::default(),
            action: Action::Retract,
            body: None,
        };
        self.append(draft, EpochId::default(), now)?;
        self.owe(thing);
        Ok(())
    }

    /// Returns who made a thing, and its nonce, from the entry that began it.
    pub(super) fn origin_of(&self, thing: &Thing) -> Option<(Origin, KeyClass)> {
        thing.places.iter().find_map(|place| {
            let entry = self.rows.entry(place).ok()??;
            let header = entry.header.header();
            header.origin.map(|origin| (origin, header.class))
        })
    }

    /// Makes a thing of this person's own.
    pub(super) fn make(
        &mut self,
        kind: ThingKind,
        body: &Body,
        expires: Day,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<ThingId, Refusal> {
        let circle = self.state.circle.ok_or(Refusal::Pending)?;
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        let origin = Origin {
            creator: self.me(),
            nonce,
        };
        let draft = Draft {
            thing: origin.thing(circle),
            origin: Some(origin),
            deps: Vec::new(),
            class: kind.class(),
            expires,
            action: Action::Write,
            body: Some(body.encode()),
        };
        let thing = draft.thing;
        self.write(draft, now, rng)?;
        Ok(thing)
    }

    pub(super) fn write(
        &mut self,
        draft: Draft,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<(), Refusal> {
        self.write_to(&[], draft, now, rng)
    }

    /// Writes an entry for these devices alone, or, where there are none, for the circle.
    pub(super) fn write_to(
        &mut self,
        devices: &[PublicKey],
        mut draft: Draft,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<(), Refusal> {
        let act = self.sealing_epoch(now, rng).ok_or(Refusal::NotAMember)?;
        self.join_heads(now);
        let epoch = self.roster().and_then(|roster| roster.epochs.get(&act));
        let id = epoch
            .map(|epoch| epoch.key(draft.class))
            .ok_or(Refusal::NotAMember)?;
        let plain = draft.body.take().unwrap_or_default();
        let mut header = self.header(draft, id)?;
        let plain = if devices.is_empty() {
            plain
        } else {
            header.audience = Audience::Sealed;
            let devices: Vec<_> = devices.iter().collect();
            sealed_note::seal(&devices, &sealed_note::place(&header), &plain, rng)
                .map_err(|_| Refusal::TooLong(sealed_note::MAX_NOTE))?
        };
        let size = seal::sealed_size(plain.len()).ok_or(Refusal::TooLong(seal::MAX_PLAINTEXT))?;
        let size = u32::try_from(size).map_err(|_| Refusal::TooLong(seal::MAX_PLAINTEXT))?;
        let header = Header { size, ..header };
        let key = self.ring.get(&id).ok_or(Refusal::NotAMember)?;
        let sealed = seal::seal(key, &header.associated(), &plain, rng)
            .map_err(|_| Refusal::TooLong(seal::MAX_PLAINTEXT))?;
        let header = Header {
            body: Hash::of(&sealed),
            ..header
        };
        self.finish_entry(header, Some(sealed), now)
    }

    fn append(&mut self, draft: Draft, id: EpochId, now: Timestamp) -> Result<(), Refusal> {
        self.join_heads(now);
        let header = self.header(draft, id)?;
        self.finish_entry(header, None, now)
    }

    fn finish_entry(
        &mut self,
        header: Header,
        body: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let signature = Some(header.sign(&self.identity.device));
        let entry = Entry {
            header: VerifiedHeader::trusted(header),
            signature,
            body,
        };
        self.store_own(&entry, now)?;
        Ok(())
    }

    fn header(&self, draft: Draft, epoch: EpochId) -> Result<Header, Refusal> {
        let device = self.device();
        if self.frontier.forked(&device) {
            return Err(Refusal::Forked);
        }
        let last = self.frontier.chain(&device, 0).last().copied();
        let mut heads = self.graph.as_ref().map(Graph::heads).unwrap_or_default();
        if heads.len() > MAX_HEADS {
            // Who no longer belongs cannot join heads, and has only retracts to write: what it knew will do.
            heads = self.last_heads(last.as_ref())?;
        }
        Ok(Header {
            version: VERSION,
            suite: SUITE,
            circle: self.state.circle.ok_or(Refusal::Pending)?,
            device,
            seq: last.map_or(1, |last| last.high + 1),
            prev: last.map(|last| last.top).unwrap_or_default(),
            lamport: self.next_lamport()?,
            heads: List::new(heads).map_err(|_| Refusal::NotAllowed)?,
            deps: List::new(draft.deps).map_err(|_| Refusal::NotAllowed)?,
            thing: draft.thing,
            origin: draft.origin,
            action: draft.action,
            audience: Audience::Circle,
            class: draft.class,
            epoch,
            expires: draft.expires,
            size: 0,
            body: Hash::default(),
        })
    }

    /// The heads of this device's last entry.
    fn last_heads(&self, last: Option<&Interval>) -> Result<Vec<ActId>, Error> {
        let Some(last) = last else {
            return Ok(Vec::new());
        };
        let entry = self.rows.entry(&Place {
            device: self.device(),
            branch: 0,
            seq: last.high,
        })?;
        Ok(entry.map_or_else(Vec::new, |entry| entry.header.header().heads.to_vec()))
    }

    /// The largest lamport time that can be: what lies above was made up to come first.
    pub(super) fn most_lamport(&self) -> u64 {
        self.frontier.len().saturating_add(LAMPORT_AHEAD)
    }

    /// One more than the largest lamport time among the newest entries held. One that cannot be is passed
    /// over, so that nobody pins what is newest.
    fn next_lamport(&self) -> Result<u64, Error> {
        let mut largest = 0;
        let most = self.most_lamport();
        for ((device, branch), chain) in self.frontier.chains() {
            let Some(last) = chain.last() else { continue };
            let lamport = self.lamport_of(device, *branch, last.high)?;
            if lamport <= most {
                largest = largest.max(lamport);
            }
        }
        Ok(largest.saturating_add(1).min(MAX_LAMPORT))
    }
}

impl From<Error> for Refusal {
    fn from(_: Error) -> Self {
        Self::Store
    }
}

impl From<content::Error> for Refusal {
    fn from(error: content::Error) -> Self {
        match error {
            content::Error::TooLong(limit) => Self::TooLong(limit.0),
            _ => Self::Empty,
        }
    }
}
