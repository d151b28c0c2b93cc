//! An answer that a test dictates, for what ZITADEL itself would never say.

use serde_json::Value;

/// The whole 200 answer for one token: JSON of any shape, or any bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Any bytes, called `application/json` until [`content_type`](Self::content_type) says else.
    #[must_use]
    pub fn bytes(body: impl Into<Vec<u8>>) -> Self {
        Self { content_type: "application/json".to_owned(), body: body.into() }
    }

    /// The same answer under another media type.
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
