//! Proof that a caller was authorized.

use std::{fmt, marker::PhantomData, sync::Arc};

use crate::{ActiveToken, Principal, Rule};

/// Proof that the rule `R` was met a moment ago. Only the [`Authorizer`](crate::Authorizer) can
/// make one: code that needs authority takes a `&Permit<R>`, and cannot be called without.
pub struct Permit<R> {
    token: ActiveToken,
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule> Permit<R> {
    pub(crate) const fn new(token: ActiveToken) -> Self {
        Self { token, rule: PhantomData }
    }

    /// Creates a permit for a test. Nothing is judged: for dev-dependencies only.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn for_test(principal: Principal) -> Self {
        Self::new(ActiveToken { principal: Arc::new(principal), ..ActiveToken::default() })
    }

    /// Returns the principal that was authorized.
    #[must_use]
    pub const fn principal(&self) -> &Arc<Principal> {
        &self.token.principal
    }

    /// Returns the authorization server's facts about the token.
    #[must_use]
    pub const fn token(&self) -> &ActiveToken {
        &self.token
    }
}

impl<R> fmt::Debug for Permit<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("principal", &self.token.principal).finish_non_exhaustive()
    }
}
