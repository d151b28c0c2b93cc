//! A gate that a test opens: answers wait behind it, and no test needs to sleep.

use tokio::sync::watch;

/// Starts closed; once opened it stays open. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn closed() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets through all who wait, and all who come.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn passed(&self) {
        // Cannot fail: this gate holds the sender.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}
