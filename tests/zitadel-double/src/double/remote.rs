//! Opening the control API.

use std::io;
use std::net::SocketAddr;

use super::ZitadelDouble;
use crate::control::{Controlled, serve};

/// # Control from another process
impl ZitadelDouble {
    /// Serves the control API at another address, which is returned.
    ///
    /// # Errors
    /// If the address is in use, or not on loopback: there is no authentication.
    pub fn serve_control(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let controlled = Controlled {
            shared: std::sync::Arc::clone(&self.shared),
            acceptor: self.acceptor.clone(),
        };
        serve(address, controlled, self.thread.runtime())
    }
}
