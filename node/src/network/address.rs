//! The border between the model's addresses and peers and libp2p's.

use circlet_model::address::{Address, Transport};
use circlet_model::id;
use libp2p::identity::{Keypair, PublicKey, ed25519};
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::multihash::Multihash;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

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
        let tcp = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let port = tcp.local_addr()?.port();
        let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        let udp = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).and_then(|_| {
            // Where there is no IPv6 at all, IPv4 is enough.
            match UdpSocket::bind(v6) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
                Ok(_) | Err(_) => Ok(()),
            }
        });
        match udp {
            Ok(()) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Tells whether another process listens on a TCP port; libp2p would share it in silence.
pub(super) fn probe(address: &Address) -> io::Result<()> {
    if address.transport() == Transport::Quic || address.port() == 0 {
        return Ok(());
    }
    let target = SocketAddr::from((address.ip(), address.port()));
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, None)?;
    if target.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Elsewhere this flag would share the port instead of only skipping old connections.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&target.into())
}

/// Whether an error, or what caused it, is that the port is taken.
pub(super) fn is_in_use(error: &io::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::AddrInUse) {
            return true;
        }
        source = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
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
    use std::net::IpAddr;

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
