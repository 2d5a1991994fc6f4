//! Places: how many connections there may be, who holds them, and who gives way when none is left.
//!
//! * *Pending*: inbound, before the transport has proved who it is. QUIC and TCP have places of their
//!   own, because anybody can make up the address that a QUIC handshake seems to come from. One address
//!   gets only a part. A handshake cannot be ended early: its time limit bounds how long it holds one.
//! * *Strangers*: inbound, proved, not trusted yet, and no known peer. One address gets only a part
//!   here too. Where none is left, the stranger who has been silent longest goes: of the same address
//!   when its part is full, else of the address that holds most.
//! * *All*: known peers, those that are trusted, and those this side dialled. A known peer finds a place
//!   as long as any stranger can give way.
//!
//! This computer itself has no part: several members can run here, and a program that runs here needs
//! no flood. What has ended is forgotten at once, whoever it was.

use super::Limits;
use super::budget::{Budget, network_of};
use circlet_model::address::Transport;
use libp2p::PeerId;
use libp2p::swarm::ConnectionId;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Dials in flight: a few peers, each with a handful of addresses where the peer is unknown.
const DIALS: usize = 24;

/// Connections with one peer: one, and what a change of links or both sides dialling adds.
const PER_PEER: usize = 4;

/// Every connection of a network.
pub(super) struct Places {
    limits: Limits,
    quic: Entrance,
    tcp: Entrance,
    dials: HashSet<ConnectionId>,
    held: HashMap<ConnectionId, Held>,
    arrivals: u64,
}

/// Where connections come in over one transport.
struct Entrance {
    budget: Budget,
    pending: HashMap<ConnectionId, IpAddr>,
}

/// An established connection.
struct Held {
    peer: PeerId,
    inbound: bool,
    stranger: Option<Stranger>,
    /// It gives way: it ends as soon as the swarm comes to it.
    leaving: bool,
}

struct Stranger {
    from: Option<IpAddr>,
    heard: Arc<AtomicBool>,
    arrived: u64,
}

/// Who came in.
pub(super) struct Newcomer {
    pub(super) peer: PeerId,
    pub(super) from: Option<IpAddr>,
    /// Whether it counts as a stranger.
    pub(super) stranger: bool,
    /// Set once its hello is here.
    pub(super) heard: Arc<AtomicBool>,
}

/// Who has to go so that another one can stay.
pub(super) type GivesWay = Option<(PeerId, ConnectionId)>;

