//! Observed calls of the management API.

use serde::Deserialize;
use serde_json::Value;

/// Call and its response.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementCall {
    /// Caller, in words.
    pub caller: String,
    /// Method.
    pub method: String,
    /// Path, with observed ids.
    pub path: String,
    /// Body of the request, or null.
    pub body: Value,
    /// Status.
    pub status: u16,
    /// Body of the response.
    pub answer: Value,
}

/// Reads all calls, in observed order.
///
/// # Panics
/// If a line is not a call.
#[must_use]
#[expect(clippy::panic, reason = "a test cannot go on without its data")]
pub fn management() -> Vec<ManagementCall> {
    let read = |line| match serde_json::from_str(line) {
        Ok(call) => call,
        Err(error) => panic!("{error}: {line}"),
    };
    include_str!("../management.jsonl").lines().map(read).collect()
}
