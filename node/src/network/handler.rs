//! The libp2p side of a connection: negotiates our two protocols and hands the streams over.
//!
//! `/circlet/hello/1` carries one frame of up to 64 KiB in one direction, `/circlet/sync/1` a
//! sequence of frames in one direction. Each side opens at most one stream of each; a second one
//! ends the connection. Nothing is read here: a stream waits in the [`Port`] until the link's task
//! takes it.

use super::address::from_multiaddr;
use super::places::{Newcomer, Places};
use futures::future::{Ready, ready};
use libp2p::PeerId;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::core::{Endpoint, Multiaddr, transport::PortUse};
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId,
    FromSwarm, NetworkBehaviour, Stream, SubstreamProtocol, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::sync::mpsc;

/// Four streams and one refusal at most; the rest is room.
const ARRIVALS: usize = 8;

/// One request for each kind of stream.
const REQUESTS: usize = 2;

/// Which of our protocols a stream speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hello,
    Sync,
}

/// What a connection has for its link.
#[derive(Debug)]
pub(super) enum Arrival {
    /// The other side opened a stream.
    Inbound(Kind, Stream),
    /// The stream we asked for is open.
    Outbound(Kind, Stream),
    /// The other side broke the rules or does not speak our protocols.
    Refused,
}

/// Where a link's task meets its connection.
#[derive(Debug)]
pub(super) struct Port {
    /// Ends when the connection does.
    pub(super) arrivals: mpsc::Receiver<Arrival>,
    /// Asks for an outbound stream; dropping it lets the connection go idle.
    pub(super) requests: mpsc::Sender<Kind>,
    /// Set once the other side's hello is here.
    pub(super) heard: Arc<AtomicBool>,
}

/// Lets connections in where there is a place, and keeps their ports until they are taken.
pub(super) struct Behaviour {
    ports: HashMap<ConnectionId, Port>,
    known: HashSet<PeerId>,
    places: Places,
    /// Connections that are to end, so that others have a place.
    going: VecDeque<(PeerId, ConnectionId)>,
}

/// Negotiates the streams of one connection.
pub(super) struct Handler {
    arrivals: mpsc::Sender<Arrival>,
    requests: Option<mpsc::Receiver<Kind>>,
    hello_seen: bool,
    sync_seen: bool,
}

impl Behaviour {
    pub(super) fn new(limits: &super::Limits) -> Self {
        Self {
            ports: HashMap::new(),
            known: HashSet::new(),
            places: Places::new(limits),
            going: VecDeque::new(),
        }
    }

    /// Hands over a connection's port, once.
    pub(super) fn take_port(&mut self, connection: ConnectionId) -> Option<Port> {
        self.ports.remove(&connection)
    }

    /// Replaces the peers that do not count as strangers.
    pub(super) fn set_known(&mut self, peers: HashSet<PeerId>) {
        self.known = peers;
    }

    /// The peer of this connection is no stranger any more.
    pub(super) fn trust(&mut self, connection: ConnectionId) {
        self.places.trust(connection);
    }

    fn forget(&mut self, connection: ConnectionId) {
        self.ports.remove(&connection);
        self.places.leave(connection);
    }

