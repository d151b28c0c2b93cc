//! Closes a connection whose peer may still be sending.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// Maximum number of bytes that are read and dropped before the socket is closed.
const MOST: usize = 1024 * 1024;
/// Maximum time for which bytes are read and dropped before the socket is closed.
const LONGEST: Duration = Duration::from_secs(1);
/// Maximum number of bytes of one read from the socket.
const PIECE: usize = 8 * 1024;

/// Reader that drops bytes which the client still sends, after the server's sending half was shut
/// down. Closing the socket with unread bytes would reset the connection, and lose the response.
#[derive(Debug)]
pub(super) struct Lingering {
    end: Pin<Box<Sleep>>,
    left: usize,
}

impl Lingering {
    pub(super) fn new() -> Self {
        Self { end: Box::pin(sleep(LONGEST)), left: MOST }
    }

    /// Reads and drops bytes. Returns `Ready` when the socket may be closed: the peer has closed,
    /// reading failed, or [`MOST`] or [`LONGEST`] is reached.
    pub(super) fn poll(&mut self, stream: &mut TcpStream, context: &mut Context<'_>) -> Poll<()> {
        let mut piece = [0; PIECE];
        while self.left > 0 && self.end.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut piece);
            match ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    self.left = self.left.saturating_sub(buffer.filled().len());
                }
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }
}
