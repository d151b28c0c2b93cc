//! The seam for metrics, spans and an access log: this crate has none of its own.

use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode};
use domain::Principal;
use tracing::Span;

use super::{RequestId, shortened};
use crate::answer::Reason;

/// Watches the requests of a [`Guard`](crate::Guard): one call when a request's head is there, one
/// when the head of its answer is.
///
/// A request whose client leaves has no end. Without an observer no clock is read.
pub trait RequestObserver: Send + Sync + 'static {
    /// Opens the span in which the request is handled; none by default.
    fn span(&self, head: RequestHead<'_>, headers: &HeaderMap) -> Span {
        let _ = (head, headers);
        Span::none()
    }

    /// Records how a request ended; `span` is what [`span`](Self::span) opened.
    fn ended(&self, span: &Span, head: RequestHead<'_>, end: RequestEnd<'_>);

    /// Records that a rule within a guarded service was not met, as that of one tool of an MCP server;
    /// nothing by default. The answer of the request may be a success.
    fn denied_within(&self, head: RequestHead<'_>, reason: Reason) {
        let _ = (head, reason);
    }
}

/// Identifies a request in an event.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method, which callers may invent.
    pub method: &'a Method,
    /// The route's path with its prefix, such as `/v1/messages/{id}`; the name given by
    /// [`Require::named`](crate::Require::named); or [`UNMATCHED`].
    pub route: &'a str,
    /// The id, which is in the answer and in every event about this request.
    pub request_id: &'a RequestId,
}

impl<'a> RequestHead<'a> {
    /// Returns the method as a log shows it: at most its first 32 bytes.
    #[must_use]
    pub fn shown_method(self) -> &'a str {
        shortened::method(self.method)
    }
}

/// Route of requests that match no route.
pub const UNMATCHED: &str = "unmatched";

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub struct RequestEnd<'a> {
    /// The answer's status.
    pub status: StatusCode,
    /// Why the request was turned away, if it was. A handler's own answer has none, whatever its
    /// status.
    pub reason: Option<Reason>,
    /// The caller, if it was let in.
    pub principal: Option<&'a Principal>,
    /// From the request's head to the answer's head.
    pub took: Duration,
}

impl RequestEnd<'_> {
    /// Returns the reason in one word, or `ok`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        self.reason.map_or("ok", Reason::as_str)
    }
}
