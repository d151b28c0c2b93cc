//! Turns failed requests and unusable responses into `IntrospectionError`s, whose variants show who
//! must act.

use std::sync::Arc;

use domain::{IntrospectionError, Misconfiguration, Outage};
use reqwest::{StatusCode, header::HeaderMap, header::LOCATION};
use serde::Deserialize;
use thiserror::Error;
use url::Url;

/// Beginning of ZITADEL's 404 body if no instance has the host name of the request, or if ZITADEL's
/// database is down.
pub(super) const UNKNOWN_INSTANCE: &[u8] = b"unable to set instance";

/// Observed cause of an `IntrospectionError`, safe to log: it holds no tokens and no secrets, and
/// repeats only addresses and names of claims.
#[derive(Debug, Error)]
pub(super) enum FaultSource {
    #[error("no answer within the time allowed")]
    Timeout,
    #[error("status {0}")]
    Status(StatusCode),
    #[error(
        "status 404: ZITADEL does not know the host name that it was called by, or its database \
         is down"
    )]
    UnknownInstance,
    #[error("status {status}, error {error}")]
    OAuth { status: StatusCode, error: &'static str },
    #[error("status {status}, a redirect to {to}")]
    Redirect { status: StatusCode, to: String },
    #[error("the answer is longer than {limit} bytes")]
    Oversized { limit: usize },
    #[error("the answer is a web page (text/html), not of the type application/json")]
    WebPage,
    #[error("the answer is not of the type application/json")]
    MediaType,
    #[error("the answer is compressed (Content-Encoding), which was not asked for")]
    Compressed,
    #[error("the answer has more than 100 headers, or a head that is too long")]
    LargeHead,
    #[error("the metadata names the issuer {found:?} instead of {expected:?}")]
    Issuer { expected: String, found: String },
    #[error("the metadata names an introspection endpoint at {found}, not at the issuer's origin")]
    Endpoint { found: String },
    #[error("the metadata names no introspection endpoint")]
    NoEndpoint,
    #[error("the metadata is not in the form of OpenID Connect Discovery")]
    Metadata,
    #[error("{0}")]
    Answer(#[source] serde_json::Error),
    #[error("the answer is no JSON object")]
    NoObject,
    #[error("the claim active is missing")]
    NoActive,
    #[error("the claim {name} is empty")]
    EmptyClaim { name: &'static str },
}

/// Cause of a failed introspection for which operators get specific advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultDetail {
    /// ZITADEL knows no instance by the host name of the request, or its database is down.
    UnknownInstance,
    /// ZITADEL responded with OAuth's `invalid_request`: the request was changed on its way.
    InvalidRequest,
    /// ZITADEL responded with OAuth's `invalid_client`: it cannot read this API's credentials, or
    /// does not accept them.
    InvalidClient,
    /// The response is a web page (`text/html`) instead of JSON.
    WebPage,
}

impl FaultDetail {
    /// Returns the `FaultDetail` that fits `source`, the source of an [`IntrospectionError`];
    /// `None` if operators get no specific advice.
    #[must_use]
    pub fn of(source: &(dyn std::error::Error + 'static)) -> Option<Self> {
        match source.downcast_ref::<FaultSource>()? {
            FaultSource::UnknownInstance => Some(Self::UnknownInstance),
            FaultSource::OAuth { error: "invalid_request", .. } => Some(Self::InvalidRequest),
            FaultSource::OAuth { error: "invalid_client", .. } => Some(Self::InvalidClient),
            FaultSource::WebPage => Some(Self::WebPage),
            _ => None,
        }
    }
}

impl FaultSource {
    pub(super) fn unavailable(self, reason: Outage) -> IntrospectionError {
        IntrospectionError::Unavailable { reason, source: Arc::new(self) }
    }

    pub(super) fn misconfigured(self, reason: Misconfiguration) -> IntrospectionError {
        IntrospectionError::Misconfigured { reason, source: Arc::new(self) }
    }

    pub(super) fn malformed(self) -> IntrospectionError {
        IntrospectionError::Malformed { source: Arc::new(self) }
    }
}

/// Returns the error for a request that got no complete response.
pub(super) fn transport(error: reqwest::Error) -> IntrospectionError {
    if is_of_large_head(&error) {
        return FaultSource::LargeHead.malformed();
    }
    let reason = if error.is_timeout() {
        Outage::TimedOut
    } else if error.is_connect() {
        Outage::Unreachable
    } else {
        Outage::Interrupted
    };
    IntrospectionError::Unavailable { reason, source: Arc::new(error.without_url()) }
}

/// Returns whether the head of a response (status line and headers) was too large, judged by the
/// error's text: the HTTP client exports no type for this error.
fn is_of_large_head(error: &reqwest::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if error.to_string().contains("message head is too large") {
            return true;
        }
        next = error.source();
    }
    false
}

/// Returns the error for a response with a status other than 200.
///
/// A 400 may mean that ZITADEL refuses this API's credentials; RFC 7662 §2.3 says 401.
pub(super) fn status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> IntrospectionError {
    if status.is_redirection() {
        let to = origin(headers);
        return FaultSource::Redirect { status, to }.misconfigured(Misconfiguration::Redirected);
    }
    let seen = match oauth_error(body) {
        Some(error) => FaultSource::OAuth { status, error },
        None if status == StatusCode::NOT_FOUND && body.starts_with(UNKNOWN_INSTANCE) => {
            FaultSource::UnknownInstance
        }
        None => FaultSource::Status(status),
    };
    match (status, &seen) {
        (StatusCode::UNAUTHORIZED, _)
        | (
            StatusCode::BAD_REQUEST,
            FaultSource::OAuth { error: "unauthorized_client" | "invalid_client", .. },
        ) => IntrospectionError::ClientRefused { source: Arc::new(seen) },
        (StatusCode::TOO_MANY_REQUESTS, _) => seen.unavailable(Outage::RateLimited),
        (status, _) if status.is_server_error() => seen.unavailable(Outage::ServerError),
        _ => seen.unavailable(Outage::UnexpectedStatus),
    }
}

/// Returns the OAuth error code in `body` (RFC 6749 §5.2) if it is one of five known codes; other
/// texts are not safe to log.
fn oauth_error(body: &[u8]) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct ErrorBody<'a> {
        error: &'a str,
    }
    let ErrorBody { error } = serde_json::from_slice(body).ok()?;
    ["unauthorized_client", "invalid_client", "invalid_request", "access_denied", "server_error"]
        .into_iter()
        .find(|known| *known == error)
}

