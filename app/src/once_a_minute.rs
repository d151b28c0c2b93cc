//! Rate limit for log warnings of one kind: at most one a minute, with the number of occurrences.

use std::{mem::take, time::Duration};

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct OnceAMinute {
    last: Option<Instant>,
    events: u64,
}

impl OnceAMinute {
    /// Counts an occurrence of the warning's cause. Returns the number of occurrences since the
    /// last warning, or `None` if no warning is due.
    pub(crate) fn count(&mut self) -> Option<u64> {
        self.events += 1;
        if self.last.is_some_and(|last| last.elapsed() < MINUTE) {
            return None;
        }
        self.last = Some(Instant::now());
        Some(take(&mut self.events))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_warning_a_minute_says_how_many_there_were() {
        let mut warning = OnceAMinute::default();
        assert_eq!(warning.count(), Some(1));
        for _ in 0..5 {
            advance(Duration::from_secs(11)).await;
            assert_eq!(warning.count(), None);
        }
        advance(Duration::from_secs(5)).await;
        assert_eq!(warning.count(), Some(6));
    }
}
