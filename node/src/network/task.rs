//! The task of one network: carries commands into the swarm and its events out.
//!
//! It never waits for the driver: what the driver has not taken yet waits in a queue whose length
//! bounds how many commands are taken, and each link's task waits for itself.

use super::address::{from_libp2p, from_multiaddr, to_libp2p, to_multiaddr};
use super::dials::{Attempt, Dials, Next};
use super::link::{self, Link, Order};
use super::links::{Links, Promotion, Verdict};
use super::swarm::{self, Behaviour, BehaviourEvent};
use super::{Command, Config, DialFailure, DialId, Error, Event, Limits, LinkId, ListenFailure};
use super::{address, beacon, frame};
use circlet_model::address::Address;
use futures::StreamExt;
use libp2p::core::ConnectedPoint;
use libp2p::identity::Keypair;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, ping};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

/// Answers that wait for the driver before no more commands are taken.
const WAITING: usize = 256;

/// What may wait to be written to one link; a link above it is closed.
const QUEUE_BYTES: usize = 4 * 1024 * 1024;

/// Addresses that come and go together are told as one change.
const SETTLE: Duration = Duration::from_secs(1);

/// Longest time to close: the driver, the links and the transports all have their part in it.
const CLOSING: Duration = Duration::from_secs(4);

/// One circle's network.
pub(super) struct Task {
    swarm: Swarm<Behaviour>,
    inbox: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    /// Events that wait for room in the channel.
    waiting: VecDeque<Event>,
    connections: HashMap<ConnectionId, Connection>,
    links: Links,
    open: HashMap<LinkId, OpenLink>,
    tasks: JoinSet<LinkId>,
    next_link: u64,
    limits: Limits,
    dials: Dials,
    listening: BTreeSet<Address>,
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
    orders: mpsc::UnboundedSender<Order>,
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
            let takes_commands = self.closing.is_none() && self.waiting.len() < WAITING;
            tokio::select! {
                command = self.inbox.recv(), if takes_commands => match command {
                    None | Some(Command::Shutdown) => self.close(),
                    Some(command) => self.command(command),
                },
                event = self.swarm.select_next_some() => self.swarm_event(event),
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    self.link_ended(ended);
                }
                room = events.reserve(), if !self.waiting.is_empty() => match room {
                    Ok(room) => {
                        if let Some(event) = self.waiting.pop_front() {
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
            self.tell(Event::NetworkChanged);
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
            // A link whose task is over needs no order.
            let _ = open.orders.send(Order::Close);
            open.closing.cancel();
        }
    }

    /// Queues an order; a link that has too much waiting is let go.
    fn order(&self, link: LinkId, order: Order) {
        let Some(open) = self.open.get(&link) else {
            return;
        };
        let cost = order.cost();
        if open.queued.fetch_add(cost, Ordering::Relaxed) + cost > QUEUE_BYTES {
            tracing::debug!("a link takes too little");
            open.closing.cancel();
            return;
        }
        // A link whose task is over needs no order.
        let _ = open.orders.send(order);
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

    fn dial(
        &mut self,
        dial: DialId,
        peer: Option<&circlet_model::id::PeerId>,
        addresses: Vec<Address>,
    ) {
        self.forget_ended();
        let peer = match peer.map(to_libp2p) {
            // Bytes that are no key: nobody can answer to that name.
            Some(None) => {
                return self.tell(Event::DialFailed {
                    dial,
                    reason: DialFailure::OtherPeer,
                });
            }
            Some(Some(peer)) if self.links.has(&peer) => {
                return self.tell(Event::DialFailed {
                    dial,
                    reason: DialFailure::AlreadyLinked,
                });
            }
            Some(Some(peer)) => Some(peer),
            None => None,
        };
        match self.dials.start(dial, peer, addresses, Instant::now()) {
            Some(attempts) => self.attempt(attempts),
            None => self.tell(Event::DialFailed {
                dial,
                reason: DialFailure::NoAddress,
            }),
        }
    }

    fn attempt(&mut self, mut attempts: Vec<DialOpts>) {
        while let Some(attempt) = attempts.pop() {
            let connection = attempt.connection_id();
            if let Err(error) = self.swarm.dial(attempt) {
                attempts.extend(self.attempt_failed(connection, &error));
            }
        }
    }

    /// Returns what is to be tried next.
    fn attempt_failed(
        &mut self,
        connection: ConnectionId,
        error: &libp2p::swarm::DialError,
    ) -> Vec<DialOpts> {
        match self.dials.failed(connection, error) {
            Next::Dial(attempts) => return attempts,
            Next::Failed(dial, reason) => self.tell(Event::DialFailed { dial, reason }),
            Next::Wait => {}
        }
        Vec::new()
    }

    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "libp2p may add events")]
        match event {
            SwarmEvent::NewListenAddr { address, .. } => self.listening(&address, true),
            SwarmEvent::ExpiredListenAddr { address, .. } => self.listening(&address, false),
            SwarmEvent::ListenerClosed { addresses, .. } => {
                for address in addresses {
                    self.listening(&address, false);
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
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                connection,
                result: Err(_),
                ..
            })) => {
                tracing::debug!("a connection does not answer");
                self.swarm.close_connection(connection);
            }
            _ => {}
        }
    }

    fn listening(&mut self, address: &Multiaddr, is_new: bool) {
        let Some(address) = from_multiaddr(address) else {
            return;
        };
        if is_new {
            if self.listening.insert(address) {
                self.tell(Event::Listening { address });
            }
        } else if self.listening.remove(&address) {
            self.tell(Event::NotListening { address });
        }
        self.changed.get_or_insert_with(|| Instant::now() + SETTLE);
        if let Some(beacon) = &self.beacon {
            beacon.use_interfaces(self.listening.iter().map(Address::ip));
        }
    }

    fn established(&mut self, peer: PeerId, id: ConnectionId, endpoint: &ConnectedPoint) {
        self.forget_ended();
        let attempt = self.dials.succeeded(id);
        let outbound = endpoint.is_dialer();
        let dial = match attempt {
            Some(Attempt::Of(dial)) => Some(dial),
            Some(Attempt::Late) | None => None,
        };
        let address = from_multiaddr(endpoint.get_remote_address());
        self.connections.insert(
            id,
            Connection {
                peer,
                outbound,
                address,
                dial,
            },
        );
        if self.closing.is_some() || attempt == Some(Attempt::Late) {
            self.give_up(id);
            return;
        }
        match self.links.opened(peer, id, outbound, Instant::now()) {
            Verdict::Link { instead_of } => {
                if let Some(old) = instead_of {
                    self.end_link_of(old);
                }
                self.start_link(id);
            }
            Verdict::Close => self.give_up(id),
            Verdict::Spare => {}
        }
    }

    /// Closes a connection that will not be a link; its dial is answered.
    fn give_up(&mut self, connection: ConnectionId) {
        let dial = self
            .connections
            .get_mut(&connection)
            .and_then(|known| known.dial.take());
        if let Some(dial) = dial {
            let closing = self.closing.is_some();
            let reason = if closing {
                DialFailure::Closing
            } else {
                DialFailure::AlreadyLinked
            };
            self.tell(Event::DialFailed { dial, reason });
        }
        self.swarm.close_connection(connection);
    }

    fn promote(&mut self, promotion: Promotion) {
        for connection in promotion.close {
            self.end_link_of(connection);
        }
        self.start_link(promotion.link);
    }

    /// Closes a connection at once, with its link if it is one.
    fn end_link_of(&mut self, connection: ConnectionId) {
        for open in self
            .open
            .values()
            .filter(|open| open.connection == connection)
        {
            open.closing.cancel();
        }
        self.swarm.close_connection(connection);
    }

    fn start_link(&mut self, connection: ConnectionId) {
        let port = self.swarm.behaviour_mut().circle.take_port(connection);
        let known = self.connections.get(&connection);
        let (Some(port), Some(known)) = (port, known) else {
            return;
        };
        let Some(peer) = from_libp2p(&known.peer) else {
            self.swarm.close_connection(connection);
            return;
        };
        let id = LinkId(self.next_link);
        self.next_link += 1;
        let (orders, inbox) = mpsc::unbounded_channel();
        let (over, over_receiver) = oneshot::channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let closing = CancellationToken::new();
        let same = |open: &&mut OpenLink| open.peer == known.peer && open.over.is_some();
        let previous = self
            .open
            .values_mut()
            .find(same)
            .and_then(|open| open.over.take());
        let outbound = known.outbound;
        let up = Event::LinkUp {
            link: id,
            peer,
            outbound,
            dial: known.dial,
            address: known.address,
        };
        self.open.insert(
            id,
            OpenLink {
                connection,
                peer: known.peer,
                orders,
                queued: Arc::clone(&queued),
                closing: closing.clone(),
                over: Some(over_receiver),
            },
        );
        self.tasks.spawn(link::run(Link {
            id,
            up,
            inbound: !outbound,
            limits: self.limits,
            port,
            orders: inbox,
            queued,
            closing,
            events: self.events.clone(),
            previous,
            over,
        }));
    }

    fn link_ended(&mut self, ended: Result<LinkId, JoinError>) {
        match ended {
            Ok(id) => {
                if let Some(open) = self.open.remove(&id) {
                    self.swarm.close_connection(open.connection);
                }
            }
            Err(error) => tracing::error!(panicked = error.is_panic(), "a link's task broke"),
        }
    }

    /// Makes room for the next link with a peer as soon as the driver can know that the last one is
    /// over.
    fn forget_ended(&mut self) {
        let ended = self.open.values().filter(|open| open.orders.is_closed());
        let ended: Vec<_> = ended.map(|open| (open.peer, open.connection)).collect();
        for (peer, connection) in ended {
            self.swarm.close_connection(connection);
            if let Some(promotion) = self.links.closed(&peer, connection) {
                self.promote(promotion);
            }
        }
    }

    /// Begins to close everything.
    fn close(&mut self) {
        self.closing = Some(Instant::now() + CLOSING);
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
