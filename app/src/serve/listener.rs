//! The listener of the API.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait to be accepted. With the library's 128 a burst of callers waits for seconds,
/// because the system drops their first packets. It may allow fewer (`net.core.somaxconn`).
const BACKLOG: u32 = 4_096;

/// Listens on `address`.
///
/// # Errors
/// Errors of the system, such as an address that is taken.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Connections of an earlier process that are not quite closed do not keep the address.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
