//! The border between the model's addresses and peers and libp2p's.

use circlet_model::address::{Address, Transport};
use circlet_model::id;
use libp2p::identity::{Keypair, PublicKey, ed25519};
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::multihash::Multihash;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The multihash code of "no hash": libp2p spells an Ed25519 `PeerId` as the key itself.
const IDENTITY: u64 = 0;

/// How often a port that is free for one transport may be taken in another.
const PORT_TRIES: usize = 64;

/// Returns the `PeerId` that belongs to an identity's secret.
pub fn peer_of(secret: &[u8; 32]) -> Option<id::PeerId> {
    let keypair = Keypair::ed25519_from_bytes(*secret).ok()?;
    Some(id::PeerId(
        keypair.public().try_into_ed25519().ok()?.to_bytes(),
    ))
}

/// Returns a port that is free for TCP and for UDP on every interface right now.
pub fn free_port() -> io::Result<u16> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..PORT_TRIES {
        let first = bind(Transport::Tcp, Ipv4Addr::UNSPECIFIED.into(), 0)?;
        let port = first
            .local_addr()?
            .as_socket()
            .map_or(0, |address| address.port());
        match is_free_beside(port) {
            Ok(()) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Whether a port that is bound for TCP over IPv4 is free for the other three.
fn is_free_beside(port: u16) -> io::Result<()> {
    bind(Transport::Quic, Ipv4Addr::UNSPECIFIED.into(), port)?;
    for transport in [Transport::Tcp, Transport::Quic] {
        match bind(transport, Ipv6Addr::UNSPECIFIED.into(), port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            // Where there is no IPv6 at all, IPv4 is enough.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Tells whether an address can be listened on: libp2p would share another process's TCP port in
/// silence, and does not tell a taken UDP port from other trouble.
pub(super) fn probe(address: &Address) -> io::Result<()> {
    bind(address.transport(), address.ip(), address.port()).map(drop)
}

/// Binds a socket as libp2p does, but without sharing the port.
fn bind(transport: Transport, ip: IpAddr, port: u16) -> io::Result<Socket> {
    let address = SocketAddr::from((ip, port));
    let kind = match transport {
        Transport::Tcp => Type::STREAM,
        Transport::Quic => Type::DGRAM,
    };
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // For TCP on Unix this skips connections that are gone, not listeners.
    #[cfg(unix)]
    socket.set_reuse_address(transport == Transport::Tcp)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Returns the address as libp2p writes it.
pub(super) fn to_multiaddr(address: &Address) -> Multiaddr {
    let ip = Multiaddr::from(address.ip());
    match address.transport() {
        Transport::Tcp => ip.with(Protocol::Tcp(address.port())),
        Transport::Quic => ip
            .with(Protocol::Udp(address.port()))
            .with(Protocol::QuicV1),
    }
}

/// Returns the address if it is plain TCP or QUIC; a `/p2p/…` at the end is left out.
#[expect(clippy::wildcard_enum_match_arm, reason = "libp2p may add protocols")]
pub(super) fn from_multiaddr(multiaddr: &Multiaddr) -> Option<Address> {
    let mut parts = multiaddr.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    let address = match (parts.next()?, parts.next()) {
        (Protocol::Tcp(port), None | Some(Protocol::P2p(_))) => {
            Address::new(Transport::Tcp, ip, port)
        }
        (Protocol::Udp(port), Some(Protocol::QuicV1)) => Address::new(Transport::Quic, ip, port),
        _ => return None,
    };
    match parts.next() {
        None | Some(Protocol::P2p(_)) => Some(address),
        Some(_) => None,
    }
}

/// Returns libp2p's name for a peer, unless the bytes are no point on the curve.
pub(super) fn to_libp2p(peer: &id::PeerId) -> Option<libp2p::PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(&peer.0).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

/// Returns the model's name for a peer, unless its key is of another kind.
pub(super) fn from_libp2p(peer: &libp2p::PeerId) -> Option<id::PeerId> {
    let hash: &Multihash<64> = peer.as_ref();
    if hash.code() != IDENTITY {
        return None;
    }
    let key = PublicKey::try_decode_protobuf(hash.digest()).ok()?;
    Some(id::PeerId(key.try_into_ed25519().ok()?.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{TcpListener, UdpSocket};

    proptest! {
        #[test]
        fn addresses_lead_back(quic: bool, ip: IpAddr, port: u16) {
            let transport = if quic { Transport::Quic } else { Transport::Tcp };
            let address = Address::new(transport, ip, port);
            let multiaddr = to_multiaddr(&address);
            prop_assert_eq!(multiaddr.to_string(), address.to_string());
            prop_assert_eq!(from_multiaddr(&multiaddr), Some(address));
            let with_peer = multiaddr.with(Protocol::P2p(libp2p::PeerId::random()));
            prop_assert_eq!(from_multiaddr(&with_peer), Some(address));
        }

        #[test]
        fn peers_lead_back(secret: [u8; 32]) {
            let peer = peer_of(&secret).unwrap();
            let keypair = Keypair::ed25519_from_bytes(secret).unwrap();
            prop_assert_eq!(to_libp2p(&peer), Some(keypair.public().to_peer_id()));
            prop_assert_eq!(from_libp2p(&keypair.public().to_peer_id()), Some(peer));
        }

        #[test]
        fn any_peer_bytes_are_taken_or_refused(bytes: [u8; 32]) {
            if let Some(peer) = to_libp2p(&id::PeerId(bytes)) {
                prop_assert_eq!(from_libp2p(&peer), Some(id::PeerId(bytes)));
            }
        }
    }

    #[test]
    fn other_addresses_are_left_out() {
        for text in [
            "/dns4/example.org/tcp/1",
            "/ip4/1.2.3.4/udp/1",
            "/ip4/1.2.3.4/tcp/1/ws",
            "/ip4/1.2.3.4",
        ] {
            assert_eq!(from_multiaddr(&text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn a_free_port_is_free_for_both() {
        let port = free_port().unwrap();
        let _tcp = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
        let _udp = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
    }
}
