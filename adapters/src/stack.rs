//! Decorators in their shipped order, before any introspector.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use domain::{KeptVerdicts, TokenIntrospector};

use crate::{
    Clocks,
    decorators::{
        Belief, Believed, Breaker, CircuitBreaker, Coalesced, InFlightLimited, KnownShare,
        KnownTokens, Measured, Remembering, TokenCache, Witness,
    },
};

/// Limits of the questions to the authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of introspections under way at once; 256 by default. One more fails at once.
    pub max_in_flight: NonZeroUsize,
    /// Share of it reserved for tokens whose last verdict was active; 25 % by default.
    pub known_share: KnownShare,
}

/// An introspector behind the decorators.
#[derive(Clone)]
pub struct Stack {
    /// Port, for an [`Authorizer`](domain::Authorizer).
    pub introspector: Arc<dyn TokenIntrospector>,
    /// Cache, for the same authorizer; `None` if no answer is cached.
    pub kept: Option<Arc<dyn KeptVerdicts>>,
    /// Circuit breaker, for a health check.
    pub breaker: Breaker,
    /// Doubts about inactive verdicts, for a health check.
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

/// Puts the decorators before `introspector`, inside out. They register their metrics at the
/// current recorder. A share of the slots is reserved for `known` tokens. `patience` is the longest
/// that a caller waits for a question under way, and that the confirmation of an inactive verdict
/// takes. An inactive verdict is believed if all `witnesses` vouch for it. Without `tokens` no
/// answer is cached. Questions need a runtime of tokio.
pub fn stack(
    introspector: impl TokenIntrospector + 'static,
    known: Arc<KnownTokens>,
    witnesses: Vec<Arc<dyn Witness>>,
    tokens: Option<Arc<TokenCache>>,
    limits: Limits,
    patience: Duration,
    clocks: Clocks,
) -> Stack {
    // Count and time questions.
    let measured = Measured::new(introspector);
    // Refuse at once rather than queue without end, and reserve a share for users.
    let Limits { max_in_flight, known_share } = limits;
    let limited = InFlightLimited::new(measured, max_in_flight, known_share, Arc::clone(&known));
    // Stop asking a server that is down.
    let circuit_breaker = CircuitBreaker::new(limited);
    let breaker = circuit_breaker.breaker();
    // Ask witnesses before an inactive verdict is believed.
    let belief = Belief::new(witnesses);
    let believed = Believed::new(circuit_breaker, known, belief.clone(), patience);
    let kept = tokens.clone().map(|tokens| tokens as _);
    // Many callers with one token, one call.
    let introspector: Arc<dyn TokenIntrospector> = if let Some(tokens) = tokens {
        // Cache each answer with the age of its question.
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
