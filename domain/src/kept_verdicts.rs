//! The fourth driven port: verdicts that may be used again.

use std::time::SystemTime;

use crate::{AccessToken, ActiveToken};

/// Keeps active verdicts. It keeps no inactive one: a server may call a good token inactive for a
/// fault of its own.
///
/// An implementation decides by age, `exp` and changes whether a verdict may be used again, and
/// judges nothing else: the [`Authorizer`](crate::Authorizer) does, at every use.
pub trait KeptVerdicts: Send + Sync {
    /// Returns a verdict on `token` that a request that arrived at `now` may use.
    fn get(&self, token: &AccessToken<'_>, now: SystemTime) -> Option<ActiveToken>;
}
