//! The decorators in the order in which they ship, before any introspector.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use domain::TokenIntrospector;

use crate::{
    Clocks,
    decorators::{
        Belief, Believed, Breaker, Cached, CircuitBreaker, Coalesced, InFlightLimited, KnownShare,
        KnownTokens, Observed, Remembering, TokenCache, Witness,
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
    /// The doubts about inactives, for a health check.
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

/// Puts the decorators before `introspector`, inside out. They register their metrics at the current
/// recorder. `known` are the tokens that a share of the places is kept for, `patience` is the most that a
/// caller waits. An inactive is believed if all `witnesses` vouch for it. Without `tokens` no answer is kept.
/// Questions are asked within a runtime of tokio.
pub fn stack(
    introspector: impl TokenIntrospector + 'static,
    known: Arc<KnownTokens>,
    witnesses: Vec<Arc<dyn Witness>>,
    tokens: Option<Arc<TokenCache>>,
    limits: Limits,
    patience: Duration,
    clocks: Clocks,
) -> Stack {
    // Count and time what is asked.
    let observed = Observed::new(introspector);
    // Refuse at once rather than queue without end, and keep a share for users.
    let Limits { max_in_flight, known_share } = limits;
    let limited = InFlightLimited::new(observed, max_in_flight, known_share, Arc::clone(&known));
    // Leave a server that is down alone.
    let circuit_breaker = CircuitBreaker::new(limited);
    let breaker = circuit_breaker.breaker();
    // Ask witnesses before an inactive is believed.
    let belief = Belief::new(witnesses);
    let believed = Believed::new(circuit_breaker, known, belief.clone(), patience);
    let Some(tokens) = tokens else {
        // Many callers with one token, one call.
        let coalesced = Coalesced::new(believed, patience, clocks);
        return Stack { introspector: Arc::new(coalesced), breaker, belief };
    };
    // Keep each answer, as old as its question.
    let remembering = Remembering::new(believed, Arc::clone(&tokens), clocks.clone());
    // Many callers with one token, one call.
    let coalesced = Coalesced::new(remembering, patience, clocks);
    // Answer from what is kept.
    Stack { introspector: Arc::new(Cached::new(coalesced, tokens)), breaker, belief }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack")
            .field("breaker", &self.breaker)
            .field("belief", &self.belief)
            .finish_non_exhaustive()
    }
}
