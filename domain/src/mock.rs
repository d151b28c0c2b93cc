//! Mock of the port `TokenIntrospector`, for tests.

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

mockall::mock! {
    /// Mock of the port `TokenIntrospector`: `introspect` calls `answer`, on which tests set
    /// expectations.
    pub TokenIntrospector {
        /// Returns the result that `introspect` returns for `token`.
        pub fn answer(&self, token: &str) -> Result<Introspection, IntrospectionError>;
    }
}

#[async_trait]
impl TokenIntrospector for MockTokenIntrospector {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        self.answer(token.expose_secret())
    }
}
