//! The ways in which a provider, or what stands before it, can fail.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;

use crate::answer::Answer;
use crate::gate::Gate;

/// How to fail. The request is always read, recorded, counted and judged first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// Never answers; the connection stays open.
    Stall,
    /// Answers late. The answer is made at arrival and delivered after this time.
    Delay(Duration),
    /// Answers when the gate opens. The answer is made at arrival.
    Hold(Gate),
    /// The connection is reset (RST) instead of an answer.
    ResetBeforeAnswer,
    /// The connection is closed (FIN) instead of an answer, as when ZITADEL restarts.
    CloseBeforeAnswer,
    /// The head and some of the body, then a reset (RST).
    ResetMidBody,
    /// `Content-Length` promises more than is sent before the connection is closed (FIN).
    Truncate,
    /// 500 with a line of text.
    InternalServerError,
    /// 502 with a proxy's HTML page.
    BadGateway,
    /// 503 with a proxy's HTML page.
    ServiceUnavailable,
    /// 429 as ZITADEL answers an exhausted quota: text, a cookie, and no `Retry-After`.
    TooManyRequests,
    /// 404 as ZITADEL answers without its database: text that names [`DATABASE_HOST`].
    DatabaseDown,
    /// 200 with the HTML of a login page.
    LoginPage,
    /// A redirect.
    Redirect(RedirectStatus, String),
    /// 200 with JSON whose members have the wrong types.
    WrongTypes,
    /// 200 `application/json` whose body is no JSON.
    NotJson,
    /// 200 `application/json` without a body.
    Empty,
    /// The right answer, compressed although nobody asked for that.
    Compressed,
    /// The right answer with so many headers more.
    Headers(usize),
    /// The right answer under this media type.
    ContentType(String),
    /// 200 with valid JSON of 50 MB.
    Huge(Framing),
    /// A valid beginning of JSON, then one byte at every interval, for ever.
    Drip(Duration),
    /// Any status and any body.
    Status(StatusCode, Answer),
}

/// The host name in the text of [`Fault::DatabaseDown`]: it must show up nowhere else.
pub const DATABASE_HOST: &str = "zitadel-db-primary.internal.invalid";

/// Whether the client is to repeat the method and the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectStatus {
    /// 302: most clients turn the POST into a GET.
    Found,
    /// 307: the POST is repeated, token and all.
    TemporaryRedirect,
}

/// How the end of a large body is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Not at all (chunked in HTTP/1.1).
    Chunked,
    /// By `Content-Length`.
    ContentLength,
}

/// How the discovery document can be wrong besides.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DiscoveryFault {
    /// A fault that every endpoint can have.
    Any(Fault),
    /// The document's `issuer` is this.
    Issuer(String),
    /// The document's `introspection_endpoint` is this, on a foreign origin perhaps.
    IntrospectionEndpoint(String),
    /// The document has no `introspection_endpoint`.
    NoIntrospectionEndpoint,
    /// The answer's `Date` is this, as by another clock.
    Date(String),
}

impl From<Fault> for DiscoveryFault {
    fn from(fault: Fault) -> Self {
        Self::Any(fault)
    }
}

/// For how many requests a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next request.
    Once,
    /// The next so many requests.
    Next(u32),
    /// Every request until faults are cleared, or another fault is set.
    UntilCleared,
}

/// What the coming requests will meet, in the order in which it was ordered.
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

    /// The fault of the request that is here now.
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
