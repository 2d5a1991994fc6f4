//! Which of several connections with one peer is the link: a rule that both sides share.
//!
//! * Both sides dialled at nearly the same time: the connection that the smaller `PeerId` dialled
//!   stays, and both sides close the other one.
//! * Otherwise the side that dialled the newer connection decides. If it still has a link, it closes
//!   the newer connection. If it does not (it restarted, or lost the link unnoticed), the newer one
//!   is its link; the side that was dialled sees that it is still there after a moment and takes it
//!   up in place of the older one. Until then the newer connection is *spare*.

use libp2p::PeerId;
use libp2p::swarm::ConnectionId;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Within this time two connections count as dialled at once: longer than a handshake takes, shorter
/// than a restart of the other side with its first retry.
const AT_ONCE: Duration = Duration::from_secs(3);

/// How long the dialling side has to close a spare connection.
const SPARE: Duration = Duration::from_secs(1);

/// The connections by peer.
pub(super) struct Links {
    local: PeerId,
    peers: HashMap<PeerId, Peer>,
}

#[derive(Default)]
struct Peer {
    link: Option<Connection>,
    spares: Vec<Connection>,
}

#[derive(Clone, Copy)]
struct Connection {
    id: ConnectionId,
    outbound: bool,
    since: Instant,
}

/// What to do with a new connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the link; the named one, if any, gives way and is to be closed.
    Link { instead_of: Option<ConnectionId> },
    /// It is to be closed.
    Close,
    /// It waits.
    Spare,
}

/// A spare connection that became the link.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Promotion {
    pub(super) link: ConnectionId,
    /// To be closed.
    pub(super) close: Vec<ConnectionId>,
}

impl Links {
    pub(super) fn new(local: PeerId) -> Self {
        Self {
            local,
            peers: HashMap::new(),
        }
    }

    /// Whether there is a link with the peer.
    pub(super) fn has(&self, peer: &PeerId) -> bool {
        self.peers.get(peer).is_some_and(|peer| peer.link.is_some())
    }

    /// Takes note of a new connection.
    pub(super) fn opened(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        outbound: bool,
        now: Instant,
    ) -> Verdict {
        let smaller = self.local.to_bytes() < peer.to_bytes();
        let entry = self.peers.entry(peer).or_default();
        let new = Connection {
            id,
            outbound,
            since: now,
        };
        let Some(old) = entry.link else {
            entry.link = Some(new);
            return Verdict::Link { instead_of: None };
        };
        let at_once = now.saturating_duration_since(old.since) < AT_ONCE;
        if at_once && old.outbound != outbound {
            // The smaller one's connection is outbound where the smaller one looks at it.
            if outbound != smaller {
                return Verdict::Close;
            }
            entry.link = Some(new);
            return Verdict::Link {
                instead_of: Some(old.id),
            };
        }
        if outbound {
            return Verdict::Close;
        }
        entry.spares.push(new);
        Verdict::Spare
    }

    /// Takes note that a connection is gone; a spare one may take its place.
    pub(super) fn closed(&mut self, peer: &PeerId, id: ConnectionId) -> Option<Promotion> {
        let entry = self.peers.get_mut(peer)?;
        entry.spares.retain(|spare| spare.id != id);
        let mut promotion = None;
        if entry.link.is_some_and(|link| link.id == id) {
            entry.link = None;
            promotion = entry.promote();
        }
        if entry.link.is_none() {
            self.peers.remove(peer);
        }
        promotion
    }

    /// Takes up the spare connections that stayed.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Promotion> {
        let ripe = |entry: &&mut Peer| entry.ripe().is_some_and(|at| at <= now);
        self.peers
            .values_mut()
            .filter(ripe)
            .filter_map(Peer::promote)
            .collect()
    }

    /// When [`Links::due`] has something to do.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.peers.values().filter_map(Peer::ripe).min()
    }
}

impl Peer {
    fn ripe(&self) -> Option<Instant> {
        self.spares.iter().map(|spare| spare.since + SPARE).min()
    }

