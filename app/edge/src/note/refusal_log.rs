//! Logs refusals: one event for each request that is turned away.

use domain::Denial;
use tracing::{error, info};

use super::{RequestHead, TARGET, fault_log::FaultLog};
use crate::answer::Outcome;

/// Writes the events of refusals. An unknown path, a wrong method and unreadable input have none.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog {
    inactive_means: String,
    faults: FaultLog,
}

impl RefusalLog {
    /// Creates the log; `inactive_means` is added to each event about an inactive token.
    pub(crate) fn new(inactive_means: String) -> Self {
        Self { inactive_means, faults: FaultLog::default() }
    }

    pub(crate) fn log(&self, outcome: &Outcome, head: RequestHead<'_>) {
        let reason = outcome.reason().as_str();
        let RequestHead { method, route, request_id } = head;
        match outcome {
            Outcome::Denied(denial @ Denial::Inactive) if !self.inactive_means.is_empty() => info!(
                target: TARGET, %method, route, %request_id, reason,
                "denied: {denial}; it means, most likely first: {}", self.inactive_means,
            ),
            Outcome::Denied(denial) => {
                info!(target: TARGET, %method, route, %request_id, reason, "denied: {denial}");
            }
            Outcome::NoToken(error) => {
                info!(target: TARGET, %method, route, %request_id, reason, "denied: {error}");
            }
            Outcome::Undetermined(fault) => self.faults.log(fault, head),
            Outcome::Panicked => {
                error!(target: TARGET, %method, route, %request_id, reason, "a handler panicked");
            }
            Outcome::HandlerFailed { detail } => error!(
                target: TARGET, %method, route, %request_id, reason, detail, "a handler failed",
            ),
            Outcome::NotFound | Outcome::MethodNotAllowed | Outcome::Unreadable { .. } => {}
        }
    }
}
