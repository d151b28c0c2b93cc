//! Logs why a request got no answer of its handler's, once for each request.

use domain::Denial;
use tracing::{error, info};

use super::{asked::Asked, error::ApiError, fault_log::FaultLog};

/// The events of refusals. What the caller's path or body lacks has none.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog {
    what_inactive_means: String,
    faults: FaultLog,
}

impl RefusalLog {
    /// `what_inactive_means` is for whoever wonders why a token is called inactive.
    pub(crate) fn new(what_inactive_means: String) -> Self {
        Self { what_inactive_means, faults: FaultLog::default() }
    }

    pub(super) fn log(&self, refusal: &ApiError, asked: Asked<'_>) {
        let reason = refusal.reason().as_str();
        let Asked { method, route, request_id } = asked;
        match refusal {
            ApiError::Denied { denial: denial @ Denial::Inactive, .. } => info!(
                %method, route, %request_id, reason,
                "denied: {denial}; it means, most likely first: {}", self.what_inactive_means,
            ),
            ApiError::Denied { denial, .. } => {
                info!(%method, route, %request_id, reason, "denied: {denial}");
            }
            ApiError::Bearer { error, .. } => {
                info!(%method, route, %request_id, reason, "denied: {error}");
            }
            ApiError::Undetermined(fault) => self.faults.log(fault, asked),
            ApiError::Panicked => {
                error!(%method, route, %request_id, reason, "a handler panicked");
            }
            ApiError::HandlerFailed { detail } => {
                error!(%method, route, %request_id, reason, detail, "a handler failed");
            }
            ApiError::NotFound | ApiError::MethodNotAllowed | ApiError::Unreadable { .. } => {}
        }
    }
}
