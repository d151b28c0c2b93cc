//! The value of `WWW-Authenticate` (RFC 6750 §3).

use std::str::FromStr;

use axum::http::HeaderValue;
use thiserror::Error;

/// Realm of the challenge: text that needs no escape in a quoted string (RFC 9110 §5.6.4).
/// Default: `api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(Box<str>);

/// A text that cannot be a realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it has a character that a realm cannot have")]
pub struct InvalidRealm;

impl Realm {
    /// Returns the realm as it stands between the quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Realm {
    fn default() -> Self {
        Self("api".into())
    }
}

impl FromStr for Realm {
    type Err = InvalidRealm;

    fn from_str(text: &str) -> Result<Self, InvalidRealm> {
        let fits = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if !text.bytes().all(fits) {
            return Err(InvalidRealm);
        }
        Ok(Self(text.into()))
    }
}

/// Error code of a challenge (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChallengeError {
    InvalidRequest,
    InvalidToken,
    InsufficientScope,
}

impl ChallengeError {
    const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }
}

/// The challenges of one realm, each written once.
#[derive(Clone, Debug)]
pub(super) struct Challenges {
    /// Names the scheme and nothing else: a request without a token is told no error (§3.1).
    bare: HeaderValue,
    invalid_request: HeaderValue,
    invalid_token: HeaderValue,
    insufficient_scope: HeaderValue,
}

impl Challenges {
    pub(super) fn new(realm: &Realm) -> Self {
        Self {
            bare: challenge(realm, None),
            invalid_request: challenge(realm, Some(ChallengeError::InvalidRequest)),
            invalid_token: challenge(realm, Some(ChallengeError::InvalidToken)),
            insufficient_scope: challenge(realm, Some(ChallengeError::InsufficientScope)),
        }
    }

    pub(super) fn get(&self, error: Option<ChallengeError>) -> HeaderValue {
        match error {
            None => &self.bare,
            Some(ChallengeError::InvalidRequest) => &self.invalid_request,
            Some(ChallengeError::InvalidToken) => &self.invalid_token,
            Some(ChallengeError::InsufficientScope) => &self.insufficient_scope,
        }
        .clone()
    }
}

fn challenge(realm: &Realm, error: Option<ChallengeError>) -> HeaderValue {
    let realm = realm.as_str();
    let value = match error {
        None => format!("Bearer realm=\"{realm}\""),
        Some(error) => format!("Bearer realm=\"{realm}\", error=\"{}\"", error.as_str()),
    };
    HeaderValue::try_from(value).unwrap_or_else(|_| unreachable!("a realm is printable ASCII"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_what_rfc_6750_shows() {
        let challenges = Challenges::new(&"my api".parse().unwrap());
        assert_eq!(challenges.get(None), "Bearer realm=\"my api\"");
        for (error, expected) in [
            (ChallengeError::InvalidRequest, "Bearer realm=\"my api\", error=\"invalid_request\""),
            (ChallengeError::InvalidToken, "Bearer realm=\"my api\", error=\"invalid_token\""),
            (
                ChallengeError::InsufficientScope,
                "Bearer realm=\"my api\", error=\"insufficient_scope\"",
            ),
        ] {
            assert_eq!(challenges.get(Some(error)), expected);
        }
    }

    #[test]
    fn a_realm_needs_no_escape() {
        assert_eq!("my api!".parse::<Realm>().unwrap().as_str(), "my api!");
        for text in ["a\"b", "a\\b", "a\nb", "ä", "\u{7f}"] {
            assert_eq!(text.parse::<Realm>(), Err(InvalidRealm), "{text}");
        }
    }
}
