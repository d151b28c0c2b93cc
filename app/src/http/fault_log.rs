//! Logs what keeps verdicts from us: at once when it begins, and then rarely.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::IntrospectionError;
use tokio::{task::AbortHandle, time::sleep};
use tracing::{error, warn};

use super::asked::Asked;
use crate::causes;

/// How often a fault that lasts is summed up.
const PERIOD: Duration = Duration::from_secs(10);

/// One event for each kind of fault when it begins, and one every ten seconds while it lasts, with
/// the number of requests that it met since: an outage does not flood the log.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultLog(Arc<Mutex<HashMap<&'static str, Since>>>);

/// What was seen of one kind of fault since its last event.
#[derive(Debug)]
struct Since {
    requests: u64,
    last: IntrospectionError,
    /// Who sums up. It ends when the fault is over, and with the runtime that it belongs to.
    summing_up: AbortHandle,
}

impl FaultLog {
    pub(super) fn log(&self, fault: &IntrospectionError, asked: Asked<'_>) {
        if self.begins(fault) {
            begin(fault, asked);
        }
    }

    /// Whether it is the first of its kind; any other is counted.
    fn begins(&self, fault: &IntrospectionError) -> bool {
        let (reason, mut kinds) = (fault.reason(), self.lock());
        if let Some(since) = kinds.get_mut(reason).filter(|since| !since.summing_up.is_finished()) {
            since.requests += 1;
            since.last.clone_from(fault);
            return false;
        }
        let summing_up = tokio::spawn(self.clone().sum_up(reason)).abort_handle();
        kinds.insert(reason, Since { requests: 0, last: fault.clone(), summing_up });
        true
    }

    /// Sums the fault up until it met nobody in a whole period.
    async fn sum_up(self, reason: &'static str) {
        loop {
            sleep(PERIOD).await;
            let Some((requests, last)) = self.take(reason) else { return };
            go_on(&last, requests);
        }
    }

    /// How many requests met it since the last event; nothing, and it is forgotten, if none did.
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

/// The event of the first request.
fn begin(fault: &IntrospectionError, asked: Asked<'_>) {
    let (reason, cause, advice) = (fault.reason(), cause(fault), advice(fault));
    let Asked { method, route, request_id } = asked;
    if may_pass(fault) {
        warn!(%method, route, %request_id, reason, cause, "no verdict: {fault}; {advice}");
    } else {
        error!(%method, route, %request_id, reason, cause, "no verdict: {fault}; {advice}");
    }
}

/// The event of all that came since.
fn go_on(fault: &IntrospectionError, requests: u64) {
    let (reason, cause, advice) = (fault.reason(), cause(fault), advice(fault));
    if may_pass(fault) {
        warn!(reason, cause, requests, "still no verdict: {fault}; {advice}");
    } else {
        error!(reason, cause, requests, "still no verdict: {fault}; {advice}");
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

/// What lies behind a fault; nothing may.
fn cause(fault: &IntrospectionError) -> String {
    fault.source().map_or_else(String::new, causes::chain)
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::http::Method;
    use domain::Outage;

    use super::*;
    use crate::http::request_id::RequestId;

    fn fault(reason: Outage) -> IntrospectionError {
        IntrospectionError::Unavailable { reason, source: Arc::new(io::Error::other("a test")) }
    }

    #[tokio::test]
    async fn of_each_kind_the_first_has_its_event_and_the_others_are_summed_up() {
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
        let asked = Asked { method: &Method::GET, route: "/a", request_id: &RequestId::Made(1) };
        for _ in 0..3 {
            log.log(&fault(Outage::Unreachable), asked);
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
    fn where_nobody_sums_up_any_more_a_fault_begins_anew() {
        let log = FaultLog::default();
        for _ in 0..2 {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let begins = runtime.unwrap().block_on(async { log.begins(&fault(Outage::TimedOut)) });
            assert!(begins);
        }
    }
}
