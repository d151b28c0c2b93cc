//! Leaves a server alone that is down, or that refuses us.

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

/// So many failures in a row open the breaker.
const THRESHOLD: u32 = 5;
/// While it is open, one question is let through this often.
const PROBE_INTERVAL: Duration = Duration::from_millis(500);

/// Answers at once that there is no verdict while the server is down or refuses our credentials,
/// and lets single questions through to see whether that is over.
///
/// It counts what no caller's token can cause: no connection, a broken one, no answer in time, 5xx,
/// 429, and our client refused. It does not count a caller who leaves, an answer that cannot be
/// read, a redirect, nor our own limit.
#[derive(Debug)]
pub struct CircuitBreaker<I> {
    inner: I,
    breaker: Breaker,
}

/// The breaker itself, for whoever wants to know how it stands.
#[derive(Clone)]
pub struct Breaker(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    open: Gauge,
    closed: Gauge,
}

/// How a breaker stands.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Questions are let through.
    Closed,
    /// Questions are answered without asking, but for probes.
    Open {
        /// What was seen last.
        cause: IntrospectionError,
        /// When it opened.
        since: Instant,
    },
}

#[derive(Debug)]
enum State {
    /// Everybody is let through; so many failures in a row were seen.
    Closed { failures: u32 },
    /// Nobody is let through before the next probe.
    Open { since: Instant, next_probe: Instant, opened_by: IntrospectionError },
}

#[derive(Debug, Error)]
#[error("not asked: it was down a moment ago")]
struct LeftAlone(#[source] IntrospectionError);

/// Evidence of an answer about the server.
enum Evidence {
    /// It answers us.
    Up,
    /// It is down, or refuses us.
    Down,
    Unknown,
}

impl<I> CircuitBreaker<I> {
    /// Watches over `inner`. It registers its metrics at the current recorder.
    #[must_use]
    pub fn new(inner: I) -> Self {
        Self { inner, breaker: Breaker::new() }
    }

    /// The breaker itself, which outlives this.
    #[must_use]
    pub fn breaker(&self) -> Breaker {
        self.breaker.clone()
    }
}

impl Breaker {
    fn new() -> Self {
        let gauge = |state: &'static str| gauge!("circuit_breaker_state", "state" => state);
        let shared = Shared {
            state: Mutex::new(State::Closed { failures: 0 }),
            open: gauge("open"),
            closed: gauge("closed"),
        };
        shared.show(false);
        Self(Arc::new(shared))
    }

    /// How it stands now.
    #[must_use]
    pub fn condition(&self) -> Condition {
        match &*self.state() {
            State::Closed { .. } => Condition::Closed,
            State::Open { since, opened_by, .. } => {
                Condition::Open { cause: opened_by.clone(), since: *since }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a question through, as a probe where the breaker is open.
    fn enter(&self) -> Result<Option<ProbePlace<'_>>, IntrospectionError> {
        match &mut *self.state() {
            State::Closed { .. } => Ok(None),
            State::Open { next_probe, .. } if *next_probe <= Instant::now() => {
                *next_probe = Instant::now() + PROBE_INTERVAL;
                Ok(Some(ProbePlace(self)))
            }
            State::Open { opened_by, .. } => Err(without_asking(opened_by)),
        }
    }

    fn record(&self, answer: &Result<Introspection, IntrospectionError>) -> Evidence {
        let evidence = evidence(answer);
        let state = &mut *self.state();
        match (&evidence, answer) {
            (Evidence::Up, _) => {
                if let State::Open { since, .. } = state {
                    info!(after = ?since.elapsed(), "introspection: the server answers again");
                    self.0.show(false);
                }
                *state = State::Closed { failures: 0 };
            }
            (Evidence::Down, Err(error)) => match state {
                State::Closed { failures } if *failures + 1 < THRESHOLD => *failures += 1,
                State::Closed { .. } => {
                    let since = Instant::now();
                    let next_probe = since + PROBE_INTERVAL;
                    *state = State::Open { since, next_probe, opened_by: error.clone() };
                    self.0.show(true);
                    warn!(
                        reason = error.reason(),
                        "introspection: {THRESHOLD} failures in a row; the server is left alone but for \
                         single questions",
                    );
                }
                State::Open { opened_by, .. } => opened_by.clone_from(error),
            },
            _ => {}
        }
        evidence
    }
}

impl Shared {
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

/// The answer while the breaker is open. Who must act stays the same: a refusal is a refusal.
fn without_asking(opened_by: &IntrospectionError) -> IntrospectionError {
    match opened_by {
        IntrospectionError::Unavailable { .. } => IntrospectionError::Unavailable {
            reason: Outage::CircuitOpen,
            source: Arc::new(LeftAlone(opened_by.clone())),
        },
        _ => opened_by.clone(),
    }
}

fn evidence(answer: &Result<Introspection, IntrospectionError>) -> Evidence {
    match answer {
        Err(IntrospectionError::Unavailable { reason, .. }) => match reason {
            Outage::Unreachable
            | Outage::TimedOut
            | Outage::Interrupted
            | Outage::ServerError
            | Outage::RateLimited => Evidence::Down,
            Outage::UnexpectedStatus | Outage::TooManyInFlight | Outage::CircuitOpen => {
                Evidence::Unknown
            }
        },
        Err(IntrospectionError::ClientRefused { .. }) => Evidence::Down,
        Ok(_)
        | Err(IntrospectionError::Misconfigured { .. } | IntrospectionError::Malformed { .. }) => {
            Evidence::Up
        }
    }
}

/// The place of a probe. Given up without an answer about the server, it is free at once.
struct ProbePlace<'a>(&'a Breaker);

impl Drop for ProbePlace<'_> {
    fn drop(&mut self) {
        if let State::Open { next_probe, .. } = &mut *self.0.state() {
            *next_probe = Instant::now();
        }
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for CircuitBreaker<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let probe = self.breaker.enter()?;
        let answer = self.inner.introspect(token).await;
        match (self.breaker.record(&answer), probe) {
            (Evidence::Up | Evidence::Down, Some(probe)) => std::mem::forget(probe),
            (_, probe) => drop(probe),
        }
        answer
    }
}

#[cfg(test)]
mod tests;
