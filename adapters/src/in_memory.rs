//! Introspector that takes verdicts from a list in memory, for local development and tests.

use std::{
    collections::HashMap,
    fmt,
    sync::{PoisonError, RwLock},
};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

/// Introspector with a list of tokens and verdicts. Every other token is inactive, as at a real
/// server.
pub struct InMemoryIntrospector {
    answers: RwLock<HashMap<AccessToken<'static>, Introspection>>,
}

impl InMemoryIntrospector {
    /// Creates an introspector that returns the verdict listed with a token in `tokens`.
    pub fn new(tokens: impl IntoIterator<Item = (AccessToken<'static>, Introspection)>) -> Self {
        Self { answers: RwLock::new(tokens.into_iter().collect()) }
    }

    /// Replaces the list of tokens and verdicts from the next introspection on.
    pub fn replace(&self, tokens: impl IntoIterator<Item = (AccessToken<'static>, Introspection)>) {
        let answers = tokens.into_iter().collect();
        *self.answers.write().unwrap_or_else(PoisonError::into_inner) = answers;
    }
}

#[async_trait]
impl TokenIntrospector for InMemoryIntrospector {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        Ok(answers.get(token).cloned().unwrap_or(Introspection::Inactive))
    }
}

impl fmt::Debug for InMemoryIntrospector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryIntrospector").finish_non_exhaustive()
    }
}
