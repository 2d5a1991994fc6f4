//! The LAN beacon: a sealed packet of constant size that only holders of a key can tell from noise.
//!
//! It goes by UDP multicast, TTL 1, to one group on every interface this node listens on, in bursts
//! of three. Listening is silent. Where multicast does not work, nothing is sent or heard.

mod packet;

pub use packet::{Error, MAX_PAYLOAD, PACKET, open, seal};

use super::{BeaconKeyId, Event};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, sleep_until};
use zeroize::Zeroizing;

/// Keys tried on each packet.
pub const MAX_KEYS: usize = 16;

/// The packets of a burst come this long after it was asked for: one may be lost.
const DELAYS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_secs(1),
];

/// Packets that wait to be sent; further bursts are left out.
const MAX_WAITING: usize = 48;

/// Packets looked at in a second: with all keys about 2 ms of work.
const MAX_PER_SECOND: u32 = 64;

/// The same beacon is told once in this time.
const REPEAT: Duration = Duration::from_secs(5);

/// Beacons and nonces remembered to leave out repetitions and this node's own.
const MEMORY: usize = 64;

/// Interfaces used.
const MAX_INTERFACES: usize = 16;

/// Bursts that wait to be sealed; further ones are left out.
const BURSTS: usize = 16;

/// The pause after the socket reported an error.
const PAUSE: Duration = Duration::from_secs(1);

/// Where beacons go.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The multicast group.
    pub group: Ipv4Addr,
    /// The UDP port, shared by all nodes of this computer.
    pub port: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            group: Ipv4Addr::new(239, 192, 99, 108),
            port: 29_263,
        }
    }
}

/// A running beacon; it ends when this is dropped.
pub(super) struct Beacon {
    bursts: mpsc::Sender<Burst>,
    settings: watch::Sender<Settings>,
}

/// What one burst says.
struct Burst {
    key: Zeroizing<[u8; 32]>,
    payload: Vec<u8>,
}

/// What to listen for, and where.
#[derive(Clone, Default)]
struct Settings {
    keys: Vec<(BeaconKeyId, Zeroizing<[u8; 32]>)>,
    interfaces: BTreeSet<Ipv4Addr>,
}

impl Beacon {
    /// Opens the socket and starts listening.
    pub(super) fn start(config: Config, events: mpsc::Sender<Event>) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_reuse_address(true)?;
        #[cfg(unix)]
        socket.set_reuse_port(true)?;
        socket.set_multicast_ttl_v4(1)?;
        socket.set_multicast_loop_v4(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, config.port)).into())?;
        let (bursts, asked) = mpsc::channel(BURSTS);
        let (settings, wanted) = watch::channel(Settings::default());
        let task = Task {
            socket: UdpSocket::from_std(socket.into())?,
            config,
            events,
            settings: Settings::default(),
            waiting: Vec::new(),
            heard: Heard::default(),
        };
        tokio::spawn(task.run(asked, wanted));
        Ok(Self { bursts, settings })
    }

    /// Sends a burst, unless too many wait.
    pub(super) fn send(&self, key: Zeroizing<[u8; 32]>, payload: Vec<u8>) {
        if self.bursts.try_send(Burst { key, payload }).is_err() {
            tracing::debug!("the beacon is busy");
        }
    }

    /// Replaces the keys that are tried.
    pub(super) fn listen_for(&self, mut keys: Vec<(BeaconKeyId, Zeroizing<[u8; 32]>)>) {
        keys.truncate(MAX_KEYS);
        self.settings.send_modify(|settings| settings.keys = keys);
    }

    /// Replaces the interfaces by those with these addresses.
    pub(super) fn use_interfaces(&self, addresses: impl Iterator<Item = IpAddr>) {
        let interfaces = addresses
            .filter_map(|ip| match ip {
                IpAddr::V4(ip) if !ip.is_unspecified() => Some(ip),
                IpAddr::V4(_) | IpAddr::V6(_) => None,
            })
            .take(MAX_INTERFACES)
            .collect();
        self.settings
            .send_modify(|settings| settings.interfaces = interfaces);
    }
}

struct Task {
    socket: UdpSocket,
    config: Config,
    events: mpsc::Sender<Event>,
    settings: Settings,
    waiting: Vec<(Instant, Vec<u8>)>,
    heard: Heard,
}

/// What was sent and heard lately.
#[derive(Default)]
struct Heard {
    /// Nonces of this node's own packets.
    own: VecDeque<[u8; packet::NONCE]>,
    told: VecDeque<(Instant, BeaconKeyId, Vec<u8>, IpAddr)>,
    second: Option<Instant>,
    in_second: u32,
}

