//! Observed requests to introspection and related endpoints.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Request and its response.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of the case.
    #[serde(rename = "case")]
    pub name: String,
    /// Part of the request that the case concerns.
    pub section: Section,
    /// Request, as far as it was recorded.
    pub asked: Asked,
    /// Status; `None` if no response arrived.
    pub status: Option<u16>,
    /// Headers, with patterns in parentheses for times and cookies.
    pub headers: Map<String, Value>,
    /// Body.
    pub body: String,
    /// Verdict, fault or outcome that the adapter derives.
    pub expected: Value,
}

/// Part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// The token.
    Token,
    /// Credentials, host, method.
    Client,
    /// A fault of ZITADEL.
    Fault,
}

/// Recorded parts of a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Asked {
    /// In words.
    Words(String),
    /// By its parts.
    Parts(Map<String, Value>),
}

impl Case {
    /// Returns the introspected token, if it was recorded.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.part("token")?.as_str().or_else(|| {
            let fields = self.part("form")?.as_array()?.iter();
            fields.filter(|field| field[0] == "token").find_map(|field| field[1].as_str())
        })
    }

    /// Returns the client that introspected a token, if it was recorded.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.part("client")?.as_str()
    }

    /// True if the client authenticated by an assertion.
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

/// Reads all cases, in observed order.
///
/// # Panics
/// If a line is not a case.
#[must_use]
#[expect(clippy::panic, reason = "a test cannot go on without its data")]
pub fn introspection() -> Vec<Case> {
    let read = |line| match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => panic!("{error}: {line}"),
    };
    include_str!("../introspection.jsonl").lines().map(read).collect()
}
