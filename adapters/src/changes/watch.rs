//! Signals, by the changes that the feed reports, when a verdict in use must be obtained anew.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{ActiveToken, Tick, VerdictWatch};
use tokio::time::timeout;

use super::Changes;
use crate::Clocks;

/// Signals that a verdict must be obtained anew: once when the feed reports a change that concerns
/// the verdict, and then at intervals as long as introspection may return the state before the
/// change. A feed that cannot be read causes no signal.
///
/// A waiting call reads marks only after a batch with changes.
pub struct FeedWatch {
    changes: Arc<Changes>,
    clocks: Clocks,
}

impl FeedWatch {
    /// Creates a watch that signals changes recorded in `changes`. `clocks` must be those given to
    /// `follow`, which records the changes.
    #[must_use]
    pub fn new(changes: Arc<Changes>, clocks: Clocks) -> Self {
        Self { changes, clocks }
    }
}

#[async_trait]
impl VerdictWatch for FeedWatch {
    fn now(&self) -> Tick {
        self.changes.tick_between_batches(&*self.clocks.ticks)
    }

    async fn doubted(&self, token: &ActiveToken, asked: Tick) {
        // Subscribes before the marks are first read, so that no batch is missed.
        let mut applied = self.changes.batches();
        let concerned = self.changes.concerned_in_use(token);
        loop {
            let Some(at) = self.changes.doubted_at(asked, &concerned) else {
                // The channel stays open: its sender is in `self.changes`.
                drop(applied.changed().await);
                continue;
            };
            let left = at.as_nanos().saturating_sub(self.now().as_nanos());
            if left == 0 {
                return;
            }
            drop(timeout(Duration::from_nanos(left), applied.changed()).await);
        }
    }
}

impl fmt::Debug for FeedWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedWatch").field("changes", &self.changes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
