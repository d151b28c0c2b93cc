//! The port for the wall clock, by which `exp` and `nbf` are judged.

use std::time::SystemTime;

/// Source of the wall-clock time, which a test can replace.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// Returns the current time, comparable with `exp` and `nbf` (RFC 7519 §2, `NumericDate`).
    fn now(&self) -> SystemTime;
}
