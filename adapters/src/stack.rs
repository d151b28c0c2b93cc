//! The decorators in the order in which they ship, before any introspector.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use domain::{Clock, TokenIntrospector};

use crate::decorators::{
    Breaker, Cached, CircuitBreaker, Coalesced, InFlightLimited, Observed, Remembering, TokenCache,
};

/// For how long an answer may be reused, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// Age up to which an answer is reused; zero, the default, is off.
    pub ttl: Duration,
    /// Answers kept at most; 100 000 by default.
    pub max_entries: NonZeroUsize,
}

/// How much the authorization server is asked at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Introspections under way at once; 256 by default. Beyond it callers are told at once that
    /// there is no verdict.
    pub max_in_flight: NonZeroUsize,
}

/// An introspector behind the decorators.
#[derive(Clone)]
pub struct Stack {
    /// The port, to be given to an [`Authorizer`](domain::Authorizer).
    pub introspector: Arc<dyn TokenIntrospector>,
    /// The circuit breaker, for a health check.
    pub breaker: Breaker,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { ttl: Duration::ZERO, max_entries: non_zero(100_000) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_in_flight: non_zero(256) }
    }
}

const fn non_zero(number: usize) -> NonZeroUsize {
    match NonZeroUsize::new(number) {
        Some(number) => number,
        None => NonZeroUsize::MIN,
    }
}

/// Puts the decorators before `introspector`, inside out. They register their metrics at the current
/// recorder. `patience` is the most that a caller waits, `clock` tells the wall-clock time by which
/// `exp` bounds an answer's reuse. Questions are asked within a runtime of tokio.
pub fn stack(
    introspector: impl TokenIntrospector + 'static,
    cache: CacheSettings,
    limits: Limits,
    patience: Duration,
    clock: Arc<dyn Clock>,
) -> Stack {
    // Count and time what is asked.
    let observed = Observed::new(introspector);
    // Refuse at once rather than queue without end.
    let limited = InFlightLimited::new(observed, limits.max_in_flight.get());
    // Leave a server that is down alone.
    let circuit_breaker = CircuitBreaker::new(limited);
    let breaker = circuit_breaker.breaker();
    if cache.ttl.is_zero() {
        // Many callers with one token, one call.
        let coalesced = Coalesced::new(circuit_breaker, patience);
        return Stack { introspector: Arc::new(coalesced), breaker };
    }
    let tokens = Arc::new(TokenCache::new(cache.ttl, cache.max_entries.get(), clock));
    // Keep each answer, as old as its question.
    let remembering = Remembering::new(circuit_breaker, Arc::clone(&tokens));
    // Many callers with one token, one call.
    let coalesced = Coalesced::new(remembering, patience);
    // Answer from what is kept.
    Stack { introspector: Arc::new(Cached::new(coalesced, tokens)), breaker }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
