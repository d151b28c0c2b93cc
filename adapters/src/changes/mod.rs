//! Follows the change feed, which shows whether a cached verdict may be used, and when a verdict in
//! use must be obtained anew.

mod concerned;
mod follower;
mod marks;
mod reuse;
#[cfg(test)]
mod scripted;
mod watch;
mod witness;

/// Atomic types for `marks`. A concurrency test compiles `marks` with types of its own, whose
/// accesses it reorders.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
}

pub use follower::{Feed, FeedState, follow};
pub use reuse::Changes;
pub use watch::FeedWatch;
pub use witness::FeedWitness;

pub(crate) use concerned::Concerned;
