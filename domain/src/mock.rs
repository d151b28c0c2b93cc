//! Mock of the port `TokenIntrospector`, for tests.

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

mockall::mock! {
    /// Mock of the port `TokenIntrospector`. Tests set expectations on `answer`, which takes the
    /// token's text.
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
