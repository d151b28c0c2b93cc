//! Names of additional claims that are kept for handlers.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Claims that are read from every response without being named in the settings.
const READ_ANYWAY: [&str; 12] = [
    "active",
    "sub",
    "username",
    "client_id",
    "iss",
    "aud",
    "scope",
    "nbf",
    "exp",
    "cnf",
    "urn:zitadel:iam:user:resourceowner:id",
    "urn:zitadel:iam:org:project:roles",
];

/// Name of an additional claim that is kept for handlers, such as `email`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimName(Box<str>);

/// Reason why a text is not accepted as the name of an additional claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClaimNameError {
    /// The name is empty.
    #[error("the name of a claim is empty")]
    Empty,
    /// The claim is read from every response anyway.
    #[error("this claim is read anyway: see the fields of the principal")]
    ReadAnyway,
}

impl ClaimName {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClaimName {
    type Err = ClaimNameError;

    fn from_str(name: &str) -> Result<Self, ClaimNameError> {
        if name.is_empty() {
            return Err(ClaimNameError::Empty);
        }
        if READ_ANYWAY.contains(&name) {
            return Err(ClaimNameError::ReadAnyway);
        }
        Ok(Self(name.into()))
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_is_read_anyway_is_no_further_claim() {
        for name in ["email", "urn:zitadel:iam:user:metadata", "Sub"] {
            assert_eq!(name.parse::<ClaimName>().unwrap().to_string(), name);
        }
        for name in READ_ANYWAY {
            assert_eq!(name.parse::<ClaimName>(), Err(ClaimNameError::ReadAnyway), "{name}");
        }
        assert_eq!("".parse::<ClaimName>(), Err(ClaimNameError::Empty));
    }
}
