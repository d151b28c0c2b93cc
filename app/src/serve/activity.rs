//! Tracks what one connection is doing, and when that is overdue.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::in_flight::InFlight;

/// Number of bytes that a peer must move within the stall time-out while bytes are due.
pub(super) const LEAST_PROGRESS: usize = 1024;

/// Time limits of a connection.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "they are the names of the settings")]
pub(super) struct Limits {
    /// Time for a whole request head to arrive.
    pub(super) header_timeout: Duration,
    /// Time between two requests.
    pub(super) idle_timeout: Duration,
    /// Time for [`LEAST_PROGRESS`] while the socket has no room for bytes that are ready.
    pub(super) stall_timeout: Duration,
}

/// Reason why the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// No request came in time.
    Idle,
    /// The peer did not read the bytes that were ready.
    Stalled,
}

/// Activity of one connection.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    in_flight: InFlight,
    /// Bytes written to the socket. Only one task writes it: no lock, no read-modify-write.
    written: AtomicUsize,
    /// Set if `State::blocked` is, so that an unblocked write or flush takes no lock.
    is_blocked: AtomicBool,
}

#[derive(Debug)]
struct State {
    requests: usize,
    waiting: Waiting,
    since: Instant,
    is_http2: bool,
    /// Set if the peer may have sent bytes that no request reads.
    has_unread: bool,
    blocked: Option<Blocked>,
}

/// State while the socket has no room for bytes that are ready.
#[derive(Debug)]
struct Blocked {
    since: Instant,
    /// Bytes written to the socket before.
    written: usize,
    /// Set if the last request of the connection has ended except for these bytes: it is counted
    /// until they are written.
    is_rest_of_request: bool,
}

/// Event that a connection without a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// The rest of a request head; on a new connection the whole head.
    Head,
    /// The next request.
    Request,
}

impl Activity {
    pub(super) fn new(in_flight: InFlight) -> Self {
        let state = State {
            requests: 0,
            waiting: Waiting::Head,
            since: Instant::now(),
            is_http2: false,
            has_unread: false,
            blocked: None,
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            in_flight,
            written: AtomicUsize::new(0),
            is_blocked: AtomicBool::new(false),
        }))
    }

    /// Records a request. `is_http2` comes from the request, since the first bytes of a connection
    /// may arrive in pieces, and `PRI` may be a method of HTTP/1.1.
    fn request_began(&self, is_http2: bool) {
        self.0.in_flight.add();
        let mut state = self.lock();
        state.requests += 1;
        state.is_http2 = is_http2;
        state.has_unread = false;
    }

    fn request_ended(&self) {
        let mut state = self.lock();
        state.requests -= 1;
        if state.requests == 0 {
            state.waiting = Waiting::Request;
            state.since = Instant::now();
            if let Some(blocked) = state.blocked.as_mut().filter(|it| !it.is_rest_of_request) {
                blocked.is_rest_of_request = true;
                return;
            }
        }
        drop(state);
        self.0.in_flight.remove();
    }

    /// Records bytes read from the socket. Over HTTP/2, bytes between two requests are pings and
    /// window updates, not a head.
    pub(super) fn bytes_arrived(&self) {
        let mut state = self.lock();
        if state.requests == 0 && !state.is_http2 {
            state.has_unread = true;
            if state.waiting == Waiting::Request {
                state.waiting = Waiting::Head;
                state.since = Instant::now();
            }
        }
    }

    /// Records bytes written to the socket.
    pub(super) fn bytes_left(&self, count: usize) {
        let written = self.0.written.load(Ordering::Relaxed);
        self.0.written.store(written.wrapping_add(count), Ordering::Relaxed);
    }

    /// Records that the socket has no room for bytes that are ready.
    pub(super) fn writing_is_blocked(&self) {
        if self.0.is_blocked.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut state = self.lock();
        let is_rest_of_request = state.requests == 0;
        if is_rest_of_request {
            self.0.in_flight.add();
        }
        let written = self.0.written.load(Ordering::Relaxed);
        state.blocked = Some(Blocked { since: Instant::now(), written, is_rest_of_request });
    }

    /// Records that all ready bytes were written to the socket.
    pub(super) fn everything_is_written(&self) {
        if !self.0.is_blocked.load(Ordering::Relaxed) {
            return;
        }
        self.0.is_blocked.store(false, Ordering::Relaxed);
        let mut state = self.lock();
        if state.blocked.take().is_some_and(|blocked| blocked.is_rest_of_request) {
            self.0.in_flight.remove();
        }
        // Only now is the answer written, and the time until the next request begins.
        state.since = Instant::now();
    }

    /// Records that a request body was dropped before its end.
    pub(super) fn body_is_left_unread(&self) {
        self.lock().has_unread = true;
    }

    /// Returns whether the peer may have sent bytes that no request reads.
    pub(super) fn has_unread(&self) -> bool {
        self.lock().has_unread
    }

    pub(super) fn is_http2(&self) -> bool {
        self.lock().is_http2
    }

    /// Returns whether neither a request nor an answer is in progress.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.requests == 0 && state.blocked.is_none()
    }

    /// Waits until the connection has been without a request, or stalled, for too long.
    pub(super) async fn overdue(&self, limits: Limits) -> Overdue {
        let shortest = limits.header_timeout.min(limits.idle_timeout).min(limits.stall_timeout);
        loop {
            let now = Instant::now();
            // A wait that begins during the sleep is not overdue before this.
            let next_look = now + shortest;
            match self.deadline(limits, now) {
                Some((deadline, overdue)) if deadline <= now => return overdue,
                Some((deadline, _)) => sleep_until(deadline.min(next_look)).await,
                None => sleep_until(next_look).await,
            }
        }
    }

    fn deadline(&self, limits: Limits, now: Instant) -> Option<(Instant, Overdue)> {
        let mut state = self.lock();
        if let Some(blocked) = &mut state.blocked {
            let written = self.0.written.load(Ordering::Relaxed);
            let is_over = blocked.since + limits.stall_timeout <= now;
            if is_over && written.wrapping_sub(blocked.written) >= LEAST_PROGRESS {
                (blocked.since, blocked.written) = (now, written);
            }
            return Some((blocked.since + limits.stall_timeout, Overdue::Stalled));
        }
        let timeout = match state.waiting {
            Waiting::Head => limits.header_timeout,
            Waiting::Request => limits.idle_timeout,
        };
        (state.requests == 0).then(|| (state.since + timeout, Overdue::Idle))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.blocked.as_ref().is_some_and(|blocked| blocked.is_rest_of_request) {
            self.in_flight.remove();
        }
    }
}

/// Counts one request as in flight until it is dropped.
#[derive(Debug)]
pub(super) struct RequestGuard(Activity);

impl RequestGuard {
    pub(super) fn new(connection: Activity, is_http2: bool) -> Self {
        connection.request_began(is_http2);
        Self(connection)
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.request_ended();
    }
}

#[cfg(test)]
mod tests;
