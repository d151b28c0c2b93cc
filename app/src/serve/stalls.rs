//! Stall time-out (`server.stall_timeout`) of a listener, and counters of the peers that exceeded
//! it.

use std::time::Duration;

use metrics::{Counter, counter};

#[derive(Clone, Debug)]
pub(super) struct Stalls {
    pub(super) timeout: Duration,
    /// Number of request bodies that did not arrive in time.
    pub(super) request_body: Counter,
    /// Number of responses that the peer did not read in time.
    pub(super) answer: Counter,
}

impl Stalls {
    pub(super) fn new(timeout: Duration, listener: &'static str) -> Self {
        let stalls = |owed: &'static str| counter!("http_server_stalls_total", "listener" => listener, "waiting_for" => owed);
        Self { timeout, request_body: stalls("request_body"), answer: stalls("room_for_answer") }
    }
}
