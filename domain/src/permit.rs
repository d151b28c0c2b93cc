//! Proof that a caller was authorized.

use std::{fmt, marker::PhantomData, sync::Arc};

use crate::{ActiveToken, Principal, Rule};

/// Proof that the caller met the rule `R`. Only the [`Authorizer`](crate::Authorizer) can make one,
/// so a function that takes a `&Permit<R>` runs only for authorized callers.
pub struct Permit<R> {
    token: ActiveToken,
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule> Permit<R> {
    pub(crate) const fn new(token: ActiveToken) -> Self {
        Self { token, rule: PhantomData }
    }

    /// Creates a permit without judging a token, for tests: enable the feature `testing` only in
    /// dev-dependencies.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn for_test(principal: Principal) -> Self {
        Self::new(ActiveToken { principal: Arc::new(principal), ..ActiveToken::default() })
    }

    /// Returns the user or client that was authorized.
    #[must_use]
    pub const fn principal(&self) -> &Arc<Principal> {
        &self.token.principal
    }

    /// Returns the active token from which the permit was made.
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
