//! `[admin]`: the listener for operators.

use std::net::SocketAddr;

use super::{error::ConfigError, layers::Layers, server::Server};

/// The listener for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Where to listen; `None` is off.
    pub listen: Option<SocketAddr>,
}

impl Admin {
    pub(super) fn read(layers: &Layers, server: &Server) -> Result<Self, ConfigError> {
        let listen = layers.parsed("admin.listen")?;
        if listen.is_some_and(|address: SocketAddr| address.port() != 0 && address == server.listen)
        {
            return Err(layers.conflict(
                "admin.listen",
                "it is the API's own address, server.listen; choose another port",
            ));
        }
        Ok(Self { listen })
    }
}
