//! Refuses at once rather than queue without end.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, Outage, TokenIntrospector};
use thiserror::Error;
use tokio::sync::Semaphore;

/// Lets a bounded number of questions be under way at once. One more is answered at once that
/// there is no verdict. It never waits.
#[derive(Debug)]
pub struct InFlightLimited<I> {
    inner: I,
    places: Semaphore,
}

#[derive(Debug, Error)]
#[error("as many introspections are under way as zitadel.max_in_flight allows")]
struct Full;

impl<I> InFlightLimited<I> {
    /// At most `max_in_flight` questions to `inner` at once.
    #[must_use]
    pub fn new(inner: I, max_in_flight: usize) -> Self {
        Self { inner, places: Semaphore::new(max_in_flight.min(Semaphore::MAX_PERMITS)) }
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for InFlightLimited<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let Ok(_place) = self.places.try_acquire() else {
            let reason = Outage::TooManyInFlight;
            return Err(IntrospectionError::Unavailable { reason, source: Arc::new(Full) });
        };
        self.inner.introspect(token).await
    }
}

#[cfg(test)]
mod tests;
