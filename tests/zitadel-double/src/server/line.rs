//! One TCP connection, which its requests can end abruptly.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Deliberate end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// RST.
    Reset,
    /// FIN.
    Close,
}

/// State of a connection, shared by its requests.
#[derive(Clone, Debug)]
pub(super) struct Line {
    ending: watch::Sender<Option<Ending>>,
    bytes_written: watch::Sender<u64>,
    /// Value of `Shared::stuck` when this connection was accepted.
    accepted_after: usize,
}

impl Line {
    pub(super) fn new(accepted_after: usize) -> Self {
        let (ending, bytes_written) = (watch::Sender::new(None), watch::Sender::new(0));
        Self { ending, bytes_written, accepted_after }
    }

    /// True if connections were stuck after this one's acceptance.
    pub(super) fn is_stuck(&self, stuck: usize) -> bool {
        self.accepted_after < stuck
    }

    pub(super) fn end(&self, ending: Ending) {
        self.ending.send_replace(Some(ending));
    }

    /// Waits until a request ends the connection.
    pub(super) async fn ended(&self) {
        // Cannot fail: this line holds the sender.
        let _ = self.ending.subscribe().wait_for(Option::is_some).await;
    }

    pub(super) fn bytes_written(&self) -> u64 {
        *self.bytes_written.borrow()
    }

    /// Waits until the kernel has more than this many bytes.
    pub(super) async fn written_beyond(&self, mark: u64) {
        let _ = self.bytes_written.subscribe().wait_for(|written| *written > mark).await;
    }
}

/// Stream under TLS and HTTP. If a request ordered it, dropping this resets the connection.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    line: Arc<Line>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, line: Arc<Line>) -> Self {
        Self { stream, line }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if *self.line.ending.borrow() == Some(Ending::Reset) {
            // Without this, the peer sees an early FIN, which its test reports.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &written {
            let count = u64::try_from(*count).unwrap_or_default();
            self.line.bytes_written.send_modify(|total| *total += count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
