//! Wraps an introspector in the decorators, in the order used in production.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use domain::{KeptVerdicts, TokenIntrospector};

use crate::{
    Clocks,
    decorators::{
        Belief, Believed, Breaker, CircuitBreaker, Coalesced, InFlightLimited, KnownShare,
        KnownTokens, Measured, Remembering, TokenCache, Witness,
    },
};

/// Limits on concurrent introspections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of introspections under way; 256 by default. A call beyond it fails without
    /// waiting.
    pub max_in_flight: NonZeroUsize,
    /// Share of `max_in_flight` that is reserved for tokens whose last verdict was active; 25 % by
    /// default.
    pub known_share: KnownShare,
}

/// An introspector wrapped in the decorators, and the decorators' state.
#[derive(Clone)]
pub struct Stack {
    /// Introspector in all its decorators, for an [`Authorizer`](domain::Authorizer).
    pub introspector: Arc<dyn TokenIntrospector>,
    /// Cache of verdicts, for an authorizer; `None` if no verdict is cached.
    pub kept: Option<Arc<dyn KeptVerdicts>>,
    /// State of the circuit breaker, for a health check.
    pub breaker: Breaker,
    /// Handle that shows whether inactive verdicts are currently believed, for a health check.
    pub belief: Belief,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: const { NonZeroUsize::new(256).unwrap() },
            known_share: KnownShare::default(),
        }
    }
}

/// Wraps `introspector` in the decorators, which register their metrics at the current recorder.
/// Introspections need a tokio runtime.
///
/// - `known`: tokens whose last verdict was active; `limits` reserves a share for them.
/// - `witnesses`: an inactive verdict is believed only if all confirm that the server's database
///   works.
/// - `tokens`: cache; without it no verdict is cached.
/// - `patience`: time limit for waiting for an introspection that has not started, and for
///   confirming an inactive verdict.
pub fn stack(
    introspector: impl TokenIntrospector + 'static,
    known: Arc<KnownTokens>,
    witnesses: Vec<Arc<dyn Witness>>,
    tokens: Option<Arc<TokenCache>>,
    limits: Limits,
    patience: Duration,
    clocks: Clocks,
) -> Stack {
    // Counts and times introspections.
    let measured = Measured::new(introspector);
    // Refuses above the limit, so that no queue grows, and reserves a share for known tokens.
    let Limits { max_in_flight, known_share } = limits;
    let limited = InFlightLimited::new(measured, max_in_flight, known_share, Arc::clone(&known));
    // Sends no requests while the server is down.
    let circuit_breaker = CircuitBreaker::new(limited);
    let breaker = circuit_breaker.breaker();
    // Has inactive verdicts confirmed by witnesses.
    let belief = Belief::new(witnesses);
    let believed = Believed::new(circuit_breaker, known, belief.clone(), patience);
    let kept = tokens.clone().map(|tokens| tokens as _);
    // Shares one introspection among all callers with the same token.
    let introspector: Arc<dyn TokenIntrospector> = if let Some(tokens) = tokens {
        // Caches verdicts.
        let remembering = Remembering::new(believed, tokens, clocks.clone());
        Arc::new(Coalesced::new(remembering, patience, clocks))
    } else {
        Arc::new(Coalesced::new(believed, patience, clocks))
    };
    Stack { introspector, kept, breaker, belief }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack")
            .field("breaker", &self.breaker)
            .field("belief", &self.belief)
            .finish_non_exhaustive()
    }
}
