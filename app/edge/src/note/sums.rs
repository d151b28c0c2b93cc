//! Combines similar log events, so that they do not flood the log.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    task::AbortHandle,
    time::{Instant, sleep},
};

/// Limits on the number of log events about requests that are rejected for the same reason.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// Number of rejected requests that are logged one by one, before further ones are only
    /// counted.
    pub(super) singly: u64,
    /// Interval at which a log event shows the number of requests that were only counted; the first
    /// interval begins with the first rejected request.
    pub(super) period: Duration,
    /// False if each period logs its first requests one by one again. True if only the first period
    /// does: later requests are only counted, until a whole period is without any.
    pub(super) lasting: bool,
}

/// Decides for each rejected request if it is logged by itself or only counted. The function
/// `write` logs one event for the counted requests, with a description `T` of the latest request,
/// their number, and the time since the latest.
#[derive(Clone)]
pub(super) struct Sums<T> {
    bound: Bound,
    write: fn(&T, u64, Duration),
    reasons: Arc<Mutex<HashMap<&'static str, Since<T>>>>,
}

/// Counts of the requests rejected for one reason, since the first of them was logged.
struct Since<T> {
    singly: u64,
    /// Number of counted requests that the next log event will show.
    requests: u64,
    last: Option<(T, Instant)>,
    /// Task that logs the number of counted requests. It ends when no further log event is due, or
    /// when its tokio runtime ends.
    summing_up: AbortHandle,
}

impl<T: Send + 'static> Sums<T> {
    pub(super) fn new(bound: Bound, write: fn(&T, u64, Duration)) -> Self {
        Self { bound, write, reasons: Arc::default() }
    }

    /// Returns true if this request gets a log event of its own. Otherwise counts the request, and
    /// keeps what `describe` returns for the log event with the count.
    pub(super) fn is_single(&self, reason: &'static str, describe: impl FnOnce() -> T) -> bool {
        let mut reasons = self.lock();
        if let Some(since) = reasons.get_mut(reason).filter(|since| !since.summing_up.is_finished())
        {
            if since.singly < self.bound.singly {
                since.singly += 1;
                return true;
            }
            since.requests += 1;
            since.last = Some((describe(), Instant::now()));
            return false;
        }
        // Without a runtime there is no task that logs counts.
        let Ok(runtime) = Handle::try_current() else { return true };
        let sums = Self { reasons: Arc::clone(&self.reasons), ..*self };
        let summing_up = runtime.spawn(sums.sum_up(reason)).abort_handle();
        reasons.insert(reason, Since { singly: 1, requests: 0, last: None, summing_up });
        true
    }

    async fn sum_up(self, reason: &'static str) {
        loop {
            sleep(self.bound.period).await;
            let sum = self.take(reason);
            if let Some((requests, (last, at))) = &sum {
                (self.write)(last, *requests, at.elapsed());
            }
            if sum.is_none() || !self.bound.lasting {
                return;
            }
        }
    }

    /// Returns the number of requests counted for `reason` since the last call, and the latest of
    /// them with its time; `None` if there were none. Removes the counts of `reason` if no further
    /// log event is due.
    fn take(&self, reason: &'static str) -> Option<(u64, (T, Instant))> {
        let mut reasons = self.lock();
        let since = reasons.get_mut(reason)?;
        let sum = since.last.take().map(|last| (std::mem::take(&mut since.requests), last));
        if sum.is_none() || !self.bound.lasting {
            reasons.remove(reason);
        }
        sum
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Since<T>>> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Sums<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sums").field("bound", &self.bound).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(1);

    thread_local! {
        /// Log events with a count, written by this thread's test: number of counted requests, and
        /// index of the latest in its call of `singles`.
        static WRITTEN: std::cell::RefCell<Vec<(u64, u64)>> = const { std::cell::RefCell::new(vec![]) };
    }

    fn sums(singly: u64, lasting: bool) -> Sums<u64> {
        Sums::new(Bound { singly, period: PERIOD, lasting }, |last, requests, _ago| {
            WRITTEN.with_borrow_mut(|written| written.push((requests, *last)));
        })
    }

    fn written() -> Vec<(u64, u64)> {
        WRITTEN.take()
    }

    /// Passes `requests` rejected requests to `sums`, and returns how many got a log event of their
    /// own.
    fn singles(sums: &Sums<u64>, reason: &'static str, requests: u64) -> usize {
        (0..requests).filter(|request| sums.is_single(reason, || *request)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn each_period_begins_with_single_events_and_ends_with_a_sum() {
        let sums = sums(5, false);
        assert_eq!(singles(&sums, "a", 5), 5);
        assert_eq!(singles(&sums, "b", 7), 5, "another reason has its own");
        sleep(2 * PERIOD).await;
        assert_eq!(written(), [(2, 6)], "what was written singly is not summed up");
        assert_eq!(singles(&sums, "a", 10_000), 5);
        sleep(2 * PERIOD).await;
        assert_eq!(written(), [(9_995, 9_999)]);
        assert!(sums.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_lasts_has_sums_alone_until_a_period_brings_no_request() {
        let sums = sums(1, true);
        assert_eq!(singles(&sums, "a", 4), 1);
        sleep(PERIOD + PERIOD / 2).await;
        assert_eq!(written(), [(3, 3)]);
        assert_eq!(singles(&sums, "a", 1), 0);
        sleep(PERIOD).await;
        assert_eq!(written(), [(1, 0)]);
        sleep(PERIOD).await;
        assert_eq!(singles(&sums, "a", 1), 1, "it begins anew");
        assert_eq!(written(), []);
    }

    #[test]
    fn a_reason_begins_anew_where_its_runtime_has_ended() {
        let sums = sums(1, true);
        for _ in 0..2 {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            assert_eq!(runtime.unwrap().block_on(async { singles(&sums, "a", 2) }), 1);
        }
        assert_eq!(singles(&sums, "b", 3), 3, "without a runtime none is summed up");
    }
}
