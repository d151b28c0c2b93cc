//! Refusals of the administration and management APIs, in their gateway's words.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::oidc::Reply;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: Code,
    message: String,
    /// ZITADEL's id of the error.
    id: Option<&'static str>,
}

/// gRPC status, which determines the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Unknown = 2,
    InvalidArgument = 3,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    FailedPrecondition = 9,
    Unimplemented = 12,
    Unauthenticated = 16,
}

impl Code {
    fn status(self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
            Self::InvalidArgument | Self::FailedPrecondition => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists => StatusCode::CONFLICT,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }
}

/// # Causes that ZITADEL numbers
impl Refusal {
    /// A value is invalid.
    pub(crate) fn invalid(message: &str, id: &'static str) -> Self {
        Self::known(Code::InvalidArgument, message, id)
    }

    /// The thing in the path does not exist.
    pub(crate) fn not_found(message: &str, id: &'static str) -> Self {
        Self::known(Code::NotFound, message, id)
    }

    /// The thing exists already. ZITADEL uses this id for all unique things.
    pub(crate) fn taken(message: &str) -> Self {
        Self::exists(message, "V3-DKcYh")
    }

    /// The thing exists already, found before the write.
    pub(crate) fn exists(message: &str, id: &'static str) -> Self {
        Self::known(Code::AlreadyExists, message, id)
    }

    /// The thing's state does not allow the call, or the call changes nothing.
    pub(crate) fn precondition(message: &str, id: &'static str) -> Self {
        Self::known(Code::FailedPrecondition, message, id)
    }

    /// The caller must not do that to this thing.
    pub(crate) fn denied(message: &str, id: &'static str) -> Self {
        Self::known(Code::PermissionDenied, message, id)
    }

    /// The token is unknown or invalid.
    pub(crate) fn invalid_token() -> Self {
        Self::known(Code::Unauthenticated, "Errors.Token.Invalid", "AUTH-7fs1e")
    }

    /// The user has no manager role.
    pub(crate) fn no_membership() -> Self {
        Self::not_found("membership not found", "AUTHZ-cdgFk")
    }

    /// The user's manager roles do not suffice.
    pub(crate) fn no_permission() -> Self {
        Self::denied("No matching permissions found", "AUTH-5mWD2")
    }

    fn known(code: Code, message: &str, id: &'static str) -> Self {
        Self { code, message: message.to_owned(), id: Some(id) }
    }
}

/// # Causes that the gateway or the database reports
impl Refusal {
    /// The body or a member is malformed.
    pub(crate) fn malformed(text: impl Into<String>) -> Self {
        Self::plain(Code::InvalidArgument, text)
    }

    /// No `Authorization: Bearer …`.
    pub(crate) fn no_credentials() -> Self {
        Self::plain(Code::Unauthenticated, "auth header missing")
    }

    /// The path needs another method.
    pub(crate) fn method() -> Self {
        Self::plain(Code::Unimplemented, "Method Not Allowed")
    }

    /// No call has this path.
    pub(crate) fn no_path() -> Self {
        Self::plain(Code::NotFound, "Not Found")
    }

    /// The request's organization does not exist, or the database fails.
    pub(crate) fn no_organization() -> Self {
        Self::plain(Code::PermissionDenied, "Organisation doesn't exist")
    }

    /// The database fails.
    pub(crate) fn database(text: impl Into<String>) -> Self {
        Self::plain(Code::Unknown, text)
    }

    fn plain(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), id: None }
    }

    fn body(&self) -> Value {
        let (code, message) = (self.code as u8, &self.message);
        let Some(id) = self.id else {
            return json!({ "code": code, "message": message, "details": [] });
        };
        let detail = json!({
            "@type": "type.googleapis.com/zitadel.v1.ErrorDetail", "id": id, "message": message,
        });
        json!({ "code": code, "message": format!("{message} ({id})"), "details": [detail] })
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::answer(refusal.code.status(), Answer::from(refusal.body()))
    }
}
