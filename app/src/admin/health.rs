//! Response of `/readyz`: readiness, and the state of the connection to ZITADEL.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use adapters::{
    decorators::{Breaker, Condition},
    zitadel::Canary,
};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{AccessToken, IntrospectionError, TokenIntrospector};
use serde_json::json;
use tokio::time::Instant;
use tracing::info;

use crate::zitadel_state::ZitadelState;

/// Pause between two attempts to get a first verdict from ZITADEL.
const PAUSE: Duration = Duration::from_millis(500);

/// Readiness of the API, as `/readyz` reports it.
#[derive(Debug)]
pub(crate) struct Health {
    state: ZitadelState,
    /// True once ZITADEL has accepted this API's credentials; always true if the in-memory fake
    /// replaces ZITADEL.
    accepted: AtomicBool,
    /// Reason why the last attempt to get a verdict from ZITADEL failed; `None` before the first
    /// failure.
    refused_by: Mutex<Option<&'static str>>,
    draining: Arc<AtomicBool>,
}

impl Health {
    pub(crate) fn new(state: ZitadelState, draining: Arc<AtomicBool>) -> Self {
        let accepted = AtomicBool::new(state.breaker.is_none());
        Self { state, accepted, refused_by: Mutex::default(), draining }
    }

    /// Introspects a random token until there is a verdict: any, even an unconfirmed inactive one,
    /// shows that ZITADEL accepts this API's credentials.
    pub(super) async fn become_ready(&self, introspector: &dyn TokenIntrospector) {
        let text = uuid::Uuid::new_v4().simple().to_string();
        let Ok(token) = AccessToken::parse(&text) else { return };
        while !self.accepted.load(Ordering::Relaxed) {
            match introspector.introspect(&token).await {
                Ok(_) | Err(IntrospectionError::Unwitnessed { .. }) => {
                    self.accepted.store(true, Ordering::Relaxed);
                    info!("ready: the authorization server accepts our credentials");
                }
                Err(fault) => {
                    *self.refused_by.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(fault.reason());
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Returns the response of `/readyz`. Once ready, the API stays ready while ZITADEL is down:
    /// removing it from a load balancer would not help.
    pub(super) fn answer(&self) -> Response {
        if self.draining.load(Ordering::Relaxed) {
            return not_ready("draining", None);
        }
        if !self.accepted.load(Ordering::Relaxed) {
            let reason = *self.refused_by.lock().unwrap_or_else(PoisonError::into_inner);
            return not_ready("starting", reason);
        }
        let condition = self.state.breaker.as_ref().map(Breaker::condition);
        let body = match (condition, self.state.verdicts.missing(), self.doubted_since()) {
            (Some(Condition::Open { cause, since }), ..) => json!({
                "status": "degraded",
                "circuit_breaker": {
                    "state": "open",
                    "reason": cause.reason(),
                    "since": rfc3339(since.elapsed()),
                },
            }),
            (Some(Condition::Closed), Some(missing), _) => json!({
                "status": "degraded",
                "circuit_breaker": { "state": "closed" },
                "no_verdict": {
                    "reason": missing.reason,
                    "since": rfc3339(missing.since.elapsed()),
                },
            }),
            (Some(Condition::Closed), None, Some(since)) => json!({
                "status": "degraded",
                "circuit_breaker": { "state": "closed" },
                "inactive_in_doubt": { "since": rfc3339(since.elapsed()) },
            }),
            (Some(Condition::Closed), None, None) => match self.silent() {
                Some((since, reason)) => json!({
                    "status": "degraded",
                    "circuit_breaker": { "state": "closed" },
                    "change_feed": {
                        "state": "silent",
                        "reason": reason,
                        "since": rfc3339(since.elapsed()),
                    },
                }),
                None => json!({ "status": "ready", "circuit_breaker": { "state": "closed" } }),
            },
            (None, ..) => json!({ "status": "ready" }),
        };
        Json(body).into_response()
    }

    /// Returns the time since which the change feed cannot be read, and the reason; `None` if it
    /// can be read or is not configured.
    fn silent(&self) -> Option<(Instant, &'static str)> {
        self.state.changes.as_ref().and_then(|changes| changes.feed.told().silent)
    }

    /// Returns the time since which inactive verdicts are in doubt, because witnesses do not
    /// confirm them or because ZITADEL calls the canary inactive; the earlier time if both hold.
    fn doubted_since(&self) -> Option<Instant> {
        let inactive_since = self.state.canary.as_ref().and_then(Canary::inactive_since);
        [self.state.belief.doubted_since(), inactive_since].into_iter().flatten().min()
    }
}

fn not_ready(status: &str, reason: Option<&str>) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": status, "reason": reason })))
        .into_response()
}

#[expect(clippy::disallowed_methods, reason = "for people to read, and judged by nobody")]
fn rfc3339(ago: Duration) -> String {
    humantime::format_rfc3339_seconds(SystemTime::now() - ago).to_string()
}
