//! From dials to connections to links: which one becomes a link, when, and how it ends.

use super::super::address::{from_libp2p, from_multiaddr, to_libp2p};
use super::super::dials::{Attempt, Next};
use super::super::link::{self, Link};
use super::super::links::{Promotion, Verdict};
use super::super::{DialFailure, DialId, Event, LinkId};
use super::{Connection, OpenLink, QUEUE_ORDERS, Task};
use circlet_model::address::Address;
use circlet_model::id;
use libp2p::PeerId;
use libp2p::core::ConnectedPoint;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{ConnectionId, DialError};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

impl Task {
    pub(super) fn dial(
        &mut self,
        dial: DialId,
        peer: Option<&id::PeerId>,
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

    pub(super) fn attempt(&mut self, mut attempts: Vec<DialOpts>) {
        while let Some(attempt) = attempts.pop() {
            let connection = attempt.connection_id();
            if let Err(error) = self.swarm.dial(attempt) {
                attempts.extend(self.attempt_failed(connection, &error));
            }
        }
    }

    /// Returns what is to be tried next.
    pub(super) fn attempt_failed(
        &mut self,
        connection: ConnectionId,
        error: &DialError,
    ) -> Vec<DialOpts> {
        match self.dials.failed(connection, error) {
            Next::Dial(attempts) => return attempts,
            Next::Failed(dial, reason) => self.tell(Event::DialFailed { dial, reason }),
            Next::Wait => {}
        }
        Vec::new()
    }

    pub(super) fn established(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        endpoint: &ConnectedPoint,
    ) {
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

    pub(super) fn promote(&mut self, promotion: Promotion) {
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
        let (orders, inbox) = mpsc::channel(QUEUE_ORDERS);
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

    pub(super) fn link_ended(&mut self, ended: Result<LinkId, JoinError>) {
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
    pub(super) fn forget_ended(&mut self) {
        let ended = self.open.values().filter(|open| open.orders.is_closed());
        let ended: Vec<_> = ended.map(|open| (open.peer, open.connection)).collect();
        for (peer, connection) in ended {
            self.swarm.close_connection(connection);
            if let Some(promotion) = self.links.closed(&peer, connection) {
                self.promote(promotion);
            }
        }
    }
}
