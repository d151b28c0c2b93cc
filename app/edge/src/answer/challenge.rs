//! Writes challenges: values of the header `WWW-Authenticate` (RFC 6750 §3, RFC 9728 §5.1).

use std::{fmt::Write, str::FromStr};

use axum::http::HeaderValue;
use domain::Policy;
use thiserror::Error;

use super::Resource;

/// Realm in the header `WWW-Authenticate`: printable ASCII without quotes and backslashes. Default:
/// `api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(Box<str>);

/// Error for a realm with a quote, a backslash or a character outside printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it has a character that a realm cannot have")]
pub struct InvalidRealm;

impl Realm {
    /// Returns the realm as text, without quotes around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the realm may be used together with a resource. It must not contain the
    /// name of a challenge parameter, such as `scope=`, which some clients would take for that
    /// parameter.
    #[must_use]
    pub fn fits_a_resource(&self) -> bool {
        fits_a_resource(&self.0)
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
        if !needs_no_escape(text) {
            return Err(InvalidRealm);
        }
        Ok(Self(text.into()))
    }
}

fn needs_no_escape(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

/// Returns whether `text` contains no name of a challenge parameter, such as `scope=`. Two MCP SDKs
/// look for parameters even within another parameter's value.
fn fits_a_resource(text: &str) -> bool {
    ["scope=", "error=", "resource_metadata="].iter().all(|name| !text.contains(name))
}

/// Value of a challenge's parameter `error` (RFC 6750 §3.1).
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

/// Kind of challenge, which decides its parameters besides realm and resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Challenge without the parameter `error`, since the request had no token (RFC 6750 §3.1).
    Bare,
    Error(ChallengeError),
    /// Challenge to a denial that no login resolves, such as a missing role. It has no `error` and
    /// no `scope`, so that clients start no login.
    WithoutLogin,
}

/// All challenges that a guard can send, as header values.
#[derive(Clone, Debug)]
pub(super) enum Challenges {
    /// Challenges that name no resource, each written in advance.
    OfRealm(OfRealm),
    /// Realm and resource for challenges that are written for each response, with the scopes of the
    /// route's rule.
    OfResource { realm: Realm, resource: Resource },
}

#[derive(Clone, Debug)]
pub(super) struct OfRealm {
    bare: HeaderValue,
    invalid_request: HeaderValue,
    invalid_token: HeaderValue,
    insufficient_scope: HeaderValue,
}

impl Challenges {
    pub(super) fn new(realm: &Realm, resource: Option<Resource>) -> Self {
        if let Some(resource) = resource {
            return Self::OfResource { realm: realm.clone(), resource };
        }
        let written = |error: Option<ChallengeError>| {
            let mut fields = Fields::new(realm);
            if let Some(error) = error {
                fields.add("error", error.as_str());
            }
            fields.written()
        };
        Self::OfRealm(OfRealm {
            bare: written(None),
            invalid_request: written(Some(ChallengeError::InvalidRequest)),
            invalid_token: written(Some(ChallengeError::InvalidToken)),
            insufficient_scope: written(Some(ChallengeError::InsufficientScope)),
        })
    }

    pub(super) fn names_a_resource(&self) -> bool {
        matches!(self, Self::OfResource { .. })
    }

    /// Returns the header value of `challenge`. If the guard has a resource, the value may contain
    /// the scopes of `policy`, and `detail` as a description of the error.
    pub(super) fn get(
        &self,
        challenge: Challenge,
        policy: Option<&Policy>,
        detail: &str,
    ) -> HeaderValue {
        match self {
            Self::OfRealm(written) => match challenge {
                Challenge::Bare | Challenge::WithoutLogin => &written.bare,
                Challenge::Error(ChallengeError::InvalidRequest) => &written.invalid_request,
                Challenge::Error(ChallengeError::InvalidToken) => &written.invalid_token,
                Challenge::Error(ChallengeError::InsufficientScope) => &written.insufficient_scope,
            }
            .clone(),
            Self::OfResource { realm, resource } => {
                let mut fields = Fields::new(realm);
                fields.add("resource_metadata", &resource.metadata_url());
                let asks_to_sign_in = !matches!(
                    challenge,
                    Challenge::WithoutLogin | Challenge::Error(ChallengeError::InvalidRequest)
                );
                if asks_to_sign_in {
                    fields.add("scope", &resource.scope(policy));
                }
                if let Challenge::Error(error) = challenge {
                    fields.add("error", error.as_str());
                    fields.add("error_description", detail);
                }
                fields.written()
            }
        }
    }
}

