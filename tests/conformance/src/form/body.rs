//! Bodies: members, types, fixed values, and ids by the things they identify.

use observed::{Case, Section};

use super::Strictness;
use crate::json::Json;
use crate::names::Names;

/// Members with a new id, of which only the form is compared.
const FRESH_IDS: [&str; 3] = ["jti", "kid", "sid"];

/// Members that no setting of the server changes: they are compared everywhere.
const FIXED: [&str; 10] = [
    "active",
    "aud",
    "client_id",
    "code",
    "error",
    "error_description",
    "iss",
    "scope",
    "sub",
    "token_type",
];

/// Claim of the observed version only.
const OF_ONE_VERSION: &str = "urn:zitadel:iam:org:projects:roles";

/// `exp` of a token without expiry.
const NEVER: f64 = 253_402_300_799.0;

struct Comparison<'a> {
    names: &'a Names,
    strictness: Strictness,
    /// True for a document of settings, whose members and lists differ between versions.
    settings: bool,
    found: Vec<String>,
}

pub(super) fn differences(
    case: &Case,
    body: &str,
    names: &Names,
    strictness: Strictness,
) -> Vec<String> {
    let settings = case.name.starts_with("discovery");
    let mut comparison = Comparison { names, strictness, settings, found: Vec::new() };
    match (Json::parse(&case.body), Json::parse(body)) {
        (Some(observed), Some(live)) => {
            comparison.value("the body", "", &observed, &live);
            if strictness == Strictness::Exact && case.body.ends_with('\n') != body.ends_with('\n')
            {
                comparison.found.push("the line feed at the end of the body".to_owned());
            }
        }
        (None, None) if same_text(case, &names.observed(body)) => {}
        (None, None) => comparison.found.push(format!("the body: {body:?}")),
        (Some(_), None) => comparison.found.push("the body is no JSON".to_owned()),
        (None, Some(_)) => comparison.found.push("the body is JSON".to_owned()),
    }
    comparison.found
}

/// Compares the beginning of a fault's text: the rest has addresses and database errors.
fn same_text(case: &Case, live: &str) -> bool {
    let (beginning, _) = case.body.split_once("&{").unwrap_or((&case.body, ""));
    if case.section == Section::Fault { live.starts_with(beginning) } else { live == case.body }
}

impl Comparison<'_> {
    fn value(&mut self, path: &str, member: &str, observed: &Json, live: &Json) {
        let exact = self.strictness == Strictness::Exact;
        let same = match (observed, live) {
            (Json::Object(observed), Json::Object(live)) => {
                return self.members(path, observed, live);
            }
            (Json::Array(observed), Json::Array(live)) => {
                return self.elements(path, member, observed, live);
            }
            (Json::String(observed), Json::String(live)) => match member {
                _ if FRESH_IDS.contains(&member) => form_of_id(observed) == form_of_id(live),
                // Modulus of a key.
                "n" => true,
                "scope" if !exact => words(observed) == words(&self.names.observed(live)),
                _ => !self.is_fixed(member) || self.names.observed(live) == *observed,
            },
            (Json::Number(observed), Json::Number(live)) => {
                let (observed, live) = (observed.as_f64(), live.as_f64());
                observed == live || (is_time(observed) && is_time(live)) || !self.is_fixed(member)
            }
            (Json::Bool(observed), Json::Bool(live)) => observed == live || !self.is_fixed(member),
            (Json::Null, Json::Null) => true,
            _ => {
                let (observed, live) = (observed.type_name(), live.type_name());
                self.found.push(format!("{path} is {live} for {observed}"));
                return;
            }
        };
        if !same {
            self.found.push(format!("{path} has another value than the observed one"));
        }
    }

    fn is_fixed(&self, member: &str) -> bool {
        self.strictness == Strictness::Exact || FIXED.contains(&member)
    }

    fn members(&mut self, path: &str, observed: &[(String, Json)], live: &[(String, Json)]) {
        let exact = self.strictness == Strictness::Exact;
        let live: Vec<(String, &Json)> =
            live.iter().map(|(name, value)| (self.names.observed(name), value)).collect();
        let mut same_set = true;
        for (name, value) in observed {
            match live.iter().find(|(known, _)| known == name) {
                Some((_, live)) => self.value(&format!("{path}, {name}"), name, value, live),
                None if !exact && name == OF_ONE_VERSION => {}
                None => {
                    same_set = false;
                    self.found.push(format!("{path} has no {name}"));
                }
            }
        }
        for (name, _) in &live {
            let known = observed.iter().any(|(known, _)| known == name);
            if !known && (exact || !self.settings) {
                same_set = false;
                self.found.push(format!("{path} has a member {name}"));
            }
        }
        let order = observed.iter().map(|(name, _)| name);
        if exact && same_set && !order.eq(live.iter().map(|(name, _)| name)) {
            self.found.push(format!("{path} has its members in another order"));
        }
    }

    fn elements(&mut self, path: &str, member: &str, observed: &[Json], live: &[Json]) {
        if let Some(first @ Json::Object(_)) = observed.first() {
            // Their number depends on the server.
            for element in live {
                self.value(&format!("an element of {path}"), "", first, element);
            }
            if live.is_empty() {
                self.found.push(format!("{path} is empty"));
            }
            return;
        }
        if self.strictness == Strictness::Tolerant && !FIXED.contains(&member) {
            return;
        }
        let text = |element: &Json| match element {
            Json::String(text) => text.clone(),
            other => format!("{other:?}"),
        };
        let in_observed_names = |element| self.names.observed(&text(element));
        let mut live: Vec<String> = live.iter().map(in_observed_names).collect();
        let mut observed: Vec<String> = observed.iter().map(text).collect();
        if member == "aud" {
            // The order of a project's applications is undefined.
            live.sort();
            observed.sort();
        }
        if live != observed {
            self.found.push(format!("{path} is {live:?} for {observed:?}"));
        }
    }
}

fn is_time(number: Option<f64>) -> bool {
    number.is_some_and(|number| number > 1e9 && number < NEVER)
}

fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split(' ').collect();
    words.sort_unstable();
    words
}

/// Replaces runs of digits as long as an id.
fn form_of_id(text: &str) -> String {
    let mut form = String::new();
    for run in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = run.trim_end_matches(|c: char| !c.is_ascii_digit());
        let rest = run.strip_prefix(digits).unwrap_or_default();
        form.push_str(if digits.len() > 14 { "(id)" } else { digits });
        form.push_str(rest);
    }
    form
}
