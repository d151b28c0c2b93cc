//! Socket options of a connection, set on Linux only. Errors of setting them are ignored.

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use socket2::SockRef;
    use tokio::net::TcpStream;

    /// Number of unsent bytes at which the socket's send queue counts as full, so that writes wait.
    const MOST_UNSENT: u32 = 16 * 1024;

    /// Limits the bytes that wait in the socket's send queue, so that the progress of writes shows
    /// how fast the client reads: a full queue accepts more once some 8 KiB were sent. By default,
    /// it accepts no more until a third of the send buffer (up to 4 MiB) was sent, and a client
    /// that reads 40 kB per second looks stalled.
    pub(in crate::serve) fn show_progress(stream: &TcpStream) {
        let _ = SockRef::from(stream).set_tcp_notsent_lowat(MOST_UNSENT);
    }

    /// Limits the time for which the operating system goes on sending, after the socket was closed,
    /// to a client that reads nothing. Otherwise the system keeps an unread response in memory for
    /// some 100 s
    /// (`bytes_that_are_not_taken_are_held_no_longer_than_a_stall_after_the_connection`).
    pub(in crate::serve) fn bound_what_the_system_holds(stream: &TcpStream, timeout: Duration) {
        let _ = SockRef::from(stream).set_tcp_user_timeout(Some(timeout));
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::time::Duration;

    use tokio::net::TcpStream;

    pub(in crate::serve) fn show_progress(_: &TcpStream) {}

    pub(in crate::serve) fn bound_what_the_system_holds(_: &TcpStream, _: Duration) {}
}

#[cfg(target_os = "linux")]
pub(super) use linux::{bound_what_the_system_holds, show_progress};
#[cfg(not(target_os = "linux"))]
pub(super) use other::{bound_what_the_system_holds, show_progress};
