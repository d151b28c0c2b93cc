//! Errors in the `Authorization` header of a request (RFC 6750 §2.1).

use domain::AccessTokenError;
use thiserror::Error;

/// Reason why a request has no access token to introspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BearerError {
    /// The request has no `Authorization` header, or one whose scheme is not `Bearer`.
    #[error("the request has no Authorization header of the scheme Bearer")]
    Missing,
    /// The request has more than one `Authorization` header, of any scheme.
    #[error("the request has more than one Authorization header")]
    Repeated,
    /// The text after the scheme `Bearer` is not a valid token.
    #[error(transparent)]
    Malformed(#[from] AccessTokenError),
}
