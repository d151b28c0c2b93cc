//! Answers from the cache.

use std::{sync::Arc, time::SystemTime};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};
use metrics::{Counter, counter};

use super::token_cache::TokenCache;

/// Returns cached verdicts from `known`, and asks `inner` in `introspect`. It adds nothing to the
/// cache: [`Remembering`](super::Remembering) does, where the question is sent.
#[derive(Debug)]
pub struct Cached<I> {
    inner: I,
    cache: Arc<TokenCache>,
    hits: Counter,
    misses: Counter,
}

impl<I> Cached<I> {
    /// Creates the decorator. Registers its metrics at the current recorder.
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