    fn handler(&mut self, connection: ConnectionId, heard: Arc<AtomicBool>) -> Handler {
        let (arrivals, arrived) = mpsc::channel(ARRIVALS);
        let (requests, requested) = mpsc::channel(REQUESTS);
        self.ports.insert(
            connection,
            Port {
                arrivals: arrived,
                requests,
                heard,
            },
        );
        Handler {
            arrivals,
            requests: Some(requested),
            hello_seen: false,
            sync_seen: false,
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let Some(from) = from_multiaddr(remote) else {
            return Ok(());
        };
        let (transport, now) = (from.transport(), Instant::now());
        self.places
            .knock(connection, transport, from.ip(), now)
            .map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let heard = Arc::new(AtomicBool::new(false));
        let newcomer = Newcomer {
            peer,
            from: from_multiaddr(remote).map(|address| address.ip()),
            stranger: !self.known.contains(&peer),
            heard: Arc::clone(&heard),
        };
        let entered = self.places.enter(connection, newcomer);
        self.going.extend(entered.map_err(ConnectionDenied::new)?);
        Ok(self.handler(connection, heard))
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        _: Option<PeerId>,
        _: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        self.places
            .dial(connection)
            .map_err(ConnectionDenied::new)?;
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.places
            .dialled(connection, peer)
            .map_err(ConnectionDenied::new)?;
        Ok(self.handler(connection, Arc::default()))
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "libp2p may add events")]
        match event {
            FromSwarm::ConnectionClosed(closed) => self.forget(closed.connection_id),
            FromSwarm::ListenFailure(failure) => self.forget(failure.connection_id),
            FromSwarm::DialFailure(failure) => self.forget(failure.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        match self.going.pop_front() {
            Some((peer_id, connection)) => Poll::Ready(ToSwarm::CloseConnection {
                peer_id,
                connection: CloseConnection::One(connection),
            }),
            None => Poll::Pending,
        }
    }
}

impl Handler {
    /// Hands something to the link; what does not fit is a broken rule, and dropped.
    fn arrive(&self, arrival: Arrival) {
        if self.arrivals.try_send(arrival).is_err() {
            tracing::debug!("a stream came for a link that is over");
        }
    }

    fn inbound(&mut self, kind: Kind, stream: Stream) {
        let seen = match kind {
            Kind::Hello => &mut self.hello_seen,
            Kind::Sync => &mut self.sync_seen,
        };
        if std::mem::replace(seen, true) {
            self.arrive(Arrival::Refused);
        } else {
            self.arrive(Arrival::Inbound(kind, stream));
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Infallible;
    type ToBehaviour = Infallible;
    type InboundProtocol = Inbound;
    type OutboundProtocol = Outbound;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Inbound> {
        SubstreamProtocol::new(Inbound, ())
    }

    fn connection_keep_alive(&self) -> bool {
        self.requests.is_some()
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Outbound, (), Infallible>> {
        let Some(requests) = &mut self.requests else {
            return Poll::Pending;
        };
        match requests.poll_recv(cx) {
            Poll::Ready(Some(kind)) => {
                let protocol = SubstreamProtocol::new(Outbound(kind), ());
                Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol })
            }
            Poll::Ready(None) => {
                self.requests = None;
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn on_behaviour_event(&mut self, event: Infallible) {
        match event {}
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Inbound, Outbound>) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "libp2p may add events")]
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (kind, stream),
                ..
            }) => self.inbound(kind, stream),
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: (kind, stream),
                ..
            }) => self.arrive(Arrival::Outbound(kind, stream)),
            ConnectionEvent::DialUpgradeError(_) => self.arrive(Arrival::Refused),
            _ => {}
        }
    }
}

/// Accepts either protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inbound;

/// Asks for one protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outbound(Kind);

impl AsRef<str> for Kind {
    fn as_ref(&self) -> &str {
        match self {
            Self::Hello => "/circlet/hello/1",
            Self::Sync => "/circlet/sync/1",
        }
    }
}

impl UpgradeInfo for Inbound {
    type Info = Kind;
    type InfoIter = [Kind; 2];

    fn protocol_info(&self) -> [Kind; 2] {
        [Kind::Hello, Kind::Sync]
    }
}

impl UpgradeInfo for Outbound {
    type Info = Kind;
    type InfoIter = [Kind; 1];

    fn protocol_info(&self) -> [Kind; 1] {
        [self.0]
    }
}

impl InboundUpgrade<Stream> for Inbound {
    type Output = (Kind, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, kind: Kind) -> Self::Future {
        ready(Ok((kind, stream)))
    }
}

impl OutboundUpgrade<Stream> for Outbound {
    type Output = (Kind, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, kind: Kind) -> Self::Future {
        ready(Ok((kind, stream)))
    }
}
