//! Observed calls of the management API, with their responses.

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
    /// Path, with the ids of the observation.
    pub path: String,
    /// Body of the request; null if it had none.
    pub body: Value,
    /// Status of the response.
    pub status: u16,
    /// Body of the response.
    pub answer: Value,
}

/// Reads all calls, in the order in which they were observed.
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
