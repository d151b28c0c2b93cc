//! From outcomes to answers: the one place where a 401 is made, and every other status too.

use std::sync::Arc;

use axum::{
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use domain::{Denial, IntrospectionError};

use super::{
    bearer::BearerError,
    challenge::{ChallengeError, challenge},
    problem::{self, Problem},
    reason::Reason,
};
use crate::config::Auth;

/// Every way in which a request can end without its handler's answer.
#[derive(Clone, Debug)]
pub(crate) enum ApiError {
    /// The request shows no access token that can be asked about.
    Bearer { error: BearerError, auth: Arc<Auth> },
    /// There is a verdict, and it does not open the door.
    Denied { denial: Denial, auth: Arc<Auth> },
    /// There is no verdict.
    Undetermined(IntrospectionError),
    /// No route has this path.
    NotFound,
    /// No route of this path has this method.
    MethodNotAllowed,
    /// A handler could not read the body or the parameters, as axum says.
    Unreadable { status: StatusCode, detail: String },
    /// A bug: a handler panicked.
    Panicked,
    /// A bug: a handler asked for what nobody provides, as axum says.
    HandlerFailed { detail: String },
}

impl ApiError {
    /// The one word for this outcome.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Bearer { error, .. } => (*error).into(),
            Self::Denied { denial, .. } => denial.into(),
            Self::Undetermined(fault) => fault.into(),
            Self::NotFound => Reason::NotFound,
            Self::MethodNotAllowed => Reason::MethodNotAllowed,
            Self::Unreadable { status, .. } => match *status {
                StatusCode::PAYLOAD_TOO_LARGE => Reason::BodyTooLarge,
                StatusCode::UNSUPPORTED_MEDIA_TYPE => Reason::UnsupportedMediaType,
                StatusCode::UNPROCESSABLE_ENTITY => Reason::InvalidBody,
                _ => Reason::InvalidInput,
            },
            Self::Panicked | Self::HandlerFailed { .. } => Reason::InternalError,
        }
    }
}

/// What the edge must know of an answer that turns somebody away, in the answer's extensions.
#[derive(Clone, Debug)]
pub(super) struct TurnedAway {
    /// For the log, the metrics and the trace.
    pub(super) why: ApiError,
    /// The body, which is still to be written.
    pub(super) problem: Problem,
}

/// The head of the answer to the caller. It says what the caller may know, and has no side effect.
/// The edge writes the body, which has the request's id in it.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (problem, header) = self.answer();
        let headers = [(CONTENT_TYPE, problem::MEDIA_TYPE), (CACHE_CONTROL, problem::NO_STORE)];
        let mut response = (problem.status, headers).into_response();
        response.headers_mut().extend(header);
        response.extensions_mut().insert(TurnedAway { why: self, problem });
        response
    }
}

impl ApiError {
    fn answer(&self) -> (Problem, Option<(HeaderName, HeaderValue)>) {
        let challenged = |auth: &Auth, error| (WWW_AUTHENTICATE, challenge(&auth.realm, error));
        let (status, detail, header) = match self {
            Self::Bearer { error: error @ BearerError::Missing, auth } => {
                (StatusCode::UNAUTHORIZED, sentence(error), Some(challenged(auth, None)))
            }
            Self::Bearer { error, auth } => {
                let challenge = challenged(auth, Some(ChallengeError::InvalidRequest));
                (StatusCode::BAD_REQUEST, sentence(error), Some(challenge))
            }
            Self::Denied { denial, auth } => {
                let (status, error) = match denial {
                    Denial::PolicyNotMet { .. } => {
                        (auth.missing_role_status.status(), ChallengeError::InsufficientScope)
                    }
                    _ => (StatusCode::UNAUTHORIZED, ChallengeError::InvalidToken),
                };
                (status, what_the_caller_may_know(denial), Some(challenged(auth, Some(error))))
            }
            Self::Undetermined(_) => {
                let detail = "The authorization server gave no verdict on the access token, which \
                              may well be valid. Try again.";
                let retry_after = (RETRY_AFTER, RETRY_AFTER_SECS);
                (StatusCode::SERVICE_UNAVAILABLE, detail.to_owned(), Some(retry_after))
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "There is no such path.".to_owned(), None),
            Self::MethodNotAllowed => {
                let detail = "This path does not have this method.".to_owned();
                (StatusCode::METHOD_NOT_ALLOWED, detail, None)
            }
            Self::Unreadable { status, detail } => (*status, detail.clone(), None),
            Self::Panicked | Self::HandlerFailed { .. } => {
                let detail = "Something went wrong here.".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, detail, None)
            }
        };
        (Problem { status, code: self.reason().code(), detail }, header)
    }
}

/// Less than the log says: nothing of what was found, and of what is configured only what the rule
/// of the route asks for.
fn what_the_caller_may_know(denial: &Denial) -> String {
    match denial {
        Denial::Inactive => "The access token is not active, or it is not meant for this API.",
        Denial::Expired => "The access token has expired.",
        Denial::NotYetValid => "The access token is not valid yet.",
        Denial::KeyBound => "The access token is bound to a key that this API cannot verify.",
        Denial::WrongIssuer { .. } => "The access token is of another issuer.",
        Denial::WrongAudience { .. } => "The access token is meant for another audience.",
        Denial::WrongOrganization { .. } => "The user's organization may not use this API.",
        Denial::PolicyNotMet { policy } => {
            return format!("The access token does not have {policy}.");
        }
    }
    .to_owned()
}

/// When to try again, in seconds.
const RETRY_AFTER_SECS: HeaderValue = HeaderValue::from_static("1");

/// A clause of ours as a sentence.
fn sentence(clause: &impl ToString) -> String {
    let clause = clause.to_string();
    let mut chars = clause.chars();
    chars
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

#[cfg(test)]
mod tests;
