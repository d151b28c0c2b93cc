//! Opens listening sockets.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Number of connections that may wait to be accepted. With tokio's default of 128, callers in a
/// burst wait for seconds because the system drops their first packets. The system may allow fewer
/// (`net.core.somaxconn`).
const BACKLOG: u32 = 4_096;

/// Opens a socket that listens on `address`.
///
/// # Errors
/// When the system refuses, for example because the address is in use.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Connections of an earlier process that are still closing must not block the address.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
