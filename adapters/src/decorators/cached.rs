//! Answers from what is known.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

use super::token_cache::TokenCache;

/// Answers what the cache knows, and asks `inner` for everything else. It adds nothing to the
/// cache: what is learnt is kept where it is asked for, by
/// [`Remembering`](super::Remembering).
#[derive(Debug)]
pub struct Cached<I> {
    inner: I,
    cache: Arc<TokenCache>,
}

impl<I> Cached<I> {
    /// Looks into `cache` before it asks `inner`.
    #[must_use]
    pub fn new(inner: I, cache: Arc<TokenCache>) -> Self {
        Self { inner, cache }
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for Cached<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        match self.known(token) {
            Some(verdict) => Ok(verdict),
            None => self.inner.introspect(token).await,
        }
    }

    fn known(&self, token: &AccessToken<'_>) -> Option<Introspection> {
        self.cache.get(token).map(Introspection::Active)
    }
}

#[cfg(test)]
mod tests;
