//! Comparison of two responses, with ids and times replaced.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::question::Answer;
use super::{Observed, Stage};

#[expect(clippy::disallowed_methods, reason = "assertions are judged by the real clock")]
pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

pub(super) fn assert_alike(observed: &Observed, answer: &Answer, stage: &Stage) {
    let case = &observed.case;
    assert_eq!(Some(answer.status), observed.status, "{case}: {}", answer.body);

    let own = Text { ids: stage.ids(), times: times(&answer.body) };
    let theirs = Text { ids: stage.observed_ids(), times: times(&observed.body) };
    let body = in_their_words(&answer.body);
    assert_eq!(own.canonical(&body), theirs.canonical(&observed.body), "the body of {case}");

    let headers = observed.headers.as_object().unwrap().iter();
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap()));
    let mut expected: BTreeMap<String, String> =
        headers.map(|(name, value)| (name, value.to_owned())).collect();
    if !observed.body.is_empty() {
        // Names and ids of the two servers differ in length.
        expected.entry("content-length".to_owned()).and_modify(|length| {
            assert_eq!(*length, observed.body.len().to_string(), "{case}");
            *length = answer.body.len().to_string();
        });
    }
    assert_eq!(without_chance(&answer.headers), expected, "the headers of {case}");
}

/// Returns the headers with times and random values replaced as in the observed ones.
fn without_chance(headers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut headers = headers.clone();
    for name in ["date", "expires"] {
        headers.entry(name.to_owned()).and_modify(|value| {
            assert!(value.len() == 29 && value.ends_with(" GMT"), "{name}: {value}");
            "(a time)".clone_into(value);
        });
    }
    headers.entry("set-cookie".to_owned()).and_modify(|cookie| {
        let (name, rest) = cookie.split_once('=').unwrap();
        let (value, rest) = rest.split_once(';').unwrap();
        *cookie = format!("{name}=(a value of {} characters);{rest}", value.len());
    });
    headers
}

/// Replaces names of the double's default world with the observed ones.
fn in_their_words(body: &str) -> String {
    body.replace("acme.localhost", "ha-docs.localhost")
        .replace("\"ACME\"", "\"ha-docs\"")
        .replace("globex.localhost", "ha-stranger.localhost")
        .replace("\"Globex\"", "\"ha-stranger\"")
}

/// Times in a response, by their meaning.
struct Times {
    issued_at: Option<i64>,
    updated_at: Option<i64>,
}

fn times(body: &str) -> Times {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    Times { issued_at: body["iat"].as_i64(), updated_at: body["updated_at"].as_i64() }
}

/// Replacements for ids and times in a text.
struct Text<'a> {
    /// Observed ids by the double's ids.
    ids: HashMap<String, &'a str>,
    times: Times,
}

impl Text<'_> {
    /// Replaces known ids with the observed ones, other ids with numbers by their order, times with
    /// their distance from `iat`, and moduli with their lengths. Sorts the `aud` of a login, which
    /// ZITADEL leaves unordered.
    fn canonical(&self, body: &str) -> String {
        let mut others: Vec<String> = Vec::new();
        let mut canonical = String::new();
        for word in words(body) {
            if word.len() > 300 && !word.contains(' ') {
                write!(canonical, "({} characters)", word.len()).unwrap();
            } else if word.len() == 18 && is_number(word) {
                match self.ids.get(word) {
                    Some(id) => canonical += id,
                    None => canonical += &numbered(word, &mut others),
                }
            } else if word.len() == 10 && is_number(word) {
                canonical += &self.time(word, canonical.ends_with("\"updated_at\":"));
            } else {
                canonical += word;
            }
        }
        with_sorted_audience(&canonical)
    }

    fn time(&self, word: &str, is_update: bool) -> String {
        let (time, issued_at) = (word.parse::<i64>().unwrap(), self.times.issued_at.unwrap());
        if is_update {
            assert_eq!(Some(time), self.times.updated_at);
            return "(a time)".to_owned();
        }
        match time - issued_at {
            0 => "(iat)".to_owned(),
            later @ 1.. => format!("(iat + {later})"),
            _ => "(before iat)".to_owned(),
        }
    }
}

/// Splits into runs of letters, digits, `-` and `_`, separate runs for numbers, and the characters
/// in between.
fn words(body: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let is_digit = |letter: char| letter.is_ascii_digit();
        let is_inside = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        let run = rest.find(|letter| !is_inside(letter)).unwrap_or(rest.len());
        let length = if run > 300 {
            run
        } else if is_digit(first) {
            rest.find(|letter| !is_digit(letter)).unwrap_or(rest.len())
        } else if is_inside(first) {
            let end = |letter: char| is_digit(letter) || !is_inside(letter);
            rest.find(end).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, following) = rest.split_at(length);
        words.push(word);
        rest = following;
    }
    words
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn numbered(id: &str, others: &mut Vec<String>) -> String {
    let known = others.iter().position(|other| other == id);
    let number = known.unwrap_or_else(|| {
        others.push(id.to_owned());
        others.len() - 1
    });
    format!("(id {number})")
}

fn with_sorted_audience(body: &str) -> String {
    let beginning = "\"aud\":[";
    let Some((before, rest)) = body.split_once(beginning) else {
        return body.to_owned();
    };
    let (audience, after) = rest.split_once(']').unwrap();
    let mut audience: Vec<&str> = audience.split(',').collect();
    if audience.len() > 2 {
        audience.sort_unstable();
    }
    format!("{before}{beginning}{}]{after}", audience.join(","))
}