struct Fields(String);

impl Fields {
    fn new(realm: &Realm) -> Self {
        Self(format!("Bearer realm=\"{}\"", realm.as_str()))
    }

    /// Adds the challenge parameter `name="value"`. Omits it if `value` is empty, needs an escape,
    /// or contains a text such as `scope=`, which simple clients would take for another parameter.
    fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() && needs_no_escape(value) && fits_a_resource(value) {
            // Writing to a string cannot fail.
            let _ = write!(self.0, ", {name}=\"{value}\"");
        }
    }

    fn written(self) -> HeaderValue {
        HeaderValue::try_from(self.0)
            .unwrap_or_else(|_| unreachable!("its fields are printable ASCII"))
    }
}

#[cfg(test)]
mod tests {
    use domain::ScopeToken;

    use super::*;

    const INVALID_TOKEN: Challenge = Challenge::Error(ChallengeError::InvalidToken);
    const INSUFFICIENT_SCOPE: Challenge = Challenge::Error(ChallengeError::InsufficientScope);

    #[test]
    fn a_challenge_is_what_rfc_6750_shows() {
        let challenges = Challenges::new(&"my api".parse().unwrap(), None);
        for (challenge, expected) in [
            (Challenge::Bare, "Bearer realm=\"my api\""),
            (
                Challenge::Error(ChallengeError::InvalidRequest),
                "Bearer realm=\"my api\", error=\"invalid_request\"",
            ),
            (INVALID_TOKEN, "Bearer realm=\"my api\", error=\"invalid_token\""),
            (INSUFFICIENT_SCOPE, "Bearer realm=\"my api\", error=\"insufficient_scope\""),
        ] {
            assert_eq!(challenges.get(challenge, None, "It says why."), expected);
        }
    }

    #[test]
    fn a_challenge_that_names_a_resource_has_its_fields_in_order() {
        let scopes = vec![ScopeToken::from_static("openid")];
        let resource = Resource::new("https://api.test/mcp").unwrap().scopes(scopes);
        let challenges = Challenges::new(&Realm::default(), Some(resource));
        let begin = "Bearer realm=\"api\", resource_metadata=\
                     \"https://api.test/.well-known/oauth-protected-resource/mcp\"";
        let email = Policy::Scope(ScopeToken::from_static("email"));
        for (challenge, policy, detail, rest) in [
            (Challenge::Bare, None, "It says why.", ", scope=\"openid\""),
            (Challenge::WithoutLogin, Some(&email), "It says why.", ""),
            (
                INVALID_TOKEN,
                None,
                "It says why.",
                ", scope=\"openid\", error=\"invalid_token\", error_description=\"It says why.\"",
            ),
            (
                INSUFFICIENT_SCOPE,
                Some(&email),
                "It says \"why\".",
                ", scope=\"openid email\", error=\"insufficient_scope\"",
            ),
            (
                INSUFFICIENT_SCOPE,
                None,
                "It lacks scope=email.",
                ", scope=\"openid\", error=\"insufficient_scope\"",
            ),
        ] {
            assert_eq!(challenges.get(challenge, policy, detail), format!("{begin}{rest}"));
        }
    }

    #[test]
    fn a_realm_needs_no_escape() {
        assert_eq!("my api!".parse::<Realm>().unwrap().as_str(), "my api!");
        for text in ["a\"b", "a\\b", "a\nb", "ä", "\u{7f}"] {
            assert_eq!(text.parse::<Realm>(), Err(InvalidRealm), "{text}");
        }
    }

    #[test]
    fn a_realm_does_not_look_like_a_field_of_a_challenge() {
        assert!(Realm::default().fits_a_resource());
        for text in ["scope=a", "my error=b", "resource_metadata=c"] {
            assert!(!text.parse::<Realm>().unwrap().fits_a_resource(), "{text}");
        }
    }
}
