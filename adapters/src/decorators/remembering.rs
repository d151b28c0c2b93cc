//! Adds answers to the cache.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

use super::token_cache::TokenCache;
use crate::Clocks;

/// Puts each answer of `inner` into the cache, with the moment before the question was sent: an
/// answer is as old as its question. It is inside [`Coalesced`](super::Coalesced), so that a caller
/// who joins later does not make the answer look younger.
#[derive(Debug)]
pub struct Remembering<I> {
    inner: I,
    cache: Arc<TokenCache>,
    clocks: Clocks,
}

impl<I> Remembering<I> {
    /// Creates the decorator.
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
