//! Counts requests in flight: from the request head until the response is written.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Counter of one listener's requests in flight, shared by its connections.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
