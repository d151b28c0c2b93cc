//! Keeps what is learnt.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};
use tokio::time::Instant;

use super::token_cache::TokenCache;

/// Puts each answer of `inner` into the cache, with the time at which the question was asked: an
/// answer is as old as its question. It stands inside the shared call, so that nobody who joined
/// later makes the answer look younger.
#[derive(Debug)]
pub struct Remembering<I> {
    inner: I,
    cache: Arc<TokenCache>,
}

impl<I> Remembering<I> {
    /// Keeps the answers of `inner` in `cache`.
    #[must_use]
    pub fn new(inner: I, cache: Arc<TokenCache>) -> Self {
        Self { inner, cache }
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for Remembering<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let asked_at = Instant::now();
        let answer = self.inner.introspect(token).await?;
        self.cache.keep(token, &answer, asked_at);
        Ok(answer)
    }
}
