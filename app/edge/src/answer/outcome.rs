//! Every way in which a request can end without its handler's response, and the response to each.

use std::str::FromStr;

use axum::http::{
    HeaderName, HeaderValue, StatusCode,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};
use domain::{Denial, IntrospectionError, Missing, Policy, Refusal};
use thiserror::Error;

use super::{
    BearerError, Problem, Reason,
    challenge::{Challenge, ChallengeError, Challenges},
};

/// Way in which a request ends without its handler's response.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// The request has no access token to introspect.
    NoToken(BearerError),
    /// Introspection succeeded, and the caller is denied access.
    Denied(Denial),
    /// Introspection failed: it is unknown whether the token is valid.
    Undetermined(IntrospectionError),
    /// The request comes from a page whose origin may not call the service.
    ForeignOrigin,
    /// No route has this path.
    NotFound,
    /// The path has no route for this HTTP method.
    MethodNotAllowed,
    /// A handler's extractor could not read the body or the parameters.
    Unreadable { status: StatusCode, detail: String },
    /// A bug: a handler panicked.
    Panicked,
    /// A bug: a handler needs something that was not provided, such as an extension or a guard.
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

/// Status of the response to a valid token that lacks the role or scope that a rule demands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingRoleStatus {
    /// 401, as ZITADEL's Python example documents.
    #[default]
    Unauthorized,
    /// 403, as RFC 6750 §3.1 recommends.
    Forbidden,
}

/// Error for a text that is neither `401` nor `403`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is neither of the two")]
pub struct InvalidStatus;

impl MissingRoleStatus {
    /// Returns 401 or 403 as a status code.
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

/// Additional header of a rejection: `WWW-Authenticate` or `Retry-After`.
pub(super) type Header = (HeaderName, HeaderValue);

/// Value of `Retry-After` in the 503 response to a failed introspection, in seconds.
const RETRY_AFTER_SECS: HeaderValue = HeaderValue::from_static("1");

impl Outcome {
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::NoToken(error) => (*error).into(),
            Self::Denied(denial) => denial.into(),
            Self::Undetermined(fault) => fault.into(),
            Self::ForeignOrigin => Reason::ForeignOrigin,
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

    /// Returns the problem (error body) to respond with, and an additional header if any. `policy`
    /// belongs to the route's rule.
    pub(super) fn answer(
        &self,
        challenges: &Challenges,
        missing_role: MissingRoleStatus,
        policy: Option<&Policy>,
    ) -> (Problem, Option<Header>) {
        let mut code = self.reason().code();
        let challenged = |challenge, detail: &str| {
            Some((WWW_AUTHENTICATE, challenges.get(challenge, policy, detail)))
        };
        let (status, detail, header) = match self {
            Self::NoToken(error @ BearerError::Missing) => {
                let detail = sentence(error);
                let header = challenged(Challenge::Bare, &detail);
                (StatusCode::UNAUTHORIZED, detail, header)
            }
            Self::NoToken(error) => {
                let detail = sentence(error);
                let error = Challenge::Error(ChallengeError::InvalidRequest);
                let header = challenged(error, &detail);
                (StatusCode::BAD_REQUEST, detail, header)
            }
            Self::Denied(denial) => {
                let tells_of_logins =
                    challenges.names_a_resource() && missing_role == MissingRoleStatus::Forbidden;
                let cure = if tells_of_logins { Cure::of(denial) } else { Cure::usual(denial) };
                let (status, challenge) = match cure {
                    Cure::NewToken => {
                        (StatusCode::UNAUTHORIZED, Challenge::Error(ChallengeError::InvalidToken))
                    }
                    Cure::MoreScopes => {
                        (missing_role.status(), Challenge::Error(ChallengeError::InsufficientScope))
                    }
                    Cure::None => (missing_role.status(), Challenge::WithoutLogin),
                };
                let mut detail = told(denial);
                if let (Denial::WrongOrganization { found }, true) = (denial, tells_of_logins) {
                    (code, detail) = match found {
                        Some(_) => (WRONG_ORGANIZATION, detail),
                        None => (Reason::PolicyNotMet.code(), NO_ORGANIZATION.to_owned()),
                    };
                }
                let header = challenged(challenge, &detail);
                (status, detail, header)
            }
            Self::Undetermined(_) => {
                let detail = "The authorization server gave no verdict on the access token, which \
                              may well be valid. Try again.";
                let retry_after = Some((RETRY_AFTER, RETRY_AFTER_SECS));
                (StatusCode::SERVICE_UNAVAILABLE, detail.to_owned(), retry_after)
            }
            Self::ForeignOrigin => {
                let detail = "Pages of this origin may not call this.".to_owned();
                (StatusCode::FORBIDDEN, detail, None)
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
        (Problem::new(status, code, detail), header)
    }
}

/// `code` of the problem when the user's organization may not use the API, and another token would
/// not help.
const WRONG_ORGANIZATION: &str = "wrong_organization";

/// `detail` of the problem for a token that does not name the user's organization. A token with one
/// more scope would name it.
const NO_ORGANIZATION: &str = "The access token does not tell the user's organization.";

/// Action by which a client can resolve a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cure {
    NewToken,
    MoreScopes,
    /// No action helps, not even a new login.
    None,
}

impl Cure {
    fn of(denial: &Denial) -> Self {
        match denial {
            Denial::PolicyNotMet { missing: Missing::Scopes, .. }
            // A token with another scope names the organization.
            | Denial::WrongOrganization { found: None } => Self::MoreScopes,
            Denial::PolicyNotMet { missing: Missing::Role, .. }
            | Denial::ByHandler { .. }
            | Denial::WrongOrganization { found: Some(_) } => Self::None,
            other => Self::usual(other),
        }
    }

    /// Returns the action that RFC 6750 alone suggests to a client. The RFC knows no roles: a
    /// missing role counts as a missing scope.
    fn usual(denial: &Denial) -> Self {
        match denial {
            Denial::PolicyNotMet { .. } | Denial::ByHandler { .. } => Self::MoreScopes,
            Denial::Inactive
            | Denial::Expired
            | Denial::NotYetValid
            | Denial::KeyBound
            | Denial::WrongIssuer { .. }
            | Denial::WrongAudience { .. }
            | Denial::WrongOrganization { .. } => Self::NewToken,
        }
    }
}

/// Returns the problem's `detail` for a denial. The text discloses no value from the token, and of
/// the configuration only the policy of the route's rule.
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
        Denial::PolicyNotMet { policy, .. } => {
            return format!("The access token does not have {policy}.");
        }
    }
    .to_owned()
}

fn sentence(clause: &impl ToString) -> String {
    let clause = clause.to_string();
    let mut chars = clause.chars();
    chars
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

#[cfg(test)]
mod tests;
