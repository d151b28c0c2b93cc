//! Parses and searches lists of IP networks, such as the setting `server.trusted_proxies`.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ipnet::IpNet;
use thiserror::Error;

/// List of IPv4 and IPv6 networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Box<[Network]>);

/// One IP network, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(IpNet);

/// Error for a text that is neither a network nor an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it holds neither a network nor an address")]
pub struct InvalidNetwork;

impl Networks {
    pub(crate) fn with_loopback(&self) -> Self {
        let loopback = [
            IpNet::new_assert(Ipv4Addr::LOCALHOST.into(), 8),
            IpNet::new_assert(Ipv6Addr::LOCALHOST.into(), 128),
        ];
        self.0.iter().copied().chain(loopback.map(Network)).collect()
    }

    /// Returns whether one of the networks contains `address`.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.0.contains(&address))
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<T: IntoIterator<Item = Network>>(networks: T) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address.to_canonical()),
            Err(_) => text.parse().map_err(|_| InvalidNetwork)?,
        };
        Ok(Self(network))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_network_by_its_first_bits() {
        for (networks, address, expected) in [
            (&["10.0.0.0/8"][..], "10.255.0.1", true),
            (&["10.0.0.0/8"], "11.0.0.1", false),
            (&["10.9.9.9/8"], "10.0.0.1", true),
            (&["192.0.2.7"], "192.0.2.7", true),
            (&["192.0.2.7"], "192.0.2.8", false),
            (&["192.0.2.7"], "::ffff:192.0.2.7", true),
            (&["::ffff:192.0.2.7"], "192.0.2.7", true),
            (&["2001:db8::/32"], "2001:db8:1::1", true),
            (&["2001:db8::/32"], "2001:db9::1", false),
            (&["192.0.2.7", "fd00::/8"], "fd12::1", true),
            (&[], "192.0.2.7", false),
        ] {
            let networks: Networks = networks.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(networks.contain(address.parse().unwrap()), expected, "{address}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "proxy", "10.0.0.1:80", "::1/129", "10.0.0.0/"]
        {
            assert_eq!(wrong.parse::<Network>(), Err(InvalidNetwork), "{wrong}");
        }
    }
}
