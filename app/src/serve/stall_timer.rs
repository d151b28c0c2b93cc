//! Detects that a request's peer stalls: too few bytes move while the server waits for the peer.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

use super::activity::LEAST_PROGRESS;

/// Timer that reports a stall if the peer sends or receives fewer than [`LEAST_PROGRESS`] bytes
/// within `timeout`. Only time in which the server waits for the peer counts, not the handler's
/// work.
#[derive(Debug)]
pub(super) struct StallTimer {
    timeout: Duration,
    waiting_since: Option<Instant>,
    /// Total duration of earlier waits; zero again once [`LEAST_PROGRESS`] bytes have moved.
    waited: Duration,
    moved: usize,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl StallTimer {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, waiting_since: None, waited: Duration::ZERO, moved: 0, sleep: None }
    }

    /// Records that the server waits for the peer. Returns `Ready` once the waits add up to
    /// `timeout`.
    pub(super) fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = self.timeout.saturating_sub(self.waited);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(left)));
        if self.waiting_since.is_none() {
            let now = Instant::now();
            self.waiting_since = Some(now);
            sleep.as_mut().reset(now + left);
        }
        sleep.as_mut().poll(context)
    }

    /// Ends the current wait for the peer, and counts the `moved` bytes that the peer sent or
    /// received. Returns the duration of the wait.
    pub(super) fn owes_nothing(&mut self, moved: usize) -> Duration {
        let wait = self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        self.waited += wait;
        self.moved += moved;
        if self.moved >= LEAST_PROGRESS {
            (self.waited, self.moved) = (Duration::ZERO, 0);
        }
        wait
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::timeout;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    /// Simulates a peer that moves `bytes` after each wait of `pause` seconds, while the handler
    /// works for `computes` seconds between waits. Returns the seconds of waiting until the timer
    /// reports a stall.
    async fn stalled_after(bytes: usize, pause: u64, computes: u64) -> Option<u64> {
        let mut timer = StallTimer::new(TIMEOUT);
        let mut waited = 0;
        for _ in 0..1000 {
            let stalled = poll_fn(|context| timer.poll_stalled(context));
            let start = Instant::now();
            if timeout(Duration::from_secs(pause), stalled).await.is_ok() {
                return Some(waited + start.elapsed().as_secs());
            }
            waited += pause;
            timer.owes_nothing(bytes);
            tokio::time::sleep(Duration::from_secs(computes)).await;
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn only_time_in_which_the_peer_owes_bytes_and_moves_too_few_counts() {
        for (bytes, pause, computes, expected) in [
            (0, 3600, 0, Some(30)),
            (1, 1, 0, Some(30)),
            (1, 1, 3600, Some(30)),
            (33, 1, 0, Some(30)),
            (40, 1, 0, None),
            (1023, 29, 0, Some(30)),
            (1024, 29, 3600, None),
            (100_000, 29, 0, None),
        ] {
            let found = stalled_after(bytes, pause, computes).await;
            assert_eq!(found, expected, "{bytes} bytes, {pause} s, {computes} s");
        }
    }
}
