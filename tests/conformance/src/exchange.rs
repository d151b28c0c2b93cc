//! One HTTP request and its answer, as bytes would show them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Time that a server has for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, with nothing added but what HTTP needs.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// `Host`, where it is not the server's own.
    pub(crate) host: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    /// Time until the answer has to be there.
    pub(crate) patience: Duration,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    pub(crate) fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            host: None,
            headers: Vec::new(),
            body: None,
            patience: PATIENCE,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// `Authorization: Basic` with a text that is encoded already.
    pub(crate) fn basic(self, decoded: &str) -> Self {
        self.header("Authorization", format!("Basic {}", STANDARD.encode(decoded)))
    }

    pub(crate) fn form<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.body = Some(form.finish());
        self.header("Content-Type", "application/x-www-form-urlencoded")
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}
