//! The port for token introspection.

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError};

/// Obtains verdicts on access tokens from an authorization server (RFC 7662).
///
/// An implementation reports the server's verdict and applies no rule. The
/// [`Authorizer`](crate::Authorizer) applies rules, at every use of a verdict.
#[async_trait]
pub trait TokenIntrospector: Send + Sync {
    /// Returns the server's verdict on `token`, never a cached one. The introspection request is
    /// sent after this call begins, or was sent at most 100 ms before.
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
