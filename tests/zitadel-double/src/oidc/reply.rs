//! An answer with the headers that ZITADEL puts on every answer of these endpoints.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA, SET_COOKIE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::random;

/// Status, media type and body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// What the endpoint refuses, in RFC 6749's words. Always 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OidcError {
    /// Wrong credentials. ZITADEL gives no description.
    UnauthorizedClient,
    InvalidRequest(&'static str),
    InvalidClient(&'static str),
}

impl Reply {
    pub(crate) fn json(value: &Value) -> Self {
        Self::answer(StatusCode::OK, Answer::from(value.clone()))
    }

    pub(crate) fn inactive() -> Self {
        Self::json(&json!({ "active": false }))
    }

    pub(crate) fn text(status: StatusCode, text: &str) -> Self {
        Self::answer(status, Answer::bytes(text).content_type("text/plain; charset=utf-8"))
    }

    pub(crate) fn html(status: StatusCode, text: &str) -> Self {
        Self::answer(status, Answer::bytes(text).content_type("text/html; charset=utf-8"))
    }

    pub(crate) fn answer(status: StatusCode, answer: Answer) -> Self {
        let Answer { content_type, body } = answer;
        Self { status, content_type, body }
    }

    /// The head, with the user-agent cookie that comes with every answer.
    pub(crate) fn head(&self, body_length: Option<usize>) -> http::response::Builder {
        let content_type = HeaderValue::from_str(&self.content_type)
            .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let agent = random::base64url(48);
        let cookie = format!("zitadel.useragent={agent}; Path=/; HttpOnly; SameSite=Lax");
        let head = Response::builder()
            .status(self.status)
            .header(CONTENT_TYPE, content_type)
            .header(CACHE_CONTROL, "no-store")
            .header(PRAGMA, "no-cache")
            .header(EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT")
            .header("x-robots-tag", "none")
            .header(SET_COOKIE, cookie);
        match body_length {
            Some(length) => head.header(http::header::CONTENT_LENGTH, length),
            None => head,
        }
    }
}

impl From<OidcError> for Reply {
    fn from(error: OidcError) -> Self {
        let body = match error {
            OidcError::UnauthorizedClient => json!({ "error": "unauthorized_client" }),
            OidcError::InvalidRequest(description) => {
                json!({ "error": "invalid_request", "error_description": description })
            }
            OidcError::InvalidClient(description) => {
                json!({ "error": "invalid_client", "error_description": description })
            }
        };
        Self::answer(StatusCode::BAD_REQUEST, Answer::from(body))
    }
}
