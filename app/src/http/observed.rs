//! Follows each request from its head to its answer's: its id, its time, its span, its end.

use std::{borrow::Cow, sync::Arc};

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    response::Response,
};
use metrics::Histogram;
use tokio::time::Instant;
use tracing::{Span, field::Empty, info_span, span::Entered};

use super::{
    asked::Asked,
    error::TurnedAway,
    observation::{Ended, LetIn, OK, Observation},
    request_id::{RequestId, X_REQUEST_ID},
};
use crate::{metrics::method_label, telemetry::traces};

/// What observes one line of the route table.
#[derive(Clone)]
pub(super) struct Observer(Arc<Line>);

struct Line {
    observation: Arc<Observation>,
    method: Method,
    route: Cow<'static, str>,
    /// Of what is asked most: the line's own method, answered 200. It costs no look-up.
    ok: Option<Histogram>,
}

impl Observer {
    pub(super) fn of_line(
        observation: &Arc<Observation>,
        method: Method,
        path: &'static str,
    ) -> Self {
        let metrics = observation.metrics.as_ref();
        let ok = metrics.map(|metrics| metrics.request(&method, path, StatusCode::OK, OK));
        Self::new(observation, method, path.into(), ok)
    }

    /// Of a request that no handler is asked.
    pub(super) fn of_refusal(observation: &Arc<Observation>, method: Method, route: &str) -> Self {
        Self::new(observation, method, route.to_owned().into(), None)
    }

    fn new(
        observation: &Arc<Observation>,
        method: Method,
        route: Cow<'static, str>,
        ok: Option<Histogram>,
    ) -> Self {
        Self(Arc::new(Line { observation: Arc::clone(observation), method, route, ok }))
    }

    /// Notes the beginning of a request.
    pub(super) fn begin(self, request: &Request) -> Begun {
        let Self(line) = self;
        let other_method = (*request.method() != line.method).then(|| request.method().clone());
        let id = RequestId::of(request.headers());
        let at = line.observation.is_timed().then(Instant::now);
        let method = method_label(other_method.as_ref().unwrap_or(&line.method));
        let span = info_span!(
            "request",
            otel.name = format_args!("{method} {}", line.route),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = &*line.route,
            http.response.status_code = Empty,
            request_id = %id,
            reason = Empty,
        );
        traces::set_parent(&span, request.headers());
        Begun { line, other_method, id, at, span }
    }
}

/// A request under way.
pub(super) struct Begun {
    line: Arc<Line>,
    other_method: Option<Method>,
    id: RequestId,
    at: Option<Instant>,
    span: Span,
}

impl Begun {
    /// Has the handler find the id in the request's header, and nothing else there.
    pub(super) fn tell(&self, request: &mut Request) {
        request.headers_mut().insert(X_REQUEST_ID, self.id.to_header());
    }

    /// Work for the request is done in its span.
    pub(super) fn enter(&self) -> Entered<'_> {
        self.span.enter()
    }

    /// Notes how the request ended, and completes the answer: its id, and the body of a problem.
    pub(super) fn end(self, mut response: Response) -> Response {
        let extensions = response.extensions_mut();
        let turned_away: Option<TurnedAway> = extensions.remove();
        let let_in: Option<LetIn> = extensions.remove();
        let ended = Ended {
            status: response.status(),
            refusal: turned_away.as_ref().map(|turned_away| &turned_away.why),
            subject: let_in.as_ref().map(|LetIn(subject)| subject),
            took: self.at.map(|at| at.elapsed()),
        };
        self.note(ended);
        if let Some(TurnedAway { problem, .. }) = turned_away {
            *response.body_mut() = problem.body(&self.id);
        }
        response.headers_mut().insert(X_REQUEST_ID, self.id.to_header());
        response
    }

    fn note(&self, ended: Ended<'_>) {
        let line = &*self.line;
        let method = self.other_method.as_ref().unwrap_or(&line.method);
        let asked = Asked { method, route: &line.route, request_id: &self.id };
        let is_usual = self.other_method.is_none()
            && ended.status == StatusCode::OK
            && ended.refusal.is_none();
        match (&line.ok, ended.took) {
            (Some(ok), Some(took)) if is_usual => ok.record(took),
            _ => line.observation.measure(asked, ended),
        }
        line.observation.log(asked, ended);
        self.trace(ended);
    }

    fn trace(&self, ended: Ended<'_>) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("http.response.status_code", i64::from(ended.status.as_u16()));
        if ended.refusal.is_some() {
            self.span.record("reason", ended.outcome());
        }
        if ended.status.is_server_error() {
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

#[cfg(test)]
mod tests;
