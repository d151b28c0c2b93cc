//! `[server]`: the listener of the API.

use std::{net::SocketAddr, time::Duration};

use bytesize::ByteSize;

use super::{error::ConfigError, layers::Layers};

/// The listener of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where to listen. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How long requests in flight may take once the stop has begun.
    pub shutdown_grace: Duration,
    /// The longest request body that a handler reads, in bytes.
    pub max_body: usize,
}

impl Server {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let max_body: ByteSize = layers.required("server.max_body")?;
        Ok(Self {
            listen: layers.required("server.listen")?,
            shutdown_grace: duration(layers, "server.shutdown_grace")?,
            max_body: usize::try_from(max_body.as_u64())
                .map_err(|error| layers.error("server.max_body", error))?,
        })
    }
}

pub(super) fn duration(layers: &Layers, name: &'static str) -> Result<Duration, ConfigError> {
    Ok(layers.required::<humantime::Duration>(name)?.into())
}
