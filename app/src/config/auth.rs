//! `[auth]`: what every token must show, and how denials look.

use std::{str::FromStr, time::Duration};

use axum::http::StatusCode;
use domain::{Audience, OrganizationId};

use super::{
    error::{ConfigError, InvalidValue},
    layers::Layers,
    server::duration,
};

/// What every token must show, and how denials look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// The realm of the challenge.
    pub realm: Realm,
    /// The status when a valid token lacks the role.
    pub missing_role_status: MissingRoleStatus,
    /// Clock skew tolerated when `nbf` is judged.
    pub leeway: Duration,
    /// The user must belong to one of these; an empty list asks for none.
    pub organizations: Vec<OrganizationId>,
    /// The token's audience must contain one of these; an empty list asks for none.
    pub audiences: Vec<Audience>,
}

impl Auth {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let organizations: Vec<String> = layers.list("auth.organizations")?;
        let audiences: Vec<String> = layers.list("auth.audience")?;
        Ok(Self {
            realm: layers.required("auth.realm")?,
            missing_role_status: layers.required("auth.missing_role_status")?,
            leeway: duration(layers, "auth.leeway")?,
            organizations: organizations
                .iter()
                .map(|id| OrganizationId::parse(id))
                .collect::<Result<_, _>>()
                .map_err(|error| layers.error("auth.organizations", error))?,
            audiences: audiences
                .iter()
                .map(|value| Audience::parse(value))
                .collect::<Result<_, _>>()
                .map_err(|error| layers.error("auth.audience", error))?,
        })
    }
}

/// The realm of the challenge: text that needs no escape in a quoted string (RFC 9110 §5.6.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(Box<str>);

impl Realm {
    /// The realm as it stands between the quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Realm {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let fits = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if !text.bytes().all(fits) {
            return Err(InvalidValue("it has a character that a realm cannot have"));
        }
        Ok(Self(text.into()))
    }
}

/// The status when a valid token lacks the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingRoleStatus {
    /// 401, as ZITADEL's Python example documents it.
    Unauthorized,
    /// 403, as RFC 6750 §3.1 has it.
    Forbidden,
}

impl MissingRoleStatus {
    /// The status code.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
        }
    }
}

impl FromStr for MissingRoleStatus {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "401" => Ok(Self::Unauthorized),
            "403" => Ok(Self::Forbidden),
            _ => Err(InvalidValue("it is neither of the two")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_needs_no_escape() {
        assert_eq!("my api!".parse::<Realm>().unwrap().as_str(), "my api!");
        for text in ["a\"b", "a\\b", "a\nb", "ä", "\u{7f}"] {
            assert!(text.parse::<Realm>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_status_of_a_missing_role_is_one_of_two() {
        assert_eq!("401".parse::<MissingRoleStatus>().unwrap().status(), 401);
        assert_eq!("403".parse::<MissingRoleStatus>().unwrap().status(), 403);
        assert!("404".parse::<MissingRoleStatus>().is_err());
    }
}
