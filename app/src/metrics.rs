//! Prometheus metrics of one API.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::http::{Method, StatusCode};
use metrics::{
    Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_process::Collector;

use crate::{config::KeyExpiry, telemetry};

/// Upper bounds of the buckets of every histogram, in seconds.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const UPKEEP: Duration = Duration::from_secs(5);

/// Metrics of one API, with their own recorder: two APIs in one process do not mix.
#[derive(Clone)]
pub(crate) struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    process: Arc<Collector>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // `set_buckets` fails only on an empty list.
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let metrics = Self {
            handle: recorder.handle(),
            recorder: Arc::new(recorder),
            process: Arc::new(Collector::default()),
        };
        metrics.scope(describe);
        metrics
    }

    /// Runs `build`; the metrics that `build` creates belong to this API.
    pub(crate) fn scope<T>(&self, build: impl FnOnce() -> T) -> T {
        with_local_recorder(&*self.recorder, build)
    }

    /// Looks up the duration histogram for requests with this method, route, status and outcome.
    pub(crate) fn request(
        &self,
        method: &Method,
        route: &str,
        status: StatusCode,
        outcome: &'static str,
    ) -> Histogram {
        self.scope(|| {
            histogram!(
                "http_server_request_duration_seconds",
                "method" => method_label(method),
                "route" => route.to_owned(),
                "status" => status.as_str().to_owned(),
                "outcome" => outcome,
            )
        })
    }

    /// Counts one denial by a rule that the service at `route` itself checks, such as one of an MCP
    /// tool.
    pub(crate) fn denied_within(&self, route: &str, reason: &'static str) {
        self.scope(|| {
            counter!("service_denials_total", "route" => route.to_owned(), "reason" => reason)
                .increment(1);
        });
    }

    /// Returns all metrics in the text format of Prometheus.
    pub(crate) fn render(&self) -> String {
        self.scope(|| {
            self.process.collect();
            for (level, lost) in telemetry::lost_events().into_iter().flatten() {
                counter!("log_events_lost_total", "level" => level).absolute(lost);
            }
        });
        self.handle.render()
    }

    /// Moves recorded durations into histogram buckets every five seconds, lest memory grow until
    /// the next scrape. Never returns.
    pub(crate) async fn upkeep(self) {
        let mut tick = tokio::time::interval(UPKEEP);
        loop {
            tick.tick().await;
            self.handle.run_upkeep();
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Returns the metric label of an HTTP method. Unknown methods, which clients may invent, share
/// `other`.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}

/// Exports the expiry of this API's key at ZITADEL as a metric, if it is known.
pub(crate) fn key_expires(expiry: Option<KeyExpiry>) {
    let since = expiry.and_then(|KeyExpiry(at)| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    if let Some(since) = since {
        gauge!("client_key_expiry_timestamp_seconds").set(since.as_secs_f64());
    }
}

fn describe() {
    describe_histogram!(
        "http_server_request_duration_seconds",
        Unit::Seconds,
        "From a request's head to its answer's head; outcome is the reason of a refusal, or ok."
    );
    describe_counter!(
        "service_denials_total",
        Unit::Count,
        "Rules within a guarded service, such as that of a tool, that a caller did not meet; the answer \
         is the service's own."
    );
    describe_histogram!(
        "token_introspection_duration_seconds",
        Unit::Seconds,
        "From a question to the authorization server to its answer; cause is the reason of a fault."
    );
    describe_gauge!(
        "token_introspection_in_flight",
        "Questions to the authorization server under way."
    );
    describe_counter!(
        "token_introspection_coalesced_total",
        "Callers who joined a question that was under way for the same token."
    );
    describe_counter!(
        "token_cache_requests_total",
        "Look-ups in the cache of introspection answers."
    );
    describe_gauge!("token_cache_entries", "Answers in the cache.");
    describe_gauge!("known_tokens", "Tokens whose last verdict was active.");
    describe_counter!(
        "inactive_answers_total",
        "Inactive answers in doubt, by whether they were believed."
    );
    describe_counter!(
        "canary_questions_total",
        "Questions about the token that is known to be good, by their result."
    );
    describe_gauge!(
        "canary_up",
        "1 while the last verdict on the token that is known to be good was active."
    );
    describe_gauge!("circuit_breaker_state", "1 for the state that the circuit breaker is in.");
    describe_gauge!(
        "client_credentials_refused",
        "1 while the authorization server refuses this API's own credentials."
    );
    describe_counter!(
        "token_introspection_refused_by_address_total",
        "Requests without a verdict because their client address had its share of questions."
    );
    describe_counter!(
        "log_events_lost_total",
        "Events that found no place in the queue of the log; level warn has errors too."
    );
    describe_gauge!("http_server_connections", "Connections of the API's listener.");
    describe_counter!(
        "http_server_connections_refused_total",
        "Connections that were closed at once because their address had its share of them."
    );
    describe_counter!(
        "http_server_stalls_total",
        "Requests and connections cut because the peer moved no bytes that it owed."
    );
    describe_counter!(
        "http_server_requests_refused_total",
        "Requests that were refused by their head, before any route saw them."
    );
    describe_counter!(
        "token_cache_unusable_total",
        "Answers in the cache that a look-up found and must not use, by the cause."
    );
    describe_gauge!(
        "change_feed_age_seconds",
        Unit::Seconds,
        "Since the moment up to which the change feed has told everything."
    );
    describe_counter!(
        "change_feed_polls_total",
        "Looks at ZITADEL's event log; result is ok, or the reason of a failure."
    );
    describe_counter!(
        "change_feed_changes_total",
        "Changes that the feed told, by what the answers that they concern have in common."
    );
    describe_counter!(
        "webhook_deliveries_total",
        "Deliveries of ZITADEL's webhook: those that rang for the next poll, and those refused."
    );
    describe_gauge!(
        "client_key_expiry_timestamp_seconds",
        Unit::Seconds,
        "When the key of the API application expires, as zitadel.key_expires has it."
    );
    describe_gauge!("app_build_info", "1, with what is running as labels.");
    gauge!("app_build_info", "version" => env!("VERSION_WITH_COMMIT")).set(1);
    Collector::default().describe();
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::time::advance;

    use super::*;

    fn resident_kib() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    // A recorded sample takes at least eight bytes until it is moved into its bucket.
    #[tokio::test(start_paused = true)]
    async fn memory_stays_flat_while_nobody_looks() {
        let metrics = Metrics::new();
        let duration = metrics.request(&Method::GET, "/a", StatusCode::OK, "ok");
        let upkeep = tokio::spawn(metrics.clone().upkeep());
        let before = resident_kib();
        for _ in 0..20 {
            for _ in 0..500_000 {
                duration.record(0.001);
            }
            advance(UPKEEP).await;
            tokio::task::yield_now().await;
        }
        upkeep.abort();
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < 40_000, "{grown} KiB for ten million samples");
        let count = r#"status="200",outcome="ok"} 10000000"#;
        assert!(metrics.render().contains(count), "none is lost");
    }
}
