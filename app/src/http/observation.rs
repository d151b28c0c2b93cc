//! What is done with each request that has ended: it is counted, timed and logged, where that is
//! asked for. A refusal is always logged.

use std::time::Duration;

use axum::http::StatusCode;
use domain::Subject;
use tracing::info;

use super::{asked::Asked, error::ApiError, refusal_log::RefusalLog};
use crate::metrics::Metrics;

/// What is done with the requests of one API.
#[derive(Debug, Default)]
pub(crate) struct Observation {
    /// Where they are counted and timed, if anywhere.
    pub(crate) metrics: Option<Metrics>,
    /// Whether each has an event in the log.
    pub(crate) logs_requests: bool,
    /// Where those are logged that were turned away.
    pub(crate) refusals: RefusalLog,
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended<'a> {
    pub(super) status: StatusCode,
    /// Why it was turned away, if it was.
    pub(super) refusal: Option<&'a ApiError>,
    /// Who was let in, where that is to be logged.
    pub(super) subject: Option<&'a Subject>,
    /// Where it is timed.
    pub(super) took: Option<Duration>,
}

/// Who was let in, in the extensions of an answer.
#[derive(Clone, Debug)]
pub(super) struct LetIn(pub(super) Subject);

/// The outcome of what its handler answered.
pub(super) const OK: &str = "ok";

impl Ended<'_> {
    /// The reason of a refusal, or ok.
    pub(super) fn outcome(&self) -> &'static str {
        self.refusal.map_or(OK, |refusal| refusal.reason().as_str())
    }
}

impl Observation {
    /// Whether anybody wants to know how long requests take.
    pub(super) fn is_timed(&self) -> bool {
        self.metrics.is_some() || self.logs_requests
    }

    /// Counts and times a request that has ended.
    pub(super) fn measure(&self, asked: Asked<'_>, ended: Ended<'_>) {
        if let (Some(metrics), Some(took)) = (&self.metrics, ended.took) {
            let Asked { method, route, .. } = asked;
            metrics.request(method, route, ended.status, ended.outcome()).record(took);
        }
    }

    /// Logs a request that has ended.
    pub(super) fn log(&self, asked: Asked<'_>, ended: Ended<'_>) {
        if let Some(refusal) = ended.refusal {
            self.refusals.log(refusal, asked);
        }
        if self.logs_requests {
            let Asked { method, route, request_id } = asked;
            let (status, outcome) = (ended.status.as_u16(), ended.outcome());
            let duration_ms = ended.took.map(|took| took.as_secs_f64() * 1000.0);
            let subject = ended.subject.map(Subject::as_str);
            info!(%method, route, %request_id, status, outcome, duration_ms, subject, "request");
        }
    }
}
