//! Interface by which a program adds metrics, spans and an access log; this crate has none itself.

use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode};
use domain::Principal;
use tracing::Span;

use super::shortened;
use crate::answer::{Reason, RequestId};

/// Observes the requests of a [`Guard`](crate::Guard): [`span`](Self::span) is called when a
/// request's head has arrived, [`ended`](Self::ended) when the head of its response is ready,
/// unless the client has left.
pub trait RequestObserver: Send + Sync + 'static {
    /// Returns the span in which the request is handled; none by default.
    fn span(&self, head: RequestHead<'_>, headers: &HeaderMap) -> Span {
        let _ = (head, headers);
        Span::none()
    }

    /// Records the end of a request; `span` is the one that [`span`](Self::span) returned.
    fn ended(&self, span: &Span, head: RequestHead<'_>, end: RequestEnd<'_>);

    /// Records that a guarded service denied a request by a rule that it checks itself, such as an
    /// MCP tool's. Does nothing by default. The response may still be a success.
    fn denied_within(&self, head: RequestHead<'_>, reason: Reason) {
        let _ = (head, reason);
    }
}

/// Method, route and id of a request, for observers and log events.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// HTTP method; callers may send any word.
    pub method: &'a Method,
    /// Path of the matched route with its prefix, such as `/v1/messages/{id}`. For a service it is
    /// the name given by [`Require::named`](crate::Require::named), and without a route
    /// [`UNMATCHED`].
    pub route: &'a str,
    /// Id of the request, also in its response and its log events.
    pub request_id: &'a RequestId,
}

impl<'a> RequestHead<'a> {
    /// Returns the HTTP method for a log, cut to 32 bytes.
    #[must_use]
    pub fn shown_method(self) -> &'a str {
        shortened::method(self.method)
    }
}

/// [`RequestHead::route`] of requests that match no route.
pub const UNMATCHED: &str = "unmatched";

/// Result of a request, for the observer.
#[derive(Clone, Copy, Debug)]
pub struct RequestEnd<'a> {
    /// HTTP status of the response.
    pub status: StatusCode,
    /// Reason why the request was rejected; `None` for a handler's own response, even with an error
    /// status.
    pub reason: Option<Reason>,
    /// Caller of the request; `None` if no token was accepted.
    pub principal: Option<&'a Principal>,
    /// Time from the request's head to the response's head.
    pub took: Duration,
}

impl RequestEnd<'_> {
    /// Returns the rejection's reason as one word, or `ok` if the request was not rejected.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        self.reason.map_or("ok", Reason::as_str)
    }
}
