//! Where a node can be reached: transport, IP and port in 7 or 19 bytes.
//!
//! Bytes: one byte for transport and family (`0` TCP over IPv4, `1` QUIC over IPv4, `2` TCP over
//! IPv6, `3` QUIC over IPv6), the IP in network order (4 or 16 bytes), the port in network order.
//! There is exactly one such form per address; an IPv4 address never travels as IPv6.
//! Text: the multiaddr form, `/ip4/192.0.2.1/tcp/4001` or `/ip6/::1/udp/4001/quic-v1`.

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The longest form in bytes.
pub const MAX_BYTES: usize = 19;

/// The bytes of an IPv4 address with transport and port.
const V4_BYTES: usize = 7;

/// How to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP with Noise and Yamux.
    Tcp,
    /// QUIC version 1.
    Quic,
}

/// Where a node can be reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    transport: Transport,
    ip: IpAddr,
    port: u16,
}

/// Why bytes or text are not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The length does not fit the first byte.
    #[error("an address of the wrong length")]
    Length,
    /// The first byte is none of the known ones.
    #[error("an address of an unknown kind")]
    Kind,
    /// IPv4 written as IPv6.
    #[error("an address that has a shorter form")]
    NotCanonical,
    /// Not of the form `/ip4/…/tcp/…` or `/ip4/…/udp/…/quic-v1`.
    #[error("an address in a form that is not known")]
    Text,
}

impl Address {
    /// An address; IPv4 in IPv6 clothing becomes IPv4.
    pub fn new(transport: Transport, ip: IpAddr, port: u16) -> Self {
        Self {
            transport,
            ip: ip.to_canonical(),
            port,
        }
    }

    /// How to connect.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The IP.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The one form in bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let transport = match self.transport {
            Transport::Tcp => 0,
            Transport::Quic => 1,
        };
        let mut bytes = Vec::with_capacity(MAX_BYTES);
        match self.ip {
            IpAddr::V4(ip) => {
                bytes.push(transport);
                bytes.extend(ip.octets());
            }
            IpAddr::V6(ip) => {
                bytes.push(transport | 2);
                bytes.extend(ip.octets());
            }
        }
        bytes.extend(self.port.to_be_bytes());
        bytes
    }

    /// Reads the one form in bytes, which must be the whole of `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match Self::split(bytes)? {
            (address, []) => Ok(address),
            (_, [_, ..]) => Err(Error::Length),
        }
    }

    /// Reads an address from the front of `bytes`; returns it and what follows.
    pub fn split(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (&kind, _) = bytes.split_first().ok_or(Error::Length)?;
        let transport = if kind & 1 == 0 {
            Transport::Tcp
        } else {
            Transport::Quic
        };
        match kind {
            0 | 1 => {
                let (front, rest) = bytes.split_first_chunk::<V4_BYTES>().ok_or(Error::Length)?;
                let [_, a, b, c, d, high, low] = *front;
                let ip = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
                Ok((
                    Self {
                        transport,
                        ip,
                        port: u16::from_be_bytes([high, low]),
                    },
                    rest,
                ))
            }
            2 | 3 => {
                let (front, rest) = bytes
                    .split_first_chunk::<MAX_BYTES>()
                    .ok_or(Error::Length)?;
                let [_, octets @ .., high, low] = *front;
                let octets: [u8; 16] = octets;
                let ip = IpAddr::V6(Ipv6Addr::from(octets));
                if ip.to_canonical() != ip {
                    return Err(Error::NotCanonical);
                }
                Ok((
                    Self {
                        transport,
                        ip,
                        port: u16::from_be_bytes([high, low]),
                    },
                    rest,
                ))
            }
            _ => Err(Error::Kind),
        }
    }

    /// Whether it leads only to the same computer.
    pub fn is_loopback(&self) -> bool {
        self.ip.is_loopback()
    }

    /// Whether it means something only within a home or an organisation.
    pub fn is_private(&self) -> bool {
        match self.ip {
            // 100.64.0.0/10 is what providers use behind their own address translation.
            IpAddr::V4(ip) => {
                ip.is_private() || matches!(ip.octets(), [100, second, ..] if second & 0xc0 == 64)
            }
            IpAddr::V6(ip) => ip.is_unique_local(),
        }
    }

    /// Whether it means something only on one cable or one radio network.
    pub fn is_link_local(&self) -> bool {
        match self.ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        }
    }

    /// Whether a connection there can be tried at all.
    ///
    /// IPv6 link-local addresses are left out: without naming an interface they lead nowhere.
    pub fn is_dialable(&self) -> bool {
        let reachable = match self.ip {
            IpAddr::V4(ip) => !ip.is_broadcast() && ip.octets().first() != Some(&0),
            IpAddr::V6(ip) => !ip.is_unicast_link_local(),
        };
        reachable && self.port != 0 && !self.ip.is_unspecified() && !self.ip.is_multicast()
    }
}

