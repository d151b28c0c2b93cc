//! The section `[admin]`: the listener for operators.

use std::net::SocketAddr;

use super::{error::ConfigError, layers::Layers, server::Server};

/// Settings of the operators' listener (`/metrics`, `/livez`, `/readyz`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Address to listen on; `None` if operators have no listener.
    pub listen: Option<SocketAddr>,
}

impl Admin {
    pub(super) fn read(layers: &Layers, server: &Server) -> Result<Self, ConfigError> {
        let listen = layers.parsed("admin.listen")?;
        let port = server.listen.port();
        if port != 0 && listen.is_some_and(|address: SocketAddr| address.port() == port) {
            return Err(layers.conflict(
                "admin.listen",
                "it is the API's own port, that of server.listen; choose another",
            ));
        }
        Ok(Self { listen })
    }
}
