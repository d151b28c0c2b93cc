//! Handle by which a server is stopped.

use std::sync::{Arc, atomic::AtomicBool};

use tokio::{sync::oneshot, task::JoinHandle};

/// Handle of a server. Dropping it stops the server too.
#[derive(Debug)]
pub(crate) struct ServerHandle {
    pub(super) stop: oneshot::Sender<()>,
    pub(super) served: JoinHandle<Stopped>,
    pub(super) draining: Arc<AtomicBool>,
}

impl ServerHandle {
    /// Returns a flag that is set once the stop has begun.
    pub(crate) fn draining(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.draining)
    }

    /// Stops the server after the drain delay and the grace of its settings.
    pub(crate) async fn stop(self) -> Stopped {
        // Fails if the server has ended by itself.
        let _ = self.stop.send(());
        // A panic of the server's own task is not a clean stop.
        self.served.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

/// Result of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Number of requests that were still in flight after the grace, and were cut off.
    pub cut_off: usize,
}
