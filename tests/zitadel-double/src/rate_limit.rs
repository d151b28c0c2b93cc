//! A limit on requests a second, as ZITADEL Cloud has one before every instance.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Answers 429 to what is beyond so many requests within one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests that are answered within one second.
    pub per_second: usize,
    /// How long every request is refused once the limit was passed; zero refuses only those beyond it.
    pub ban: Duration,
    /// `Retry-After` of the refusal, in seconds, if it has one.
    pub retry_after: Option<u64>,
}

/// The limit in force, and what came lately.
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

    /// Takes a request, or says by which limit it is refused.
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
