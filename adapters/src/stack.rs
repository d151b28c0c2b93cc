//! The decorators in the order in which they ship, before any introspector.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use domain::TokenIntrospector;

use crate::{
    Clocks,
    changes::Changes,
    decorators::{
        Breaker, CacheSettings, Cached, CircuitBreaker, Coalesced, InFlightLimited, KnownShare,
        KnownTokens, Observed, Remembering, TokenCache,
    },
};

/// How much the authorization server is asked at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Introspections under way at once; 256 by default. Beyond it callers are told at once that
    /// there is no verdict.
    pub max_in_flight: NonZeroUsize,
    /// Part of it for tokens that were active when they were last asked about; 25 % by default.
    pub known_share: KnownShare,
}

/// An introspector behind the decorators.
#[derive(Clone)]
pub struct Stack {
    /// The port, to be given to an [`Authorizer`](domain::Authorizer).
    pub introspector: Arc<dyn TokenIntrospector>,
    /// The circuit breaker, for a health check.
    pub breaker: Breaker,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: const { NonZeroUsize::new(256).unwrap() },
            known_share: KnownShare::default(),
        }
    }
}

/// Puts the decorators before `introspector`, inside out. They register their metrics at the current
/// recorder. `known` are the tokens that a share of the places is kept for, `patience` is the most that a
/// caller waits, `changes` allow or forbid that an answer is reused, and `clocks` tell how old it is.
/// Questions are asked within a runtime of tokio.
pub fn stack(
    introspector: impl TokenIntrospector + 'static,
    known: Arc<KnownTokens>,
    cache: CacheSettings,
    changes: Option<Arc<Changes>>,
    limits: Limits,
    patience: Duration,
    clocks: Clocks,
) -> Stack {
    // Count and time what is asked.
    let observed = Observed::new(introspector);
    // Refuse at once rather than queue without end, and keep a share for users.
    let Limits { max_in_flight, known_share } = limits;
    let limited = InFlightLimited::new(observed, max_in_flight, known_share, known);
    // Leave a server that is down alone.
    let circuit_breaker = CircuitBreaker::new(limited);
    let breaker = circuit_breaker.breaker();
    if cache.ttl.is_zero() {
        // Many callers with one token, one call.
        let coalesced = Coalesced::new(circuit_breaker, patience, clocks);
        return Stack { introspector: Arc::new(coalesced), breaker };
    }
    let tokens = Arc::new(TokenCache::new(cache, changes, clocks.clone()));
    // Keep each answer, as old as its question.
    let remembering = Remembering::new(circuit_breaker, Arc::clone(&tokens), clocks.clone());
    // Many callers with one token, one call.
    let coalesced = Coalesced::new(remembering, patience, clocks);
    // Answer from what is kept.
    Stack { introspector: Arc::new(Cached::new(coalesced, tokens)), breaker }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
