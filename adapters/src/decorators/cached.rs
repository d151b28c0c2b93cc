//! Answers from what is known.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};
use metrics::{Counter, counter};

use super::token_cache::TokenCache;

/// Answers what the cache knows, and asks `inner` for everything else. It adds nothing to the
/// cache: what is learnt is kept where it is asked for, by
/// [`Remembering`](super::Remembering).
#[derive(Debug)]
pub struct Cached<I> {
    inner: I,
    cache: Arc<TokenCache>,
    hits: Counter,
    misses: Counter,
}

impl<I> Cached<I> {
    /// Looks into `cache` before it asks `inner`. It registers its metrics at the current recorder.
    #[must_use]
    pub fn new(inner: I, cache: Arc<TokenCache>) -> Self {
        let requests =
            |result: &'static str| counter!("token_cache_requests_total", "result" => result);
        Self { inner, cache, hits: requests("hit"), misses: requests("miss") }
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for Cached<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        if let Some(verdict) = self.known(token) {
            return Ok(verdict);
        }
        self.misses.increment(1);
        self.inner.introspect(token).await
    }

    fn known(&self, token: &AccessToken<'_>) -> Option<Introspection> {
        let known = self.cache.get(token)?;
        self.hits.increment(1);
        Some(Introspection::Active(known))
    }
}

#[cfg(test)]
mod tests;
