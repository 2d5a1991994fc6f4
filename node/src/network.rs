//! The network of one circle: one libp2p swarm that carries bytes and decides nothing.
//!
//! The driver talks to it through two bounded channels: [`Command`]s in, [`Event`]s out.
//!
//! * Every [`Command::Dial`] is answered by exactly one [`Event::LinkUp`] that names it or one
//!   [`Event::DialFailed`].
//! * A *link* is one connection with one peer. Between [`Event::LinkUp`] and [`Event::LinkDown`]
//!   come that link's [`Event::Hello`] (at most one) and its [`Event::Frame`]s, in the order in
//!   which the other side sent them. Nothing comes after `LinkDown`. When both sides dial at once
//!   the connections are reduced to one by a rule that both sides share; a link that loses ends
//!   with `LinkDown`.
//! * Until [`Command::Trust`] only one hello frame is read from a link and one written to it.
//!   `Trust` opens the sync stream; the other side's sync frames are read once both sides trust.
//! * Frames are read from the wire only as fast as the driver takes events.
//! * A network whose listener is lost ends by itself, as after [`Command::Shutdown`].
//! * [`Command::Shutdown`], or dropping every [`Handle`], closes all links; the event channel ends
//!   when everything is closed.

pub mod address;
pub mod beacon;
pub mod frame;

mod budget;
mod dials;
mod handler;
mod link;
mod links;
mod places;
mod swarm;
mod task;

#[cfg(test)]
mod tests;

use circlet_model::address::Address;
use circlet_model::id::PeerId;
use circlet_model::replica::input::{DialId, LinkId};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Commands that may wait for the network; the driver waits when there are more.
const COMMANDS: usize = 64;

/// Events that may wait for the driver: with frames of 256 KiB at most 8 MiB.
const EVENTS: usize = 32;

/// What a network needs to start.
pub struct Config {
    /// The Ed25519 secret whose public half is this device's `PeerId` in this circle.
    pub identity: Zeroizing<[u8; 32]>,
    /// Where to listen; an unspecified IP means every interface, port 0 any free port.
    pub listen: Vec<Address>,
    /// How much strangers may cost.
    pub limits: Limits,
    /// The LAN beacon; `None` leaves it off.
    pub beacon: Option<beacon::Config>,
}

/// How much connections may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Inbound links that are not trusted yet; peers of [`Command::Known`] are not counted.
    pub strangers: usize,
    /// Of these, from one IP (IPv6: one /64) that is not this computer.
    pub strangers_per_address: usize,
    /// Inbound connections over one transport whose handshake is not over.
    pub pending: usize,
    /// Of these, from one IP (IPv6: one /64) that is not this computer.
    pub pending_per_address: usize,
    /// Inbound connections in all.
    pub inbound: usize,
    /// Connections in all.
    pub total: usize,
    /// Inbound connections from one IP (IPv6: one /64) over one transport in a minute; as many may come
    /// at once.
    pub per_address_per_minute: u32,
    /// A stranger's hello must be here by then.
    pub hello_wait: Duration,
    /// A link must be trusted by then.
    pub trust_wait: Duration,
    /// Some of what is written must move in this time: a reader that stalls is let go.
    pub stall_wait: Duration,
    /// A frame must be written by then, however slow the link.
    pub write_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            strangers: 12,
            strangers_per_address: 4,
            pending: 64,
            pending_per_address: 8,
            inbound: 32,
            total: 48,
            per_address_per_minute: 120,
            hello_wait: Duration::from_secs(10),
            trust_wait: Duration::from_secs(30),
            stall_wait: Duration::from_mins(1),
            write_wait: Duration::from_mins(10),
        }
    }
}

/// A beacon key, named by the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeaconKeyId(pub u64);

