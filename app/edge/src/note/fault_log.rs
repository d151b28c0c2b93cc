//! Logs faults of the authorization server: at once when a fault begins, and then every 10 seconds.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::IntrospectionError;
use tokio::{runtime::Handle, task::AbortHandle, time::sleep};
use tracing::{error, warn};

use super::{RequestHead, TARGET, error_chain};

/// Interval at which a lasting fault is summed up.
const PERIOD: Duration = Duration::from_secs(10);

/// Writes one event for each kind of fault when it begins, and one every 10 seconds while it lasts,
/// with the number of requests since the last one: an outage does not flood the log.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultLog(Arc<Mutex<HashMap<&'static str, Since>>>);

/// Requests that met one kind of fault since its last event.
#[derive(Debug)]
struct Since {
    requests: u64,
    last: IntrospectionError,
    /// Task that writes the sums. It ends when the fault is over, and with its runtime.
    summing_up: AbortHandle,
}

impl FaultLog {
    pub(crate) fn log(&self, fault: &IntrospectionError, head: RequestHead<'_>) {
        if self.begins(fault) {
            begin(fault, head);
        }
    }

    /// Returns whether this fault is the first of its kind; every other one is counted.
    fn begins(&self, fault: &IntrospectionError) -> bool {
        let (reason, mut kinds) = (fault.reason(), self.lock());
        if let Some(since) = kinds.get_mut(reason).filter(|since| !since.summing_up.is_finished()) {
            since.requests += 1;
            since.last.clone_from(fault);
            return false;
        }
        // Without a runtime nobody sums up, and each is the first.
        let Ok(runtime) = Handle::try_current() else { return true };
        let summing_up = runtime.spawn(self.clone().sum_up(reason)).abort_handle();
        kinds.insert(reason, Since { requests: 0, last: fault.clone(), summing_up });
        true
    }

    /// Writes sums until a whole period brought no request.
    async fn sum_up(self, reason: &'static str) {
        loop {
            sleep(PERIOD).await;
            let Some((requests, last)) = self.take(reason) else { return };
            go_on(&last, requests);
        }
    }

    /// Takes the number of requests since the last event; forgets the fault if there were none.
    fn take(&self, reason: &'static str) -> Option<(u64, IntrospectionError)> {
        let mut kinds = self.lock();
        let since = kinds.get_mut(reason)?;
        if since.requests == 0 {
            kinds.remove(reason);
            return None;
        }
        Some((std::mem::take(&mut since.requests), since.last.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Since>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the event of the first request.
fn begin(fault: &IntrospectionError, head: RequestHead<'_>) {
    let (reason, cause, advice) = (fault.reason(), cause(fault), advice(fault));
    let RequestHead { method, route, request_id } = head;
    if may_pass(fault) {
        warn!(target: TARGET, %method, route, %request_id, reason, cause, "no verdict: {fault}; {advice}");
    } else {
        error!(target: TARGET, %method, route, %request_id, reason, cause, "no verdict: {fault}; {advice}");
    }
}

/// Writes the event of all requests since.
fn go_on(fault: &IntrospectionError, requests: u64) {
    let (reason, cause, advice) = (fault.reason(), cause(fault), advice(fault));
    if may_pass(fault) {
        warn!(target: TARGET, reason, cause, requests, "still no verdict: {fault}; {advice}");
    } else {
        error!(target: TARGET, reason, cause, requests, "still no verdict: {fault}; {advice}");
    }
}

const fn may_pass(fault: &IntrospectionError) -> bool {
    matches!(fault, IntrospectionError::Unavailable { .. })
}

const fn advice(fault: &IntrospectionError) -> &'static str {
    match fault {
        IntrospectionError::Unavailable { .. } => {
            "it may pass by itself, and if it lasts the cause says where to look"
        }
        IntrospectionError::ClientRefused { .. } => {
            "the operator must act: check client id, secret or key, and whether the API \
             application, its project and its organization are active"
        }
        IntrospectionError::Misconfigured { .. } => {
            "the operator must act: check zitadel.domain and what stands between here and there"
        }
        IntrospectionError::Malformed { .. } => "a bug there or here, or somebody in between",
    }
}

/// Returns the causes of a fault in one line; empty where it has none.
fn cause(fault: &IntrospectionError) -> String {
    fault.source().map_or_else(String::new, error_chain)
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::http::Method;
    use domain::Outage;

    use super::*;
    use crate::note::RequestId;

    fn fault(reason: Outage) -> IntrospectionError {
        IntrospectionError::Unavailable { reason, source: Arc::new(io::Error::other("a test")) }
    }

    #[tokio::test]
    async fn the_first_of_each_kind_has_its_event_and_the_others_are_summed_up() {
        let log = FaultLog::default();
        assert!(log.begins(&fault(Outage::Unreachable)));
        for _ in 0..3 {
            assert!(!log.begins(&fault(Outage::Unreachable)));
        }
        assert!(log.begins(&fault(Outage::TimedOut)), "another fault has its own event");
        assert!(matches!(log.take("unreachable"), Some((3, _))));
        assert!(!log.begins(&fault(Outage::Unreachable)));
        assert!(matches!(log.take("unreachable"), Some((1, _))));
    }

    #[tokio::test(start_paused = true)]
    async fn every_ten_seconds_the_others_are_summed_up_until_there_are_none() {
        let log = FaultLog::default();
        let id = RequestId::from_headers(&axum::http::HeaderMap::new());
        let head = RequestHead { method: &Method::GET, route: "/a", request_id: &id };
        for _ in 0..3 {
            log.log(&fault(Outage::Unreachable), head);
        }
        let counted = || log.lock().get("unreachable").map(|since| since.requests);
        assert_eq!(counted(), Some(2));
        sleep(PERIOD + Duration::from_secs(1)).await;
        assert_eq!(counted(), Some(0));
        sleep(PERIOD).await;
        assert_eq!(counted(), None);
        assert!(log.begins(&fault(Outage::Unreachable)), "it begins anew");
    }

    #[test]
    fn a_fault_begins_anew_where_its_runtime_has_ended() {
        let log = FaultLog::default();
        for _ in 0..2 {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let begins = runtime.unwrap().block_on(async { log.begins(&fault(Outage::TimedOut)) });
            assert!(begins);
        }
    }
}
