//! The one driven port of this system.

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError};

/// Asks an authorization server what it knows about an access token (RFC 7662).
///
/// An implementation says what the server said. It judges nothing: that is the
/// [`Authorizer`](crate::Authorizer)'s work, at every use of an answer.
#[async_trait]
pub trait TokenIntrospector: Send + Sync {
    /// Obtains the server's verdict on `token`.
    ///
    /// Cancel-safe: dropping the future leaves no partial state behind.
    ///
    /// # Errors
    /// Only when no verdict was obtained. An inactive token is a verdict, not an error.
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError>;

    /// The verdict on `token` where it is known already and may be used again, without a wait and
    /// without the cost of a future. Whoever keeps nothing knows nothing.
    fn known(&self, token: &AccessToken<'_>) -> Option<Introspection> {
        let _ = token;
        None
    }
}
