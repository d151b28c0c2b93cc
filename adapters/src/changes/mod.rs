//! Knowledge of changes from the change feed: whether a cached answer may be used, and when one
//! that stays in use is in doubt.

mod concerned;
mod follower;
mod marks;
mod reuse;
#[cfg(test)]
mod scripted;
mod watch;
mod witness;

/// Atomics of `marks`; the concurrency test builds it with others, which it can reorder.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
}

pub use follower::{Feed, FeedState, follow};
pub use reuse::Changes;
pub use watch::FeedWatch;
pub use witness::FeedWitness;

pub(crate) use concerned::Concerned;
