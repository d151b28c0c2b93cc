//! Decorators of the port `TokenIntrospector`, one per file, and the state that they share.
//! `stack.rs` composes them.

mod belief;
mod believed;
mod circuit_breaker;
mod coalesced;
mod digest;
mod in_flight_limited;
mod known_share;
mod known_tokens;
mod measured;
mod remembering;
mod token_cache;
mod weight;
mod witness;

#[cfg(test)]
mod gated;

pub(crate) use digest::Digester;

pub use belief::Belief;
pub use believed::Believed;
pub use circuit_breaker::{Breaker, CircuitBreaker, Condition};
pub use coalesced::Coalesced;
pub use in_flight_limited::InFlightLimited;
pub use known_share::{InvalidShare, KnownShare};
pub use known_tokens::KnownTokens;
pub use measured::Measured;
pub use remembering::Remembering;
pub use token_cache::{CacheSettings, TokenCache};
pub use witness::{NoWitness, Witness};
