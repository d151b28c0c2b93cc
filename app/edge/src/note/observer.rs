//! Interface for metrics, spans and an access log, of which this crate has none.

use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode};
use domain::Principal;
use tracing::Span;

use super::shortened;
use crate::answer::{Reason, RequestId};

/// Observes the requests of a [`Guard`](crate::Guard): one call when a request's head has arrived,
/// one when the head of its answer is ready.
///
/// A request whose client disconnects has no end. Without an observer no clock is read.
pub trait RequestObserver: Send + Sync + 'static {
    /// Opens the span in which the request is handled; none by default.
    fn span(&self, head: RequestHead<'_>, headers: &HeaderMap) -> Span {
        let _ = (head, headers);
        Span::none()
    }

    /// Records the end of a request; `span` is the one that [`span`](Self::span) opened.
    fn ended(&self, span: &Span, head: RequestHead<'_>, end: RequestEnd<'_>);

    /// Records that a rule within a guarded service was not met, such as that of a tool of an MCP
    /// server; does nothing by default. The answer to the request may be a success.
    fn denied_within(&self, head: RequestHead<'_>, reason: Reason) {
        let _ = (head, reason);
    }
}

/// Identifies a request in an event.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// Method, which callers may invent.
    pub method: &'a Method,
    /// Route's path with its prefix, such as `/v1/messages/{id}`; the name given by
    /// [`Require::named`](crate::Require::named); or [`UNMATCHED`].
    pub route: &'a str,
    /// Id, which is in the answer and in every event about this request.
    pub request_id: &'a RequestId,
}

impl<'a> RequestHead<'a> {
    /// Returns at most the first 32 bytes of the method, for a log.
    #[must_use]
    pub fn shown_method(self) -> &'a str {
        shortened::method(self.method)
    }
}

/// Route of requests that match no route.
pub const UNMATCHED: &str = "unmatched";

/// End of a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestEnd<'a> {
    /// Status of the answer.
    pub status: StatusCode,
    /// Reason why the request was rejected, if it was. A handler's own answer has none, even with
    /// an error status.
    pub reason: Option<Reason>,
    /// Caller, if the request was admitted.
    pub principal: Option<&'a Principal>,
    /// Time from the request's head to the answer's head.
    pub took: Duration,
}

impl RequestEnd<'_> {
    /// Returns the reason in one word, or `ok`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        self.reason.map_or("ok", Reason::as_str)
    }
}
