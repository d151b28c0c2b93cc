//! Failures of management API calls.

use std::{sync::Arc, time::Duration};

use domain::IntrospectionError;
use reqwest::StatusCode;
use serde::Deserialize;
use thiserror::Error;

use crate::zitadel::fault::UNKNOWN_INSTANCE;

/// Failure of a management API call. Only `Refused` shows ZITADEL's message: the messages of other
/// failures may hold SQL and host names.
#[derive(Debug, Error)]
pub enum ManagementError {
    /// No complete response came: the call may have taken effect.
    #[error("{call}: {why}")]
    Lost {
        /// HTTP method and path.
        call: String,
        /// Reason why no complete response came.
        why: Lost,
    },
    /// ZITADEL does not accept the administrator's token.
    #[error("ZITADEL refuses the administrator's token (401)")]
    Token,
    /// The call was not sent, because a name or an id in it would change the URL's path. For
    /// example, `..` would lead to another object.
    #[error("{call}: a name or an id in it cannot be a part of a URL")]
    Path {
        /// HTTP method and path.
        call: String,
    },
    /// The administrator has no manager role at all.
    #[error(
        "the administrator's token is of a user without any manager role (404, membership not found)"
    )]
    NoManager,
    /// The administrator has too few rights for the call.
    #[error("{call}: the administrator's token may not do this (403)")]
    Forbidden {
        /// HTTP method and path.
        call: String,
    },
    /// ZITADEL refuses the call, and says why.
    #[error("{call}: {refusal}")]
    Refused {
        /// HTTP method and path.
        call: String,
        /// ZITADEL's error code and message.
        refusal: Refusal,
    },
    /// ZITADEL knows no instance by the host name of the request, or its database is down.
    #[error("ZITADEL knows no instance by the host name, or its database is down (404)")]
    UnknownInstance,
    /// The server has no management API v1 at this address.
    #[error("{call}: there is no management API v1 at this address (404)")]
    NoManagementApi {
        /// HTTP method and path.
        call: String,
    },
    /// ZITADEL limits the rate of calls (429).
    #[error("{call}: ZITADEL has no room for further calls (429)")]
    RateLimited {
        /// HTTP method and path.
        call: String,
        /// Value of `Retry-After`, if sent.
        retry_after: Option<Duration>,
    },
    /// The response has an unexpected status, such as 500.
    #[error("{call}: status {status}")]
    Status {
        /// HTTP method and path.
        call: String,
        /// HTTP status.
        status: StatusCode,
    },
    /// The response is not in the form of the management API.
    #[error("{call}: the answer is none of ZITADEL's management API")]
    Malformed {
        /// HTTP method and path.
        call: String,
    },
}

/// Reason why a call got no complete response.
#[derive(Clone, Debug, Error)]
pub enum Lost {
    /// No response came within the time limit of a call.
    #[error("no answer in time")]
    TimedOut,
    /// The connection could not be made, or it broke, or the response was too long to be read.
    #[error("the connection did not come about, or broke ({0})")]
    Connection(Arc<dyn std::error::Error + Send + Sync>),
}

/// Error code and message with which ZITADEL refuses a management API call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    /// gRPC code of the refusal: 3 for a bad value, 5 for a missing object, 6 for an existing one,
    /// 9 for a change that makes no sense now.
    pub code: u64,
    /// Error message, which ends with ZITADEL's error id in brackets.
    pub message: String,
}

impl Lost {
    pub(super) fn of(error: IntrospectionError) -> Self {
        match error {
            IntrospectionError::Unavailable { source, .. }
            | IntrospectionError::ClientRefused { source }
            | IntrospectionError::Misconfigured { source, .. }
            | IntrospectionError::Malformed { source }
            | IntrospectionError::Unwitnessed { source } => Self::Connection(source),
        }
    }
}

impl ManagementError {
    /// Returns true if ZITADEL answered that the object exists already (409, code 6).
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { refusal: Refusal { code: 6, .. }, .. })
    }

    /// Returns true if ZITADEL answered that the object does not exist (404, code 5).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { refusal: Refusal { code: 5, .. }, .. })
    }

    /// Returns whether the call may have taken effect although it failed.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::Malformed { .. } => true,
            Self::Status { status, .. } => status.is_server_error(),
            _ => false,
        }
    }
}

/// Error id in ZITADEL's refusal of a user without any manager role.
const MEMBERSHIP: &str = "AUTHZ-cdgFk";

