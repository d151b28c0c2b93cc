//! The peer of a TCP connection, and the client of each request, which differ behind a proxy.

use std::{net::IpAddr, sync::Arc};

use axum::http::HeaderMap;
use tokio::task_local;

use super::{forwarded, networks::Networks};

/// Client that a request comes from, directly or by way of trusted proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(super) address: IpAddr,
    /// True if this client's introspections are limited by its address; false for a direct
    /// connection from loopback.
    pub(super) is_bounded: bool,
}

task_local! {
    static CLIENT: Client;
}

impl Client {
    /// Runs `request` so that [`current`](Self::current) returns this client within it.
    pub(crate) fn scope<F: Future>(self, request: F) -> impl Future<Output = F::Output> {
        CLIENT.scope(self, request)
    }

    /// Returns the client of the current request; `None` outside [`scope`](Self::scope).
    pub(crate) fn current() -> Option<Self> {
        CLIENT.try_with(|client| *client).ok()
    }

    pub(crate) fn address(self) -> IpAddr {
        self.address
    }
}

/// Peer of a TCP connection. `proxies` holds all trusted proxies if the peer is one of them,
/// otherwise `None`.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    client: Client,
    proxies: Option<Arc<Networks>>,
}

impl Peer {
    pub(crate) fn new(address: IpAddr, proxies: &Arc<Networks>) -> Self {
        let address = address.to_canonical();
        let client = Client { address, is_bounded: !address.is_loopback() };
        let is_proxy = proxies.contain(address);
        Self { client, proxies: is_proxy.then(|| Arc::clone(proxies)) }
    }

    /// Returns the client of a request: the peer, or the client that a trusted proxy names in
    /// `headers`.
    pub(crate) fn client(&self, headers: &HeaderMap) -> Client {
        match &self.proxies {
            None => self.client,
            Some(proxies) => {
                let address = forwarded::client(self.client.address, headers, proxies);
                // A proxy on this machine must not be a way around the limits.
                Client { address, is_bounded: true }
            }
        }
    }
}

/// Returns the network that counts as one address for limits: an IPv4 address itself, or the /64 of
/// an IPv6 address (the least that a subscriber gets).
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            const NETWORK: u128 = !0 << 64;
            IpAddr::V6((u128::from(address) & NETWORK).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_shares_with_its_64() {
        for (one, another, same) in [
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
            ("2001:db8:0:1::1", "2001:db8::1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ] {
            let [first, second] = [one, another].map(|text| network(text.parse().unwrap()));
            assert_eq!(first == second, same, "{one} {another}");
        }
    }

    #[test]
    fn loopback_has_no_share_unless_it_is_a_proxy() {
        for (peer, proxies, is_bounded) in [
            ("127.0.0.1", "", false),
            ("127.9.9.9", "", false),
            ("::1", "", false),
            ("::ffff:127.0.0.1", "", false),
            ("192.0.2.1", "", true),
            ("2001:db8::1", "", true),
            ("127.0.0.1", "127.0.0.0/8", true),
            ("::1", "127.0.0.0/8", false),
            ("::ffff:127.0.0.1", "127.0.0.1", true),
        ] {
            let proxies = proxies.split(',').filter(|text| !text.is_empty());
            let proxies: Networks = proxies.map(|text| text.parse().unwrap()).collect();
            let peer = Peer::new(peer.parse().unwrap(), &Arc::new(proxies));
            assert_eq!(peer.client(&HeaderMap::new()).is_bounded, is_bounded, "{peer:?}");
        }
    }

    #[tokio::test]
    async fn a_client_is_known_while_its_request_is_handled() {
        let client = Client { address: "192.0.2.1".parse().unwrap(), is_bounded: true };
        assert_eq!(Client::current(), None);
        client.scope(async { assert_eq!(Client::current(), Some(client)) }).await;
        assert_eq!(Client::current(), None);
    }
}
