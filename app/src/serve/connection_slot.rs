//! Slot of one connection.

use metrics::Gauge;
use tokio::sync::OwnedSemaphorePermit;

use super::connection_share::Share;

/// Slot of a connection, until its socket is closed: an upgraded connection keeps it.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    open: Gauge,
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

impl ConnectionSlot {
    /// Counts the connection in `open` until the slot is dropped.
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
