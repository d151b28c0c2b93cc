//! Mock of the port.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

mockall::mock! {
    /// Mock of the port. Its methods take the token's text, since mockall cannot mock a method
    /// whose argument borrows.
    pub TokenIntrospector {
        /// Returns the answer of the port's `introspect`.
        pub fn answer(&self, token: &str) -> Result<Introspection, IntrospectionError>;
        /// Returns the answer of the port's `known`.
        pub fn known_answer(&self, token: &str) -> Option<Introspection>;
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

    fn known(&self, token: &AccessToken<'_>, _now: SystemTime) -> Option<Introspection> {
        self.known_answer(token.expose_secret())
    }
}
