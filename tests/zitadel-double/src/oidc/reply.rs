//! Responses with ZITADEL's headers for each kind.

use std::borrow::Cow;

use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, EXPIRES, LOCATION, PRAGMA, SET_COOKIE, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode, response};
use serde::Serialize;
use serde_json::{Value, json};

use super::members::{self, Members};
use crate::answer::Answer;
use crate::instance::Origin;
use crate::random;

const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    pub(crate) part: Part,
    location: Option<String>,
    /// Origin of the request.
    origin: Option<Origin>,
}

/// Part of ZITADEL that responds, with headers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// OpenID Connect endpoints.
    Oidc,
    /// The instance's keys, which may be cached.
    Keys,
    /// The lookup of the instance, before all endpoints.
    Instance,
    /// The gateway to the gRPC APIs.
    Gateway,
    /// Health.
    Debug,
}

/// Refusal in RFC 6749's terms. Always 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OidcError {
    /// Wrong credentials, without a description.
    UnauthorizedClient,
    InvalidRequest(Cow<'static, str>),
    InvalidClient(&'static str),
}

impl Reply {
    /// JSON response of OpenID Connect.
    pub(crate) fn oidc(json: &impl Serialize) -> Self {
        Self::oidc_with(StatusCode::OK, json)
    }

    fn oidc_with(status: StatusCode, json: &impl Serialize) -> Self {
        Self::dictated(status, Answer::bytes(members::line(json)))
    }

    pub(crate) fn inactive() -> Self {
        Self::oidc(&json!({ "active": false }))
    }

    /// JSON response of the gateway.
    pub(crate) fn json(value: &Value) -> Self {
        Self::answer(StatusCode::OK, Answer::from(value.clone()))
    }

    /// Any response of the gateway.
    pub(crate) fn answer(status: StatusCode, answer: Answer) -> Self {
        let Answer { content_type, body } = answer;
        Self { status, content_type, body, part: Part::Gateway, location: None, origin: None }
    }

    /// Any response of OpenID Connect.
    pub(crate) fn dictated(status: StatusCode, answer: Answer) -> Self {
        Self::answer(status, answer).of(Part::Oidc)
    }

    pub(crate) fn text(status: StatusCode, text: &str) -> Self {
        Self::dictated(status, Answer::bytes(text).content_type(PLAIN_TEXT))
    }

    pub(crate) fn redirect(location: String) -> Self {
        let location = Some(location);
        Self { location, ..Self::html(StatusCode::FOUND, "") }
    }

    pub(crate) fn html(status: StatusCode, text: &str) -> Self {
        Self::dictated(status, Answer::bytes(text).content_type("text/html; charset=utf-8"))
    }

    /// Response of the gateway to a host without an instance.
    pub(crate) fn no_instance_at_gateway(text: &str, host: &str) -> Self {
        let message = format!(
            "{} Parent=(unable to get instance by host: instanceHost {host}, publicHost : \
             ID=QUERY-1kIjX Message=Errors.IAM.NotFound)",
            text.trim_end(),
        );
        let body = Members::from([("code", json!(5)), ("message", json!(message))]);
        let body = serde_json::to_vec(&body).unwrap_or_default();
        Self::answer(StatusCode::NOT_FOUND, Answer::bytes(body))
    }

    pub(crate) fn of(self, part: Part) -> Self {
        Self { part, ..self }
    }

    pub(crate) fn at(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Returns the beginning of ZITADEL's text when the request has no instance.
    pub(crate) fn no_instance(&self) -> String {
        self.origin.as_ref().map(Origin::no_instance).unwrap_or_default()
    }

    pub(crate) fn head(&self, body_length: Option<usize>) -> response::Builder {
        let content_type = HeaderValue::from_str(&self.content_type)
            .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let mut head = Response::builder()
            .status(self.status)
            .header(CONTENT_TYPE, content_type)
            .header("x-robots-tag", "none");
        head = match self.part {
            Part::Debug => head,
            Part::Keys => head.header(CACHE_CONTROL, "max-age=300, must-revalidate"),
            Part::Oidc | Part::Instance | Part::Gateway => head
                .header(CACHE_CONTROL, "no-store")
                .header(PRAGMA, "no-cache")
                .header(EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT"),
        };
        head = match (self.part, &self.origin) {
            (Part::Oidc | Part::Keys, Some(origin)) => {
                head.header(VARY, "Origin, Cookie").header(SET_COOKIE, user_agent_cookie(origin))
            }
            (Part::Debug, _) => head,
            _ => head.header(VARY, "Origin"),
        };
        if self.part == Part::Gateway {
            head = head
                .header("grpcgateway-cache-control", "no-store")
                .header("grpcgateway-content-type", "application/grpc")
                .header("grpcgateway-pragma", "no-cache");
        }
        if let Some(location) = &self.location {
            head = head.header(LOCATION, location);
        }
        if self.content_type == PLAIN_TEXT && self.status != StatusCode::OK {
            head = head.header(X_CONTENT_TYPE_OPTIONS, "nosniff");
        }
        match body_length {
            Some(length) => head.header(CONTENT_LENGTH, length),
            None => head,
        }
    }
}

/// Returns the cookie of every response; its value has 152 characters.
fn user_agent_cookie(origin: &Origin) -> String {
    let (value, domain) = (random::base64url(114), origin.domain());
    let (prefix, secure) = if origin.is_secure() { ("__Secure-", "; Secure") } else { ("", "") };
    format!(
        "{prefix}zitadel.useragent={value}; Path=/; Domain={domain}; Max-Age=31536000; \
         HttpOnly{secure}; SameSite=Lax"
    )
}

impl From<OidcError> for Reply {
    fn from(error: OidcError) -> Self {
        let (error, description) = match error {
            OidcError::UnauthorizedClient => ("unauthorized_client", None),
            OidcError::InvalidRequest(description) => ("invalid_request", Some(description)),
            OidcError::InvalidClient(description) => ("invalid_client", Some(description.into())),
        };
        let mut body = Members::from([("error", json!(error))]);
        if let Some(description) = description {
            body.set("error_description", description.into_owned());
        }
        Self::oidc_with(StatusCode::BAD_REQUEST, &body)
    }
}
