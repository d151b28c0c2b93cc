//! Decorators of the port. Each is in its file and has one reason; they are composed, inside out,
//! in `app/src/compose.rs`.

mod cached;
mod circuit_breaker;
mod coalesced;
mod in_flight_limited;
mod observed;
mod remembering;
mod token_cache;

#[cfg(test)]
mod gated;
#[cfg(test)]
mod recorded;

pub use cached::Cached;
pub use circuit_breaker::{Breaker, CircuitBreaker, Condition};
pub use coalesced::Coalesced;
pub use in_flight_limited::InFlightLimited;
pub use observed::Observed;
pub use remembering::Remembering;
pub use token_cache::TokenCache;
