//! Knowledge of changes: what the change feed told, whether an answer may be used against it, and when one
//! that is in use is in doubt.

mod concerned;
mod follower;
mod marks;
mod reuse;
#[cfg(test)]
mod scripted;
mod watch;
mod witness;

/// The concurrency test builds `marks` with atomics that it can reorder.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
}

pub use follower::{Feed, Told, follow};
pub use reuse::Changes;
pub use watch::FeedWatch;
pub use witness::FeedWitness;

pub(crate) use concerned::Concerned;
