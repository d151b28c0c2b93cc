//! Headers, with patterns for times, cookies and lengths.

use std::collections::BTreeMap;

use observed::{Case, Section};
use serde_json::Value;

use super::Strictness;
use crate::exchange::Answer;

/// Headers that a proxy or another HTTP version changes.
const OF_THE_CONNECTION: [&str; 3] = ["content-length", "date", "transfer-encoding"];

pub(super) fn differences(case: &Case, answer: &Answer, strictness: Strictness) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let observed: BTreeMap<String, String> =
        case.headers.iter().map(|(name, value)| (name.to_lowercase(), text(value))).collect();
    let mut found = Vec::new();
    for (name, value) in &observed {
        if strictness == Strictness::Tolerant && OF_THE_CONNECTION.contains(&name.as_str()) {
            continue;
        }
        match answer.header(name) {
            None => found.push(format!("no header {name}")),
            Some(live) if same(name, value, live, strictness) => {}
            Some(live) => {
                found.push(format!("{name}: {} for {}", pattern(name, live), pattern(name, value)));
            }
        }
    }
    // Fault cases list only the relevant headers.
    if strictness == Strictness::Exact && case.section != Section::Fault {
        let further = answer.headers.iter().filter(|(name, _)| !observed.contains_key(name));
        found.extend(further.map(|(name, _)| format!("a header {name}")));
        for name in observed.keys() {
            if answer.headers.iter().filter(|(known, _)| known == name).count() > 1 {
                found.push(format!("the header {name} more than once"));
            }
        }
    }
    found
}

fn same(name: &str, observed: &str, live: &str, strictness: Strictness) -> bool {
    match (strictness, name) {
        // Transport and domain change its prefix and attributes.
        (Strictness::Tolerant, "set-cookie") => {
            live.split('=').next().unwrap_or_default().ends_with("zitadel.useragent")
        }
        (Strictness::Tolerant, "vary") => {
            let live = live.to_lowercase();
            observed.to_lowercase().split(", ").all(|one| live.contains(one))
        }
        (Strictness::Tolerant, _) => {
            pattern(name, observed).eq_ignore_ascii_case(&pattern(name, live))
        }
        (Strictness::Exact, _) => pattern(name, observed) == pattern(name, live),
    }
}

/// Replaces values that differ between responses.
fn pattern(name: &str, value: &str) -> String {
    match name {
        "date" | "expires" if httpdate::parse_http_date(value).is_ok() => "(a time)".to_owned(),
        "content-length" if value.parse::<u64>().is_ok() => "(a length)".to_owned(),
        "set-cookie" => cookie(value),
        _ => value.to_owned(),
    }
}

fn cookie(value: &str) -> String {
    let (pair, attributes) = value.split_once(';').unwrap_or((value, ""));
    match pair.split_once('=') {
        Some((name, value)) if !value.starts_with('(') => {
            format!("{name}=(a value of {} characters);{attributes}", value.len())
        }
        _ => value.to_owned(),
    }
}
