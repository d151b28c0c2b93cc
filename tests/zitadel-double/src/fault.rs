//! Faults of a provider, or of a proxy in front of it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;

use crate::answer::Answer;
use crate::gate::Gate;

/// Fault of a request. The request is always read, recorded, counted and checked first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// Never answers; the connection stays open.
    Stall,
    /// Delays the response, which is made at arrival, by this time.
    Delay(Duration),
    /// Sends the response, which is made at arrival, when the gate opens.
    Hold(Gate),
    /// Resets the connection (RST) instead of answering.
    ResetBeforeAnswer,
    /// Closes the connection (FIN) instead of answering, as when ZITADEL restarts.
    CloseBeforeAnswer,
    /// Sends the head and part of the body, then resets the connection (RST).
    ResetMidBody,
    /// Closes the connection (FIN) before the length that `Content-Length` announces was sent.
    Truncate,
    /// 500 with a line of text.
    InternalServerError,
    /// 502 with a proxy's HTML page.
    BadGateway,
    /// 503 with a proxy's HTML page.
    ServiceUnavailable,
    /// 429 as ZITADEL answers when a quota is exhausted: text, a cookie, and no `Retry-After`.
    TooManyRequests,
    /// 404 as ZITADEL answers without its database: text that names [`DATABASE_HOST`].
    DatabaseDown,
    /// 200 with the HTML of a login page.
    LoginPage,
    /// A redirect.
    Redirect(RedirectStatus, String),
    /// 200 with JSON whose members have the wrong types.
    WrongTypes,
    /// 200 `application/json` whose body is not JSON.
    NotJson,
    /// 200 `application/json` without a body.
    Empty,
    /// The right response, compressed although the client did not offer that.
    Compressed,
    /// The right response with this many more headers.
    Headers(usize),
    /// The right response with this media type.
    ContentType(String),
    /// 200 with valid JSON of 50 MB.
    Huge(Framing),
    /// A valid beginning of JSON, then one byte at every interval, without end.
    Drip(Duration),
    /// Any status and any body.
    Status(StatusCode, Answer),
}

/// Host name in the text of [`Fault::DatabaseDown`]; it must not appear anywhere else.
pub const DATABASE_HOST: &str = "zitadel-db-primary.internal.invalid";

/// Status of a redirect, which decides if the client repeats the method and the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectStatus {
    /// 302: most clients turn the POST into a GET.
    Found,
    /// 307: the POST is repeated, token and all.
    TemporaryRedirect,
}

/// Framing of a large body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Without a length (chunked in HTTP/1.1).
    Chunked,
    /// By `Content-Length`.
    ContentLength,
}

/// Fault of the discovery document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DiscoveryFault {
    /// Fault that every endpoint can have.
    Any(Fault),
    /// Sets the document's `issuer`.
    Issuer(String),
    /// Sets the document's `introspection_endpoint`, possibly to a foreign origin.
    IntrospectionEndpoint(String),
    /// Removes the document's `introspection_endpoint`.
    NoIntrospectionEndpoint,
    /// Sets the response's `Date`, as by another clock.
    Date(String),
}

impl From<Fault> for DiscoveryFault {
    fn from(fault: Fault) -> Self {
        Self::Any(fault)
    }
}

/// Number of requests that a fault affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next request.
    Once,
    /// The next requests, this many.
    Next(u32),
    /// Every request until faults are cleared, or another fault is set.
    UntilCleared,
}

/// Faults of the coming requests, in the order in which they were set.
#[derive(Debug)]
pub(crate) struct FaultQueue<F>(Mutex<VecDeque<(F, Times)>>);

impl<F> Default for FaultQueue<F> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<F: Clone> FaultQueue<F> {
    pub(crate) fn push(&self, fault: F, times: Times) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(queue.back(), Some((_, Times::UntilCleared))) {
            queue.pop_back();
        }
        if times != Times::Next(0) {
            queue.push_back((fault, times));
        }
    }

    /// Returns the fault of the current request.
    pub(crate) fn next(&self) -> Option<F> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (fault, times) = queue.front_mut()?;
        let fault = fault.clone();
        match times {
            Times::UntilCleared => {}
            Times::Next(left) if *left > 1 => *left -= 1,
            Times::Once | Times::Next(_) => drop(queue.pop_front()),
        }
        Some(fault)
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
