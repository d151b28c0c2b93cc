//! Logs what keeps verdicts from us: at once when it begins, and then rarely.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::http::Method;
use domain::IntrospectionError;
use tokio::time::Instant;
use tracing::{error, warn};

/// For so long after an event, the same fault is only counted.
const QUIET: Duration = Duration::from_secs(10);

/// One event for each kind of fault when it begins, and one every ten seconds while it lasts, with
/// the number of those that had none: an outage does not flood the log.
#[derive(Debug, Default)]
pub(super) struct FaultLog(Mutex<HashMap<&'static str, Logged>>);

/// A kind of fault that was logged.
#[derive(Debug)]
struct Logged {
    at: Instant,
    /// So many had no event since.
    unlogged: u64,
}

impl FaultLog {
    pub(super) fn log(&self, method: &Method, route: &str, fault: &IntrospectionError) {
        let (reason, cause) = (fault.reason(), chain(fault));
        let Some(unlogged) = self.count(reason) else { return };
        match fault {
            IntrospectionError::Unavailable { .. } => warn!(
                %method, route, reason, cause, unlogged,
                "no verdict: {fault}; it may pass by itself, and if it lasts the cause says where to look",
            ),
            IntrospectionError::ClientRefused { .. } => error!(
                %method, route, reason, cause, unlogged,
                "no verdict: {fault}; the operator must act: check client id, secret or key, and \
                 whether the API application, its project and its organization are active",
            ),
            IntrospectionError::Misconfigured { .. } => error!(
                %method, route, reason, cause, unlogged,
                "no verdict: {fault}; the operator must act: check zitadel.domain and what stands \
                 between here and there",
            ),
            IntrospectionError::Malformed { .. } => error!(
                %method, route, reason, cause, unlogged,
                "no verdict: {fault}; a bug there or here, or somebody in between",
            ),
        }
    }

    /// How many of this kind had no event since the last one, if it is time for the next.
    fn count(&self, reason: &'static str) -> Option<u64> {
        let now = Instant::now();
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match logged.get_mut(reason) {
            Some(last) if now < last.at + QUIET => {
                last.unlogged += 1;
                None
            }
            _ => logged
                .insert(reason, Logged { at: now, unlogged: 0 })
                .map_or(Some(0), |last| Some(last.unlogged)),
        }
    }
}

/// What lies behind a fault, outermost first.
fn chain(fault: &IntrospectionError) -> String {
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(fault);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes.dedup();
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use domain::Outage;
    use thiserror::Error;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_fault_is_logged_when_it_begins_and_every_ten_seconds_with_the_number_between() {
        let log = FaultLog::default();
        assert_eq!(log.count("unreachable"), Some(0));
        for _ in 0..3 {
            advance(Duration::from_secs(3)).await;
            assert_eq!(log.count("unreachable"), None);
        }
        assert_eq!(log.count("client_refused"), Some(0), "another fault has its own event");
        advance(Duration::from_secs(1)).await;
        assert_eq!(log.count("unreachable"), Some(3));
        assert_eq!(log.count("unreachable"), None);
        advance(QUIET).await;
        assert_eq!(log.count("unreachable"), Some(1));
    }

    /// A fault with another one behind it.
    #[derive(Debug, Error)]
    #[error("{0}")]
    struct Behind(&'static str, #[source] io::Error);

    fn cause(source: Behind) -> String {
        chain(&IntrospectionError::Unavailable {
            reason: Outage::Unreachable,
            source: Arc::new(source),
        })
    }

    #[test]
    fn the_cause_is_all_that_lies_behind_a_fault_outermost_first() {
        let refused = io::Error::other("connection refused");
        assert_eq!(cause(Behind("cannot connect", refused)), "cannot connect: connection refused");
    }

    #[test]
    fn a_cause_that_only_repeats_the_one_before_is_said_once() {
        let same = io::Error::other("the claim exp has the wrong type");
        assert_eq!(
            cause(Behind("the claim exp has the wrong type", same)),
            "the claim exp has the wrong type"
        );
    }
}
