//! Limits the number of introspections under way, and reserves a share of it for known tokens.

use std::{num::NonZeroUsize, sync::Arc};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, Outage, TokenIntrospector};
use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{KnownShare, KnownTokens};

/// Decorator that limits the number of introspections under way. A call beyond the limit fails
/// without waiting.
///
/// A share of that number is reserved for tokens whose last verdict was active: a flood of invented
/// tokens cannot take it.
#[derive(Debug)]
pub struct InFlightLimited<I> {
    inner: I,
    places: Semaphore,
    /// Semaphore for introspections of tokens that are not known: `places` less the reserved share.
    of_strangers: Semaphore,
    known: Arc<KnownTokens>,
}

#[derive(Debug, Error)]
#[error("as many introspections are under way as zitadel.max_in_flight allows")]
struct Full;

#[derive(Debug, Error)]
#[error(
    "as many introspections of tokens that were not active before are under way as \
     zitadel.max_in_flight and zitadel.known_share allow"
)]
struct FullForStrangers;

/// Semaphore permits that an introspection holds until it ends: one of `places`, and one of
/// `of_strangers` if its token is not known.
type Places<'a> = (SemaphorePermit<'a>, Option<SemaphorePermit<'a>>);

impl<I> InFlightLimited<I> {
    /// Creates the decorator. At most `max_in_flight` introspections run at once; `share` of that
    /// number is reserved for `known` tokens.
    #[must_use]
    pub fn new(
        inner: I,
        max_in_flight: NonZeroUsize,
        share: KnownShare,
        known: Arc<KnownTokens>,
    ) -> Self {
        let places = max_in_flight.get().min(Semaphore::MAX_PERMITS);
        let of_strangers = places - share.of(places);
        let (places, of_strangers) = (Semaphore::new(places), Semaphore::new(of_strangers));
        Self { inner, places, of_strangers, known }
    }

    fn enter(&self, token: &AccessToken<'_>) -> Result<Places<'_>, IntrospectionError> {
        let full =
            |source| IntrospectionError::Unavailable { reason: Outage::TooManyInFlight, source };
        let of_strangers = if self.known.contains(token) {
            None
        } else {
            let place = self.of_strangers.try_acquire();
            Some(place.map_err(|_| full(Arc::new(FullForStrangers)))?)
        };
        let place = self.places.try_acquire().map_err(|_| full(Arc::new(Full)))?;
        Ok((place, of_strangers))
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for InFlightLimited<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let _places = self.enter(token)?;
        self.inner.introspect(token).await
    }
}

#[cfg(test)]
mod tests;
