//! Slot of a connection: a listener has a limited number, and an open socket holds one.

use metrics::Gauge;
use tokio::sync::OwnedSemaphorePermit;

use super::connection_share::Share;

/// Slot of a connection, given back when this value is dropped. An upgraded connection keeps the
/// slot until its socket is closed.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    open: Gauge,
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

impl ConnectionSlot {
    pub(super) fn new(permit: OwnedSemaphorePermit, share: Share, open: Gauge) -> Self {
        open.increment(1);
        Self { open, _permit: permit, _share: share }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.open.decrement(1);
    }
}