/// Why a connection has no place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denied {
    #[error("too many connections from there in the last minute")]
    Often,
    #[error("too many connections are being made")]
    Pending,
    #[error("too many connections are being made from there")]
    PendingFromThere,
    #[error("too many strangers are connected")]
    Strangers,
    #[error("too many connections with this peer")]
    WithPeer,
    #[error("too many connections")]
    All,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            quic: Entrance::new(limits),
            tcp: Entrance::new(limits),
            dials: HashSet::new(),
            held: HashMap::new(),
            arrivals: 0,
        }
    }

    /// Gives a place to a connection that is being made from there.
    pub(super) fn knock(
        &mut self,
        id: ConnectionId,
        transport: Transport,
        from: IpAddr,
        now: Instant,
    ) -> Result<(), Denied> {
        let limits = self.limits;
        let entrance = match transport {
            Transport::Quic => &mut self.quic,
            Transport::Tcp => &mut self.tcp,
        };
        if !entrance.budget.take(from, now) {
            return Err(Denied::Often);
        }
        if entrance.pending.len() >= limits.pending {
            return Err(Denied::Pending);
        }
        let network = network_of(from);
        let same = entrance.pending.values().filter(|it| **it == network);
        if !network.is_loopback() && same.count() >= limits.pending_per_address {
            return Err(Denied::PendingFromThere);
        }
        entrance.pending.insert(id, network);
        Ok(())
    }

    /// Gives a place to who came in; names who gives way to it.
    pub(super) fn enter(
        &mut self,
        id: ConnectionId,
        newcomer: Newcomer,
    ) -> Result<GivesWay, Denied> {
        self.end_of_making(id);
        let from = newcomer.from.map(network_of);
        self.room_with(&newcomer.peer)?;
        let going = if newcomer.stranger {
            self.room_for_stranger(from)?
        } else {
            self.room_for_known()?
        };
        let leaving = going.and_then(|id| self.held.get_mut(&id).map(|held| (id, held)));
        let gives_way = leaving.map(|(id, held)| {
            held.leaving = true;
            (held.peer, id)
        });
        let stranger = newcomer.stranger.then_some(Stranger {
            from,
            heard: newcomer.heard,
            arrived: self.arrivals,
        });
        self.arrivals += 1;
        self.hold(id, newcomer.peer, true, stranger);
        Ok(gives_way)
    }

    /// Gives a place to a dial.
    pub(super) fn dial(&mut self, id: ConnectionId) -> Result<(), Denied> {
        if self.dials.len() >= DIALS {
            return Err(Denied::Pending);
        }
        self.dials.insert(id);
        Ok(())
    }

    /// Gives a place to a connection that this side dialled.
    pub(super) fn dialled(&mut self, id: ConnectionId, peer: PeerId) -> Result<(), Denied> {
        self.end_of_making(id);
        self.room_with(&peer)?;
        let stay = self.held.values().filter(|held| !held.leaving);
        if stay.count() >= self.limits.total {
            return Err(Denied::All);
        }
        self.hold(id, peer, false, None);
        Ok(())
    }

    /// The peer of this connection is no stranger any more.
    pub(super) fn trust(&mut self, id: ConnectionId) {
        if let Some(held) = self.held.get_mut(&id) {
            held.stranger = None;
        }
    }

    /// Takes note that a connection is gone, or came to nothing.
    pub(super) fn leave(&mut self, id: ConnectionId) {
        self.end_of_making(id);
        self.held.remove(&id);
    }

    fn end_of_making(&mut self, id: ConnectionId) {
        self.dials.remove(&id);
        self.quic.pending.remove(&id);
        self.tcp.pending.remove(&id);
    }

    fn hold(&mut self, id: ConnectionId, peer: PeerId, inbound: bool, stranger: Option<Stranger>) {
        let leaving = false;
        let held = Held {
            peer,
            inbound,
            stranger,
            leaving,
        };
        self.held.insert(id, held);
    }

    fn room_with(&self, peer: &PeerId) -> Result<(), Denied> {
        let with = self.held.values().filter(|held| held.peer == *peer);
        if with.count() >= PER_PEER {
            return Err(Denied::WithPeer);
        }
        Ok(())
    }

    /// Returns who gives way to a stranger from there.
    fn room_for_stranger(&self, from: Option<IpAddr>) -> Result<Option<ConnectionId>, Denied> {
        let in_all = self.held.values().filter(|held| held.stranger.is_some());
        if in_all.count() >= 2 * self.limits.strangers {
            // As many are leaving as may stay.
            return Err(Denied::Strangers);
        }
        let part = from.filter(|ip| !ip.is_loopback());
        if part.is_some() && self.strangers_from(part) >= self.limits.strangers_per_address {
            let going = self.silent().filter(|(_, it)| it.from == part);
            let going = going.min_by_key(|(_, it)| it.arrived);
            return match going {
                Some((id, _)) => Ok(Some(id)),
                None => Err(Denied::Strangers),
            };
        }
        if self.strangers().count() < self.limits.strangers {
            return self.room_in_all().map(|()| None);
        }
        match self.gives_way() {
            Some(id) => Ok(Some(id)),
            None => Err(Denied::Strangers),
        }
    }

    /// Returns who gives way to a known peer.
    fn room_for_known(&self) -> Result<Option<ConnectionId>, Denied> {
        if self.room_in_all().is_ok() {
            return Ok(None);
        }
        let longest = || self.strangers().min_by_key(|(_, it)| it.arrived);
        let going = self.gives_way().or_else(|| longest().map(|(id, _)| id));
        going.map(Some).ok_or(Denied::All)
    }

    fn room_in_all(&self) -> Result<(), Denied> {
        let stay = || self.held.values().filter(|held| !held.leaving);
        let inbound = stay().filter(|held| held.inbound).count();
        if inbound >= self.limits.inbound || stay().count() >= self.limits.total {
            return Err(Denied::All);
        }
        Ok(())
    }

    /// Returns the one silent for longest of the address that holds most places.
    fn gives_way(&self) -> Option<ConnectionId> {
        let most_then_first = |it: &Stranger| (self.strangers_from(it.from), u64::MAX - it.arrived);
        let going = self.silent().max_by_key(|(_, it)| most_then_first(it));
        going.map(|(id, _)| id)
    }

    fn strangers_from(&self, from: Option<IpAddr>) -> usize {
        self.strangers().filter(|(_, it)| it.from == from).count()
    }

    fn silent(&self) -> impl Iterator<Item = (ConnectionId, &Stranger)> {
        self.strangers()
            .filter(|(_, it)| !it.heard.load(Ordering::Relaxed))
    }

    fn strangers(&self) -> impl Iterator<Item = (ConnectionId, &Stranger)> {
        let stay = self.held.iter().filter(|(_, held)| !held.leaving);
        stay.filter_map(|(id, held)| Some((*id, held.stranger.as_ref()?)))
    }
}

