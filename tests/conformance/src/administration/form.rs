//! Form of a response: names and types of its members, patterns of ids, times and secrets, and
//! ZITADEL's own words.

use serde_json::Value;

use crate::form::Strictness;

const FIXED: [&str; 5] = ["@type", "code", "message", "state", "type"];

/// Minimum number of digits of an id.
const ID: usize = 15;

/// Returns a path with `{}` for each id.
pub(super) fn pattern(path: &str) -> String {
    let part = |part: &str| if is_id(part) { "{}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Returns the differences as sentences. A real server may have further members.
pub(super) fn differences(expected: &Value, answer: &Value, strictness: Strictness) -> Vec<String> {
    let mut found = Vec::new();
    compare("the answer", "", expected, answer, strictness, &mut found);
    found
}

fn compare(
    path: &str,
    member: &str,
    expected: &Value,
    answer: &Value,
    strictness: Strictness,
    found: &mut Vec<String>,
) {
    match (expected, answer) {
        (Value::Object(expected), Value::Object(answer)) => {
            for (name, value) in expected {
                let path = format!("{path}, {name}");
                match answer.get(name) {
                    Some(answer) => compare(&path, name, value, answer, strictness, found),
                    None => found.push(format!("{path} is missing")),
                }
            }
            if strictness == Strictness::Exact {
                let further = answer.keys().filter(|name| !expected.contains_key(*name));
                found.extend(further.map(|name| format!("{path} has a member {name}")));
            }
        }
        // A list may have any length.
        (Value::Array(expected), Value::Array(answer)) => match expected.first() {
            Some(expected) if answer.is_empty() => found.push(format!("{path} lacks {expected}")),
            Some(expected) => {
                let path = format!("an element of {path}");
                for answer in answer {
                    compare(&path, member, expected, answer, strictness, found);
                }
            }
            None => {}
        },
        (Value::String(expected), Value::String(answer)) => {
            // Another text may be a secret, so only its kind is printed.
            if FIXED.contains(&member) {
                if expected != answer {
                    found.push(format!("{path} is {answer:?} for {expected:?}"));
                }
            } else if kind(expected) != kind(answer) {
                found.push(format!("{path} is {:?} for {:?}", kind(answer), kind(expected)));
            }
        }
        (Value::Number(_), Value::Number(_)) if FIXED.contains(&member) && expected != answer => {
            found.push(format!("{path} is {answer} for {expected}"));
        }
        (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => {}
        _ => found.push(format!("{path} has another type")),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Id,
    Number,
    Time,
    Empty,
    Text,
}

fn kind(text: &str) -> Kind {
    if text.is_empty() {
        Kind::Empty
    } else if is_id(text) {
        Kind::Id
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Kind::Number
    } else if humantime::parse_rfc3339(text).is_ok() {
        Kind::Time
    } else {
        Kind::Text
    }
}

fn is_id(text: &str) -> bool {
    text.len() >= ID && text.bytes().all(|byte| byte.is_ascii_digit())
}
