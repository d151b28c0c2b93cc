//! The first driven port: token introspection.

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError};

/// Asks an authorization server about an access token (RFC 7662).
///
/// An implementation reports the server's answer and judges nothing: the
/// [`Authorizer`](crate::Authorizer) does, at every use of an answer.
#[async_trait]
pub trait TokenIntrospector: Send + Sync {
    /// Obtains the server's verdict on `token` by a question that is sent after this call, or was
    /// sent at most 100 ms before it. A cached answer is never returned:
    /// [`Freshness::Asked`](crate::Freshness::Asked) relies on that.
    ///
    /// Cancel-safe: dropping the future leaves no partial state behind.
    ///
    /// # Errors
    /// Only when no verdict was obtained. An inactive token is a verdict, not an error.
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError>;
}