impl Entrance {
    fn new(limits: &Limits) -> Self {
        Self {
            budget: Budget::new(limits.per_address_per_minute),
            pending: HashMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn id(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    fn places() -> Places {
        Places::new(&Limits {
            per_address_per_minute: 1_000,
            ..Limits::default()
        })
    }

    /// Lets somebody in; returns what is set once they have said hello.
    fn enter(
        places: &mut Places,
        number: usize,
        from: IpAddr,
        stranger: bool,
    ) -> (Result<GivesWay, Denied>, Arc<AtomicBool>) {
        let heard = Arc::new(AtomicBool::new(false));
        let newcomer = Newcomer {
            peer: PeerId::random(),
            from: Some(from),
            stranger,
            heard: Arc::clone(&heard),
        };
        (places.enter(id(number), newcomer), heard)
    }

    fn who_goes(entered: (Result<GivesWay, Denied>, Arc<AtomicBool>)) -> Option<ConnectionId> {
        entered.0.unwrap().map(|(_, id)| id)
    }

    #[test]
    fn one_address_holds_a_part_of_what_is_being_made() {
        let (mut places, now) = (places(), Instant::now());
        let mut knock = |number, from, transport| places.knock(id(number), transport, from, now);
        let made = (0..100).filter(|it| knock(*it, FLOOD, Transport::Tcp).is_ok());
        assert_eq!(made.count(), Limits::default().pending_per_address);
        assert_eq!(knock(200, OTHER, Transport::Tcp), Ok(()));
        // Several members can run on this computer.
        let here = (300..316).filter(|it| knock(*it, HERE, Transport::Tcp).is_ok());
        assert_eq!(here.count(), 16);
        places.leave(id(0));
        assert_eq!(places.knock(id(400), Transport::Tcp, FLOOD, now), Ok(()));
    }

    #[test]
    fn made_up_addresses_over_quic_leave_tcp_alone() {
        let (mut places, now) = (places(), Instant::now());
        let mut made = 0;
        for number in 0..1_000_usize {
            let from = IpAddr::from((number as u32 + (198 << 24)).to_be_bytes());
            made += usize::from(places.knock(id(number), Transport::Quic, from, now).is_ok());
        }
        assert_eq!(made, Limits::default().pending);
        assert_eq!(places.knock(id(2_000), Transport::Tcp, OTHER, now), Ok(()));
    }

    #[test]
    fn made_up_addresses_do_not_use_up_the_minute_of_somebody_elses_tcp() {
        let limits = Limits {
            per_address_per_minute: 3,
            ..Limits::default()
        };
        let (mut places, now) = (Places::new(&limits), Instant::now());
        for number in 0..10 {
            drop(places.knock(id(number), Transport::Quic, OTHER, now));
        }
        let again = places.knock(id(10), Transport::Quic, OTHER, now);
        assert_eq!(again, Err(Denied::Often));
        assert_eq!(places.knock(id(11), Transport::Tcp, OTHER, now), Ok(()));
    }

    #[test]
    fn one_address_holds_a_part_of_the_strangers_places_and_its_own_give_way() {
        let mut places = places();
        let part = Limits::default().strangers_per_address;
        for number in 0..part {
            assert_eq!(who_goes(enter(&mut places, number, FLOOD, true)), None);
        }
        let first = who_goes(enter(&mut places, 100, FLOOD, true));
        assert_eq!(first, Some(id(0)));
        assert_eq!(who_goes(enter(&mut places, 101, OTHER, true)), None);
    }

    #[test]
    fn the_silent_give_way_where_most_are_and_those_who_spoke_stay() {
        let mut places = places();
        let (entered, heard) = enter(&mut places, 0, HERE, true);
        assert_eq!(entered, Ok(None));
        heard.store(true, Ordering::Relaxed);
        assert_eq!(who_goes(enter(&mut places, 1, OTHER, true)), None);
        let full = Limits::default().strangers;
        for number in 2..full {
            assert_eq!(who_goes(enter(&mut places, number, HERE, true)), None);
        }
        let goes = who_goes(enter(&mut places, 100, FLOOD, true));
        assert_eq!(goes, Some(id(2)));
        // Who has gone is not asked to go again.
        let goes = who_goes(enter(&mut places, 101, FLOOD, true));
        assert_eq!(goes, Some(id(3)));
    }

    #[test]
    fn where_everybody_spoke_the_next_stranger_has_to_come_again() {
        let mut places = places();
        for number in 0..Limits::default().strangers {
            let (entered, heard) = enter(&mut places, number, HERE, true);
            assert_eq!(entered, Ok(None));
            heard.store(true, Ordering::Relaxed);
        }
        let (entered, _) = enter(&mut places, 100, OTHER, true);
        assert_eq!(entered, Err(Denied::Strangers));
        places.trust(id(0));
        assert_eq!(who_goes(enter(&mut places, 101, OTHER, true)), None);
    }

    #[test]
    fn strangers_who_come_and_come_are_bounded_even_while_none_has_gone_yet() {
        let mut places = places();
        for number in 0..1_000 {
            drop(enter(&mut places, number, HERE, true));
        }
        assert_eq!(places.held.len(), 2 * Limits::default().strangers);
    }

    #[test]
    fn a_known_peer_gets_in_while_a_stranger_can_give_way() {
        let mut places = places();
        let Limits {
            strangers, inbound, ..
        } = Limits::default();
        for number in 0..strangers {
            let (_, heard) = enter(&mut places, number, HERE, true);
            heard.store(true, Ordering::Relaxed);
        }
        for number in strangers..inbound {
            assert_eq!(who_goes(enter(&mut places, number, HERE, false)), None);
        }
        for number in 0..strangers {
            let goes = who_goes(enter(&mut places, 100 + number, HERE, false));
            assert_eq!(goes, Some(id(number)));
        }
        let (entered, _) = enter(&mut places, 200, HERE, false);
        assert_eq!(entered, Err(Denied::All));
        assert_eq!(places.dialled(id(300), PeerId::random()), Ok(()));
    }

    #[test]
    fn one_peer_has_few_connections_and_nobody_who_left_is_remembered() {
        let (mut places, now) = (places(), Instant::now());
        let peer = PeerId::random();
        for number in 0..PER_PEER {
            assert_eq!(places.dialled(id(number), peer), Ok(()));
        }
        let again = places.dialled(id(9), peer);
        assert_eq!(again, Err(Denied::WithPeer));
        for number in 0..PER_PEER {
            places.leave(id(number));
        }
        for number in 10..10_000 {
            let knocked = places.knock(id(number), Transport::Tcp, HERE, now);
            if knocked.is_ok() {
                drop(enter(&mut places, number, HERE, true));
            }
            places.leave(id(number));
        }
        assert!(places.held.is_empty() && places.dials.is_empty());
        assert!(places.tcp.pending.is_empty() && places.quic.pending.is_empty());
    }
}
