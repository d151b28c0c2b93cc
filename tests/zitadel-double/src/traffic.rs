//! Recorded requests and their counts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, Version};
use serde_json::Value;
use tokio::sync::watch;

use crate::ids::KeyId;

/// Request as it arrived, without credentials and form values.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// HTTP version.
    pub version: Version,
    /// `Host` or `:authority`, as sent.
    pub host: String,
    /// Header names (lower case) and values, in order; `authorization` without its credentials.
    pub headers: Vec<(String, String)>,
    /// Query parameter names, in order.
    pub query_parameters: Vec<String>,
    /// Form field names, in order.
    pub form_fields: Vec<String>,
    /// `kid` of the client assertion, if readable.
    pub key_id: Option<KeyId>,
}

impl RecordedRequest {
    /// First value of a header, by lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `User-Agent` header.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.header("user-agent")
    }
}

/// Returns the headers as recorded.
pub(crate) fn without_secrets(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = if name == http::header::AUTHORIZATION {
                let scheme = value.split(' ').next().filter(|_| value.contains(' '));
                format!("{} (redacted)", scheme.unwrap_or_default())
            } else {
                value.into_owned()
            };
            (name.as_str().to_owned(), value)
        })
        .collect()
}

/// Counts since the start or last reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Introspection requests.
    pub introspections: usize,
    /// Discovery requests.
    pub discoveries: usize,
    /// Accepted TCP connections.
    pub connections: usize,
    /// Event searches.
    pub event_calls: usize,
    /// Event type searches.
    pub event_type_calls: usize,
    /// Management calls.
    pub management_calls: usize,
    /// Maximum number of introspections held by faults at the same time.
    pub most_under_way: usize,
}

#[derive(Debug)]
pub(crate) struct Traffic {
    counts: watch::Sender<Counts>,
    requests: Mutex<Vec<RecordedRequest>>,
    event_requests: Mutex<Vec<Value>>,
    under_way: AtomicUsize,
}

#[derive(Debug)]
pub(crate) struct UnderWay<'a>(&'a Traffic);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Traffic {
    pub(crate) fn new() -> Self {
        let counts = watch::Sender::new(Counts::default());
        Self {
            counts,
            requests: Mutex::default(),
            event_requests: Mutex::default(),
            under_way: AtomicUsize::default(),
        }
    }

    pub(crate) fn under_way(&self) -> UnderWay<'_> {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.counts.send_modify(|counts| counts.most_under_way = counts.most_under_way.max(now));
        UnderWay(self)
    }

    /// Records the request before its count, so that a test finds it once the count changes.
    pub(crate) fn record(&self, request: RecordedRequest, count: impl FnOnce(&mut Counts)) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        self.counts.send_modify(count);
    }

    /// Records the body of an event search, `null` if not JSON.
    pub(crate) fn record_search(&self, body: &[u8]) {
        let body = serde_json::from_slice(body).unwrap_or_default();
        self.event_requests.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    }

    pub(crate) fn event_requests(&self) -> Vec<Value> {
        self.event_requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn connected(&self) {
        self.counts.send_modify(|counts| counts.connections += 1);
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Counts> {
        self.counts.subscribe()
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reset(&self) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.event_requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.counts.send_replace(Counts::default());
    }
}
