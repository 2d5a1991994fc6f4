//! Links: who is there, hello, letting newcomers in.

use super::state::Phase;
use super::{Link, Replica, Target};
use crate::address::Address;
use crate::bounded::List;
use crate::codec;
use crate::id::{DeviceId, InviteId, PeerId};
use crate::invitation::{self, InviteKey};
use crate::key::{Rng, Signature};
use crate::log::record::{Kind as RecordKind, Payload};
use crate::membership::act::{History, Kind, Mark, Mode, Newcomer, SignedAct};
use crate::membership::graph::Graph;
use crate::membership::roster::InviteState;
use crate::replica::input::{DialId, LinkId};
use crate::replica::output::{Event, JoinEnd, Outbox, Output};
use crate::replica::overview::Knock;
use crate::secrecy::hello::{BoxKey, Direction, Route, open_hello, seal_hello};
use crate::store::Error;
use crate::sync::hello::{Answer, Hello, MAX_VOUCHERS, bind, bound};
use crate::sync::session::Session;
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

/// At most this many people may wait for a welcome: more are told to come back.
const MAX_KNOCKS: usize = 64;

/// Somebody who waits for a welcome, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    invite: InviteId,
    newcomer: Newcomer,
    proof: Signature,
}

impl Replica {
    pub(super) fn link_up(
        &mut self,
        id: LinkId,
        peer: PeerId,
        dial: Option<DialId>,
        _address: Option<Address>,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let target = dial.and_then(|dial| self.dials.remove(&dial));
        if let Some(target) = &target {
            self.schedule.linked(target);
        }
        let dialled = target.is_some();
        self.links.insert(
            id,
            Link {
                peer,
                dialled,
                target,
                session: None,
                hello: None,
            },
        );
        if let Some(device) = self.device_at(peer) {
            self.begin_session(id, peer, device, false, out);
        }
        // Who dials says hello, because the other side may not know it yet. Who is dialled says nothing
        // to strangers, unless it is looking for somebody to let it in.
        if (dialled || self.state.phase.joining().is_some())
            && let Some((key, hello)) = self.own_hello(peer)
        {
            let route = self.route(peer, dialled, Direction::Call);
            if let Some(frame) = seal_hello(&key, route, &codec::encode(&hello), rng) {
                if let Some(link) = self.links.get_mut(&id) {
                    link.hello = Some(key);
                }
                out.outputs.push(Output::Hello { link: id, frame });
            }
        }
        Ok(())
    }

    pub(super) fn link_down(
        &mut self,
        id: LinkId,
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) {
        let Some(link) = self.links.remove(&id) else {
            return;
        };
        if let Some(target) = link.target {
            self.schedule.failed(&target, now, rng);
        }
        if link.session.is_some() {
            out.outputs.push(Output::Event(Event::Connections));
        }
    }

    /// A hello frame: somebody's hello, or the answer to ours.
    pub(super) fn hello(
        &mut self,
        id: LinkId,
        frame: &[u8],
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let Some(link) = self.links.get(&id) else {
            return Ok(());
        };
        let (peer, dialled) = (link.peer, link.dialled);
        if let Some(key) = link.hello.clone() {
            let route = self.route(peer, dialled, Direction::Answer);
            if let Some((_, plain)) = open_hello([&key], route, frame) {
                return self.take_answer(id, peer, &plain, now, out);
            }
        }
        let route = self.route(peer, dialled, Direction::Call);
        let keys = self.hello_keys();
        let Some((index, plain)) = open_hello(keys.iter(), route, frame) else {
            return Ok(());
        };
        let Ok(hello) = codec::decode::<Hello>(&plain) else {
            return Ok(());
        };
        let answer = match hello {
            Hello::Join {
                invite,
                newcomer,
                proof,
                binding,
            } => {
                if !bound(newcomer.device, &self.hint(), peer, self.peer(), &binding) {
                    return Ok(());
                }
                self.let_in(id, peer, (invite, newcomer, proof), now, rng, out)?
            }
            Hello::Member {
                device,
                binding,
                vouchers,
            } => {
                if !bound(device, &self.hint(), peer, self.peer(), &binding) {
                    return Ok(());
                }
                self.greet(id, peer, device, &vouchers, out)
            }
        };
        if let (Some(answer), Some(key)) = (answer, keys.get(index)) {
            let route = self.route(peer, dialled, Direction::Answer);
            if let Some(frame) = seal_hello(key, route, &codec::encode(&answer), rng) {
                out.outputs.push(Output::Hello { link: id, frame });
            }
        }
        Ok(())
    }

