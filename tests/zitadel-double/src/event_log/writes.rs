//! Slow writes: one stays open, one becomes visible after its successor.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Event, NewEvent};
use crate::shared::Shared;

/// Time after which ZITADEL aborts a write (`Eventstore.PushTimeout`).
const PUSH_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Clone, Debug)]
pub(crate) struct OpenWrites(watch::Sender<usize>);

impl OpenWrites {
    pub(crate) fn none() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Waits until all open writes have ended or timed out.
    pub(crate) async fn finished(&self) {
        let mut open = self.0.subscribe();
        let finished = open.wait_for(|open| *open == 0);
        let _ = tokio::time::timeout(PUSH_TIMEOUT, finished).await;
    }

    pub(crate) fn hold(&self) -> HeldPush {
        self.0.send_modify(|open| *open += 1);
        HeldPush(self.clone())
    }
}

/// Write that is open until dropped; readers wait for it at most 15 seconds.
#[derive(Debug)]
#[must_use = "the write is finished when this is dropped"]
pub struct HeldPush(OpenWrites);

impl Drop for HeldPush {
    fn drop(&mut self) {
        self.0.0.send_modify(|open| *open -= 1);
    }
}

/// Invisible event with a time; dropping discards it.
#[derive(Debug)]
#[must_use = "the event is seen when it is committed"]
pub struct PendingEvent {
    event: Event,
    shared: Arc<Shared>,
}

impl PendingEvent {
    pub(crate) fn reserve(content: NewEvent, shared: &Arc<Shared>) -> Self {
        let event = shared.world().log.reserve(content);
        Self { event, shared: Arc::clone(shared) }
    }

    /// Shows the event at the position of its time.
    pub fn commit(self) {
        self.shared.world().log.show(self.event);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{OpenWrites, PUSH_TIMEOUT};

    #[tokio::test(start_paused = true)]
    async fn a_write_that_never_ends_is_given_up_in_the_end() {
        let writes = OpenWrites::none();
        let held = writes.hold();
        let started = Instant::now();
        writes.finished().await;
        assert_eq!(started.elapsed(), PUSH_TIMEOUT);
        drop(held);
        writes.finished().await;
        assert_eq!(started.elapsed(), PUSH_TIMEOUT);
    }
}
