//! Times each request of a route.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    http::{Method, StatusCode},
    response::Response,
};
use metrics::Histogram;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::reason::Reason;
use crate::metrics::Metrics;

/// The metrics of one line of the route table.
#[derive(Clone)]
pub(super) struct RouteMetrics(Arc<Line>);

struct Line {
    metrics: Metrics,
    method: Method,
    path: &'static str,
    /// Of what is asked most: the line's own method, answered 200. It costs no look-up.
    ok: Histogram,
}

impl RouteMetrics {
    pub(super) fn new(metrics: Metrics, method: Method, path: &'static str) -> Self {
        let ok = metrics.request(&method, path, StatusCode::OK, OK);
        Self(Arc::new(Line { metrics, method, path, ok }))
    }

    /// Notes the beginning of a request.
    pub(super) fn begin(self, method: &Method) -> Begun {
        let other_method = (*method != self.0.method).then(|| method.clone());
        Begun { line: self.0, other_method, at: Instant::now() }
    }
}

/// The outcome of what its handler answered.
const OK: &str = "ok";

/// A request under way.
pub(super) struct Begun {
    line: Arc<Line>,
    other_method: Option<Method>,
    at: Instant,
}

impl Begun {
    fn end(&self, response: &Response) {
        let (line, status) = (&self.line, response.status());
        let outcome = outcome(response);
        if self.other_method.is_none() && status == StatusCode::OK && outcome == OK {
            line.ok.record(self.at.elapsed());
            return;
        }
        let method = self.other_method.as_ref().unwrap_or(&line.method);
        line.metrics.request(method, line.path, status, outcome).record(self.at.elapsed());
    }
}

/// The reason of a refusal, or ok.
pub(super) fn outcome(response: &Response) -> &'static str {
    response.extensions().get::<Reason>().map_or(OK, |reason| reason.as_str())
}

pin_project! {
    /// Notes how a request ended. One that was given up is not noted: it has no outcome.
    pub(super) struct Measured<F> {
        #[pin]
        answer: F,
        begun: Option<Begun>,
    }
}

impl<F> Measured<F> {
    pub(super) fn new(answer: F, begun: Option<Begun>) -> Self {
        Self { answer, begun }
    }
}

impl<F: Future<Output = Response>> Future for Measured<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let response = ready!(this.answer.poll(context));
        if let Some(begun) = this.begun {
            begun.end(&response);
        }
        Poll::Ready(response)
    }
}
