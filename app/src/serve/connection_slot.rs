//! Place of one open connection of a listener.

use metrics::Gauge;
use tokio::sync::OwnedSemaphorePermit;

use super::connection_share::Share;

/// Place of an open connection among the `max_connections` of its listener, free again when this
/// value is dropped. An upgraded connection keeps the place until its socket is closed.
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
