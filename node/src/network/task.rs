//! The task of one network: carries commands into the swarm and its events out.
//!
//! It never waits for the driver, and takes every command even while the driver takes no events: so
//! the driver can wait for the network. What the driver has not taken yet waits here: at most one
//! answer to each command, and for each address of this computer whether it came or went. Each link's
//! task waits for itself.

mod connections;

use super::address::{from_multiaddr, to_libp2p, to_multiaddr};
use super::dials::Dials;
use super::link::{FRAME_COST, Order};
use super::links::Links;
use super::swarm::{self, Behaviour, BehaviourEvent};
use super::{Command, Config, DialFailure, DialId, Error, Event, Limits, LinkId, ListenFailure};
use super::{address, beacon, frame};
use circlet_model::address::Address;
use futures::StreamExt;
use libp2p::identity::Keypair;
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

/// What may wait to be written to one link; a link above it is closed.
const QUEUE_BYTES: usize = 4 * 1024 * 1024;

/// Orders that may wait for one link: as many as fit into the bytes.
const QUEUE_ORDERS: usize = QUEUE_BYTES / FRAME_COST;

/// Addresses that come and go together are told as one change.
const SETTLE: Duration = Duration::from_secs(1);

/// Longest time to close: the driver, the links and the transports all have their part in it.
const CLOSING: Duration = Duration::from_secs(4);

/// One circle's network.
pub(super) struct Task {
    swarm: Swarm<Behaviour>,
    inbox: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    /// Events that wait for room in the channel: answers to commands, and `NetworkChanged`.
    waiting: VecDeque<Event>,
    connections: HashMap<ConnectionId, Connection>,
    links: Links,
    open: HashMap<LinkId, OpenLink>,
    tasks: JoinSet<LinkId>,
    next_link: u64,
    limits: Limits,
    dials: Dials,
    listening: BTreeSet<Address>,
    /// The addresses of which the driver believes the opposite of what is so.
    untold: BTreeSet<Address>,
    changed: Option<Instant>,
    beacon: Option<beacon::Beacon>,
    /// Set once the network closes: the time by which it has ended.
    closing: Option<Instant>,
}

/// An established connection.
struct Connection {
    peer: PeerId,
    outbound: bool,
    address: Option<Address>,
    dial: Option<DialId>,
}

/// A link whose task runs.
struct OpenLink {
    connection: ConnectionId,
    peer: PeerId,
    orders: mpsc::Sender<Order>,
    queued: Arc<AtomicUsize>,
    closing: CancellationToken,
    /// Until a following link waits for it.
    over: Option<oneshot::Receiver<()>>,
}

impl Task {
    pub(super) fn new(
        config: Config,
        inbox: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
    ) -> Result<Self, Error> {
        let keypair =
            Keypair::ed25519_from_bytes(*config.identity).map_err(|_| Error::Transport)?;
        let swarm = swarm::build(keypair, &config.limits)?;
        let beacon = config.beacon.and_then(|settings| {
            beacon::Beacon::start(settings, events.clone())
                .inspect_err(|error| tracing::debug!(kind = ?error.kind(), "no beacon"))
                .ok()
        });
        let mut task = Self {
            links: Links::new(*swarm.local_peer_id()),
            swarm,
            inbox,
            events,
            waiting: VecDeque::new(),
            connections: HashMap::new(),
            open: HashMap::new(),
            tasks: JoinSet::new(),
            next_link: 0,
            limits: config.limits,
            dials: Dials::default(),
            listening: BTreeSet::new(),
            untold: BTreeSet::new(),
            changed: None,
            beacon,
            closing: None,
        };
        for address in config.listen {
            task.listen(address);
        }
        Ok(task)
    }

