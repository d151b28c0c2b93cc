//! The section `[server]`: the listener of the API.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use super::{error::ConfigError, layers::Layers};
use crate::client::Networks;

/// Settings of the API's listener: address, shutdown, and limits on connections and requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address to listen on. With port 0 the system chooses the port.
    pub listen: SocketAddr,
    /// Maximum time for which a shutdown waits for requests in flight, counted from the end of
    /// `drain_delay`.
    pub shutdown_grace: Duration,
    /// Time for which connections are still accepted after a shutdown has begun.
    pub drain_delay: Duration,
    /// Maximum number of open connections; further ones wait to be accepted.
    pub max_connections: NonZeroUsize,
    /// Maximum number of open connections of one client address. `None`: a tenth of
    /// `max_connections`.
    pub max_connections_per_address: Option<NonZeroUsize>,
    /// Proxies whose `Forwarded` or `X-Forwarded-For` header names the client.
    pub trusted_proxies: Networks,
    /// Maximum time for a whole request head to arrive.
    pub header_timeout: Duration,
    /// Maximum time that a connection is kept open without a request.
    pub idle_timeout: Duration,
    /// Time within which a peer must send or receive at least 1 KiB while the server waits for that
    /// peer.
    pub stall_timeout: Duration,
    /// Maximum size of a request body, in bytes.
    pub max_body: usize,
}

impl Server {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: layers.required("server.listen")?,
            shutdown_grace: duration(layers, "server.shutdown_grace")?,
            drain_delay: duration(layers, "server.drain_delay")?,
            max_connections: layers.required("server.max_connections")?,
            max_connections_per_address: layers.parsed("server.max_connections_per_address")?,
            trusted_proxies: layers.list("server.trusted_proxies")?.into_iter().collect(),
            header_timeout: some_time(layers, "server.header_timeout")?,
            idle_timeout: some_time(layers, "server.idle_timeout")?,
            stall_timeout: some_time(layers, "server.stall_timeout")?,
            max_body: layers.size("server.max_body")?,
        })
    }
}

impl Server {
    /// Returns the maximum number of open connections of one client address.
    pub(crate) fn max_connections_per_address(&self) -> NonZeroUsize {
        let tenth = || NonZeroUsize::new(self.max_connections.get() / 10);
        self.max_connections_per_address.or_else(tenth).unwrap_or(NonZeroUsize::MIN)
    }
}

/// Maximum of each duration in the settings: 30 days.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Parses a setting that is a duration and must not be zero.
pub(super) fn some_time(layers: &Layers, name: &'static str) -> Result<Duration, ConfigError> {
    match duration(layers, name)? {
        Duration::ZERO => Err(layers.error(name, "nothing can happen in no time")),
        time => Ok(time),
    }
}

pub(super) fn duration(layers: &Layers, name: &'static str) -> Result<Duration, ConfigError> {
    let duration = layers.required::<humantime::Duration>(name)?.into();
    if duration > LONGEST {
        return Err(layers.error(name, "it is longer than 30 days"));
    }
    Ok(duration)
}
