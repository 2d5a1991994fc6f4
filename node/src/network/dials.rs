//! Dials in flight: each leads to one answer, however many attempts it takes.
//!
//! To a known peer all addresses go into one libp2p dial, which gives QUIC its head start. libp2p
//! takes one address only where the peer is not known: there, each address is an attempt of its
//! own, TCP a moment after QUIC. An address where somebody else answers is left out and the others
//! are tried again.

use super::address::{from_multiaddr, to_multiaddr};
use super::{DialFailure, DialId};
use circlet_model::address::{Address, Transport};
use libp2p::PeerId;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Addresses tried in one dial; the others are left out.
const MAX_ADDRESSES: usize = 12;

/// What QUIC is given before TCP is tried, too.
const HEAD_START: Duration = Duration::from_millis(250);

/// All dials in flight.
#[derive(Default)]
pub(super) struct Dials {
    dials: HashMap<DialId, Dial>,
    attempts: HashMap<ConnectionId, DialId>,
}

struct Dial {
    peer: Option<PeerId>,
    /// What may still be tried with a known peer.
    addresses: Vec<Address>,
    /// What comes after the head start with an unknown peer.
    later: Vec<Address>,
    head_start_ends: Instant,
    in_flight: usize,
    reason: DialFailure,
}

/// Whose attempt a connection was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The first of this dial to succeed; the dial is over.
    Of(DialId),
    /// Of a dial that is over already.
    Late,
}

/// What follows from an attempt that failed.
#[derive(Debug)]
pub(super) enum Next {
    /// Others of the same dial are in flight, or it is over.
    Wait,
    /// Try these.
    Dial(Vec<DialOpts>),
    /// The dial failed.
    Failed(DialId, DialFailure),
}

impl Dials {
    /// Begins a dial; `None` when there is no address to dial.
    pub(super) fn start(
        &mut self,
        id: DialId,
        peer: Option<PeerId>,
        mut addresses: Vec<Address>,
        now: Instant,
    ) -> Option<Vec<DialOpts>> {
        addresses.retain(Address::is_dialable);
        addresses.truncate(MAX_ADDRESSES);
        addresses.sort_unstable();
        addresses.dedup();
        let (mut first, mut later) = (addresses, Vec::new());
        if peer.is_none() {
            (first, later) = first
                .into_iter()
                .partition(|a| a.transport() == Transport::Quic);
            if first.is_empty() {
                std::mem::swap(&mut first, &mut later);
            }
        }
        if first.is_empty() {
            return None;
        }
        let dial = Dial {
            peer,
            addresses: first.clone(),
            later,
            head_start_ends: now + HEAD_START,
            in_flight: 0,
            reason: DialFailure::Unreachable,
        };
        self.dials.insert(id, dial);
        Some(self.attempt(id, &first))
    }

    /// Takes note that an attempt succeeded; `None` for connections that are no dial's.
    pub(super) fn succeeded(&mut self, connection: ConnectionId) -> Option<Attempt> {
        let id = self.attempts.remove(&connection)?;
        Some(match self.dials.remove(&id) {
            Some(_) => Attempt::Of(id),
            None => Attempt::Late,
        })
    }

    /// Takes note that an attempt failed.
    pub(super) fn failed(&mut self, connection: ConnectionId, error: &DialError) -> Next {
        let Some(id) = self.attempts.remove(&connection) else {
            return Next::Wait;
        };
        let Some(dial) = self.dials.get_mut(&id) else {
            return Next::Wait;
        };
        dial.in_flight = dial.in_flight.saturating_sub(1);
        let (reason, wrong) = reason(error);
        if reason != DialFailure::Unreachable {
            dial.reason = reason;
        }
        if dial.in_flight > 0 {
            return Next::Wait;
        }
        let next = match (dial.peer, wrong) {
            (None, _) => std::mem::take(&mut dial.later),
            (Some(_), Some(wrong)) => {
                let before = dial.addresses.len();
                dial.addresses.retain(|address| *address != wrong);
                if dial.addresses.len() < before {
                    dial.addresses.clone()
                } else {
                    Vec::new()
                }
            }
            (Some(_), None) => Vec::new(),
        };
        if next.is_empty() {
            let reason = dial.reason;
            self.dials.remove(&id);
            return Next::Failed(id, reason);
        }
        Next::Dial(self.attempt(id, &next))
    }

    /// Returns the attempts whose head start is over.
    pub(super) fn due(&mut self, now: Instant) -> Vec<DialOpts> {
        let ripe = |dial: &Dial| !dial.later.is_empty() && dial.head_start_ends <= now;
        let ripe: Vec<_> = self
            .dials
            .iter()
            .filter(|(_, dial)| ripe(dial))
            .map(|(id, _)| *id)
            .collect();
        let mut attempts = Vec::new();
        for id in ripe {
            let later = self
                .dials
                .get_mut(&id)
                .map(|dial| std::mem::take(&mut dial.later));
            attempts.extend(self.attempt(id, &later.unwrap_or_default()));
        }
        attempts
    }

