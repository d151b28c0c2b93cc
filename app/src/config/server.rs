//! `[server]`: the listener of the API.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use super::{error::ConfigError, layers::Layers};
use crate::client::Networks;

/// The listener of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address to listen on. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Time that requests in flight may take once the stop has begun.
    pub shutdown_grace: Duration,
    /// Time for which connections are still accepted once the stop has begun.
    pub drain_delay: Duration,
    /// Maximum number of connections.
    pub max_connections: NonZeroUsize,
    /// Maximum number of connections of one client address, if set.
    pub max_connections_per_address: Option<NonZeroUsize>,
    /// Proxies whose `Forwarded` or `X-Forwarded-For` names the client.
    pub trusted_proxies: Networks,
    /// Time within which a whole request head must arrive.
    pub header_timeout: Duration,
    /// Longest time that a connection is kept without a request.
    pub idle_timeout: Duration,
    /// Time in which a peer that owes bytes must move at least 1 KiB.
    pub stall_timeout: Duration,
    /// Longest request body that a handler reads, in bytes.
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
    /// Returns the maximum number of connections of one client address: by default a tenth of all.
    pub(crate) fn max_connections_per_address(&self) -> NonZeroUsize {
        let tenth = || NonZeroUsize::new(self.max_connections.get() / 10);
        self.max_connections_per_address.or_else(tenth).unwrap_or(NonZeroUsize::MIN)
    }
}

/// Longest duration that a setting can have. The system's clocks overflow after some centuries, and
/// a longer value is a typo.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Returns a duration that must not be zero.
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
