//! Refusals of the administration API, in the words of its gateway.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::oidc::Reply;

/// A call that is not answered with events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body or a member of it makes no sense.
    InvalidArgument(String),
    /// No `Authorization: Bearer …`.
    NoCredentials,
    /// The token is none, or dead.
    InvalidToken,
    /// The token's user has no manager role.
    NoMembership,
    /// Another method than POST.
    Method,
    /// The database cannot tell the organization.
    NoOrganization,
    /// The database cannot tell the events.
    Database(String),
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let (status, code, message) = match &refusal {
            Refusal::InvalidArgument(text) => (StatusCode::BAD_REQUEST, 3, text.as_str()),
            Refusal::NoCredentials => (StatusCode::UNAUTHORIZED, 16, "auth header missing"),
            Refusal::InvalidToken => (StatusCode::UNAUTHORIZED, 16, "Errors.Token.Invalid"),
            Refusal::NoMembership => (StatusCode::NOT_FOUND, 5, "membership not found"),
            Refusal::Method => (StatusCode::NOT_IMPLEMENTED, 12, "Method Not Allowed"),
            Refusal::NoOrganization => (StatusCode::FORBIDDEN, 7, "Organisation doesn't exist"),
            Refusal::Database(text) => (StatusCode::INTERNAL_SERVER_ERROR, 2, text.as_str()),
        };
        Self::answer(status, Answer::from(body(code, message, refusal.id())))
    }
}

impl Refusal {
    /// The id of the error inside ZITADEL.
    fn id(&self) -> Option<&'static str> {
        match self {
            Self::InvalidToken => Some("AUTH-7fs1e"),
            Self::NoMembership => Some("AUTHZ-cdgFk"),
            _ => None,
        }
    }
}

fn body(code: u8, message: &str, id: Option<&str>) -> Value {
    let Some(id) = id else {
        return json!({ "code": code, "message": message, "details": [] });
    };
    let detail = json!({
        "@type": "type.googleapis.com/zitadel.v1.ErrorDetail", "id": id, "message": message,
    });
    json!({ "code": code, "message": format!("{message} ({id})"), "details": [detail] })
}