    /// When [`Dials::due`] has something to do.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let waiting = self.dials.values().filter(|dial| !dial.later.is_empty());
        waiting.map(|dial| dial.head_start_ends).min()
    }

    /// Gives up all dials and returns them.
    pub(super) fn give_up(&mut self) -> Vec<DialId> {
        self.dials.drain().map(|(id, _)| id).collect()
    }

    fn attempt(&mut self, id: DialId, addresses: &[Address]) -> Vec<DialOpts> {
        let Some(dial) = self.dials.get_mut(&id) else {
            return Vec::new();
        };
        let addresses = addresses.iter().map(to_multiaddr);
        let attempts: Vec<_> = match dial.peer {
            Some(peer) => {
                let options = DialOpts::peer_id(peer).condition(PeerCondition::Always);
                vec![options.addresses(addresses.collect()).build()]
            }
            None => addresses
                .map(|address| DialOpts::unknown_peer_id().address(address).build())
                .collect(),
        };
        dial.in_flight += attempts.len();
        self.attempts
            .extend(attempts.iter().map(|attempt| (attempt.connection_id(), id)));
        attempts
    }
}

/// Returns the reason in our words, and the address where somebody else answered.
fn reason(error: &DialError) -> (DialFailure, Option<Address>) {
    match error {
        DialError::LocalPeerId { address } => (DialFailure::Ourselves, from_multiaddr(address)),
        DialError::WrongPeerId { address, .. } => (DialFailure::OtherPeer, from_multiaddr(address)),
        // libp2p leaves out this node's own addresses, and here nothing else was left.
        DialError::NoAddresses => (DialFailure::Ourselves, None),
        DialError::DialPeerConditionFalse(_) => (DialFailure::AlreadyLinked, None),
        DialError::Aborted => (DialFailure::Closing, None),
        DialError::Denied { .. } => (DialFailure::Busy, None),
        DialError::Transport(_) => (DialFailure::Unreachable, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: DialId = DialId(7);

    fn addresses() -> Vec<Address> {
        [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/127.0.0.1/udp/1/quic-v1",
            "/ip4/127.0.0.1/udp/2/quic-v1",
        ]
        .map(|text| text.parse().unwrap())
        .to_vec()
    }

    fn unreachable() -> DialError {
        DialError::Transport(Vec::new())
    }

    #[test]
    fn tcp_follows_quic_where_the_peer_is_unknown() {
        let now = Instant::now();
        let mut dials = Dials::default();
        assert_eq!(dials.start(ID, None, addresses(), now).unwrap().len(), 2);
        assert_eq!(dials.next_due(), Some(now + HEAD_START));
        assert!(dials.due(now).is_empty());
        let tcp = dials.due(now + HEAD_START);
        assert_eq!(tcp.len(), 1);
        assert_eq!(dials.next_due(), None);
        assert_eq!(
            dials.succeeded(tcp.first().unwrap().connection_id()),
            Some(Attempt::Of(ID))
        );
    }

    #[test]
    fn tcp_follows_at_once_when_quic_fails_and_there_is_one_answer() {
        let mut dials = Dials::default();
        let quic = dials.start(ID, None, addresses(), Instant::now()).unwrap();
        let [one, two] = <[DialOpts; 2]>::try_from(quic).unwrap();
        assert!(matches!(
            dials.failed(one.connection_id(), &unreachable()),
            Next::Wait
        ));
        let Next::Dial(tcp) = dials.failed(two.connection_id(), &unreachable()) else {
            panic!()
        };
        let [tcp] = <[DialOpts; 1]>::try_from(tcp).unwrap();
        let failed = dials.failed(tcp.connection_id(), &unreachable());
        assert!(matches!(failed, Next::Failed(ID, DialFailure::Unreachable)));
        assert!(matches!(
            dials.failed(tcp.connection_id(), &unreachable()),
            Next::Wait
        ));
        assert!(dials.dials.is_empty() && dials.attempts.is_empty());
    }

    #[test]
    fn a_second_success_is_late() {
        let mut dials = Dials::default();
        let quic = dials.start(ID, None, addresses(), Instant::now()).unwrap();
        let [one, two] = <[DialOpts; 2]>::try_from(quic).unwrap();
        assert_eq!(dials.succeeded(one.connection_id()), Some(Attempt::Of(ID)));
        assert_eq!(dials.succeeded(two.connection_id()), Some(Attempt::Late));
        assert_eq!(dials.succeeded(two.connection_id()), None);
    }

    #[test]
    fn an_address_of_somebody_else_is_left_out() {
        let peer = PeerId::random();
        let mut dials = Dials::default();
        let mut attempts = dials
            .start(ID, Some(peer), addresses(), Instant::now())
            .unwrap();
        for left in addresses().into_iter().rev() {
            let [attempt] = <[DialOpts; 1]>::try_from(attempts).unwrap();
            let address = to_multiaddr(&left);
            let error = DialError::WrongPeerId {
                obtained: PeerId::random(),
                address,
            };
            match dials.failed(attempt.connection_id(), &error) {
                Next::Dial(more) => attempts = more,
                Next::Failed(ID, DialFailure::OtherPeer) => return,
                other @ (Next::Wait | Next::Failed(..)) => panic!("{other:?}"),
            }
        }
        panic!("still dialling");
    }

    #[test]
    fn nothing_to_dial() {
        let mut dials = Dials::default();
        let none = vec!["/ip4/0.0.0.0/tcp/1".parse().unwrap()];
        assert!(dials.start(ID, None, none, Instant::now()).is_none());
    }
}
