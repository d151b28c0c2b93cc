//! What a client sees of an answer.

use reqwest::{Response, StatusCode};
use serde_json::Value;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Allow`.
    pub allow: Option<String>,
    /// The body; `Null` where it is no JSON.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// Reads the whole answer.
    ///
    /// # Panics
    /// When the connection breaks: our API does not do that.
    #[expect(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]
    pub async fn read(response: Response) -> Self {
        let header = |name| {
            let value = response.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let (challenge, retry_after) = (header("www-authenticate"), header("retry-after"));
        let (content_type, cache_control) = (header("content-type"), header("cache-control"));
        let (status, allow) = (response.status(), header("allow"));
        let text = response.text().await.expect("the whole answer");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status, challenge, retry_after, content_type, cache_control, allow, body, text }
    }

    /// The `code` of a problem; empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }
}
