//! Why a caller is turned away although the authorization server gave a verdict.

use thiserror::Error;

use crate::{Audience, Issuer, OrganizationId, Policy};

/// A verdict that does not open the door. Its text is for the log: it names what was found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Denial {
    /// The authorization server does not vouch for the token.
    #[error("the authorization server calls the token inactive")]
    Inactive,
    /// `exp` has come (RFC 7519 §4.1.4).
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come yet, the leeway included (RFC 7519 §4.1.5).
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The token is bound to a key, and nobody proved possession of it (RFC 7800).
    #[error("the token is bound to a key that the caller did not prove to have")]
    KeyBound,
    /// Another issuer than the configured one, or none.
    #[error("the token's issuer is {found:?}")]
    WrongIssuer {
        /// The token's issuer.
        found: Option<Issuer>,
    },
    /// None of the configured audiences.
    #[error("the token's audience is {found:?}")]
    WrongAudience {
        /// The token's audience.
        found: Box<[Audience]>,
    },
    /// The user belongs to none of the configured organizations.
    #[error("the user's organization is {found:?}")]
    WrongOrganization {
        /// The user's organization.
        found: Option<OrganizationId>,
    },
    /// The token is valid, but does not show what the rule asks for.
    #[error("the token does not have {policy}")]
    PolicyNotMet {
        /// What the rule asks for.
        policy: &'static Policy,
    },
}

impl Denial {
    /// The one word for this denial, the same in logs, metrics and documentation.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::KeyBound => "key_bound",
            Self::WrongIssuer { .. } => "wrong_issuer",
            Self::WrongAudience { .. } => "wrong_audience",
            Self::WrongOrganization { .. } => "wrong_organization",
            Self::PolicyNotMet { .. } => "policy_not_met",
        }
    }
}