fn origin(headers: &HeaderMap) -> String {
    headers
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| Url::parse(location).ok())
        .map_or_else(
            || "another path".to_owned(),
            |location| location.origin().ascii_serialization(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u16, body: &str) -> IntrospectionError {
        status(StatusCode::from_u16(code).unwrap(), &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn our_own_credentials_refused_is_told_from_everything_else() {
        for (code, body, expected) in [
            (400, r#"{"error":"unauthorized_client"}"#, "client_refused"),
            (400, r#"{"error":"invalid_client"}"#, "client_refused"),
            (401, r#"{"error":"invalid_client"}"#, "client_refused"),
            (401, "", "client_refused"),
            (400, r#"{"error":"invalid_request"}"#, "unexpected_status"),
            (400, "", "unexpected_status"),
            (403, r#"{"error":"unauthorized_client"}"#, "unexpected_status"),
            (404, "unable to set instance", "unexpected_status"),
            (405, "", "unexpected_status"),
            (204, "", "unexpected_status"),
            (429, "instance is blocked", "rate_limited"),
            (500, "", "server_error"),
            (503, r#"{"error":"unauthorized_client"}"#, "server_error"),
            (301, "", "redirected"),
            (307, "", "redirected"),
        ] {
            assert_eq!(of(code, body).reason(), expected, "{code} {body}");
        }
    }

    #[track_caller]
    fn says(error: &IntrospectionError, expected: &str) {
        let source = std::error::Error::source(error).unwrap();
        assert_eq!(source.to_string(), expected);
    }

    #[test]
    fn a_text_of_the_other_side_is_not_repeated() {
        says(&of(500, "dial tcp 10.0.0.3:5432"), "status 500 Internal Server Error");
        says(&of(400, r#"{"error":"<script>"}"#), "status 400 Bad Request");
        says(
            &of(400, r#"{"error":"unauthorized_client","error_description":"x"}"#),
            "status 400 Bad Request, error unauthorized_client",
        );
        says(&of(404, "404 page not found"), "status 404 Not Found");
        says(
            &of(404, "unable to set instance using origin"),
            "status 404: ZITADEL does not know the host name that it was called by, or its \
             database is down",
        );
    }

    #[test]
    fn of_a_redirect_only_the_origin_is_shown() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, "https://login.example.com/a?token=secret".parse().unwrap());
        says(
            &status(StatusCode::FOUND, &headers, b""),
            "status 302 Found, a redirect to https://login.example.com",
        );
        headers.insert(LOCATION, "/login".parse().unwrap());
        says(
            &status(StatusCode::FOUND, &headers, b""),
            "status 302 Found, a redirect to another path",
        );
    }
}
