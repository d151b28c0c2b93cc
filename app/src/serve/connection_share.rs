//! Limits the number of connections of each client address. The addresses of an IPv6 /64 network
//! count as one.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use metrics::{Counter, counter};
use tracing::warn;

use crate::{
    client::{Networks, network},
    once_a_minute::OnceAMinute,
};

#[derive(Debug)]
pub(super) struct ConnectionShares {
    max: NonZeroUsize,
    exempt: Networks,
    held: Arc<ConnectionCounts>,
    refused: Counter,
    warning: OnceAMinute,
}

#[derive(Debug, Default)]
struct ConnectionCounts(Mutex<HashMap<IpAddr, usize>>);

/// One of the limited number of connections that a client address may have. Dropping this value
/// lets the address have another.
#[derive(Debug)]
pub(super) struct Share(Option<(IpAddr, Arc<ConnectionCounts>)>);

impl ConnectionShares {
    pub(super) fn new(max: NonZeroUsize, exempt: Networks) -> Self {
        let refused = counter!("http_server_connections_refused_total");
        Self { max, exempt, held: Arc::default(), refused, warning: OnceAMinute::default() }
    }

    /// Counts a connection of `peer`, and returns its share; `None` if the address already has the
    /// maximum.
    pub(super) fn enter(&mut self, peer: IpAddr) -> Option<Share> {
        if self.exempt.contain(peer) {
            return Some(Share(None));
        }
        let network = network(peer);
        let mut held = self.held.lock();
        let count = held.entry(network).or_default();
        if *count < self.max.get() {
            *count += 1;
            return Some(Share(Some((network, Arc::clone(&self.held)))));
        }
        drop(held);
        self.refuse();
        None
    }

    fn refuse(&mut self) {
        self.refused.increment(1);
        if let Some(connections) = self.warning.count() {
            warn!(
                connections,
                "connections were closed at once: their address holds as many as \
                 server.max_connections_per_address allows; behind a proxy, set server.trusted_proxies",
            );
        }
    }
}

impl ConnectionCounts {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((network, held)) = &self.0 else { return };
        let mut held = held.lock();
        if let Some(count) = held.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                held.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(max: usize, exempt: &[&str]) -> ConnectionShares {
        let exempt = exempt.iter().map(|text| text.parse().unwrap());
        ConnectionShares::new(NonZeroUsize::new(max).unwrap(), exempt.collect())
    }

    #[test]
    fn an_address_holds_its_share_and_no_more_and_takes_none_of_others() {
        let exempt = ["127.0.0.0/8", "::1", "10.0.0.0/8"];
        for (first, another, is_same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8::1", "2001:db8::2", true),
            ("2001:db8::1", "2001:db8:0:0:ffff::1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("192.0.2.1", "127.0.0.1", false),
            ("192.0.2.1", "10.1.2.3", false),
        ] {
            let [first, another] = [first, another].map(|text| text.parse().unwrap());
            let mut shares = shares(3, &exempt);
            let mut held: Vec<_> = (0..3).map(|_| shares.enter(first).unwrap()).collect();
            assert!(shares.enter(first).is_none(), "{first}");
            assert_eq!(shares.enter(another).is_none(), is_same, "{first} {another}");
            held.pop();
            held.push(shares.enter(first).unwrap());
            assert!(shares.enter(first).is_none(), "{first}");
            drop(held);
            assert!(shares.held.lock().is_empty(), "no memory is kept");
        }
    }

    #[test]
    fn exempt_networks_are_not_bounded() {
        let mut shares = shares(1, &["127.0.0.0/8", "::1", "10.0.0.0/8", "2001:db8::/32"]);
        for peer in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "10.9.9.9", "2001:db8::1"]
        {
            let peer = peer.parse().unwrap();
            let held: Vec<_> = (0..100).map(|_| shares.enter(peer)).collect();
            assert!(held.iter().all(Option::is_some), "{peer}");
        }
        assert!(shares.held.lock().is_empty());
    }
}
