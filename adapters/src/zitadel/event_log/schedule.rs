//! Schedule of polls: regular with jitter, at once when a bell rings, slower after a 429.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout_at},
};

use super::super::pace::random;

/// Shortest time between the beginnings of two polls.
const SPACING: Duration = Duration::from_millis(200);
/// Fraction of the interval by which it varies, so that replicas do not poll at one moment: fifty
/// that did made others' writes wait for 308 ms.
const JITTER: f64 = 0.2;
/// Longest wait after a 429, and the longest `Retry-After` that is heeded.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Starts the next poll now. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

#[derive(Debug)]
pub(super) struct Schedule {
    interval: Duration,
    bell: Bell,
    /// Beginning of the next poll, and the earliest one when the bell rings.
    due: Instant,
    earliest: Instant,
    /// Wait after the last 429 of several in a row.
    slow: Option<Duration>,
}

impl Bell {
    /// Rings. A poll begins that reads everything committed before, 200 ms after the beginning of
    /// the last poll at the earliest. Rings between two polls count as one.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

impl Schedule {
    /// Creates a schedule whose first poll begins at once.
    pub(super) fn new(interval: Duration) -> Self {
        let now = Instant::now();
        Self { interval, bell: Bell::default(), due: now, earliest: now, slow: None }
    }

    pub(super) fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Waits until a poll has to begin.
    pub(super) async fn wait(&mut self) {
        sleep_until(self.earliest).await;
        // The time and the bell are both reasons to begin.
        let _ = timeout_at(self.due, self.bell.0.notified()).await;
        // This poll answers an earlier ring.
        let _ = self.bell.0.notified().now_or_never();
        let now = Instant::now();
        self.earliest = now + SPACING;
        self.due = now + self.interval.mul_f64(1.0 + JITTER * (2.0 * random() - 1.0));
    }

    /// Notes a poll that was answered, or that failed other than by a 429.
    pub(super) fn go_on(&mut self) {
        self.slow = None;
    }

    /// Notes a 429: the next poll waits twice as long as the last, and for `Retry-After`.
    pub(super) fn slow_down(&mut self, retry_after: Option<Duration>) {
        let wait = (2 * self.slow.unwrap_or(self.interval)).min(LONGEST_WAIT);
        self.slow = Some(wait);
        let wait = wait.max(retry_after.unwrap_or_default().min(LONGEST_WAIT));
        self.earliest = Instant::now() + wait;
        self.due = self.earliest;
    }
}

#[cfg(test)]
mod tests;
