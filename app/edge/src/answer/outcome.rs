//! Every way in which a request can end without its handler's answer, and what is said then: the one
//! place where a 401 is made, and every other status too.

use std::str::FromStr;

use axum::http::{
    HeaderName, HeaderValue, StatusCode,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};
use domain::{Denial, IntrospectionError, Refusal};
use thiserror::Error;

use super::{
    Problem, Reason,
    challenge::{ChallengeError, Challenges},
};
use crate::admit::BearerError;

/// A request that ends without its handler's answer.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// The request shows no access token that can be asked about.
    NoToken(BearerError),
    /// There is a verdict, and it does not open the door.
    Denied(Denial),
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
    /// A bug: a handler asked for something that was not provided.
    HandlerFailed { detail: String },
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(denial) => Self::Denied(denial),
            Refusal::Undetermined(fault) => Self::Undetermined(fault),
        }
    }
}

/// Status of the answer to a valid token that lacks the role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingRoleStatus {
    /// 401, as ZITADEL's Python example documents it.
    #[default]
    Unauthorized,
    /// 403, as RFC 6750 §3.1 has it.
    Forbidden,
}

/// A text that is neither `401` nor `403`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is neither of the two")]
pub struct InvalidStatus;

impl MissingRoleStatus {
    /// Returns the status code.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
        }
    }
}

impl FromStr for MissingRoleStatus {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, InvalidStatus> {
        match text {
            "401" => Ok(Self::Unauthorized),
            "403" => Ok(Self::Forbidden),
            _ => Err(InvalidStatus),
        }
    }
}

/// A header of an answer, beside those of every problem.
pub(super) type Header = (HeaderName, HeaderValue);

/// Seconds after which to try again.
const RETRY_AFTER_SECS: HeaderValue = HeaderValue::from_static("1");

impl Outcome {
    /// Returns the one word for this outcome.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::NoToken(error) => (*error).into(),
            Self::Denied(denial) => denial.into(),
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

    /// Returns what the caller is told. It says only what the caller may know.
    pub(super) fn answer(
        &self,
        challenges: &Challenges,
        missing_role: MissingRoleStatus,
    ) -> (Problem, Option<Header>) {
        let challenged = |error| Some((WWW_AUTHENTICATE, challenges.get(error)));
        let (status, detail, header) = match self {
            Self::NoToken(error @ BearerError::Missing) => {
                (StatusCode::UNAUTHORIZED, sentence(error), challenged(None))
            }
            Self::NoToken(error) => {
                let challenge = challenged(Some(ChallengeError::InvalidRequest));
                (StatusCode::BAD_REQUEST, sentence(error), challenge)
            }
            Self::Denied(denial) => {
                let (status, error) = match denial {
                    Denial::PolicyNotMet { .. } | Denial::ByHandler { .. } => {
                        (missing_role.status(), ChallengeError::InsufficientScope)
                    }
                    Denial::Inactive
                    | Denial::Expired
                    | Denial::NotYetValid
                    | Denial::KeyBound
                    | Denial::WrongIssuer { .. }
                    | Denial::WrongAudience { .. }
                    | Denial::WrongOrganization { .. } => {
                        (StatusCode::UNAUTHORIZED, ChallengeError::InvalidToken)
                    }
                };
                (status, told(denial), challenged(Some(error)))
            }
            Self::Undetermined(_) => {
                let detail = "The authorization server gave no verdict on the access token, which \
                              may well be valid. Try again.";
                let retry_after = Some((RETRY_AFTER, RETRY_AFTER_SECS));
                (StatusCode::SERVICE_UNAVAILABLE, detail.to_owned(), retry_after)
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
        (Problem::new(status, self.reason().code(), detail), header)
    }
}

/// Returns the detail of a denial: nothing of what was found, and of the configuration only what the
/// rule of the route asks for.
fn told(denial: &Denial) -> String {
    match denial {
        Denial::Inactive => "The access token is not active, or it is not meant for this API.",
        Denial::Expired => "The access token has expired.",
        Denial::NotYetValid => "The access token is not valid yet.",
        Denial::KeyBound => "The access token is bound to a key that this API cannot verify.",
        Denial::WrongIssuer { .. } => "The access token is of another issuer.",
        Denial::WrongAudience { .. } => "The access token is meant for another audience.",
        Denial::WrongOrganization { .. } => "The user's organization may not use this API.",
        Denial::ByHandler { .. } => "The access token does not permit this.",
        Denial::PolicyNotMet { policy } => {
            return format!("The access token does not have {policy}.");
        }
    }
    .to_owned()
}

/// Turns a clause of ours into a sentence.
fn sentence(clause: &impl ToString) -> String {
    let clause = clause.to_string();
    let mut chars = clause.chars();
    chars
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

#[cfg(test)]
mod tests;
