//! `[server]`: the listener of the API.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use super::{error::ConfigError, layers::Layers};
use crate::client::Networks;

/// The listener of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where to listen. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How long requests in flight may take once the stop has begun.
    pub shutdown_grace: Duration,
    /// How long to go on accepting once the stop has begun.
    pub drain_delay: Duration,
    /// Connections served at once.
    pub max_connections: NonZeroUsize,
    /// Connections of one client address, where it is set.
    pub max_connections_per_address: Option<NonZeroUsize>,
    /// Proxies whose `Forwarded` or `X-Forwarded-For` names the client.
    pub trusted_proxies: Networks,
    /// For a whole request head to arrive.
    pub header_timeout: Duration,
    /// How long a connection is kept without a request.
    pub idle_timeout: Duration,
    /// For 1 KiB of the bytes that a peer owes.
    pub stall_timeout: Duration,
    /// The longest request body that a handler reads, in bytes.
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
    /// Connections of one client address: a tenth of all by default.
    pub(crate) fn max_connections_per_address(&self) -> NonZeroUsize {
        let tenth = || NonZeroUsize::new(self.max_connections.get() / 10);
        self.max_connections_per_address.or_else(tenth).unwrap_or(NonZeroUsize::MIN)
    }
}

/// Longest duration that a setting can have. The clocks of the system overflow beyond some centuries,
/// and a longer one is a slip of the pen.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A duration in which something can happen.
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
