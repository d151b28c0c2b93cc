//! What one connection is doing, and until when it may go on like that.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// How long a connection may be without a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a whole request head to arrive.
    pub(super) header_timeout: Duration,
    /// Between two requests.
    pub(super) idle_timeout: Duration,
}

/// The activity of one connection.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    requests: usize,
    waiting: Waiting,
    since: Instant,
    is_http2: bool,
}

/// What a connection without a request is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// The rest of a request head; on a new connection the whole of it.
    Head,
    /// The next request.
    Request,
}

impl Activity {
    pub(super) fn new() -> Self {
        let since = Instant::now();
        let state = State { requests: 0, waiting: Waiting::Head, since, is_http2: false };
        Self(Arc::new(Mutex::new(state)))
    }

    /// The version is that of a request: the first bytes of a connection may come in pieces, and `PRI`
    /// may be a method of HTTP/1.1.
    pub(super) fn request_began(&self, is_http2: bool) {
        let mut state = self.lock();
        state.requests += 1;
        state.is_http2 = is_http2;
    }

    pub(super) fn request_ended(&self) {
        let mut state = self.lock();
        state.requests -= 1;
        if state.requests == 0 {
            state.waiting = Waiting::Request;
            state.since = Instant::now();
        }
    }

    /// Over HTTP/2 bytes between two requests are pings and windows, and no head.
    pub(super) fn bytes_arrived(&self) {
        let mut state = self.lock();
        if state.requests == 0 && state.waiting == Waiting::Request && !state.is_http2 {
            state.waiting = Waiting::Head;
            state.since = Instant::now();
        }
    }

    /// Comes back when the connection was without a request for too long.
    pub(super) async fn overdue(&self, patience: Patience) {
        let shortest = patience.header_timeout.min(patience.idle_timeout);
        loop {
            let now = Instant::now();
            // What begins while we sleep is overdue no sooner than this.
            let next_look = now + shortest;
            match self.deadline(patience) {
                Some(deadline) if deadline <= now => return,
                Some(deadline) => sleep_until(deadline.min(next_look)).await,
                None => sleep_until(next_look).await,
            }
        }
    }

    fn deadline(&self, patience: Patience) -> Option<Instant> {
        let state = self.lock();
        let patience = match state.waiting {
            Waiting::Head => patience.header_timeout,
            Waiting::Request => patience.idle_timeout,
        };
        (state.requests == 0).then(|| state.since + patience)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Patience =
        Patience { header_timeout: Duration::from_secs(10), idle_timeout: Duration::from_secs(75) };

    /// How long it takes until the connection is overdue; `None` beyond an hour.
    async fn overdue_after(activity: &Activity) -> Option<u64> {
        let start = Instant::now();
        let overdue = timeout(Duration::from_secs(3600), activity.overdue(PATIENCE)).await;
        overdue.is_ok().then(|| start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_connection_has_the_time_of_a_head() {
        let activity = Activity::new();
        assert_eq!(overdue_after(&activity).await, Some(10));
        activity.bytes_arrived();
        assert_eq!(overdue_after(&activity).await, Some(0), "dripping wins no time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_may_take_as_long_as_it_takes() {
        let activity = Activity::new();
        activity.request_began(false);
        activity.request_began(false);
        activity.bytes_arrived();
        assert_eq!(overdue_after(&activity).await, None);
        activity.request_ended();
        assert_eq!(overdue_after(&activity).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn between_two_requests_there_is_the_time_of_idling_until_the_next_head_begins() {
        let activity = Activity::new();
        activity.request_began(false);
        activity.request_ended();
        assert_eq!(overdue_after(&activity).await, Some(75));
        activity.bytes_arrived();
        assert_eq!(overdue_after(&activity).await, Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_begins_while_the_connection_is_watched_is_overdue_in_its_own_time() {
        let activity = Activity::new();
        activity.request_began(false);
        activity.request_ended();
        let (overdue, ()) = tokio::join!(overdue_after(&activity), async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            activity.bytes_arrived();
        });
        assert_eq!(overdue, Some(17));
    }

    #[tokio::test(start_paused = true)]
    async fn a_ping_over_http_2_is_no_head() {
        let activity = Activity::new();
        activity.bytes_arrived();
        assert_eq!(overdue_after(&activity).await, Some(10));
        activity.request_began(true);
        activity.request_ended();
        activity.bytes_arrived();
        assert_eq!(overdue_after(&activity).await, Some(75));
    }
}