    /// Returns the people who wait for a welcome.
    pub fn knocks(&self) -> Vec<Knock> {
        let rows = self.rows.scan(&self.rows.meta_scan(5)).unwrap_or_default();
        let waiting = rows
            .iter()
            .filter_map(|(_, row)| super::rows::from_head::<Waiting>(row).ok());
        waiting
            .map(|waiting| Knock {
                person: waiting.newcomer.person,
                name: waiting.newcomer.name.to_string(),
                invite: waiting.invite,
            })
            .collect()
    }

    /// Lets somebody in who knocked. `None` when nobody of that key waits, or their invite has ended.
    pub(super) fn welcome(
        &mut self,
        person: crate::id::PersonId,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<Option<()>, Error> {
        let key = self.rows.knock_key(&person);
        let Some(waiting) = self.rows.load::<Waiting>(&key)? else {
            return Ok(None);
        };
        self.rows.delete(key);
        if self
            .invite_ends(&waiting.invite, &waiting.newcomer, now)
            .is_some()
        {
            return Ok(None);
        }
        self.admit(waiting.invite, waiting.newcomer, waiting.proof, now, rng)
    }

    /// Returns the device that an address record binds to a peer id, if it belongs.
    pub(super) fn device_at(&self, peer: PeerId) -> Option<DeviceId> {
        let roster = self.roster()?;
        let bound = self.records.iter().find(|((device, kind), signed)| {
            *kind == RecordKind::Addresses
                && roster.is_active(device)
                && matches!(&signed.record.payload, Payload::Addresses { peer: theirs, .. } if *theirs == peer)
        });
        bound
            .map(|((device, _), _)| *device)
            .filter(|_| self.is_active())
    }

    fn route(&self, peer: PeerId, i_dialled: bool, direction: Direction) -> Route {
        let (dialler, listener) = if i_dialled {
            (self.peer(), peer)
        } else {
            (peer, self.peer())
        };
        // `Call` is a hello, `Answer` its answer, whoever opened the connection.
        Route {
            dialler,
            listener,
            direction,
        }
    }

    /// Returns what to say to somebody whose peer id is not known, and the key to seal it with.
    fn own_hello(&self, peer: PeerId) -> Option<(BoxKey, Hello)> {
        let binding = bind(&self.identity.device, &self.hint(), self.peer(), peer);
        if let Some((text, name)) = self.state.phase.joining() {
            let key = InviteKey::from_text(text).ok()?;
            let name = crate::content::clean_name(name).ok()?;
            let keys = &self.identity;
            let kem = keys.kem.public().clone();
            let newcomer = Newcomer::sign_for(self.hint(), &keys.person, &keys.device, kem, name);
            let proof = newcomer.prove(self.hint(), &key.signing_key());
            let hello = Hello::Join {
                invite: key.invite(),
                newcomer,
                proof,
                binding,
            };
            return Some((key.box_key(), hello));
        }
        if !self.is_active() {
            return None;
        }
        let hello = Hello::Member {
            device: self.device(),
            binding,
            vouchers: self.vouchers(),
        };
        Some((self.shared_key()?, hello))
    }

    /// Returns the acts that brought this device in, back to the founding or as far as fits.
    fn vouchers(&self) -> List<SignedAct, MAX_VOUCHERS> {
        let mut vouchers = Vec::new();
        let (mut device, graph) = (self.device(), self.graph.as_ref());
        while let Some(graph) = graph
            && let Some(known) = graph.roster().devices.get(&device)
            && let Some(act) = graph.get(&known.added)
            && vouchers.len() < MAX_VOUCHERS
        {
            let founding = act.act().device == device;
            vouchers.push(act.signed().clone());
            device = act.act().device;
            if founding {
                break;
            }
        }
        List::new(vouchers).unwrap_or_default()
    }

    /// Returns the box key of an epoch that members who have been away are likely to hold.
    fn shared_key(&self) -> Option<BoxKey> {
        let roster = self.roster()?;
        let held = roster
            .epochs
            .values()
            .filter(|epoch| self.ring.holds(&epoch.commons));
        let newest = held.max_by_key(|epoch| (epoch.commons_to.len(), epoch.depth));
        newest
            .and_then(|epoch| self.ring.get(&epoch.commons))
            .map(BoxKey::of_epoch)
    }

    /// Returns every key that a hello may be sealed with: open and ended invites, recent epochs.
    fn hello_keys(&self) -> Vec<BoxKey> {
        let (Some(roster), Some(circle)) = (self.roster(), self.state.circle) else {
            return Vec::new();
        };
        if !self.is_active() {
            return Vec::new();
        }
        let mut epochs: Vec<_> = roster.epochs.values().collect();
        epochs.sort_by_key(|epoch| std::cmp::Reverse(epoch.depth));
        let epochs = epochs
            .iter()
            .filter_map(|epoch| self.ring.get(&epoch.commons));
        let mut invites: Vec<&InviteState> = roster.invites.values().collect();
        invites.sort_by_key(|state| std::cmp::Reverse((!state.revoked, state.invite.expires)));
        let invites = invites.into_iter().take(16).filter_map(|state| {
            Some(InviteKey::new(circle, self.invite_secret(state)?, &[]).box_key())
        });
        invites.chain(epochs.map(BoxKey::of_epoch)).collect()
    }

    pub(super) fn invite_secret(&self, state: &InviteState) -> Option<invitation::InviteSecret> {
        let commons = self.ring.get(&state.invite.epoch)?;
        let invite = &state.invite;
        invitation::open_secret(commons, self.state.circle?, invite.invite, &invite.sealed)
    }

    /// Answers a member's device.
    fn greet(
        &mut self,
        id: LinkId,
        peer: PeerId,
        device: DeviceId,
        vouchers: &[SignedAct],
        out: &mut Outbox,
    ) -> Option<Answer> {
        let roster = self.roster()?;
        let vouched = match roster.devices.get(&device) {
            Some(known) if known.active => false,
            Some(_) => return None,
            None if self.vouched_for(device, vouchers) => true,
            None => return None,
        };
        let answer = self.membership_answer(peer)?;
        self.begin_session(id, peer, device, vouched, out);
        Some(answer)
    }

    /// Whether a chain of introductions leads from a device to one that belongs here.
    fn vouched_for(&self, device: DeviceId, vouchers: &[SignedAct]) -> bool {
        let (Some(roster), Some(circle)) = (self.roster(), self.state.circle) else {
            return false;
        };
        let mut wanted = device;
        for signed in vouchers {
            let Ok(act) = signed.clone().verify(circle) else {
                return false;
            };
            let act = act.act();
            let introduces = match &act.kind {
                Kind::Admit { newcomer, .. } => newcomer.device == wanted,
                Kind::AddDevice { device, .. } => device.device == wanted && act.device != wanted,
                _ => false,
            };
            if !introduces {
                return false;
            }
            match roster.devices.get(&act.device) {
                Some(known) => return known.active,
                None => wanted = act.device,
            }
        }
        false
    }

    fn membership_answer(&self, peer: PeerId) -> Option<Answer> {
        let circle = self.state.circle?;
        let binding = bind(&self.identity.device, &self.hint(), self.peer(), peer);
        Some(Answer::Member {
            circle,
            device: self.device(),
            binding,
        })
    }

    /// Answers somebody who holds an invite.
    fn let_in(
        &mut self,
        id: LinkId,
        peer: PeerId,
        (invite, newcomer, proof): (InviteId, Newcomer, Signature),
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<Option<Answer>, Error> {
        let in_order =
            newcomer.verify(self.hint()) && newcomer.proven_by(self.hint(), invite, &proof);
        if !in_order || !self.is_active() {
            return Ok(None);
        }
        let device = newcomer.device;
        let here = self
            .roster()
            .and_then(|roster| roster.devices.get(&device))
            .map(|d| d.active);
        match here {
            Some(true) => {}
            Some(false) => return Ok(Some(Answer::End(JoinEnd::Revoked))),
            None => {
                if let Some(end) = self.invite_ends(&invite, &newcomer, now) {
                    return Ok(Some(Answer::End(end)));
                }
                if self.knocking(&invite) {
                    self.note_knock(
                        Waiting {
                            invite,
                            newcomer,
                            proof,
                        },
                        out,
                    )?;
                    return Ok(Some(Answer::Wait));
                }
                if self.admit(invite, newcomer, proof, now, rng)?.is_none() {
                    return Ok(Some(Answer::End(JoinEnd::Unknown)));
                }
                self.roster_changed(now, out)?;
            }
        }
        let answer = self.membership_answer(peer);
        self.begin_session(id, peer, device, false, out);
        Ok(answer)
    }

    /// Returns why an invite admits nobody any more.
    fn invite_ends(
        &self,
        invite: &InviteId,
        newcomer: &Newcomer,
        now: Timestamp,
    ) -> Option<JoinEnd> {
        let Some(state) = self.roster().and_then(|roster| roster.invites.get(invite)) else {
            return Some(JoinEnd::Unknown);
        };
        let again = state.used_by.contains(&newcomer.person);
        if state.revoked {
            Some(JoinEnd::Revoked)
        } else if state.invite.expires <= now {
            Some(JoinEnd::Expired)
        } else if !again && state.used_by.len() >= usize::from(state.invite.uses) {
            Some(JoinEnd::UsedUp)
        } else {
            None
        }
    }

    fn knocking(&self, invite: &InviteId) -> bool {
        let state = self.roster().and_then(|roster| roster.invites.get(invite));
        state.is_some_and(|state| state.invite.mode == Mode::Knock)
    }

    fn note_knock(&mut self, waiting: Waiting, out: &mut Outbox) -> Result<(), Error> {
        let key = self.rows.knock_key(&waiting.newcomer.person);
        let new = self.rows.get(&key)?.is_none();
        if new && self.rows.scan(&self.rows.meta_scan(5))?.len() < MAX_KNOCKS {
            self.rows.save(key, &waiting);
            out.outputs.push(Output::Event(Event::Knocked));
        }
        Ok(())
    }

    /// Admits a newcomer: the act, a new epoch unless they may read everything, and the keys they may
    /// have.
    fn admit(
        &mut self,
        invite: InviteId,
        newcomer: Newcomer,
        proof: Signature,
        now: Timestamp,
        rng: &mut Rng<'_>,
    ) -> Result<Option<()>, Error> {
        let Some(state) = self.roster().and_then(|roster| roster.invites.get(&invite)) else {
            return Ok(None);
        };
        let history = state.invite.history;
        let since = match history {
            History::All => Vec::new(),
            History::FromNow => self.marks(None)?,
            History::Days30 => self.marks(Some(now.day().minus(30)))?,
        };
        let Ok(since) = List::new(since) else {
            return Ok(None);
        };
        let device = newcomer.device;
        let kind = Kind::Admit {
            invite,
            newcomer,
            proof,
            since,
        };
        if self.act(kind, now).is_none() {
            return Ok(None);
        }
        if history != History::All {
            self.mint(now, rng);
        }
        self.share_keys(device, now, rng);
        Ok(Some(()))
    }

    /// Returns for each chain the last entry, or the last one written before a day.
    fn marks(&self, before: Option<Day>) -> Result<Vec<Mark>, Error> {
        let mut marks = Vec::new();
        for ((device, branch), chain) in self.frontier.chains() {
            let Some(last) = chain.last().filter(|_| *branch == 0) else {
                continue;
            };
            let seq = match before {
                None => last.high,
                Some(day) => self.last_before(device, chain.intervals(), day)?,
            };
            if seq > 0 {
                marks.push(Mark {
                    device: *device,
                    seq,
                });
            }
        }
        Ok(marks)
    }

    fn take_answer(
        &mut self,
        id: LinkId,
        peer: PeerId,
        plain: &[u8],
        now: Timestamp,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let Ok(answer) = codec::decode::<Answer>(plain) else {
            return Ok(());
        };
        match answer {
            Answer::Member {
                circle,
                device,
                binding,
            } => {
                let fits = circle.hint() == self.hint()
                    && self.state.circle.is_none_or(|known| known == circle)
                    && bound(device, &self.hint(), peer, self.peer(), &binding);
                if fits {
                    if self.graph.is_none() {
                        self.state.circle = Some(circle);
                        self.graph = Some(Graph::new(circle));
                        self.save_state();
                    }
                    let vouched = self.state.phase.joining().is_some();
                    self.begin_session(id, peer, device, vouched, out);
                }
            }
            Answer::Wait => {
                if let Some((key, name)) = self.state.phase.joining() {
                    self.state.phase = Phase::Knocking {
                        key: key.to_owned(),
                        name: name.to_owned(),
                    };
                    self.save_state();
                    out.outputs.push(Output::Event(Event::JoinWaits));
                }
                out.outputs.push(Output::Close { link: id });
            }
            Answer::End(end) => {
                if self.state.phase.joining().is_some() {
                    self.state.phase = Phase::Ended(end);
                    self.save_state();
                    self.plan_dials(now, out);
                    out.outputs.push(Output::Event(Event::JoinEnded(end)));
                }
                out.outputs.push(Output::Close { link: id });
            }
        }
        Ok(())
    }

    pub(super) fn begin_session(
        &mut self,
        id: LinkId,
        peer: PeerId,
        device: DeviceId,
        vouched: bool,
        out: &mut Outbox,
    ) {
        let frame = self.open_message().to_frame();
        let Some(link) = self
            .links
            .get_mut(&id)
            .filter(|link| link.session.is_none())
        else {
            return;
        };
        let mut session = Session::new(peer, device, vouched);
        session.awaits_open = true;
        link.session = Some(session);
        if matches!(link.target, Some(Target::Heard(..))) {
            link.target = None;
        }
        out.outputs.push(Output::Trust { link: id });
        out.outputs.push(Output::Send { link: id, frame });
        out.outputs.push(Output::Event(Event::Connections));
    }
}
