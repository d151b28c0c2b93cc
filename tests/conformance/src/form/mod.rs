//! Comparison of status, headers and body with the observed response.

mod body;
mod headers;
#[cfg(test)]
mod tests;

use observed::Case;

use crate::exchange::Answer;
use crate::names::Names;

/// Differences that a comparison permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// For the double: headers, member order and fixed values must match.
    Exact,
    /// For a real server: a proxy may add headers, settings change names and lifetimes.
    Tolerant,
}

/// Returns the differences as sentences. The answer is `None` if no response arrived in time.
pub(crate) fn differences(
    case: &Case,
    answer: Option<&Answer>,
    names: &Names,
    strictness: Strictness,
) -> Vec<String> {
    let (status, answer) = match (case.status, answer) {
        (None, None) => return Vec::new(),
        (None, Some(answer)) => return vec![format!("an answer came, with {}", answer.status)],
        (Some(_), None) => return vec!["no answer came".to_owned()],
        (Some(status), Some(answer)) => (status, answer),
    };
    let mut found = Vec::new();
    if answer.status != status {
        found.push(format!("status {} for {status}", answer.status));
    }
    found.extend(headers::differences(case, answer, strictness));
    found.extend(body::differences(case, &answer.body, names, strictness));
    found
}
