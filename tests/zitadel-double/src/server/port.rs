//! The double's TCP port, which no other process gets while the double lives.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Number of connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Port that is reserved by a bound socket, beside which a listener comes and goes: the kernel
/// refuses connections while there is none.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    /// Bound and never listening: it is only held.
    _reserved: TcpSocket,
    listener: Option<TcpListener>,
}

impl Port {
    /// Reserves a port: a free one if that of `address` is 0.
    pub(crate) fn reserve(address: SocketAddr) -> io::Result<Self> {
        let reserved = socket(address)?;
        reserved.bind(address)?;
        // Other processes do not get the port, even with `SO_REUSEADDR`; sockets of this user with
        // `SO_REUSEPORT` do, such as the listener.
        reserved.set_reuseaddr(false)?;
        reserved.set_reuseport(true)?;
        Ok(Self { address: reserved.local_addr()?, _reserved: reserved, listener: None })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens, if it does not yet. Must run inside a runtime.
    pub(super) fn open(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            let socket = socket(self.address)?;
            socket.set_reuseport(true)?;
            socket.bind(self.address)?;
            self.listener = Some(socket.listen(BACKLOG)?);
        }
        Ok(())
    }

    /// Refuses connections.
    pub(super) fn close(&mut self) {
        self.listener = None;
    }

    pub(super) async fn accept(&self) -> TcpStream {
        let Some(listener) = &self.listener else {
            return std::future::pending().await;
        };
        loop {
            // A connection that ended before its acceptance is not reported.
            if let Ok((stream, _)) = listener.accept().await {
                return stream;
            }
        }
    }
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    Ok(socket)
}
