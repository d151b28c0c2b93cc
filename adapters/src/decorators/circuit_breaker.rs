//! Circuit breaker: stops introspections while ZITADEL is down or refuses this API's credentials.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, Outage, TokenIntrospector};
use metrics::{Gauge, gauge};
use thiserror::Error;
use tokio::time::Instant;
use tracing::{info, warn};

/// Number of consecutive failures that opens the breaker.
const THRESHOLD: u32 = 5;
/// Time between two probes: single introspections that the open breaker lets through to see whether
/// ZITADEL is back.
const PROBE_INTERVAL: Duration = Duration::from_millis(500);

/// Decorator that fails at once while ZITADEL is down or refuses this API's credentials, but lets
/// single introspections through as probes.
///
/// It counts failures that no caller's token can cause: no or a broken connection, no response in
/// time, 5xx, refused credentials. It does not count a dropped call, a response that cannot be
/// read, a redirect, a 429, or this API's own limits.
#[derive(Debug)]
pub struct CircuitBreaker<I> {
    inner: I,
    breaker: Breaker,
}

/// Handle to a breaker's state, for a health check.
#[derive(Clone)]
pub struct Breaker(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    open: Gauge,
    closed: Gauge,
}

/// State of a circuit breaker, for a health check.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The breaker is closed: introspections are let through.
    Closed,
    /// The breaker is open: introspections fail at once, except single ones (probes) that show
    /// whether ZITADEL is back.
    Open {
        /// Error of the newest failure that the breaker counted.
        cause: IntrospectionError,
        /// Time at which the breaker opened.
        since: Instant,
    },
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Number of times that the breaker has opened or closed.
    changes: u64,
}

#[derive(Debug)]
enum Phase {
    /// Closed: every introspection is let through. `failures` is the number of consecutive failures
    /// so far.
    Closed { failures: u32 },
    /// Open: no introspection is let through before `next_probe`.
    Open { since: Instant, next_probe: Instant, opened_by: IntrospectionError },
}

impl State {
    fn change(&mut self, phase: Phase) {
        self.phase = phase;
        self.changes += 1;
    }
}