/// What the driver asks for.
pub enum Command {
    /// Listen on one more address; answered by `Listening` or `ListenFailed`.
    Listen {
        /// As in [`Config::listen`].
        address: Address,
    },
    /// Replace the set of peers that do not count as strangers when they connect.
    Known {
        /// The peers.
        peers: Vec<PeerId>,
    },
    /// Connect to a peer, or to whoever answers there.
    Dial {
        /// Names the dial in its answer.
        dial: DialId,
        /// Who must answer; `None` takes anyone (an invite's addresses name nobody).
        peer: Option<PeerId>,
        /// Where; all are tried together, QUIC with a short head start.
        addresses: Vec<Address>,
    },
    /// Send the one hello frame of this side, at most [`frame::MAX_HELLO`] bytes.
    Hello {
        /// The link.
        link: LinkId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// From now on exchange sync frames on this link; a second time changes nothing.
    Trust {
        /// The link.
        link: LinkId,
    },
    /// Send a sync frame of at most [`frame::MAX_SYNC`] bytes; only after `Trust`.
    Send {
        /// The link.
        link: LinkId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Close a link; what is queued is written first if that is quick. `LinkDown` follows.
    Close {
        /// The link.
        link: LinkId,
    },
    /// Send a short burst of beacons.
    Beacon {
        /// What seals it.
        key: Zeroizing<[u8; 32]>,
        /// At most [`beacon::MAX_PAYLOAD`] bytes.
        payload: Vec<u8>,
    },
    /// Replace the set of keys under which beacons are heard (the first [`beacon::MAX_KEYS`]).
    BeaconKeys {
        /// The keys and their names.
        keys: Vec<(BeaconKeyId, Zeroizing<[u8; 32]>)>,
    },
    /// Close everything; the event channel ends afterwards.
    Shutdown,
}

/// What the network tells the driver.
#[derive(Debug)]
pub enum Event {
    /// This device can now be reached here (per interface where the listen IP is unspecified).
    Listening {
        /// With the real port.
        address: Address,
    },
    /// This device can no longer be reached here.
    NotListening {
        /// As in `Listening`.
        address: Address,
    },
    /// Listening did not work at all.
    ListenFailed {
        /// As it was asked for.
        address: Address,
        /// Why.
        reason: ListenFailure,
    },
    /// A peer is connected.
    LinkUp {
        /// Names the link.
        link: LinkId,
        /// Who; proved by the transport.
        peer: PeerId,
        /// Whether this side dialled.
        outbound: bool,
        /// The dial that led here.
        dial: Option<DialId>,
        /// The other side's address as seen from here.
        address: Option<Address>,
    },
    /// The other side's hello frame.
    Hello {
        /// The link.
        link: LinkId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// A sync frame.
    Frame {
        /// The link.
        link: LinkId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// The link is over.
    LinkDown {
        /// The link.
        link: LinkId,
    },
    /// A dial led to no link of its own.
    DialFailed {
        /// The dial.
        dial: DialId,
        /// Why.
        reason: DialFailure,
    },
    /// Addresses of this computer came or went (told once after start, too).
    NetworkChanged,
    /// A beacon opened under one of the keys; it may be missed, and may be an old one.
    BeaconHeard {
        /// The key.
        key: BeaconKeyId,
        /// What was sealed.
        payload: Vec<u8>,
        /// Where it came from.
        from: IpAddr,
    },
}

/// Why listening did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenFailure {
    /// Another process has the port.
    PortInUse,
    /// The system refused for another reason (no such address, no permission).
    Refused,
}

/// Why a dial led to no link of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialFailure {
    /// Nobody answered at any of the addresses.
    Unreachable,
    /// No address can be dialled.
    NoAddress,
    /// Somebody else answered.
    OtherPeer,
    /// The address is this node's own.
    Ourselves,
    /// There is a link with this peer already.
    AlreadyLinked,
    /// Too many connections or dials.
    Busy,
    /// The network is closing.
    Closing,
}

/// Why a network did not start, or a command was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The transports could not be set up.
    #[error("the transports could not be set up")]
    Transport,
    /// The network has ended.
    #[error("the network has ended")]
    Ended,
}

/// Sends commands to a running network; when the last clone is dropped the network ends.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
}

/// The events of a running network.
pub type Events = mpsc::Receiver<Event>;

/// Starts the network of one circle on the current tokio runtime.
pub fn start(config: Config) -> Result<(Handle, Events), Error> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| Error::Transport)?;
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (events, outbox) = mpsc::channel(EVENTS);
    let task = task::Task::new(config, inbox, events)?;
    runtime.spawn(task.run());
    Ok((Handle { commands }, outbox))
}

impl Handle {
    /// Hands over a command, waiting while the network is busy.
    ///
    /// The network takes commands even while the driver takes no events.
    pub async fn send(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).await.map_err(|_| Error::Ended)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listen { .. } => "Listen",
            Self::Known { .. } => "Known",
            Self::Dial { .. } => "Dial",
            Self::Hello { .. } => "Hello",
            Self::Trust { .. } => "Trust",
            Self::Send { .. } => "Send",
            Self::Close { .. } => "Close",
            Self::Beacon { .. } => "Beacon",
            Self::BeaconKeys { .. } => "BeaconKeys",
            Self::Shutdown => "Shutdown",
        })
    }
}
