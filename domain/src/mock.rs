//! The port, mocked.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};

mockall::mock! {
    /// The port, mocked. It is asked for the token's text: mockall cannot mock a method whose
    /// argument borrows.
    pub TokenIntrospector {
        /// What the port's `introspect` answers.
        pub fn answer(&self, token: &str) -> Result<Introspection, IntrospectionError>;
        /// What the port's `known` answers.
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
