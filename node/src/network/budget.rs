//! How many connections one address may open in a minute: a bucket per IP, in bounded memory.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Addresses remembered; when more are active at once, the ones not remembered share one bucket.
const MAX_ADDRESSES: usize = 1024;

/// The time in which an empty bucket fills.
const REFILL: Duration = Duration::from_mins(1);

/// The bits of an IPv6 address that one home has.
const IPV6_NETWORK: u128 = !(u64::MAX as u128);

/// Buckets by address.
pub(super) struct Budget {
    per_minute: u32,
    buckets: HashMap<IpAddr, Bucket>,
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Budget {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            buckets: HashMap::new(),
        }
    }

    /// Takes one connection from the address's bucket; `false` when it is empty.
    pub(super) fn take(&mut self, address: IpAddr, now: Instant) -> bool {
        let full = f64::from(self.per_minute);
        let key = self.key(address, now);
        let bucket = self.buckets.entry(key).or_insert(Bucket {
            tokens: full,
            at: now,
        });
        bucket.tokens = bucket.filled(full, now);
        bucket.at = now;
        let granted = bucket.tokens >= 1.0;
        if granted {
            bucket.tokens -= 1.0;
        }
        granted
    }

    /// Returns the bucket's name, forgetting full buckets when there are too many.
    fn key(&mut self, address: IpAddr, now: Instant) -> IpAddr {
        let network = network_of(address);
        if self.buckets.contains_key(&network) || self.buckets.len() < MAX_ADDRESSES {
            return network;
        }
        let full = f64::from(self.per_minute);
        self.buckets
            .retain(|_, bucket| bucket.filled(full, now) < full);
        if self.buckets.len() < MAX_ADDRESSES {
            network
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        }
    }
}

/// Returns what stands for everybody behind an address: itself, or its /64 for IPv6.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) if ip.is_loopback() => IpAddr::V6(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & IPV6_NETWORK)),
    }
}

impl Bucket {
    fn filled(&self, full: f64, now: Instant) -> f64 {
        let share = now.saturating_duration_since(self.at).as_secs_f64() / REFILL.as_secs_f64();
        (self.tokens + share * full).min(full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_bucket_empties_and_fills() {
        let start = Instant::now();
        let mut budget = Budget::new(3);
        let one = IpAddr::from([192, 0, 2, 1]);
        assert_eq!((0..5).filter(|_| budget.take(one, start)).count(), 3);
        assert!(budget.take(IpAddr::from([192, 0, 2, 2]), start));
        assert!(budget.take(one, start + REFILL / 3));
        assert!(!budget.take(one, start + REFILL / 3));
    }

    #[test]
    fn one_ipv6_network_is_one_bucket() {
        let now = Instant::now();
        let mut budget = Budget::new(1);
        assert!(budget.take("2001:db8::1".parse().unwrap(), now));
        assert!(!budget.take("2001:db8::2".parse().unwrap(), now));
        assert!(budget.take("2001:db8:0:1::1".parse().unwrap(), now));
    }

    #[test]
    fn memory_is_bounded() {
        let now = Instant::now();
        let mut budget = Budget::new(2);
        for bits in 0..5000 {
            budget.take(Ipv4Addr::from_bits(bits).into(), now);
        }
        assert!(budget.buckets.len() <= MAX_ADDRESSES + 1);
        assert!(!budget.take(Ipv4Addr::from_bits(9999).into(), now));
        let later = now + REFILL;
        assert!(budget.take(Ipv4Addr::from_bits(9999).into(), later));
        assert_eq!(budget.buckets.len(), 1);
    }
}
