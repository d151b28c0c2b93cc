//! Problem details (RFC 9457): the body of every answer that is not a success.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode},
};
use serde::Serialize;

use super::request_id::RequestId;

/// What went wrong, for programs (`code`) and for people (`detail`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

pub(crate) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl Problem {
    /// The body of the answer to this request.
    pub(super) fn body(&self, request_id: &RequestId) -> Body {
        #[derive(Serialize)]
        struct Members<'a> {
            r#type: &'a str,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            request_id: &'a str,
        }
        let members = Members {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Unknown"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id: &request_id.to_string(),
        };
        // Texts and a number are always JSON.
        serde_json::to_vec(&members).unwrap_or_default().into()
    }
}
