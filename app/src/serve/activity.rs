//! Tracks what one connection is doing, and when it exceeds a time-out.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::in_flight::InFlight;

/// Number of bytes that a peer must send or receive within the stall time-out while the server
/// waits for that peer.
pub(super) const LEAST_PROGRESS: usize = 1024;

/// Time-outs of a connection, from the settings in `[server]`.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "they are the names of the settings")]
pub(super) struct Limits {
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    /// Maximum time for 1 KiB ([`LEAST_PROGRESS`]) to be written while the socket's buffer is full.
    pub(super) stall_timeout: Duration,
}

/// Time-out that a connection exceeded; the server ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Header or idle time-out: no whole request head arrived in time.
    Idle,
    /// Stall time-out: the peer did not read a response in time.
    Stalled,
}

/// State of one connection, shared by its socket and its requests.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    in_flight: InFlight,
    /// Number of bytes written to the socket. Only one task changes it, so no atomic addition is
    /// needed.
    written: AtomicUsize,
    /// True while the socket's buffer is full, as `State::blocked` says too. Each flush and each
    /// write that must wait reads this field, without a lock.
    is_blocked: AtomicBool,
}

#[derive(Debug)]
struct State {
    requests: usize,
    waiting: Waiting,
    since: Instant,
    is_http2: bool,
    has_unread: bool,
    blocked: Option<Blocked>,
}

/// State of a connection while the socket's buffer is full and bytes wait to be written.
#[derive(Debug)]
struct Blocked {
    since: Instant,
    /// Number of bytes written to the socket when the wait began.
    written: usize,
    /// True if all requests have ended, but bytes of the last response wait to be written. Until
    /// they are written, the last request counts as in flight.
    is_rest_of_request: bool,
}

/// Event that a connection waits for while it has no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// Rest of a request head whose first byte has arrived; on a new connection, a whole head.
    Head,
    /// First byte of another request, after all earlier requests of the connection have ended.
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

    /// Records the start of a request. `is_http2` is true if this request itself is HTTP/2: the
    /// connection's first bytes would allow only a guess.
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

    /// Records that bytes were read from the socket. Over HTTP/1.1, bytes between two requests
    /// begin the next request's head. Over HTTP/2 such bytes may be pings, and are ignored here.
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

    /// Records that `count` bytes were written to the socket.
    pub(super) fn bytes_left(&self, count: usize) {
        let written = self.0.written.load(Ordering::Relaxed);
        self.0.written.store(written.wrapping_add(count), Ordering::Relaxed);
    }

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

    pub(super) fn everything_is_written(&self) {
        if !self.0.is_blocked.load(Ordering::Relaxed) {
            return;
        }
        self.0.is_blocked.store(false, Ordering::Relaxed);
        let mut state = self.lock();
        if state.blocked.take().is_some_and(|blocked| blocked.is_rest_of_request) {
            self.0.in_flight.remove();
        }
        // The time until the next request begins only now.
        state.since = Instant::now();
    }

    pub(super) fn body_is_left_unread(&self) {
        self.lock().has_unread = true;
    }

    /// Returns whether the peer may have sent bytes that no request reads, such as the rest of a
    /// body that a handler dropped.
    pub(super) fn has_unread(&self) -> bool {
        self.lock().has_unread
    }

    pub(super) fn is_http2(&self) -> bool {
        self.lock().is_http2
    }

    /// Returns whether no request is in progress and no response waits to be written.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.requests == 0 && state.blocked.is_none()
    }

    /// Waits until the connection exceeds a time-out in `limits`, and returns which one.
    pub(super) async fn overdue(&self, limits: Limits) -> Overdue {
        let shortest = limits.header_timeout.min(limits.idle_timeout).min(limits.stall_timeout);
        loop {
            let now = Instant::now();
            // A wait that begins during the sleep ends no earlier than this.
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

/// Guard that counts a request as in flight until it is dropped.
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