#[derive(Debug, Error)]
#[error("not asked: it was down a moment ago")]
struct BreakerOpen(#[source] IntrospectionError);

/// Conclusion about ZITADEL from the result of an introspection.
enum Evidence {
    /// ZITADEL responds, and does not refuse this API's credentials.
    Up,
    /// ZITADEL is down, or refuses this API's credentials.
    Down,
    Unknown,
}

impl<I> CircuitBreaker<I> {
    /// Creates a closed breaker, which opens on failures of `inner`. Registers its metrics at the
    /// current recorder.
    #[must_use]
    pub fn new(inner: I) -> Self {
        Self { inner, breaker: Breaker::new() }
    }

    /// Returns a handle to the breaker's state, which may outlive the decorator.
    #[must_use]
    pub fn breaker(&self) -> Breaker {
        self.breaker.clone()
    }
}

impl Breaker {
    fn new() -> Self {
        let gauge = |state: &'static str| gauge!("circuit_breaker_state", "state" => state);
        let shared = Shared {
            state: Mutex::new(State { phase: Phase::Closed { failures: 0 }, changes: 0 }),
            open: gauge("open"),
            closed: gauge("closed"),
        };
        shared.show(false);
        Self(Arc::new(shared))
    }

    /// Returns whether the breaker is open, since when and why.
    #[must_use]
    pub fn condition(&self) -> Condition {
        match &self.state().phase {
            Phase::Closed { .. } => Condition::Closed,
            Phase::Open { since, opened_by, .. } => {
                Condition::Open { cause: opened_by.clone(), since: *since }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets an introspection through, as a probe if the breaker is open. Fails if no probe is due.
    fn enter(&self) -> Result<Entered<'_>, IntrospectionError> {
        let mut state = self.state();
        let changes = state.changes;
        let is_probe = match &mut state.phase {
            Phase::Closed { .. } => false,
            Phase::Open { next_probe, .. } if *next_probe <= Instant::now() => {
                *next_probe = Instant::now() + PROBE_INTERVAL;
                true
            }
            Phase::Open { opened_by, .. } => return Err(without_asking(opened_by)),
        };
        Ok(Entered { breaker: self, changes, is_probe })
    }
}

/// An introspection that the breaker let through. If a probe ends without evidence about ZITADEL,
/// the next probe may start at once.
struct Entered<'a> {
    breaker: &'a Breaker,
    /// Value of `State::changes` when the introspection began. If it differs at the end, the
    /// breaker has opened or closed since, and ignores the result.
    changes: u64,
    is_probe: bool,
}

impl Entered<'_> {
    fn record(mut self, answer: &Result<Introspection, IntrospectionError>) {
        let evidence = evidence(answer);
        if matches!(evidence, Evidence::Unknown) {
            return;
        }
        self.is_probe = false;
        let state = &mut *self.breaker.state();
        if state.changes != self.changes {
            return;
        }
        match (evidence, answer) {
            (Evidence::Down, Err(error)) => self.breaker.0.failed(state, error),
            _ => self.breaker.0.answered(state),
        }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if !self.is_probe {
            return;
        }
        let mut state = self.breaker.state();
        let is_same = state.changes == self.changes;
        if let Phase::Open { next_probe, .. } = &mut state.phase
            && is_same
        {
            *next_probe = Instant::now();
        }
    }
}

impl Shared {
    fn answered(&self, state: &mut State) {
        match &mut state.phase {
            Phase::Closed { failures } => *failures = 0,
            Phase::Open { since, .. } => {
                info!(after = ?since.elapsed(), "introspection: the server answers again");
                self.show(false);
                state.change(Phase::Closed { failures: 0 });
            }
        }
    }

    fn failed(&self, state: &mut State, error: &IntrospectionError) {
        match &mut state.phase {
            Phase::Closed { failures } if *failures + 1 < THRESHOLD => *failures += 1,
            Phase::Closed { .. } => {
                let since = Instant::now();
                let (next_probe, opened_by) = (since + PROBE_INTERVAL, error.clone());
                state.change(Phase::Open { since, next_probe, opened_by });
                self.show(true);
                warn!(
                    reason = error.reason(),
                    "introspection: {THRESHOLD} failures in a row; the server is left alone but for \
                     single questions",
                );
            }
            Phase::Open { opened_by, .. } => opened_by.clone_from(error),
        }
    }

    fn show(&self, is_open: bool) {
        self.open.set(u8::from(is_open));
        self.closed.set(u8::from(!is_open));
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Breaker").field(&self.condition()).finish()
    }
}

/// Returns the error for callers while the breaker is open: `CircuitOpen` if ZITADEL is down,
/// `opened_by` itself if ZITADEL refuses this API's credentials.
fn without_asking(opened_by: &IntrospectionError) -> IntrospectionError {
    match opened_by {
        IntrospectionError::Unavailable { .. } => IntrospectionError::Unavailable {
            reason: Outage::CircuitOpen,
            source: Arc::new(BreakerOpen(opened_by.clone())),
        },
        _ => opened_by.clone(),
    }
}

fn evidence(answer: &Result<Introspection, IntrospectionError>) -> Evidence {
    match answer {
        Err(IntrospectionError::Unavailable { reason, .. }) => match reason {
            Outage::Unreachable | Outage::TimedOut | Outage::Interrupted | Outage::ServerError => {
                Evidence::Down
            }
            Outage::RateLimited => Evidence::Up,
            Outage::UnexpectedStatus
            | Outage::TooManyInFlight
            | Outage::OverBudget
            | Outage::CircuitOpen => Evidence::Unknown,
        },
        Err(IntrospectionError::ClientRefused { .. }) => Evidence::Down,
        Ok(_)
        | Err(
            IntrospectionError::Misconfigured { .. }
            | IntrospectionError::Unwitnessed { .. }
            | IntrospectionError::Malformed { .. },
        ) => Evidence::Up,
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for CircuitBreaker<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let entered = self.breaker.enter()?;
        let answer = self.inner.introspect(token).await;
        entered.record(&answer);
        answer
    }
}

#[cfg(test)]
mod tests;
