//! The calls of the management API, and what each was answered.

use serde::Deserialize;
use serde_json::Value;

/// A call and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementCall {
    /// The caller, in words.
    pub caller: String,
    /// The method.
    pub method: String,
    /// The path, with the ids of the observation.
    pub path: String,
    /// The body of the request; null where it had none.
    pub body: Value,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub answer: Value,
}

/// Reads all calls, in the order in which they were observed.
///
/// # Panics
/// When a line is no call.
#[must_use]
#[expect(clippy::panic, reason = "a test cannot go on without its data")]
pub fn management() -> Vec<ManagementCall> {
    let read = |line| match serde_json::from_str(line) {
        Ok(call) => call,
        Err(error) => panic!("{error}: {line}"),
    };
    include_str!("../management.jsonl").lines().map(read).collect()
}
