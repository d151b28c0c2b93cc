//! Dictated responses, for cases that ZITADEL never produces.

use serde_json::Value;

/// Complete 200 response for one token: any JSON or bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Any bytes; the media type is `application/json` unless [`content_type`](Self::content_type)
    /// changes it.
    #[must_use]
    pub fn bytes(body: impl Into<Vec<u8>>) -> Self {
        Self { content_type: "application/json".to_owned(), body: body.into() }
    }

    /// Replaces the media type.
    #[must_use]
    pub fn content_type(self, content_type: &str) -> Self {
        Self { content_type: content_type.to_owned(), ..self }
    }
}

impl From<Value> for Answer {
    fn from(json: Value) -> Self {
        Self::bytes(json.to_string())
    }
}
