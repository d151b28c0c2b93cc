//! Denials: reasons why a verdict does not let the caller in.

use std::{borrow::Cow, sync::Arc};

use thiserror::Error;

use crate::{Audience, Issuer, OrganizationId, Policy};

/// Reason to deny a request after the authorization server gave a verdict on its token. The message
/// may contain values from the token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Denial {
    /// The authorization server calls the token inactive.
    #[error("the authorization server calls the token inactive")]
    Inactive,
    /// The token's `exp` is reached or past (RFC 7519 §4.1.4).
    #[error("the token has expired")]
    Expired,
    /// The token's `nbf` lies in the future by more than the leeway (RFC 7519 §4.1.5).
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The token is bound to a key (RFC 7800), and this API verifies no proof of possession.
    #[error("the token is bound to a key that the caller did not prove to have")]
    KeyBound,
    /// The token's issuer is missing, or differs from the configured one.
    #[error("the token's issuer is {} and not {}", shown(found.as_ref()), shown(Some(expected)))]
    WrongIssuer {
        /// The token's issuer; `None` if it names none.
        found: Option<Issuer>,
        /// The configured issuer.
        expected: Issuer,
    },
    /// The token's audience contains none of the configured audiences.
    #[error("the token's audience is [{}], none of which is configured", list(found))]
    WrongAudience {
        /// Audiences that the token names.
        found: Arc<[Audience]>,
    },
    /// The user's organization is unknown, or none of the configured ones.
    #[error("{}", organization(found.as_ref()))]
    WrongOrganization {
        /// The user's organization; `None` if the token names none.
        found: Option<OrganizationId>,
    },
    /// The token is valid, but lacks authority that the rule's policy demands.
    #[error("the token does not have {policy}")]
    PolicyNotMet {
        /// The policy that is not met.
        policy: &'static Policy,
        /// Kind of authority that the token lacks.
        missing: Missing,
    },
    /// A handler denied this request, although the caller meets the rule of the route.
    #[error("{why}")]
    ByHandler {
        /// The handler's reason, for the log.
        why: Cow<'static, str>,
    },
}

/// Kind of authority that a token lacks to meet a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Only scopes are missing: a new login that requests them can give access.
    Scopes,
    /// A role is missing: a new login cannot give it.
    Role,
}

/// Quotes and escapes a value, so that text from the token forges no log lines.
fn shown(found: Option<&impl ToString>) -> String {
    found.map_or_else(|| "missing".to_owned(), |found| format!("{:?}", found.to_string()))
}

fn organization(found: Option<&OrganizationId>) -> String {
    match found {
        Some(found) => {
            format!("the user's organization is {}, which is not configured", shown(Some(found)))
        }
        None => "the token does not tell the user's organization".to_owned(),
    }
}

fn list(found: &[Audience]) -> String {
    found.iter().map(|audience| shown(Some(audience))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_stands_in_quotes_and_with_escapes() {
        let issuer = |text: &str| Issuer::parse(text).unwrap();
        let audience = ["a", "b\nINFO"].map(|text| Audience::parse(text).unwrap());
        for (denial, expected) in [
            (
                Denial::WrongIssuer { found: Some(issuer("x")), expected: issuer("y") },
                r#"the token's issuer is "x" and not "y""#,
            ),
            (
                Denial::WrongIssuer { found: None, expected: issuer("y") },
                r#"the token's issuer is missing and not "y""#,
            ),
            (
                Denial::WrongAudience { found: audience.into() },
                r#"the token's audience is ["a", "b\nINFO"], none of which is configured"#,
            ),
            (
                Denial::WrongOrganization { found: Some(OrganizationId::from_static("1")) },
                r#"the user's organization is "1", which is not configured"#,
            ),
            (
                Denial::WrongOrganization { found: None },
                "the token does not tell the user's organization",
            ),
        ] {
            assert_eq!(denial.to_string(), expected);
        }
    }
}
