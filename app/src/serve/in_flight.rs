//! Counts requests from their head until their answer is written.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::activity::Activity;

/// Number of requests in flight.
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

/// Counts one request as in flight until it is dropped.
#[derive(Debug)]
pub(super) struct RequestGuard(Activity);

impl RequestGuard {
    pub(super) fn new(connection: Activity, is_http2: bool) -> Self {
        connection.request_began(is_http2);
        Self(connection)
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.request_ended();
    }
}
