//! Logs failed introspections.

use std::{error::Error, time::Duration};

use domain::IntrospectionError;
use tracing::{error, warn};

use super::{
    RequestHead, TARGET, error_chain,
    shortened::shortened,
    sums::{Bound, Sums},
};

/// Limits of log events about failed introspections: the first failure for a reason is logged at
/// once; then one event every 10 seconds counts further ones, until 10 seconds bring none.
const BOUND: Bound = Bound { singly: 1, period: Duration::from_secs(10), lasting: true };

#[derive(Debug)]
pub(super) struct FaultLog(Sums<IntrospectionError>);

impl Default for FaultLog {
    fn default() -> Self {
        Self(Sums::new(BOUND, go_on))
    }
}

impl FaultLog {
    pub(super) fn log(&self, fault: &IntrospectionError, head: RequestHead<'_>) {
        if self.0.is_single(fault.reason(), || fault.clone()) {
            begin(fault, head);
        }
    }
}

/// Logs the first request whose introspection fails with `fault`.
fn begin(fault: &IntrospectionError, head: RequestHead<'_>) {
    let (reason, cause, advice) = (fault.reason(), cause(fault), advice(fault));
    let (method, RequestHead { route, request_id, .. }) = (head.shown_method(), head);
    if may_pass(fault) {
        warn!(target: TARGET, %method, route, %request_id, reason, cause, "no verdict: {fault}; {advice}");
    } else {
        error!(target: TARGET, %method, route, %request_id, reason, cause, "no verdict: {fault}; {advice}");
    }
}

/// Logs that `requests` further requests failed with `fault`; `ago` is the time since the latest.
fn go_on(fault: &IntrospectionError, requests: u64, ago: Duration) {
    let (reason, cause, advice) = (fault.reason(), cause(fault), advice(fault));
    if may_pass(fault) {
        warn!(
            target: TARGET, reason, cause, requests, ?ago,
            "no verdict for further requests: {fault}; {advice}",
        );
    } else {
        error!(
            target: TARGET, reason, cause, requests, ?ago,
            "no verdict for further requests: {fault}; {advice}",
        );
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
        IntrospectionError::Unwitnessed { .. } => {
            "most likely ZITADEL's database fails: look into its log; if other tokens are active, look \
             at the token that the cause names"
        }
        IntrospectionError::Malformed { .. } => "a bug there or here, or somebody in between",
    }
}

fn cause(fault: &IntrospectionError) -> String {
    fault.source().map_or_else(String::new, |source| shortened(&error_chain(source)))
}
