//! Faults of a provider or of a proxy in front.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;

use crate::answer::Answer;
use crate::gate::Gate;

/// Fault of a request, which is still read, recorded, counted and checked first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// Never answers; the connection stays open.
    Stall,
    /// Delays the response, made at arrival, by this time.
    Delay(Duration),
    /// Sends the response, made at arrival, when the gate opens.
    Hold(Gate),
    /// Resets the connection (RST) without a response.
    ResetBeforeAnswer,
    /// Closes the connection (FIN) without a response, as when ZITADEL restarts.
    CloseBeforeAnswer,
    /// Sends head and part of the body, then resets the connection (RST).
    ResetMidBody,
    /// Closes the connection (FIN) before `Content-Length` bytes are sent.
    Truncate,
    /// 500 with a line of text.
    InternalServerError,
    /// 502 with a proxy's HTML page.
    BadGateway,
    /// 503 with a proxy's HTML page.
    ServiceUnavailable,
    /// 429 as ZITADEL sends it for an exhausted quota: text, a cookie, no `Retry-After`.
    TooManyRequests,
    /// 404 as ZITADEL sends it without its database: text that names [`DATABASE_HOST`].
    DatabaseDown,
    /// 200 with an HTML login page.
    LoginPage,
    /// A redirect.
    Redirect(RedirectStatus, String),
    /// 200 with JSON members of wrong types.
    WrongTypes,
    /// 200 `application/json` with a body that is not JSON.
    NotJson,
    /// 200 `application/json` without a body.
    Empty,
    /// The right response, compressed although the client did not offer it.
    Compressed,
    /// The right response with this many more headers.
    Headers(usize),
    /// The right response with this media type.
    ContentType(String),
    /// 200 with valid JSON of 50 MB.
    Huge(Framing),
    /// A valid beginning of JSON, then one byte per interval, endlessly.
    Drip(Duration),
    /// Any status and any body.
    Status(StatusCode, Answer),
}

/// Host name in the text of [`Fault::DatabaseDown`]; it must not appear elsewhere.
pub const DATABASE_HOST: &str = "zitadel-db-primary.internal.invalid";

/// Status of a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectStatus {
    /// 302: most clients turn the POST into a GET.
    Found,
    /// 307: clients repeat the POST, including the token.
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
    /// Sets `issuer`.
    Issuer(String),
    /// Sets `introspection_endpoint`, possibly to a foreign origin.
    IntrospectionEndpoint(String),
    /// Removes `introspection_endpoint`.
    NoIntrospectionEndpoint,
    /// Sets the `Date` header, like another clock.
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
    /// This many next requests.
    Next(u32),
    /// Every request until faults are cleared or replaced.
    UntilCleared,
}

/// Faults of the coming requests, in order.
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
