//! Wall-clock time, by which tokens are judged.

use std::time::SystemTime;

/// Tells the wall-clock time. Injected, so that a test sets it.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// Returns the current time, as `exp` and `nbf` count it (RFC 7519 §2, NumericDate).
    fn now(&self) -> SystemTime;
}
