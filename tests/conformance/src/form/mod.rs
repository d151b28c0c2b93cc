//! Comparison of a response with the observed one: status, headers, body.

mod body;
mod headers;
#[cfg(test)]
mod tests;

use observed::Case;

use crate::exchange::Answer;
use crate::names::Names;

/// Permitted difference between a response and the observed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// For the double: every header, the order of members, all fixed values.
    Exact,
    /// For a real server: a proxy may add headers, its settings decide names and lifetimes.
    Tolerant,
}

/// Returns the differences, a sentence each; none if the forms are the same. `None` means that no
/// response arrived in time.
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
