//! Hello: what is said on a link before both sides know each other, and what is answered.

use super::Replica;
use super::parting::say_last;
use super::state::Phase;
use crate::codec;
use crate::id::{DeviceId, EpochId, PeerId};
use crate::invitation::InviteKey;
use crate::key::Rng;
use crate::membership::act::{Kind, Newcomer, SignedAct};
use crate::membership::graph::Graph;
use crate::replica::input::LinkId;
use crate::replica::output::{Event, JoinEnd, Outbox, Output};
use crate::secrecy::hello::{BoxKey, Direction, Route, open_hello, seal_hello};
use crate::store::Error;
use crate::sync::hello::{Answer, Hello, bind, bound};
use crate::time::Timestamp;

impl Replica {
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
                self.take_answer(id, peer, &plain, now, out);
                return Ok(());
            }
        }
        let route = self.route(peer, dialled, Direction::Call);
        let keys = self.hello_keys();
        let Some((index, plain)) = open_hello(keys.iter(), route, frame) else {
            // No answer; and a stranger does not keep one of the few places for strangers.
            let alone = self
                .links
                .get(&id)
                .is_some_and(|link| link.session.is_none());
            if alone && !dialled && self.is_active() {
                out.outputs.push(Output::Close { link: id });
            }
            return Ok(());
        };
        let Ok(hello) = codec::decode::<Hello>(&plain) else {
            return Ok(());
        };
        let (answer, last_word) =
            self.answer_to(id, peer, (hello, keys.get(index)), now, rng, out)?;
        if let (Some(answer), Some(key)) = (answer, keys.get(index)) {
            let route = self.route(peer, dialled, Direction::Answer);
            if let Some(frame) = seal_hello(key, route, &codec::encode(&answer), rng) {
                out.outputs.push(Output::Hello { link: id, frame });
            }
        }
        say_last(id, last_word, out);
        Ok(())
    }

    /// Returns the answer to a hello that opened, and the last word to somebody who no longer belongs.
    fn answer_to(
        &mut self,
        id: LinkId,
        peer: PeerId,
        (hello, sealed_with): (Hello, Option<&BoxKey>),
        now: Timestamp,
        rng: &mut Rng<'_>,
        out: &mut Outbox,
    ) -> Result<(Option<Answer>, Vec<SignedAct>), Error> {
        let is_theirs = |device, binding| bound(device, &self.hint(), peer, self.peer(), binding);
        match hello {
            Hello::Join {
                invite,
                newcomer,
                proof,
                binding,
            } if is_theirs(newcomer.device, &binding) => {
                let answer = self.let_in(id, peer, (invite, newcomer, proof), now, rng, out)?;
                Ok((answer, Vec::new()))
            }
            Hello::Member {
                device,
                binding,
                vouchers,
                retracts,
            } if is_theirs(device, &binding) => {
                let greeting = self.greet(id, peer, device, &vouchers, out);
                if greeting.is_some() {
                    return Ok((greeting, Vec::new()));
                }
                if self.is_active()
                    && let Some(answer) = self.hear_retracts(device, &retracts)?
                {
                    return Ok((Some(answer), Vec::new()));
                }
                let last_word = self.last_word(device);
                let answer = self.membership_answer(peer);
                Ok((answer.filter(|_| !last_word.is_empty()), last_word))
            }
            Hello::Return {
                device,
                certificate,
                binding,
            } if is_theirs(device.device, &binding) => {
                let answer = self.welcome_back(id, peer, (&device, &certificate), out);
                Ok((answer, Vec::new()))
            }
            Hello::Link {
                device,
                kem,
                binding,
            } if is_theirs(device, &binding) => {
                let answer = self.link_device(sealed_with, (device, kem), now, rng, out)?;
                Ok((answer, Vec::new()))
            }
            Hello::Join { .. }
            | Hello::Member { .. }
            | Hello::Return { .. }
            | Hello::Link { .. } => Ok((None, Vec::new())),
        }
    }

    /// Returns what to say to somebody whose peer id is not known, and the key to seal it with, after so
    /// many tries in a row that led nowhere.
    pub(super) fn own_hello(
        &self,
        peer: PeerId,
        as_newcomer: bool,
        tries: u32,
    ) -> Option<(BoxKey, Hello)> {
        let binding = bind(&self.identity.device, &self.hint(), self.peer(), peer);
        if let Some(hello) = self.arrival_hello(binding) {
            return Some(hello);
        }
        if let Some((text, name)) = self.way_in().filter(|_| as_newcomer) {
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
        if !self.has_a_say() {
            return None;
        }
        let hello = Hello::Member {
            device: self.device(),
            binding,
            vouchers: self.vouchers(),
            retracts: self.owed_retracts(),
        };
        Some((self.member_key(peer, tries)?, hello))
    }

    /// Returns the box key of a hello to a member: of an epoch, and with every second try of a device
    /// that is known, of its person. That one opens whatever became of the epochs: a disk that was put
    /// back has lost the later ones, and this device may hold none but its own.
    fn member_key(&self, peer: PeerId, tries: u32) -> Option<BoxKey> {
        let device = self.device_at(peer);
        let person = device.and_then(|device| self.roster()?.person_of(&device));
        let of_person = person.map(|person| BoxKey::of_person(person, &self.hint()));
        if tries.is_multiple_of(2) {
            self.shared_key(peer).or(of_person)
        } else {
            of_person.or_else(|| self.shared_key(peer))
        }
    }

    /// Returns the box key of the newest epoch that the device of this peer is known to hold: one that
    /// its own last act or its admission rests on. It may have been away when later ones were minted.
    /// For a peer of whom nothing is known, the newest epoch that most were given.
    fn shared_key(&self, peer: PeerId) -> Option<BoxKey> {
        let (graph, roster) = (self.graph.as_ref()?, self.roster()?);
        let device = self.device_at(peer);
        let known = device.and_then(|device| roster.devices.get(&device));
        let last = device.map(|device| graph.next(&device).1);
        let heads: Vec<_> = known
            .map(|known| known.added)
            .into_iter()
            .chain(last)
            .collect();
        let rests_on = |commons: &EpochId| {
            graph.iter().any(|act| {
                matches!(&act.act().kind, Kind::Epoch { commons: minted, .. } if minted == commons)
                    && graph.knows(&heads, &act.id())
            })
        };
        let held = roster
            .epochs
            .values()
            .filter(|epoch| self.ring.holds(&epoch.commons));
        let held: Vec<_> = held.collect();
        let sure = held.iter().filter(|epoch| rests_on(&epoch.commons));
        let newest = sure.max_by_key(|epoch| epoch.depth).or_else(|| {
            let likely = held.iter();
            likely.max_by_key(|epoch| (epoch.commons_to.len(), epoch.depth))
        });
        newest
            .and_then(|epoch| self.ring.get(&epoch.commons))
            .map(BoxKey::of_epoch)
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
        let roster = self.roster().filter(|_| self.answers_members())?;
        let vouched = match roster.devices.get(&device) {
            Some(known) if known.active => false,
            None if self.vouched_for(device, vouchers) => true,
            _ => return None,
        };
        let answer = self.membership_answer(peer)?;
        self.begin_session(id, peer, device, vouched, out);
        Some(answer)
    }

    pub(super) fn membership_answer(&self, peer: PeerId) -> Option<Answer> {
        let circle = self.state.circle?;
        let binding = bind(&self.identity.device, &self.hint(), self.peer(), peer);
        Some(Answer::Member {
            circle,
            device: self.device(),
            binding,
        })
    }

    fn take_answer(
        &mut self,
        id: LinkId,
        peer: PeerId,
        plain: &[u8],
        now: Timestamp,
        out: &mut Outbox,
    ) {
        let Ok(answer) = codec::decode::<Answer>(plain) else {
            return;
        };
        match answer {
            Answer::Member {
                circle,
                device,
                binding,
            } => {
                let fits = circle.hint() == self.hint()
                    && (self.state.circle.is_none_or(|known| known == circle) || self.is_blank())
                    && bound(device, &self.hint(), peer, self.peer(), &binding);
                if fits {
                    if self.is_blank() && self.state.circle != Some(circle) {
                        self.state.circle = Some(circle);
                        self.graph = Some(Graph::new(circle));
                        self.save_state();
                    }
                    let vouched = self.is_on_its_way();
                    self.begin_session(id, peer, device, vouched, out);
                }
            }
            Answer::Linked(sealed) => {
                self.take_person(&sealed, out);
                out.outputs.push(Output::Close { link: id });
            }
            Answer::Wait => {
                self.is_noticed(out);
                if let Some((key, name)) = self.state.joining() {
                    self.state.phase = Phase::Knocking {
                        key: key.to_owned(),
                        name: name.to_owned(),
                    };
                    self.save_state();
                    out.outputs.push(Output::Event(Event::JoinWaits));
                }
                out.outputs.push(Output::Close { link: id });
            }
            Answer::Took(things) => {
                // There may be more to tell: the next try comes soon.
                let target = self.links.get(&id).and_then(|link| link.target.clone());
                if self.told(&things)
                    && let Some(target) = target
                {
                    self.schedule.settled(&target);
                }
                self.plan_dials(now, out);
                out.outputs.push(Output::Close { link: id });
            }
            Answer::End(JoinEnd::PersonBelongs) => {
                self.join_becomes_return(now, out);
                out.outputs.push(Output::Close { link: id });
            }
            Answer::End(end) => {
                self.return_ended(end, now, out);
                self.join_ended(id, end, now, out);
                out.outputs.push(Output::Close { link: id });
            }
        }
    }

    /// Notes that a member ended the join. This device goes on asking now and then, those first whom it
    /// has not heard: another member may have let it in before, or may yet.
    fn join_ended(&mut self, id: LinkId, end: JoinEnd, now: Timestamp, out: &mut Outbox) {
        let at = self.links.get(&id).and_then(|link| link.address);
        self.ended_at.extend(at);
        if let Some((key, name)) = self.state.phase.joining() {
            self.state.way_in = Some((key.to_owned(), name.to_owned()));
            self.state.phase = Phase::Ended(end);
            self.save_state();
            self.plan_dials(now, out);
            out.outputs.push(Output::Event(Event::JoinEnded(end)));
        }
    }

    pub(super) fn route(&self, peer: PeerId, i_dialled: bool, direction: Direction) -> Route {
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

    /// Whether nothing of the circle is known yet but what somebody said it is called.
    fn is_blank(&self) -> bool {
        self.graph.as_ref().is_none_or(Graph::is_empty)
    }
}
