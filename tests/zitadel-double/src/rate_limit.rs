//! A limit on requests per second, as ZITADEL Cloud has for every instance.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Requests beyond it get 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Maximum number of answered requests per second.
    pub per_second: usize,
    /// Time for which all requests are refused after an excess; zero refuses only the excess.
    pub ban: Duration,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct RateLimiter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    limit: Option<RateLimit>,
    answered: VecDeque<Instant>,
    banned_until: Option<Instant>,
}

impl RateLimiter {
    pub(crate) fn set(&self, limit: Option<RateLimit>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            State { limit, ..State::default() };
    }

    /// Counts a request, or returns the exceeded limit.
    pub(crate) fn take(&self) -> Result<(), RateLimit> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(limit) = state.limit else { return Ok(()) };
        let now = Instant::now();
        if state.banned_until.is_some_and(|until| now < until) {
            return Err(limit);
        }
        while state.answered.front().is_some_and(|at| now - *at >= SECOND) {
            state.answered.pop_front();
        }
        if state.answered.len() >= limit.per_second {
            state.banned_until = Some(now + limit.ban);
            return Err(limit);
        }
        state.answered.push_back(now);
        Ok(())
    }
}
