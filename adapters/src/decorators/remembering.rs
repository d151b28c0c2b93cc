//! Adds new verdicts to the cache.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

use super::token_cache::TokenCache;
use crate::Clocks;

/// Decorator that caches each new verdict, with the moment before its introspection began, from
/// which the verdict's age counts. This decorator is inside [`Coalesced`](super::Coalesced), so
/// that a caller who joins later does not make the verdict look younger.
#[derive(Debug)]
pub struct Remembering<I> {
    inner: I,
    cache: Arc<TokenCache>,
    clocks: Clocks,
}

impl<I> Remembering<I> {
    /// Creates the decorator. `clocks` must be those of `cache`.
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
