//! Knowledge of changes: what the change feed told, and whether an answer may be used against it.

mod concerned;
mod follower;
mod marks;
mod reuse;
mod witness;

/// The concurrency test builds `marks` with atomics that it can reorder.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
}

pub use follower::{Feed, Told, follow};
pub use reuse::Changes;
pub use witness::FeedWitness;

pub(crate) use concerned::Concerned;
