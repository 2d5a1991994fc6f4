//! What a node is told when it starts.

use crate::clock::Clock;
use crate::home::Home;
use circlet_model::address::{Address, Transport};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a node is told when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder it owns.
    pub home: Home,
    /// Whether it meets other nodes at all.
    pub network: bool,
    /// Where to listen. Port 0 picks a port once per circle and keeps it; a fixed port serves the
    /// first circle, and the others listen at a port of their own there.
    pub listen: Vec<Address>,
    /// Whether beacons are sent on the local network while somebody is waited for (default: yes).
    pub beacon: bool,
    /// The clock (default: this computer's).
    pub clock: Clock,
    /// Whether it may run before it has what opens the home, so that the page asks for that: to set it up, or
    /// for the passphrase (default: no).
    pub for_page: bool,
}

impl Config {
    /// Returns the config of a node that listens at these addresses; none = on every interface.
    pub fn new(home: Home, listen: Vec<Address>) -> Self {
        let listen = if listen.is_empty() {
            everywhere()
        } else {
            listen
        };
        let beacon = !listen.iter().all(Address::is_loopback);
        Self {
            home,
            network: true,
            listen,
            beacon,
            clock: Clock::default(),
            for_page: false,
        }
    }

    /// Returns the config for asking a home without meeting anybody.
    pub fn offline(home: Home) -> Self {
        Self {
            home,
            network: false,
            listen: Vec::new(),
            beacon: false,
            clock: Clock::default(),
            for_page: false,
        }
    }
}

fn everywhere() -> Vec<Address> {
    let any = [
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ];
    let on = |transport| any.map(|ip| Address::new(transport, ip, 0));
    [on(Transport::Quic), on(Transport::Tcp)].concat()
}
