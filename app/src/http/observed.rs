//! Times each request, and logs it where that is asked for.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    http::{Method, StatusCode},
    response::Response,
};
use metrics::Histogram;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tracing::info;

use super::reason::Reason;
use crate::metrics::Metrics;

/// What is done with each request that has ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observation {
    /// Where it is counted and timed, if anywhere.
    pub(crate) metrics: Option<Metrics>,
    /// Whether it has an event in the log.
    pub(crate) is_logged: bool,
}

impl Observation {
    /// Notes a request that has ended.
    pub(super) fn note(&self, method: &Method, route: &str, response: &Response, took: Duration) {
        let (status, outcome) = (response.status(), outcome(response));
        if let Some(metrics) = &self.metrics {
            metrics.request(method, route, status, outcome).record(took);
        }
        self.log(method, route, response, took);
    }

    fn log(&self, method: &Method, route: &str, response: &Response, took: Duration) {
        if self.is_logged {
            let (status, outcome) = (response.status().as_u16(), outcome(response));
            let duration_ms = took.as_secs_f64() * 1000.0;
            info!(%method, route, status, outcome, duration_ms, "request");
        }
    }
}

/// The outcome of what its handler answered.
const OK: &str = "ok";

/// The reason of a refusal, or ok.
fn outcome(response: &Response) -> &'static str {
    response.extensions().get::<Reason>().map_or(OK, |reason| reason.as_str())
}

/// What observes one line of the route table.
#[derive(Clone)]
pub(super) struct Observer(Arc<Line>);

struct Line {
    observation: Observation,
    method: Method,
    path: &'static str,
    /// Of what is asked most: the line's own method, answered 200. It costs no look-up.
    ok: Option<Histogram>,
}

impl Observer {
    /// `None` where nothing is done with a request that has ended.
    pub(super) fn new(
        observation: &Observation,
        method: Method,
        path: &'static str,
    ) -> Option<Self> {
        let metrics = observation.metrics.as_ref();
        let ok = metrics.map(|metrics| metrics.request(&method, path, StatusCode::OK, OK));
        (observation.is_logged || ok.is_some())
            .then(|| Self(Arc::new(Line { observation: observation.clone(), method, path, ok })))
    }

    /// Notes the beginning of a request.
    pub(super) fn begin(self, method: &Method) -> Begun {
        let other_method = (*method != self.0.method).then(|| method.clone());
        Begun { line: self.0, other_method, at: Instant::now() }
    }
}

/// A request under way.
pub(super) struct Begun {
    line: Arc<Line>,
    other_method: Option<Method>,
    at: Instant,
}

impl Begun {
    fn end(&self, response: &Response) {
        let (line, took) = (&self.line, self.at.elapsed());
        let is_usual = self.other_method.is_none()
            && response.status() == StatusCode::OK
            && outcome(response) == OK;
        let method = self.other_method.as_ref().unwrap_or(&line.method);
        match &line.ok {
            Some(ok) if is_usual => {
                ok.record(took);
                line.observation.log(method, line.path, response, took);
            }
            _ => line.observation.note(method, line.path, response, took),
        }
    }
}

pin_project! {
    /// Notes how a request ended. One that was given up is not noted: it has no outcome.
    pub(super) struct Observed<F> {
        #[pin]
        answer: F,
        begun: Option<Begun>,
    }
}

impl<F> Observed<F> {
    pub(super) fn new(answer: F, begun: Option<Begun>) -> Self {
        Self { answer, begun }
    }
}

impl<F: Future<Output = Response>> Future for Observed<F> {
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
