//! Response as a client sees it.

use reqwest::{Response, StatusCode};
use serde_json::Value;

/// Response with its body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
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
    /// Body; `Null` if it is not JSON.
    pub body: Value,
    /// Body as text.
    pub text: String,
}

impl Answer {
    /// Reads the complete response.
    ///
    /// # Panics
    /// If the connection breaks, which our API does not cause.
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

    /// `code` of a problem; empty if there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }
}
