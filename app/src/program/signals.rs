//! SIGTERM, SIGHUP and Ctrl-C.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// The signals that end the process, or that tell it to look again.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// SIGTERM or Ctrl-C.
    Stop,
    /// SIGHUP.
    LookAgain,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let hang_up = signal(SignalKind::hangup())?;
        Ok(Self { terminate, interrupt, hang_up })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Wanted {
        tokio::select! {
            _ = self.terminate.recv() => info!("SIGTERM: stopping"),
            _ = self.interrupt.recv() => info!("Ctrl-C: stopping; once more to exit at once"),
            _ = self.hang_up.recv() => {
                info!("SIGHUP: looking at the files of the credentials; stopping if there are none");
                return Wanted::LookAgain;
            }
        }
        Wanted::Stop
    }

    /// Waits for Ctrl-C.
    pub(super) async fn interrupt(&mut self) {
        self.interrupt.recv().await;
    }
}