impl fmt::Debug for Address {
    /// Shows the transport and the family only, so that no address gets into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = if self.ip.is_ipv4() { "ip4" } else { "ip6" };
        write!(f, "Address({family}, {:?})", self.transport)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip {
            IpAddr::V4(ip) => write!(f, "/ip4/{ip}")?,
            IpAddr::V6(ip) => write!(f, "/ip6/{ip}")?,
        }
        match self.transport {
            Transport::Tcp => write!(f, "/tcp/{}", self.port),
            Transport::Quic => write!(f, "/udp/{}/quic-v1", self.port),
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(Error::Text);
        if !next()?.is_empty() {
            return Err(Error::Text);
        }
        let family = next()?;
        let ip = next()?;
        let ip = match family {
            "ip4" => ip.parse::<Ipv4Addr>().map(IpAddr::V4),
            "ip6" => ip.parse::<Ipv6Addr>().map(IpAddr::V6),
            _ => return Err(Error::Text),
        };
        let ip = ip.map_err(|_| Error::Text)?;
        let kind = next()?;
        let port = next()?.parse::<u16>().map_err(|_| Error::Text)?;
        let transport = match (kind, parts.next()) {
            ("tcp", None) => Transport::Tcp,
            ("udp", Some("quic-v1")) => Transport::Quic,
            _ => return Err(Error::Text),
        };
        if parts.next().is_some() {
            return Err(Error::Text);
        }
        Ok(Self::new(transport, ip, port))
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_bytes())
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Address;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of an address")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Address, E> {
                Address::from_bytes(bytes).map_err(E::custom)
            }
        }

        deserializer
            .deserialize_bytes(Bytes)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_address() -> impl Strategy<Value = Address> {
        (any::<bool>(), any::<IpAddr>(), any::<u16>()).prop_map(|(quic, ip, port)| {
            Address::new(
                if quic {
                    Transport::Quic
                } else {
                    Transport::Tcp
                },
                ip,
                port,
            )
        })
    }

    fn parse(text: &str) -> Address {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn bytes_text_and_serde_lead_back(address in any_address()) {
            let bytes = address.to_bytes();
            prop_assert_eq!(bytes.len(), if address.ip().is_ipv4() { 7 } else { 19 });
            prop_assert_eq!(Address::from_bytes(&bytes), Ok(address));
            prop_assert_eq!(address.to_string().parse(), Ok(address));
            let coded = postcard::to_allocvec(&address).unwrap();
            prop_assert_eq!(coded.len(), bytes.len() + 1);
            prop_assert_eq!(postcard::from_bytes::<Address>(&coded), Ok(address));
        }

        #[test]
        fn any_bytes_that_are_read_are_the_one_form(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..24),
            kind in 0_u8..6,
        ) {
            if let Some(first) = bytes.first_mut() {
                *first = kind;
            }
            if let Ok((address, rest)) = Address::split(&bytes) {
                let again = [&address.to_bytes(), rest].concat();
                prop_assert_eq!(again, bytes);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(/(ip4|ip6|tcp|udp|quic-v1|[0-9.:]{0,9})){0,7}") {
            let _ = text.parse::<Address>();
        }
    }

    #[test]
    fn vectors() {
        let tcp = parse("/ip4/192.0.2.1/tcp/4001");
        assert_eq!(tcp.to_bytes(), [0, 192, 0, 2, 1, 0x0f, 0xa1]);
        let quic = parse("/ip6/2001:db8::1/udp/443/quic-v1");
        let mut expected = vec![3, 0x20, 0x01, 0x0d, 0xb8];
        expected.extend([0; 11]);
        expected.extend([1, 1, 187]);
        assert_eq!(quic.to_bytes(), expected);
    }

    #[test]
    fn an_ipv4_address_has_one_form() {
        let mapped = parse("/ip6/::ffff:192.0.2.1/tcp/1");
        assert_eq!(mapped, parse("/ip4/192.0.2.1/tcp/1"));
        let mut bytes = vec![2];
        bytes.extend([0; 10]);
        bytes.extend([0xff, 0xff, 192, 0, 2, 1, 0, 1]);
        assert_eq!(Address::from_bytes(&bytes), Err(Error::NotCanonical));
    }

    #[test]
    fn what_can_be_dialled() {
        for text in [
            "/ip4/0.0.0.0/tcp/1",
            "/ip4/0.1.2.3/tcp/1",
            "/ip4/127.0.0.1/tcp/0",
            "/ip4/255.255.255.255/tcp/1",
            "/ip4/224.0.0.1/udp/1/quic-v1",
            "/ip6/::/tcp/1",
            "/ip6/ff02::1/tcp/1",
            "/ip6/fe80::1/tcp/1",
        ] {
            assert!(!parse(text).is_dialable(), "{text}");
        }
        for text in [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/169.254.1.1/tcp/1",
            "/ip6/::1/udp/1/quic-v1",
        ] {
            assert!(parse(text).is_dialable(), "{text}");
        }
    }

    #[test]
    fn ranges_are_told_apart() {
        assert!(parse("/ip4/127.9.9.9/tcp/1").is_loopback());
        assert!(parse("/ip6/::1/tcp/1").is_loopback());
        for text in [
            "/ip4/192.168.1.2/tcp/1",
            "/ip4/100.127.0.1/tcp/1",
            "/ip6/fd00::1/tcp/1",
        ] {
            assert!(parse(text).is_private(), "{text}");
        }
        assert!(!parse("/ip4/100.128.0.1/tcp/1").is_private());
        assert!(parse("/ip4/169.254.0.1/tcp/1").is_link_local());
        assert!(parse("/ip6/fe80::1/tcp/1").is_link_local());
    }

    #[test]
    fn debug_shows_no_address() {
        assert_eq!(
            format!("{:?}", parse("/ip4/192.0.2.1/tcp/4001")),
            "Address(ip4, Tcp)"
        );
    }
}
