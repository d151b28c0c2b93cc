//! Metrics, spans and access log of requests.

use std::collections::HashMap;

use axum::http::{HeaderMap, StatusCode};
use axum_zitadel::{Reason, RequestEnd, RequestHead, RequestObserver, Route};
use domain::Subject;
use metrics::Histogram;
use tracing::{
    Span,
    field::{Empty, display},
    info, info_span,
};

use crate::{
    client::Client,
    config::Log,
    metrics::{Metrics, method_label},
    telemetry::traces,
};

/// Records each request in the metrics, the access log and its span, as far as each is enabled.
#[derive(Debug)]
pub(crate) struct RequestTelemetry {
    metrics: Option<RequestMetrics>,
    logs_requests: bool,
    logs_subjects: bool,
    logs_clients: bool,
}

/// Metrics of requests. `ok` keeps a ready histogram for each route: that of requests with the
/// route's method (such as `GET`) and status 200. To get it from the recorder would cost each
/// public request 2 500 more instructions (of 9 750).
#[derive(Debug)]
struct RequestMetrics {
    metrics: Metrics,
    ok: HashMap<(&'static str, &'static str), Histogram>,
}

impl RequestTelemetry {
    pub(crate) fn new(metrics: Option<Metrics>, log: &Log, table: &[Route]) -> Self {
        let metrics = metrics.map(|metrics| {
            let ok = table.iter().filter_map(|Route { method, path, .. }| {
                let method = method.as_ref()?;
                let ok = metrics.request(method, path, StatusCode::OK, OK);
                Some(((method_label(method), *path), ok))
            });
            RequestMetrics { ok: ok.collect(), metrics }
        });
        Self {
            metrics,
            logs_requests: log.requests,
            logs_subjects: log.subject,
            logs_clients: log.client_address,
        }
    }
}

/// Label `outcome` of a request that was not refused.
const OK: &str = "ok";

impl RequestMetrics {
    fn record(&self, head: RequestHead<'_>, end: RequestEnd<'_>) {
        let RequestHead { method, route, .. } = head;
        let ok = (end.status == StatusCode::OK && end.reason.is_none())
            .then(|| self.ok.get(&(method_label(method), route)))
            .flatten();
        match ok {
            Some(ok) => ok.record(end.took),
            None => self.metrics.request(method, route, end.status, end.outcome()).record(end.took),
        }
    }
}

impl RequestObserver for RequestTelemetry {
    fn span(&self, head: RequestHead<'_>, headers: &HeaderMap) -> Span {
        let RequestHead { method, route, request_id } = head;
        let method = method_label(method);
        let span = info_span!(
            "request",
            otel.name = format_args!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            request_id = %request_id,
            reason = Empty,
        );
        traces::set_parent(&span, headers);
        span
    }

    fn ended(&self, span: &Span, head: RequestHead<'_>, end: RequestEnd<'_>) {
        if let Some(metrics) = &self.metrics {
            metrics.record(head, end);
        }
        if self.logs_requests {
            let (method, RequestHead { route, request_id, .. }) = (head.shown_method(), head);
            let (status, outcome) = (end.status.as_u16(), end.outcome());
            let duration_ms = end.took.as_secs_f64() * 1000.0;
            let principal = end.principal.filter(|_| self.logs_subjects);
            let subject = principal.and_then(|principal| principal.subject.as_ref());
            let subject = subject.map(Subject::as_str).map(shown_subject);
            let client = Client::current().filter(|_| self.logs_clients);
            let client = client.map(|client| display(client.address()));
            info!(
                %method, route, %request_id, status, outcome, duration_ms, subject,
                client.address = client, "request",
            );
        }
        trace(span, end);
    }

    fn denied_within(&self, head: RequestHead<'_>, reason: Reason) {
        if let Some(RequestMetrics { metrics, .. }) = &self.metrics {
            metrics.denied_within(head.route, reason.as_str());
        }
    }
}

/// Returns at most the first 128 bytes of a subject, for the log.
fn shown_subject(subject: &str) -> &str {
    subject.get(..subject.floor_char_boundary(128)).unwrap_or(subject)
}

fn trace(span: &Span, end: RequestEnd<'_>) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", i64::from(end.status.as_u16()));
    if end.reason.is_some() {
        span.record("reason", end.outcome());
    }
    if end.status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

#[cfg(test)]
mod tests;
