//! From outcomes to answers: the one place where a 401 is made, and every other status too.

use std::sync::Arc;

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use domain::{Denial, IntrospectionError};

use super::{
    bearer::BearerError,
    challenge::{ChallengeError, challenge},
    problem::Problem,
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
    /// A bug.
    Internal,
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
            Self::Internal => Reason::InternalError,
        }
    }
}

/// The answer to the caller. It says what the caller may know, and has no side effect. Those who
/// watch find the [`Reason`] in its extensions.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let reason = self.reason();
        let mut response = self.answer(reason.code());
        response.extensions_mut().insert(reason);
        response
    }
}

impl ApiError {
    fn answer(self, code: &'static str) -> Response {
        match self {
            Self::Bearer { error: error @ BearerError::Missing, auth } => {
                let problem =
                    Problem { status: StatusCode::UNAUTHORIZED, code, detail: sentence(&error) };
                challenged(&auth, None, problem)
            }
            Self::Bearer { error, auth } => {
                let problem =
                    Problem { status: StatusCode::BAD_REQUEST, code, detail: sentence(&error) };
                challenged(&auth, Some(ChallengeError::InvalidRequest), problem)
            }
            Self::Denied { denial, auth } => {
                let (status, error) = match denial {
                    Denial::PolicyNotMet { .. } => {
                        (auth.missing_role_status.status(), ChallengeError::InsufficientScope)
                    }
                    _ => (StatusCode::UNAUTHORIZED, ChallengeError::InvalidToken),
                };
                let problem = Problem { status, code, detail: what_the_caller_may_know(&denial) };
                challenged(&auth, Some(error), problem)
            }
            Self::Undetermined(_) => {
                let problem = Problem {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    code,
                    detail: "The authorization server gave no verdict on the access token, which \
                             may well be valid. Try again."
                        .to_owned(),
                };
                ([(RETRY_AFTER, RETRY_AFTER_SECS)], problem).into_response()
            }
            Self::NotFound => Problem {
                status: StatusCode::NOT_FOUND,
                code,
                detail: "There is no such path.".to_owned(),
            }
            .into_response(),
            Self::MethodNotAllowed => Problem {
                status: StatusCode::METHOD_NOT_ALLOWED,
                code,
                detail: "This path does not have this method.".to_owned(),
            }
            .into_response(),
            Self::Unreadable { status, detail } => Problem { status, code, detail }.into_response(),
            Self::Internal => Problem {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code,
                detail: "Something went wrong here.".to_owned(),
            }
            .into_response(),
        }
    }
}

fn challenged(auth: &Auth, error: Option<ChallengeError>, problem: Problem) -> Response {
    ([(WWW_AUTHENTICATE, challenge(&auth.realm, error))], problem).into_response()
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
