//! Socket of a connection that records reads and writes in the connection's [`Activity`].

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{
    activity::Activity, connection_slot::ConnectionSlot, foreign_protocol::ForeignProtocols,
    lingering::Lingering, socket_options,
};

/// Maximum size, in bytes, of a response whose head and body are copied into one buffer and sent by
/// one `write`. Sending the two parts by `writev` takes 3 to 4 % more CPU for a request to a public
/// route (`docs/performance.md`).
const SMALL: usize = 1024;

/// Socket of a connection. Records each read and write in `activity`, and occupies one of the
/// listener's `max_connections` places until it is dropped.
#[derive(Debug)]
pub(super) struct MeteredStream {
    stream: TcpStream,
    activity: Activity,
    stall_timeout: Duration,
    ending: Ending,
    /// Detector of protocols other than HTTP (TLS, PROXY) in the peer's first bytes; `None` once
    /// these are read.
    foreign: Option<Arc<ForeignProtocols>>,
    _slot: ConnectionSlot,
}

/// State of the socket's close: not begun, reading and dropping the peer's last bytes, or done.
#[derive(Debug)]
enum Ending {
    NotYet,
    Lingering(Lingering),
    Ended,
}

impl MeteredStream {
    pub(super) fn new(
        stream: TcpStream,
        activity: Activity,
        stall_timeout: Duration,
        foreign: Arc<ForeignProtocols>,
        slot: ConnectionSlot,
    ) -> Self {
        socket_options::show_progress(&stream);
        let (ending, foreign) = (Ending::NotYet, Some(foreign));
        Self { stream, activity, stall_timeout, ending, foreign, _slot: slot }
    }

    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(count)) => self.activity.bytes_left(*count),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.writing_is_blocked(),
        }
        written
    }
}

impl Drop for MeteredStream {
    fn drop(&mut self) {
        socket_options::bound_what_the_system_holds(&self.stream, self.stall_timeout);
    }
}

impl AsyncRead for MeteredStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(bytes) = buffer.filled().get(before..).filter(|bytes| !bytes.is_empty()) {
            self.activity.bytes_arrived();
            if let Some(foreign) = self.foreign.take() {
                foreign.look(bytes);
            }
        }
        polled
    }
}

impl AsyncWrite for MeteredStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut small = [0; SMALL];
        let length = gather(slices, &mut small);
        let written = match length.and_then(|length| small.get(..length)) {
            Some(bytes) => Pin::new(&mut self.stream).poll_write(context, bytes),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
        };
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The HTTP library flushes when it has written everything.
        self.activity.everything_is_written();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, activity, ending, .. } = &mut *self;
        if matches!(ending, Ending::NotYet) {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
            let has_unread = activity.has_unread();
            *ending = if has_unread { Ending::Lingering(Lingering::new()) } else { Ending::Ended };
        }
        if let Ending::Lingering(lingering) = ending {
            ready!(lingering.poll(stream, context));
            *ending = Ending::Ended;
        }
        Poll::Ready(Ok(()))
    }
}

/// Copies `slices`, the parts of a response, one after another into `into`. Returns their total
/// length; `None` if `into` is too short.
fn gather(slices: &[IoSlice<'_>], into: &mut [u8]) -> Option<usize> {
    slices.iter().try_fold(0, |length, slice| {
        let end = length + slice.len();
        into.get_mut(length..end)?.copy_from_slice(slice);
        Some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_gathered_where_there_is_room_for_all_of_them() {
        let slices = [IoSlice::new(b"head"), IoSlice::new(b""), IoSlice::new(b"body")];
        let mut room = [0; 8];
        assert_eq!(gather(&slices, &mut room), Some(8));
        assert_eq!(&room, b"headbody");
        assert_eq!(gather(&slices, &mut room[1..]), None);
        assert_eq!(gather(&[], &mut room), Some(0));
    }
}
