//! The value of `WWW-Authenticate` (RFC 6750 §3).

use axum::http::HeaderValue;

use crate::config::Realm;

/// The error code of a challenge (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChallengeError {
    InvalidRequest,
    InvalidToken,
    InsufficientScope,
}

/// The challenge for a realm. Without an error it only says which scheme is asked for: a caller
/// who showed nothing is told nothing more.
pub(crate) fn challenge(realm: &Realm, error: Option<ChallengeError>) -> HeaderValue {
    let realm = realm.as_str();
    let value = match error {
        None => format!("Bearer realm=\"{realm}\""),
        Some(error) => format!("Bearer realm=\"{realm}\", error=\"{}\"", error.as_str()),
    };
    HeaderValue::try_from(value).unwrap_or_else(|_| unreachable!("a realm is printable ASCII"))
}

impl ChallengeError {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_what_rfc_6750_shows() {
        let realm = "my api".parse().unwrap();
        assert_eq!(challenge(&realm, None), "Bearer realm=\"my api\"");
        for (error, expected) in [
            (ChallengeError::InvalidRequest, "Bearer realm=\"my api\", error=\"invalid_request\""),
            (ChallengeError::InvalidToken, "Bearer realm=\"my api\", error=\"invalid_token\""),
            (
                ChallengeError::InsufficientScope,
                "Bearer realm=\"my api\", error=\"insufficient_scope\"",
            ),
        ] {
            assert_eq!(challenge(&realm, Some(error)), expected);
        }
    }
}
