//! Time-out and counters of peers that stall.

use std::time::Duration;

use metrics::{Counter, counter};

/// Stalls of one listener.
#[derive(Clone, Debug)]
pub(super) struct Stalls {
    pub(super) timeout: Duration,
    /// Peers that did not send a request body which a handler waits for.
    pub(super) request_body: Counter,
    /// Peers that did not take an answer which is ready.
    pub(super) answer: Counter,
}

impl Stalls {
    /// Registers the counters at the current recorder.
    pub(super) fn new(timeout: Duration, listener: &'static str) -> Self {
        let stalls = |owed: &'static str| counter!("http_server_stalls_total", "listener" => listener, "waiting_for" => owed);
        Self { timeout, request_body: stalls("request_body"), answer: stalls("room_for_answer") }
    }
}
