//! The port for token introspection.

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError};

/// Obtains verdicts on access tokens from an authorization server (RFC 7662).
///
/// An implementation reports the server's verdict and applies no rule. The
/// [`Authorizer`](crate::Authorizer) applies rules, at every use of a verdict.
#[async_trait]
pub trait TokenIntrospector: Send + Sync {
    /// Obtains the server's verdict on `token` by an introspection request that is sent after this
    /// call begins, or was sent at most 100 ms before. A cached verdict is never returned:
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
