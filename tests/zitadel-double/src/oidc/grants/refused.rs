//! Refusals of the token, revocation and authorization endpoints (RFC 6749 §5.2).

use http::StatusCode;
use serde_json::json;

use super::super::Reply;
use crate::answer::Answer;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl Refused {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into() }
    }

    pub(crate) fn request(description: &str) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn client(description: &str) -> Self {
        Self::new("invalid_client", description)
    }

    pub(crate) fn form() -> Self {
        Self::request("error parsing form")
    }

    pub(crate) fn grant_type(name: &str) -> Self {
        Self::new("unsupported_grant_type", format!("{name} not supported"))
    }

    pub(crate) fn no_scope() -> Self {
        Self::request("The scope of your request is missing.")
    }

    /// The client must not use this grant.
    pub(crate) fn grant_not_allowed(name: &str) -> Self {
        Self::new("unauthorized_client", format!("grant_type \"{name}\" not allowed"))
    }

    pub(crate) fn grant(description: &str) -> Self {
        Self::new("invalid_grant", description)
    }

    /// Server error: ZITADEL's response to an unacceptable assertion.
    pub(crate) fn internal() -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, ..Self::new("server_error", "Errors.Internal") }
    }

    /// The user's state allows no token.
    pub(crate) fn user_not_active() -> Self {
        Self::request("Errors.User.NotActive")
    }
}

impl From<Refused> for Reply {
    fn from(refused: Refused) -> Self {
        let Refused { status, error, description } = refused;
        let body = json!({ "error": error, "error_description": description });
        Self::dictated(status, Answer::from(body))
    }
}
