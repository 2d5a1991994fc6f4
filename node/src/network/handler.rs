//! The libp2p side of a connection: negotiates our two protocols and hands the streams over.
//!
//! `/circlet/hello/1` carries one frame of up to 64 KiB in one direction, `/circlet/sync/1` a
//! sequence of frames in one direction. Each side opens at most one stream of each; a second one
//! ends the connection. Nothing is read here: a stream waits in the [`Port`] until the link's task
//! takes it.

use super::budget::Budget;
use futures::future::{Ready, ready};
use libp2p::PeerId;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::core::{Endpoint, Multiaddr, transport::PortUse};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
    NetworkBehaviour, Stream, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::IpAddr;
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
}

/// Lets connections in, within the strangers' budget, and keeps their ports until they are taken.
pub(super) struct Behaviour {
    ports: HashMap<ConnectionId, Port>,
    known: HashSet<PeerId>,
    strangers: HashSet<ConnectionId>,
    max_strangers: usize,
    budget: Budget,
}

/// Negotiates the streams of one connection.
pub(super) struct Handler {
    arrivals: mpsc::Sender<Arrival>,
    requests: Option<mpsc::Receiver<Kind>>,
    hello_seen: bool,
    sync_seen: bool,
}

/// Why a connection was not let in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Denied {
    #[error("too many connections from there in the last minute")]
    TooOften,
    #[error("too many strangers are connected")]
    TooManyStrangers,
}

impl Behaviour {
    pub(super) fn new(limits: &super::Limits) -> Self {
        Self {
            ports: HashMap::new(),
            known: HashSet::new(),
            strangers: HashSet::new(),
            max_strangers: limits.strangers,
            budget: Budget::new(limits.per_address_per_minute),
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
        self.strangers.remove(&connection);
    }

    fn forget(&mut self, connection: ConnectionId) {
        self.ports.remove(&connection);
        self.strangers.remove(&connection);
    }

    fn handler(&mut self, connection: ConnectionId) -> Handler {
        let (arrivals, arrived) = mpsc::channel(ARRIVALS);
        let (requests, requested) = mpsc::channel(REQUESTS);
        self.ports.insert(
            connection,
            Port {
                arrivals: arrived,
                requests,
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
        _: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let ip = match remote.iter().next() {
            Some(Protocol::Ip4(ip)) => IpAddr::V4(ip),
            Some(Protocol::Ip6(ip)) => IpAddr::V6(ip),
            _ => return Ok(()),
        };
        if self.budget.take(ip, Instant::now()) {
            Ok(())
        } else {
            Err(ConnectionDenied::new(Denied::TooOften))
        }
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if !self.known.contains(&peer) {
            if self.strangers.len() >= self.max_strangers {
                return Err(ConnectionDenied::new(Denied::TooManyStrangers));
            }
            self.strangers.insert(connection);
        }
        Ok(self.handler(connection))
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(connection))
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
        Poll::Pending
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
