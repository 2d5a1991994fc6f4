//! The network of a world: dials, links, frames and beacons.
//!
//! Frames of one link keep their order; those of different links overtake each other. Frames of the
//! sync session wait until the receiving side trusts the link, as in the real network, and a link that
//! one side does not trust ends after a while.

use super::World;
use circlet_model::address::{Address, Transport};
use circlet_model::id::PeerId;
use circlet_model::replica::input::{DialId, Input, LinkId};
use rand_core::Rng as _;
use std::net::{IpAddr, Ipv4Addr};

/// The most bytes of a frame of the sync session.
const MAX_FRAME: usize = 256 * 1024;
/// The most bytes of a hello.
const MAX_HELLO: usize = 64 * 1024;
/// A link must be trusted by then, in milliseconds.
const TRUST_WAIT: u64 = 30_000;
/// A cut link is noticed after at most so many milliseconds.
const SILENCE: u64 = 45_000;
/// A dial to nobody ends after so many milliseconds.
const DIAL_WAIT: u64 = 3000;

/// A link.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    ends: [End; 2],
}

/// One end of a link.
#[derive(Clone, Debug)]
struct End {
    node: usize,
    start: u64,
    /// When the last frame on its way here arrives.
    last: u64,
    trusted: bool,
    /// Frames that wait for that.
    held: Vec<Vec<u8>>,
}

/// Something that is going to happen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A node wakes.
    Wake { node: usize, start: u64 },
    /// A dial ends.
    Dialled {
        from: usize,
        start: u64,
        dial: DialId,
        to: Option<usize>,
    },
    /// A frame arrives at one end.
    Frame {
        link: u64,
        end: usize,
        hello: bool,
        frame: Vec<u8>,
    },
    /// The frames that waited for trust are read.
    Held { link: u64, end: usize },
    /// A link should be trusted by now.
    Trusted { link: u64 },
    /// A node notices that a link ended.
    Down { link: u64, to: usize, start: u64 },
    /// A beacon is heard.
    Beacon {
        to: usize,
        start: u64,
        from: usize,
        key: usize,
        payload: Vec<u8>,
    },
}

impl World {
    /// Lets a frame of a stranger's making arrive at a node, on each of its links.
    pub fn inject(&mut self, index: usize, hello: bool, frame: &[u8]) {
        let links: Vec<u64> = self.links_of(index);
        for link in links {
            let (link, frame) = (LinkId(link), frame.to_vec());
            let input = if hello {
                Input::Hello { link, frame }
            } else {
                Input::Frame { link, frame }
            };
            self.input(index, input);
        }
    }

    /// Cuts every link of a node.
    pub fn cut_off(&mut self, index: usize) {
        for link in self.links_of(index) {
            let wait = self.latency();
            self.cut(link, wait);
        }
    }

    /// Returns how many links a node has.
    pub fn link_count(&self, index: usize) -> usize {
        self.links_of(index).len()
    }

    pub(super) fn cut_apart(&mut self) {
        let apart = |wire: &Wire| {
            let [a, b] = &wire.ends;
            self.groups[a.node] != self.groups[b.node]
        };
        let links = self.links.iter().filter(|(_, wire)| apart(wire));
        let links: Vec<u64> = links.map(|(link, _)| *link).collect();
        for link in links {
            let wait = self.rng.next_u64() % SILENCE;
            self.cut(link, wait);
        }
    }

    pub(super) fn happen(&mut self, what: What) {
        match what {
            What::Wake { node, .. } => drop(self.input(node, Input::Wake)),
            What::Dialled {
                from,
                start,
                dial,
                to,
            } => self.dialled(from, start, dial, to),
            What::Frame {
                link,
                end,
                hello,
                frame,
            } => self.arrive(link, end, hello, frame),
            What::Held { link, end } => {
                let held = self
                    .links
                    .get_mut(&link)
                    .map(|wire| std::mem::take(&mut wire.ends[end].held));
                for frame in held.unwrap_or_default() {
                    self.arrive(link, end, false, frame);
                }
            }
            What::Trusted { link } => {
                let trusted = |wire: &Wire| wire.ends.iter().all(|end| end.trusted);
                if self.links.get(&link).is_some_and(|wire| !trusted(wire)) {
                    let wait = self.latency();
                    self.cut(link, wait);
                }
            }
            What::Down { link, to, start } => {
                self.links.remove(&link);
                if self.is(to, start) {
                    self.input(to, Input::LinkDown { link: LinkId(link) });
                }
            }
            What::Beacon {
                to,
                start,
                from,
                key,
                payload,
            } => {
                if self.is(to, start) {
                    let from = address_of(from).ip();
                    self.input(to, Input::BeaconHeard { key, payload, from });
                }
            }
        }
    }

    pub(super) fn dial(
        &mut self,
        from: usize,
        dial: DialId,
        peer: Option<PeerId>,
        addresses: &[Address],
    ) {
        self.traffic.dials += 1;
        let to = (0..self.nodes.len()).find(|index| {
            let here = addresses.contains(&address_of(*index));
            let right = peer.is_none_or(|peer| peer == self.peer(*index));
            here && right && *index != from && self.reaches(from, *index)
        });
        let wait = if to.is_some() {
            2 * self.latency()
        } else {
            DIAL_WAIT
        };
        let start = self.nodes[from].starts;
        let what = What::Dialled {
            from,
            start,
            dial,
            to,
        };
        self.push(self.now + wait, what);
    }