/// Translates a response with a status other than 200 and 429 into an error.
pub(super) fn of_status(call: &str, status: StatusCode, body: &[u8]) -> ManagementError {
    #[derive(Deserialize)]
    struct Body {
        code: u64,
        message: String,
    }
    let call = || call.to_owned();
    let refusal = serde_json::from_slice::<Body>(body).ok();
    match (status, refusal) {
        (StatusCode::UNAUTHORIZED, _) => ManagementError::Token,
        (StatusCode::FORBIDDEN, _) => ManagementError::Forbidden { call: call() },
        (StatusCode::NOT_FOUND, Some(Body { message, .. })) if message.contains(MEMBERSHIP) => {
            ManagementError::NoManager
        }
        (StatusCode::NOT_FOUND, Some(Body { message, .. }))
            if message.as_bytes().starts_with(UNKNOWN_INSTANCE) =>
        {
            ManagementError::UnknownInstance
        }
        (StatusCode::NOT_FOUND, None) if body.starts_with(UNKNOWN_INSTANCE) => {
            ManagementError::UnknownInstance
        }
        // A refusal ends with its id in brackets; the gateway's own "Not Found" for an unknown path
        // has none.
        (StatusCode::NOT_FOUND, Some(Body { code: 5, message })) if message.ends_with(')') => {
            ManagementError::Refused { call: call(), refusal: Refusal { code: 5, message } }
        }
        (StatusCode::NOT_FOUND, _) => ManagementError::NoManagementApi { call: call() },
        (status, Some(Body { code, message })) if status.is_client_error() => {
            ManagementError::Refused { call: call(), refusal: Refusal { code, message } }
        }
        (status, _) => ManagementError::Status { call: call(), status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_404_is_told_apart_by_its_text() {
        let membership = r#"{"code":5,"message":"membership not found (AUTHZ-cdgFk)"}"#;
        let missing = r#"{"code":5,"message":"Personal Access Token not found (COMMAND-4m77G)"}"#;
        let host = r#"{"code":5,"message":"unable to set instance using origin &{x}"}"#;
        for (body, expected) in [
            (membership, "without any manager role"),
            (missing, "Personal Access Token not found"),
            (host, "no instance by the host name"),
            ("unable to set instance using origin &{x}", "no instance by the host name"),
            (r#"{"code":5,"message":"Not Found"}"#, "no management API v1"),
            ("404 page not found", "no management API v1"),
        ] {
            let error = of_status("GET /x", StatusCode::NOT_FOUND, body.as_bytes());
            assert!(error.to_string().contains(expected), "{body}: {error}");
        }
    }

    #[test]
    fn every_refusal_that_was_observed_is_read() {
        let observed = include_str!("../../../../tests/observed/management.jsonl");
        let mut refusals = 0;
        for line in observed.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let status = line["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            let status = StatusCode::from_u16(status.unwrap()).unwrap();
            if status == StatusCode::OK {
                continue;
            }
            let answer = &line["answer"];
            let error = of_status("call", status, answer.to_string().as_bytes());
            refusals += 1;
            match (status.as_u16(), answer["code"].as_u64().unwrap()) {
                (401, 16) => assert!(matches!(error, ManagementError::Token)),
                (403, 7) => assert!(matches!(error, ManagementError::Forbidden { .. })),
                (404, 5) if answer["message"].as_str().unwrap().contains("membership") => {
                    assert!(matches!(error, ManagementError::NoManager));
                }
                (404, 5) => assert!(error.is_not_found()),
                (409, 6) => assert!(error.is_conflict()),
                (400, code) => match error {
                    ManagementError::Refused { refusal, .. } => assert_eq!(refusal.code, code),
                    error => panic!("{error}"),
                },
                other => panic!("{other:?}"),
            }
            assert!(
                !of_status("call", status, answer.to_string().as_bytes()).may_have_taken_effect()
            );
        }
        assert_eq!(refusals, 18);
    }

    #[test]
    fn a_text_of_a_failing_server_is_not_repeated() {
        let body = br#"{"code":2,"message":"dial tcp db.internal:5432"}"#;
        let error = of_status("POST /x", StatusCode::INTERNAL_SERVER_ERROR, body);
        assert_eq!(error.to_string(), "POST /x: status 500 Internal Server Error");
        assert!(error.may_have_taken_effect());
    }
}
