//! Answers from what is known.

use std::{sync::Arc, time::SystemTime};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};
use metrics::{Counter, counter};

use super::token_cache::TokenCache;

/// Knows what the cache knows, and asks `inner`. It adds nothing to the cache: an answer is kept where
/// it is asked for, by [`Remembering`](super::Remembering).
#[derive(Debug)]
pub struct Cached<I> {
    inner: I,
    cache: Arc<TokenCache>,
    hits: Counter,
    misses: Counter,
}

impl<I> Cached<I> {
    /// Looks into `cache` for what is known, and asks `inner`. It registers its metrics at the current
    /// recorder.
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
        self.inner.introspect(token).await
    }

    fn known(&self, token: &AccessToken<'_>, now: SystemTime) -> Option<Introspection> {
        let known = self.cache.get(token, now);
        if known.is_some() { &self.hits } else { &self.misses }.increment(1);
        known.map(Introspection::Active)
    }
}

#[cfg(test)]
mod tests;
