//! Logs rejected requests.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::Denial;
use tokio::time::Instant;
use tracing::{error, info};

use super::{
    RequestHead, TARGET,
    fault_log::FaultLog,
    shortened::shortened,
    sums::{Bound, Sums},
};
use crate::answer::{Outcome, RequestId};

/// Limits of log events about rejected requests: per reason and second, the first 5 requests are
/// logged singly, and one event counts the rest. A flood of bad tokens thus writes less than 1 GB a
/// day.
const BOUND: Bound = Bound { singly: 5, period: Duration::from_secs(1), lasting: false };

/// Minimum time between two log events that list the likely causes of an inactive token.
const EXPLANATION_PERIOD: Duration = Duration::from_secs(60);

/// Logs rejected requests, or their number if there are many. An unknown path, a wrong HTTP method
/// and unreadable input have no log event.
#[derive(Debug)]
pub(crate) struct RefusalLog {
    inactive_means: String,
    explained: Mutex<Option<Instant>>,
    refusals: Sums<Refusal>,
    faults: FaultLog,
}

/// Latest rejected request, shown in the log event that counts several.
struct Refusal {
    outcome: Outcome,
    method: Box<str>,
    route: Box<str>,
    request_id: RequestId,
}

impl RefusalLog {
    /// Creates a log that lists `inactive_means`, the likely causes of an inactive token, at most
    /// once a minute.
    pub(crate) fn new(inactive_means: String) -> Self {
        Self {
            inactive_means,
            explained: Mutex::default(),
            refusals: Sums::new(BOUND, |refusal, requests, _ago| {
                let Refusal { outcome, method, route, request_id } = refusal;
                write(outcome, method, route, request_id, Some(requests), "");
            }),
            faults: FaultLog::default(),
        }
    }

    pub(crate) fn log(&self, outcome: &Outcome, head: RequestHead<'_>) {
        match outcome {
            Outcome::NotFound | Outcome::MethodNotAllowed | Outcome::Unreadable { .. } => return,
            Outcome::Undetermined(fault) => return self.faults.log(fault, head),
            Outcome::Denied(_)
            | Outcome::NoToken(_)
            | Outcome::ForeignOrigin
            | Outcome::Panicked
            | Outcome::HandlerFailed { .. } => {}
        }
        let (method, RequestHead { route, request_id, .. }) = (head.shown_method(), head);
        let refusal = || Refusal {
            outcome: outcome.clone(),
            method: method.into(),
            route: route.into(),
            request_id: request_id.clone(),
        };
        if self.refusals.is_single(outcome.reason().as_str(), refusal) {
            let is_inactive = matches!(outcome, Outcome::Denied(Denial::Inactive));
            let explanation = if is_inactive { self.explanation() } else { "" };
            write(outcome, method, route, request_id, None, explanation);
        }
    }

    /// Returns the likely causes of an inactive token; empty if they were logged within the last
    /// minute.
    fn explanation(&self) -> &str {
        let now = Instant::now();
        let mut explained = self.explained.lock().unwrap_or_else(PoisonError::into_inner);
        if explained.is_some_and(|last| now - last < EXPLANATION_PERIOD) {
            return "";
        }
        *explained = Some(now);
        &self.inactive_means
    }
}

/// Logs rejected requests as one event; `requests` is their number, if several.
fn write(
    outcome: &Outcome,
    method: &str,
    route: &str,
    request_id: &RequestId,
    requests: Option<u64>,
    explanation: &str,
) {
    let reason = outcome.reason().as_str();
    let denied = if requests.is_some() { "still denied" } else { "denied" };
    let means = if explanation.is_empty() { "" } else { "; it means, most likely first: " };
    match outcome {
        Outcome::Denied(denial) => info!(
            target: TARGET, %method, route, %request_id, reason, requests,
            "{denied}: {}{means}{explanation}", shortened(&denial.to_string()),
        ),
        Outcome::NoToken(error) => {
            info!(target: TARGET, %method, route, %request_id, reason, requests, "{denied}: {error}");
        }
        Outcome::ForeignOrigin => {
            info!(
                target: TARGET, %method, route, %request_id, reason, requests,
                "{denied}: the page is of an origin that may not call this",
            );
        }
        Outcome::Panicked => {
            error!(target: TARGET, %method, route, %request_id, reason, requests, "a handler panicked");
        }
        Outcome::HandlerFailed { detail } => {
            let detail = shortened(detail);
            error!(
                target: TARGET, %method, route, %request_id, reason, requests, detail,
                "a handler failed",
            );
        }
        // `FaultLog` logs `Undetermined`; the others have no log event.
        Outcome::Undetermined(_)
        | Outcome::NotFound
        | Outcome::MethodNotAllowed
        | Outcome::Unreadable { .. } => {}
    }
}
