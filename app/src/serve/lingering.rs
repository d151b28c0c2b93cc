//! The end of a connection whose peer may still be sending.
//!
//! A socket that is closed with unread bytes resets the connection, and the answer is lost on its way
//! to a client that was still sending its body. The server therefore ends its own half first, and
//! reads and drops what comes: until the peer ends, or [`MOST`] or [`LONGEST`] is reached.

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

/// Most bytes that are read and dropped.
const MOST: usize = 1024 * 1024;
/// Longest time for that.
const LONGEST: Duration = Duration::from_secs(1);
/// Bytes that are read at once.
const PIECE: usize = 8 * 1024;

/// A connection that has no more to say.
#[derive(Debug)]
pub(super) struct Lingering {
    end: Pin<Box<Sleep>>,
    left: usize,
}

impl Lingering {
    pub(super) fn new() -> Self {
        Self { end: Box::pin(sleep(LONGEST)), left: MOST }
    }

    /// Ready when the connection may be closed.
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
