//! Decorator that adds new verdicts to the cache.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

use super::token_cache::TokenCache;
use crate::Clocks;

/// Decorator that caches each new verdict. The verdict's age counts from just before the
/// introspection began, even for callers who joined it later ([`Coalesced`](super::Coalesced)).
#[derive(Debug)]
pub struct Remembering<I> {
    inner: I,
    cache: Arc<TokenCache>,
    clocks: Clocks,
}

impl<I> Remembering<I> {
    /// Creates a decorator that stores verdicts of `inner` in `cache`, whose clocks must be
    /// `clocks`.
    #[must_use]
    pub fn new(inner: I, cache: Arc<TokenCache>, clocks: Clocks) -> Self {
        Self { inner, cache, clocks }
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for Remembering<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let asked = self.clocks.now();
        let answer = self.inner.introspect(token).await?;
        self.cache.keep(token, &answer, asked);
        Ok(answer)
    }
}
