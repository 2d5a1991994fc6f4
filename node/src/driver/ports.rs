//! Where a circle's node listens, and which of its addresses are worth telling others.

use super::row::Row;
use circlet_model::address::{Address, Transport};
use std::collections::BTreeMap;

/// Returns where a circle's node listens: kept ports in place of port 0; fixed ports for the first
/// circle, ports of their own for the others.
pub(super) fn plan(asked: &[Address], row: &Row, first: bool) -> Vec<Address> {
    let mut plan = Vec::new();
    for address in asked {
        let open = with_port(address, 0);
        let address = if address.port() != 0 && first {
            *address
        } else {
            with_port(&open, row.port(&open).unwrap_or(0))
        };
        if !plan.contains(&address) {
            plan.push(address);
        }
    }
    plan
}

/// Returns the address of port 0 that led to listening here; `None` when the port was a fixed one.
pub(super) fn asked_for(asked: &[Address], first: bool, listening: &Address) -> Option<Address> {
    let fits = |address: &&Address| {
        let same_ip = address.ip() == listening.ip() || address.ip().is_unspecified();
        let same_family = address.ip().is_ipv4() == listening.ip().is_ipv4();
        address.transport() == listening.transport() && same_ip && same_family
    };
    let asked: Vec<&Address> = asked.iter().filter(fits).collect();
    if first
        && asked
            .iter()
            .any(|address| address.port() == listening.port())
    {
        return None;
    }
    asked.first().map(|address| with_port(address, 0))
}

/// Returns the same address with another port.
pub(super) fn with_port(address: &Address, port: u16) -> Address {
    Address::new(address.transport(), address.ip(), port)
}

/// Returns which addresses to tell others, best first: one of every kind before a second of any.
///
/// Loopback addresses count only when they were asked for, or when there is nothing else.
pub(super) fn reachable<'a>(
    listening: impl IntoIterator<Item = &'a Address>,
    asked: &[Address],
) -> Vec<Address> {
    let loopback_asked = asked.iter().any(Address::is_loopback);
    let dialable: Vec<Address> = listening
        .into_iter()
        .copied()
        .filter(Address::is_dialable)
        .collect();
    let alone = dialable.iter().all(Address::is_loopback);
    let mut seen = BTreeMap::new();
    let mut ranked = Vec::new();
    for address in dialable {
        if address.is_loopback() && !loopback_asked && !alone {
            continue;
        }
        let kind = (address.transport() == Transport::Tcp, range(&address));
        let nth: &mut usize = seen.entry(kind).or_default();
        ranked.push((*nth, kind, address));
        *nth += 1;
    }
    ranked.sort();
    ranked.into_iter().map(|(_, _, address)| address).collect()
}

/// How far an address reaches, the farthest first; IPv4 before IPv6, as more networks carry it.
fn range(address: &Address) -> (u8, bool) {
    let reach = if address.is_loopback() {
        3
    } else if address.is_link_local() {
        2
    } else {
        u8::from(address.is_private())
    };
    (reach, address.ip().is_ipv6())
}

#[cfg(test)]
mod tests {
    use super::*;
    use circlet_model::time::Timestamp;

    fn all(texts: &[&str]) -> Vec<Address> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn row() -> Row {
        Row::new([1; 16], Timestamp(1))
    }

    #[test]
    fn a_port_is_chosen_once_and_kept() {
        let asked = all(&["/ip4/0.0.0.0/tcp/0"]);
        let mut row = row();
        assert_eq!(plan(&asked, &row, true), asked);
        let got = "/ip4/192.168.1.4/tcp/5001".parse().unwrap();
        let open = asked_for(&asked, true, &got).unwrap();
        assert!(row.keep_port(open, 5001));
        assert!(!row.keep_port(open, 5001));
        assert_eq!(plan(&asked, &row, true), all(&["/ip4/0.0.0.0/tcp/5001"]));
        assert_eq!(plan(&asked, &row, false), all(&["/ip4/0.0.0.0/tcp/5001"]));
    }

    #[test]
    fn a_fixed_port_serves_one_circle() {
        let asked = all(&["/ip4/127.0.0.1/udp/4001/quic-v1"]);
        assert_eq!(plan(&asked, &row(), true), asked);
        assert_eq!(
            plan(&asked, &row(), false),
            all(&["/ip4/127.0.0.1/udp/0/quic-v1"])
        );
        assert_eq!(asked_for(&asked, true, &asked[0]), None);
        let other = "/ip4/127.0.0.1/udp/9/quic-v1".parse().unwrap();
        let open = Some("/ip4/127.0.0.1/udp/0/quic-v1".parse().unwrap());
        assert_eq!(asked_for(&asked, false, &other), open);
    }

    #[test]
    fn each_kind_of_address_comes_before_a_second_of_any() {
        let listening = all(&[
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/192.168.1.4/tcp/1",
            "/ip4/10.0.0.4/udp/1/quic-v1",
            "/ip4/192.168.1.4/udp/1/quic-v1",
            "/ip6/2001:db8::1/udp/1/quic-v1",
            "/ip6/fe80::1/udp/1/quic-v1",
        ]);
        let expected = all(&[
            "/ip6/2001:db8::1/udp/1/quic-v1",
            "/ip4/10.0.0.4/udp/1/quic-v1",
            "/ip4/192.168.1.4/tcp/1",
            "/ip4/192.168.1.4/udp/1/quic-v1",
        ]);
        assert_eq!(reachable(&listening, &[]), expected);
    }

    #[test]
    fn loopback_counts_when_asked_for_or_alone() {
        let both = all(&["/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.4/tcp/1"]);
        assert_eq!(reachable(&both, &[]).len(), 1);
        assert_eq!(reachable(&both, &all(&["/ip4/127.0.0.1/tcp/0"])).len(), 2);
        assert_eq!(reachable(&both[..1], &[]).len(), 1);
    }
}