    /// Runs until the driver asks it to end, or is gone.
    pub(super) async fn run(mut self) {
        let events = self.events.clone();
        loop {
            if let Some(end) = self.closing
                && (self.is_closed() || end <= Instant::now())
            {
                return;
            }
            let next = self.next_due();
            let has_more = !self.waiting.is_empty() || !self.untold.is_empty();
            tokio::select! {
                command = self.inbox.recv(), if self.closing.is_none() => match command {
                    None | Some(Command::Shutdown) => self.close(),
                    Some(command) => self.command(command),
                },
                event = self.swarm.select_next_some() => self.swarm_event(event),
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    self.link_ended(ended);
                }
                room = events.reserve(), if has_more => match room {
                    Ok(room) => {
                        if let Some(event) = self.next_to_tell() {
                            room.send(event);
                        }
                    }
                    // The driver is gone.
                    Err(_) => return,
                },
                () = sleep_until(next.unwrap_or_else(Instant::now).into()), if next.is_some() => {
                    self.due();
                }
            }
        }
    }

    fn is_closed(&self) -> bool {
        self.tasks.is_empty() && self.waiting.is_empty() && self.connections.is_empty()
    }

    /// Addresses come first: `NetworkChanged` follows when they have settled.
    fn next_to_tell(&mut self) -> Option<Event> {
        let Some(address) = self.untold.pop_first() else {
            return self.waiting.pop_front();
        };
        Some(if self.listening.contains(&address) {
            Event::Listening { address }
        } else {
            Event::NotListening { address }
        })
    }

    fn tell(&mut self, event: Event) {
        self.waiting.push_back(event);
    }

    fn next_due(&self) -> Option<Instant> {
        let times = [
            self.links.next_due(),
            self.dials.next_due(),
            self.changed,
            self.closing,
        ];
        times.into_iter().flatten().min()
    }

    /// Does what has waited for its time.
    fn due(&mut self) {
        let now = Instant::now();
        for promotion in self.links.due(now) {
            self.promote(promotion);
        }
        let attempts = self.dials.due(now);
        self.attempt(attempts);
        if self.changed.is_some_and(|at| at <= now) {
            self.changed = None;
            if !matches!(self.waiting.back(), Some(Event::NetworkChanged)) {
                self.tell(Event::NetworkChanged);
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Listen { address } => self.listen(address),
            Command::Known { peers } => {
                let peers = peers.iter().filter_map(to_libp2p).collect();
                self.swarm.behaviour_mut().circle.set_known(peers);
            }
            Command::Dial {
                dial,
                peer,
                addresses,
            } => self.dial(dial, peer.as_ref(), addresses),
            Command::Hello { link, frame } => match frame::encode(&frame, frame::MAX_HELLO) {
                Ok(frame) => self.order(link, Order::Hello(frame)),
                Err(error) => self.refuse_own(link, &error),
            },
            Command::Trust { link } => {
                if let Some(open) = self.open.get(&link) {
                    self.swarm.behaviour_mut().circle.trust(open.connection);
                }
                self.order(link, Order::Trust);
            }
            Command::Send { link, frame } => match frame::encode(&frame, frame::MAX_SYNC) {
                Ok(frame) => self.order(link, Order::Send(frame)),
                Err(error) => self.refuse_own(link, &error),
            },
            Command::Close { link } => self.close_link(link),
            Command::Beacon { key, payload } => {
                if let Some(beacon) = &self.beacon {
                    beacon.send(key, payload);
                }
            }
            Command::BeaconKeys { keys } => {
                if let Some(beacon) = &self.beacon {
                    beacon.listen_for(keys);
                }
            }
            Command::Shutdown => self.close(),
        }
    }

    /// The driver asked to send what no frame may be.
    fn refuse_own(&self, link: LinkId, error: &frame::Error) {
        tracing::error!(%error, "a frame of our own was refused");
        self.close_link(link);
    }

    fn close_link(&self, link: LinkId) {
        if let Some(open) = self.open.get(&link) {
            // A link whose task is over needs no order; one whose queue is full ends without it.
            let _ = open.orders.try_send(Order::Close);
            open.closing.cancel();
        }
    }

    /// Queues an order; a link that has too much waiting is let go.
    fn order(&self, link: LinkId, order: Order) {
        let Some(open) = self.open.get(&link) else {
            return;
        };
        let cost = order.cost();
        let fits = open.queued.fetch_add(cost, Ordering::Relaxed) + cost <= QUEUE_BYTES;
        if !fits || open.orders.try_send(order).is_err() {
            tracing::debug!("a link takes too little, or is over");
            open.closing.cancel();
        }
    }

    fn listen(&mut self, address: Address) {
        let result = address::probe(&address).and_then(|()| {
            self.swarm
                .listen_on(to_multiaddr(&address))
                .map_err(io::Error::other)
        });
        if let Err(error) = result {
            let reason = if error.kind() == io::ErrorKind::AddrInUse {
                ListenFailure::PortInUse
            } else {
                ListenFailure::Refused
            };
            self.tell(Event::ListenFailed { address, reason });
        }
    }

    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "libp2p may add events")]
        match event {
            SwarmEvent::NewListenAddr { address, .. } => self.listening(&address, true),
            SwarmEvent::ExpiredListenAddr { address, .. } => self.listening(&address, false),
            SwarmEvent::ListenerClosed {
                addresses, reason, ..
            } => {
                for address in addresses {
                    self.listening(&address, false);
                }
                if let Err(error) = reason
                    && self.closing.is_none()
                {
                    // A node that nobody can call is better begun anew: the driver does so.
                    tracing::debug!(kind = ?error.kind(), "a listener is lost");
                    self.close();
                }
            }
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                self.established(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                ..
            } => {
                self.connections.remove(&connection_id);
                for open in self.open.values() {
                    if open.connection == connection_id {
                        open.closing.cancel();
                    }
                }
                if let Some(promotion) = self.links.closed(&peer_id, connection_id) {
                    self.promote(promotion);
                }
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                error,
                ..
            } => {
                let attempts = self.attempt_failed(connection_id, &error);
                self.attempt(attempts);
            }
            _ => {}
        }
    }

    fn listening(&mut self, address: &Multiaddr, is_new: bool) {
        let Some(address) = from_multiaddr(address) else {
            return;
        };
        let has_changed = if is_new {
            self.listening.insert(address)
        } else {
            self.listening.remove(&address)
        };
        // What comes and goes before the driver looks is no news.
        if has_changed && !self.untold.remove(&address) {
            self.untold.insert(address);
        }
        self.changed.get_or_insert_with(|| Instant::now() + SETTLE);
        if let Some(beacon) = &self.beacon {
            beacon.use_interfaces(self.listening.iter().map(Address::ip));
        }
    }

    /// Begins to close everything.
    fn close(&mut self) {
        self.closing = Some(Instant::now() + CLOSING);
        // Whoever waits with a command need not wait for the end.
        self.inbox.close();
        self.changed = None;
        self.beacon = None;
        for dial in self.dials.give_up() {
            self.tell(Event::DialFailed {
                dial,
                reason: DialFailure::Closing,
            });
        }
        let links: Vec<_> = self.open.keys().copied().collect();
        for link in links {
            self.close_link(link);
        }
        let spares: Vec<_> = self
            .connections
            .keys()
            .filter(|id| !self.open.values().any(|open| open.connection == **id))
            .copied()
            .collect();
        for spare in spares {
            self.swarm.close_connection(spare);
        }
    }
}