    pub(super) fn send(&mut self, from: usize, link: u64, hello: bool, frame: Vec<u8>) {
        let most = if hello { MAX_HELLO } else { MAX_FRAME };
        assert!(frame.len() <= most, "a frame of {} bytes", frame.len());
        let latency = self.latency();
        self.traffic.frames += 1;
        self.traffic.bytes += frame.len() as u64;
        if self.chance(self.resets) {
            self.cut(link, latency);
            return;
        }
        let twice = self.chance(self.twice);
        let now = self.now;
        let Some(wire) = self.links.get_mut(&link) else {
            return;
        };
        let end = usize::from(wire.ends[0].node == from);
        let at = (now + latency).max(wire.ends[end].last);
        wire.ends[end].last = at;
        for frame in std::iter::repeat_n(frame, 1 + usize::from(twice)) {
            self.push(
                at,
                What::Frame {
                    link,
                    end,
                    hello,
                    frame,
                },
            );
        }
    }

    /// Closes a link from one side: what was sent before still arrives.
    pub(super) fn close(&mut self, from: usize, link: u64) {
        let Some(wire) = self.links.get(&link) else {
            return;
        };
        let [a, b] = &wire.ends;
        let (own, other) = if a.node == from { (a, b) } else { (b, a) };
        let at = other.last.max(self.now) + 1;
        let ends = [(other.node, other.start), (own.node, own.start)];
        for (to, start) in ends {
            self.push(at, What::Down { link, to, start });
        }
    }

    pub(super) fn trust(&mut self, index: usize, link: u64) {
        if let Some(wire) = self.links.get_mut(&link) {
            let end = usize::from(wire.ends[0].node != index);
            wire.ends[end].trusted = true;
            self.push(self.now, What::Held { link, end });
        }
    }

    pub(super) fn beacon(&mut self, from: usize, beacons: &[([u8; 32], Vec<u8>)]) {
        if !self.lan {
            return;
        }
        for to in 0..self.nodes.len() {
            for (key, payload) in beacons {
                let heard = self.nodes[to]
                    .listening
                    .iter()
                    .position(|heard| heard == key);
                if let Some(key) = heard.filter(|_| to != from && self.reaches(from, to)) {
                    let (start, payload) = (self.nodes[to].starts, payload.clone());
                    let at = self.now + self.latency();
                    self.push(
                        at,
                        What::Beacon {
                            to,
                            start,
                            from,
                            key,
                            payload,
                        },
                    );
                }
            }
        }
    }

    fn dialled(&mut self, from: usize, start: u64, dial: DialId, to: Option<usize>) {
        if !self.is(from, start) {
            return;
        }
        let Some(to) = to.filter(|to| self.reaches(from, *to)) else {
            self.input(from, Input::DialFailed { dial });
            return;
        };
        let link = self.next_link;
        self.next_link += 1;
        let now = self.now;
        let ends = [(from, start), (to, self.nodes[to].starts)].map(|(node, start)| End {
            node,
            start,
            last: now,
            trusted: false,
            held: Vec::new(),
        });
        self.links.insert(link, Wire { ends });
        self.push(now + TRUST_WAIT, What::Trusted { link });
        for (index, other, dial) in [(from, to, Some(dial)), (to, from, None)] {
            let (link, peer) = (LinkId(link), self.peer(other));
            let address = dial.map(|_| address_of(other));
            self.input(
                index,
                Input::LinkUp {
                    link,
                    peer,
                    dial,
                    address,
                },
            );
        }
    }

    fn arrive(&mut self, link: u64, end: usize, hello: bool, frame: Vec<u8>) {
        let Some(wire) = self.links.get_mut(&link) else {
            return;
        };
        let end = &mut wire.ends[end];
        if !hello && (!end.trusted || !end.held.is_empty()) {
            end.held.push(frame);
            return;
        }
        let (to, start, link) = (end.node, end.start, LinkId(link));
        if self.is(to, start) {
            let input = if hello {
                Input::Hello { link, frame }
            } else {
                Input::Frame { link, frame }
            };
            self.input(to, input);
        }
    }

    /// Cuts a link: frames under way are lost, and each side notices after so many milliseconds.
    fn cut(&mut self, link: u64, wait: u64) {
        let Some(wire) = self.links.remove(&link) else {
            return;
        };
        for End { node, start, .. } in wire.ends {
            let at = self.now + wait;
            self.push(
                at,
                What::Down {
                    link,
                    to: node,
                    start,
                },
            );
        }
    }

    fn links_of(&self, index: usize) -> Vec<u64> {
        let start = self.nodes[index].starts;
        let mine = |wire: &Wire| {
            wire.ends
                .iter()
                .any(|end| end.node == index && end.start == start)
        };
        let links = self.links.iter().filter(|(_, wire)| mine(wire));
        links.map(|(link, _)| *link).collect()
    }

    fn is(&self, index: usize, start: u64) -> bool {
        self.nodes[index].starts == start && self.runs(index)
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        let apart = self.apart.contains(&(from.min(to), from.max(to)));
        self.groups[from] == self.groups[to] && !apart && self.runs(to)
    }

    fn peer(&self, index: usize) -> PeerId {
        self.nodes[index].identity.peer.peer()
    }

    fn chance(&mut self, of_ten_thousand: u64) -> bool {
        of_ten_thousand > 0 && self.rng.next_u64() % 10_000 < of_ten_thousand
    }

    fn latency(&mut self) -> u64 {
        let (low, high) = self.latency;
        low + self.rng.next_u64() % (high - low + 1)
    }
}

/// Returns where a node listens.
pub fn address_of(index: usize) -> Address {
    let [high, low] = (index as u16 + 1).to_be_bytes();
    Address::new(
        Transport::Tcp,
        IpAddr::V4(Ipv4Addr::new(10, 0, high, low)),
        4000,
    )
}
