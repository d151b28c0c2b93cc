//! Schedule of the event log's polls: regular with jitter, at once when a bell rings, slower after
//! a 429.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout_at},
};

use super::super::pace::random;

/// Minimum time between the beginnings of two polls.
const SPACING: Duration = Duration::from_millis(200);
/// Fraction by which the interval between polls varies at random. Without it, replicas of this API
/// might all poll at the same time, which delays ZITADEL's writes.
const JITTER: f64 = 0.2;
/// Maximum wait before the next poll after a 429, even if `Retry-After` is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Handle that starts the next poll of the event log at once.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

#[derive(Debug)]
pub(super) struct Schedule {
    interval: Duration,
    bell: Bell,
    /// Beginning of the next poll, unless a `Bell` starts the poll earlier.
    due: Instant,
    /// Earliest moment at which a `Bell` may start the next poll.
    earliest: Instant,
    /// Wait before the next poll after a 429; `None` if the last poll got no 429.
    slow: Option<Duration>,
}

impl Bell {
    /// Starts a poll that reads everything committed before this call. The poll begins at once, but
    /// not less than 200 ms after the last one began, and not during a wait after a 429. Rings
    /// between two polls count as one.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

impl Schedule {
    pub(super) fn new(interval: Duration) -> Self {
        let now = Instant::now();
        Self { interval, bell: Bell::default(), due: now, earliest: now, slow: None }
    }

    pub(super) fn bell(&self) -> Bell {
        self.bell.clone()
    }

    pub(super) async fn wait(&mut self) {
        sleep_until(self.earliest).await;
        let _ = timeout_at(self.due, self.bell.0.notified()).await;
        // This poll also answers a ring that came before.
        let _ = self.bell.0.notified().now_or_never();
        let now = Instant::now();
        self.earliest = now + SPACING;
        self.due = now + self.interval.mul_f64(1.0 + JITTER * (2.0 * random() - 1.0));
    }

    /// Ends the slow-down after a 429, because a poll succeeded or failed for another reason.
    pub(super) fn go_on(&mut self) {
        self.slow = None;
    }

    /// Delays the next poll after a 429: by twice the last wait, or by `Retry-After` if that is
    /// longer.
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
