//! The answers of introspection, and of what belongs to it.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A question and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name.
    #[serde(rename = "case")]
    pub name: String,
    /// The part of the request that it is about.
    pub section: Section,
    /// The request, as far as it was kept.
    pub asked: Asked,
    /// The status of the answer; `None` where none came.
    pub status: Option<u16>,
    /// The header fields of the answer. Times and cookies are patterns in parentheses.
    pub headers: Map<String, Value>,
    /// The body of the answer.
    pub body: String,
    /// The verdict, fault or outcome that the adapter makes of the answer.
    pub expected: Value,
}

/// The part of the request that a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// The token.
    Token,
    /// The client: its credentials, the host, the method.
    Client,
    /// ZITADEL in trouble.
    Fault,
}

/// A request, as far as it was kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Asked {
    /// In words.
    Words(String),
    /// By its parts.
    Parts(Map<String, Value>),
}

impl Case {
    /// Returns the token that was asked about, where it was kept.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.part("token")?.as_str().or_else(|| {
            let fields = self.part("form")?.as_array()?.iter();
            fields.filter(|field| field[0] == "token").find_map(|field| field[1].as_str())
        })
    }

    /// Returns the client that asked about a token, where it was kept.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.part("client")?.as_str()
    }

    /// Tells whether the client authenticated by an assertion.
    #[must_use]
    pub fn is_by_assertion(&self) -> bool {
        self.part("form").is_some_and(|form| form.to_string().contains("client_assertion"))
            || self.name.contains("assertion")
    }

    fn part(&self, name: &str) -> Option<&Value> {
        match &self.asked {
            Asked::Parts(parts) => parts.get(name),
            Asked::Words(_) => None,
        }
    }
}

/// Reads all cases, in the order in which they were observed.
///
/// # Panics
/// When a line is no case.
#[must_use]
#[expect(clippy::panic, reason = "a test cannot go on without its data")]
pub fn introspection() -> Vec<Case> {
    let read = |line| match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => panic!("{error}: {line}"),
    };
    include_str!("../introspection.jsonl").lines().map(read).collect()
}
