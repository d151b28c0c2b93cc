//! The port to the cache of active verdicts.

use std::time::SystemTime;

use crate::{AccessToken, ActiveToken};

/// Cache of active verdicts. Inactive verdicts are not kept: a fault can make the server call a
/// valid token inactive.
///
/// An implementation decides by age, `exp` and changes whether a verdict may be reused. At every
/// use, the [`Authorizer`](crate::Authorizer) judges the rest.
pub trait KeptVerdicts: Send + Sync {
    /// Returns the cached verdict on `token`; `None` if there is none that may be used at `now`.
    fn get(&self, token: &AccessToken<'_>, now: SystemTime) -> Option<ActiveToken>;
}
