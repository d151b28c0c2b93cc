//! Handle to stop a running server.

use std::sync::{Arc, atomic::AtomicBool};

use tokio::{sync::oneshot, task::JoinHandle};

/// Handle to a running server. Dropping the handle stops the server too.
#[derive(Debug)]
pub(crate) struct ServerHandle {
    pub(super) stop: oneshot::Sender<()>,
    pub(super) served: JoinHandle<Stopped>,
    pub(super) draining: Arc<AtomicBool>,
}

impl ServerHandle {
    /// Returns a flag that becomes true when the shutdown begins; `/readyz` reports it.
    pub(crate) fn draining(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.draining)
    }

    /// Shuts the server down. For `server.drain_delay` it still accepts connections, since load
    /// balancers may still send some. Then requests in progress get `server.shutdown_grace` to end.
    pub(crate) async fn stop(self) -> Stopped {
        // Fails if the server has ended by itself.
        let _ = self.stop.send(());
        // Passes on a panic of the server's task.
        self.served.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

/// Result of a server's shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Number of requests that were cut off when the shutdown grace ended.
    pub cut_off: usize,
}