    /// The newest spare connection becomes the link, everything else goes.
    fn promote(&mut self) -> Option<Promotion> {
        let new = self.spares.pop()?;
        let others = self.spares.drain(..).chain(self.link.replace(new));
        Some(Promotion {
            link: new.id,
            close: others.map(|other| other.id).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers() -> (PeerId, PeerId) {
        let (a, b) = (PeerId::random(), PeerId::random());
        if a.to_bytes() < b.to_bytes() {
            (a, b)
        } else {
            (b, a)
        }
    }

    fn id(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    const UP: Verdict = Verdict::Link { instead_of: None };

    #[test]
    fn dialling_at_once_leaves_the_smaller_ones_connection_in_any_order() {
        let (small, large) = peers();
        let now = Instant::now();
        for first_at_small in [1, 2] {
            for first_at_large in [1, 2] {
                // Connection 1 is dialled by the smaller, 2 by the larger.
                let (mut at_small, mut at_large) = (Links::new(small), Links::new(large));
                assert_eq!(
                    at_small.opened(large, id(first_at_small), first_at_small == 1, now),
                    UP
                );
                assert_eq!(
                    at_large.opened(small, id(first_at_large), first_at_large == 2, now),
                    UP
                );
                let second = 3 - first_at_small;
                let verdict = at_small.opened(large, id(second), second == 1, now);
                let replaced = Verdict::Link {
                    instead_of: Some(id(2)),
                };
                assert_eq!(
                    verdict,
                    if second == 1 {
                        replaced
                    } else {
                        Verdict::Close
                    }
                );
                let second = 3 - first_at_large;
                let verdict = at_large.opened(small, id(second), second == 2, now);
                let replaced = Verdict::Link {
                    instead_of: Some(id(2)),
                };
                assert_eq!(
                    verdict,
                    if second == 1 {
                        replaced
                    } else {
                        Verdict::Close
                    }
                );
            }
        }
    }

    #[test]
    fn a_dialler_that_lost_its_link_gets_a_new_one() {
        let (small, large) = peers();
        let start = Instant::now();
        for (local, peer) in [(small, large), (large, small)] {
            for old_outbound in [true, false] {
                let mut links = Links::new(local);
                assert_eq!(links.opened(peer, id(1), old_outbound, start), UP);
                let later = start + AT_ONCE;
                assert_eq!(links.opened(peer, id(2), false, later), Verdict::Spare);
                assert_eq!(links.next_due(), Some(later + SPARE));
                assert!(links.due(later).is_empty());
                let promotion = Promotion {
                    link: id(2),
                    close: vec![id(1)],
                };
                assert_eq!(links.due(later + SPARE), [promotion]);
                assert_eq!(links.closed(&peer, id(1)), None);
                assert!(links.has(&peer));
                assert_eq!(links.next_due(), None);
            }
        }
    }

    #[test]
    fn a_dialler_that_has_a_link_keeps_it() {
        let (small, large) = peers();
        let start = Instant::now();
        let mut here = Links::new(small);
        let mut there = Links::new(large);
        assert_eq!(here.opened(large, id(1), true, start), UP);
        assert_eq!(there.opened(small, id(1), false, start), UP);
        let later = start + Duration::from_millis(1);
        assert_eq!(here.opened(large, id(2), true, later), Verdict::Close);
        assert_eq!(there.opened(small, id(2), false, later), Verdict::Spare);
        assert_eq!(there.closed(&small, id(2)), None);
        assert_eq!(there.next_due(), None);
        assert!(there.has(&small));
    }

    #[test]
    fn a_spare_steps_in_when_the_link_ends() {
        let (small, large) = peers();
        let now = Instant::now();
        let mut links = Links::new(large);
        links.opened(small, id(1), false, now);
        links.opened(small, id(2), false, now);
        let promotion = Promotion {
            link: id(2),
            close: vec![],
        };
        assert_eq!(links.closed(&small, id(1)), Some(promotion));
        assert_eq!(links.closed(&small, id(2)), None);
        assert!(!links.has(&small));
        assert!(links.peers.is_empty());
    }
}
