//! Receives SIGTERM and Ctrl-C (shutdown), and SIGHUP (reload of credentials).

use std::{fs, future::pending, io};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// Signals that stop the process or reload its credentials. A signal that was ignored at the start
/// stays ignored; otherwise `nohup` would have no effect.
pub(super) struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
    hang_up: Option<Signal>,
}

/// Action that the process takes on a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignalAction {
    /// Shutdown, after SIGTERM or Ctrl-C.
    Stop,
    /// Reload of the files with credentials, after SIGHUP.
    LookAgain,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        let ignored = Ignored::of_this_process();
        let unless_ignored = |kind| (!ignored.contains(kind)).then(|| signal(kind)).transpose();
        Ok(Self {
            terminate: unless_ignored(SignalKind::terminate())?,
            interrupt: unless_ignored(SignalKind::interrupt())?,
            hang_up: unless_ignored(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> SignalAction {
        tokio::select! {
            () = received(&mut self.terminate) => info!("SIGTERM: stopping"),
            () = received(&mut self.interrupt) => {
                info!("Ctrl-C: stopping; once more to exit at once");
            }
            () = received(&mut self.hang_up) => return SignalAction::LookAgain,
        }
        SignalAction::Stop
    }

    /// Waits for Ctrl-C; never returns if this signal was ignored at the start.
    pub(super) async fn interrupt(&mut self) {
        received(&mut self.interrupt).await;
    }
}

/// Waits for `signal`; never returns for `None`: the process ignores the signal.
async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// Set of the signals that this process ignores, one bit each, read from `/proc`. Empty without
/// `/proc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ignored(u64);

impl Ignored {
    fn of_this_process() -> Self {
        Self::read(&fs::read_to_string("/proc/self/status").unwrap_or_default())
    }

    fn read(status: &str) -> Self {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default())
    }

    fn contains(self, kind: SignalKind) -> bool {
        let bit = u32::try_from(kind.as_raw_value() - 1).ok();
        bit.and_then(|bit| self.0.checked_shr(bit)).is_some_and(|mask| mask & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ignored_signals_are_read_bit_by_bit() {
        let kinds = [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()];
        for (status, expected) in [
            ("Name:\tapp\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000004003\n", [false; 3]),
            ("SigIgn:\t0000000000000001", [true, false, false]),
            ("SigIgn:\t0000000000001006", [false, true, false]),
            ("SigIgn:\t0000000000004001", [true, false, true]),
            ("SigIgn:\tffffffffffffffff", [true; 3]),
            ("SigIgn:\tnone", [false; 3]),
            ("", [false; 3]),
        ] {
            let ignored = Ignored::read(status);
            assert_eq!(kinds.map(|kind| ignored.contains(kind)), expected, "{status}");
        }
    }
}