impl Task {
    async fn run(
        mut self,
        mut asked: mpsc::Receiver<Burst>,
        mut wanted: watch::Receiver<Settings>,
    ) {
        // One byte more than a packet shows what is too long.
        let mut buffer = [0; PACKET + 1];
        loop {
            let next = self.waiting.iter().map(|(at, _)| *at).min();
            tokio::select! {
                changed = wanted.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let settings = wanted.borrow_and_update().clone();
                    self.set(settings);
                }
                Some(burst) = asked.recv() => self.prepare(&burst),
                packet = self.socket.recv_from(&mut buffer) => match packet {
                    Ok((length, from)) => {
                        self.hear(buffer.get(..length).unwrap_or_default(), from.ip());
                    }
                    Err(error) => {
                        tracing::debug!(kind = ?error.kind(), "the beacon's socket reports");
                        sleep(PAUSE).await;
                    }
                },
                () = sleep_until(next.unwrap_or_else(Instant::now).into()), if next.is_some() => {
                    self.send_due().await;
                }
            }
        }
    }

    fn prepare(&mut self, burst: &Burst) {
        if self.waiting.len() + DELAYS.len() > MAX_WAITING {
            return;
        }
        let now = Instant::now();
        for delay in DELAYS {
            match seal(&burst.key, &burst.payload) {
                Ok(packet) => {
                    self.heard.sent(&packet);
                    self.waiting.push((now + delay, packet));
                }
                Err(error) => tracing::error!(%error, "a beacon was not sealed"),
            }
        }
    }

    fn set(&mut self, settings: Settings) {
        for gone in self.settings.interfaces.difference(&settings.interfaces) {
            // An interface that is gone has left the group by itself.
            let _ = self.socket.leave_multicast_v4(self.config.group, *gone);
        }
        for new in settings.interfaces.difference(&self.settings.interfaces) {
            if let Err(error) = self.socket.join_multicast_v4(self.config.group, *new) {
                tracing::debug!(kind = ?error.kind(), "no multicast on an interface");
            }
        }
        self.settings = settings;
    }

    async fn send_due(&mut self) {
        let now = Instant::now();
        let due: Vec<_> = self.waiting.extract_if(.., |(at, _)| *at <= now).collect();
        let to = SocketAddr::V4(SocketAddrV4::new(self.config.group, self.config.port));
        for (_, packet) in due {
            for interface in &self.settings.interfaces {
                let sent = match SockRef::from(&self.socket).set_multicast_if_v4(interface) {
                    Ok(()) => self.socket.send_to(&packet, to).await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = sent {
                    tracing::debug!(kind = ?error.kind(), "a beacon did not go out");
                }
            }
        }
    }

    fn hear(&mut self, packet: &[u8], from: IpAddr) {
        if packet.len() != PACKET || !self.heard.admits(packet, Instant::now()) {
            return;
        }
        let opened = self
            .settings
            .keys
            .iter()
            .find_map(|(id, key)| Some((*id, open(key, packet)?)));
        let Some((key, payload)) = opened else {
            return;
        };
        if self.heard.is_news(key, &payload, from, Instant::now()) {
            let event = Event::BeaconHeard { key, payload, from };
            if self.events.try_send(event).is_err() {
                tracing::debug!("a beacon was missed");
            }
        }
    }
}

impl Heard {
    fn sent(&mut self, packet: &[u8]) {
        if let Some((nonce, _)) = packet.split_first_chunk() {
            self.own.push_back(*nonce);
            forget_oldest(&mut self.own);
        }
    }

    /// Whether to look at a packet: not our own, and not too many at once.
    fn admits(&mut self, packet: &[u8], now: Instant) -> bool {
        let same_second = self
            .second
            .is_some_and(|at| now.saturating_duration_since(at) < Duration::from_secs(1));
        if !same_second {
            self.second = Some(now);
            self.in_second = 0;
        }
        self.in_second = self.in_second.saturating_add(1);
        self.in_second <= MAX_PER_SECOND && !self.own.iter().any(|own| packet.starts_with(own))
    }

    fn is_news(&mut self, key: BeaconKeyId, payload: &[u8], from: IpAddr, now: Instant) -> bool {
        self.told
            .retain(|(at, ..)| now.saturating_duration_since(*at) < REPEAT);
        let known = self
            .told
            .iter()
            .any(|(_, id, told, ip)| *id == key && told.as_slice() == payload && *ip == from);
        if !known {
            self.told.push_back((now, key, payload.to_vec(), from));
            forget_oldest(&mut self.told);
        }
        !known
    }
}

/// Forgets the oldest of a queue beyond [`MEMORY`].
fn forget_oldest<T>(queue: &mut VecDeque<T>) {
    while queue.len() > MEMORY {
        queue.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_looked_at_in_part_and_own_packets_never() {
        let now = Instant::now();
        let mut heard = Heard::default();
        let own = seal(&[1; 32], b"own").unwrap();
        heard.sent(&own);
        assert!(!heard.admits(&own, now));
        let packet = [7; PACKET];
        let admitted = (0..1000).filter(|_| heard.admits(&packet, now)).count();
        assert_eq!(admitted, MAX_PER_SECOND as usize - 1);
        assert!(heard.admits(&packet, now + Duration::from_secs(1)));
    }

    #[test]
    fn a_burst_is_told_once() {
        let now = Instant::now();
        let mut heard = Heard::default();
        let from = IpAddr::from([192, 0, 2, 1]);
        assert!(heard.is_news(BeaconKeyId(1), b"a", from, now));
        assert!(!heard.is_news(BeaconKeyId(1), b"a", from, now));
        assert!(heard.is_news(BeaconKeyId(2), b"a", from, now));
        assert!(heard.is_news(BeaconKeyId(1), b"a", from, now + REPEAT));
    }
}
