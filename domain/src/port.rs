//! The one driven port of this system.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::{AccessToken, Introspection, IntrospectionError};

/// Asks an authorization server what it knows about an access token (RFC 7662).
///
/// An implementation says what the server said. It judges nothing: that is the
/// [`Authorizer`](crate::Authorizer)'s work, at every use of an answer.
#[async_trait]
pub trait TokenIntrospector: Send + Sync {
    /// Obtains the server's verdict on `token` by a question that is sent after this call, or was at
    /// most 100 ms before it. An answer that is kept is never returned:
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

    /// Returns a kept verdict on `token` that may still be used for a request that came at `now`, by
    /// the wall clock. It neither waits nor costs a future. An implementation that keeps nothing
    /// returns `None`.
    fn known(&self, token: &AccessToken<'_>, now: SystemTime) -> Option<Introspection> {
        let _ = (token, now);
        None
    }
}
