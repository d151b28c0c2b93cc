//! Policies: the authority that a rule demands, as constant data, and its evaluation.

use std::fmt;

use crate::{Freshness, OrganizationId, Principal, Role, ScopeToken};

/// Authority that a rule demands of an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing but an active token.
    Authenticated,
    /// A project role, granted by any organization.
    Role(Role),
    /// A project role, granted by one particular organization.
    RoleIn {
        /// Key of the role.
        role: Role,
        /// The organization that must have granted the role.
        organization: OrganizationId,
    },
    /// An OAuth scope.
    Scope(ScopeToken),
    /// At least one of these policies; no token meets an empty list.
    AnyOf(&'static [Policy]),
    /// All of these policies; every token meets an empty list.
    AllOf(&'static [Policy]),
}

impl Policy {
    /// Returns whether a token of `principal` meets this policy. Does not check that the token is
    /// valid.
    #[must_use]
    pub fn is_met_by(&self, principal: &Principal) -> bool {
        match self {
            Self::Authenticated => true,
            Self::Role(role) => principal.roles.contains(role),
            Self::RoleIn { role, organization } => principal.roles.contains_in(role, organization),
            Self::Scope(scope) => principal.scope.contains(scope),
            Self::AnyOf(policies) => policies.iter().any(|policy| policy.is_met_by(principal)),
            Self::AllOf(policies) => policies.iter().all(|policy| policy.is_met_by(principal)),
        }
    }

    /// Returns whether a token of `principal` with every scope would meet this policy. If so, a new
    /// login that requests more scopes helps.
    #[must_use]
    pub fn is_met_with_scopes(&self, principal: &Principal) -> bool {
        match self {
            Self::Scope(_) => true,
            Self::AnyOf(policies) => policies.iter().any(|it| it.is_met_with_scopes(principal)),
            Self::AllOf(policies) => policies.iter().all(|it| it.is_met_with_scopes(principal)),
            Self::Authenticated | Self::Role(_) | Self::RoleIn { .. } => self.is_met_by(principal),
        }
    }

    /// Returns every scope that this policy names, in the order in which `Display` writes them.
    #[must_use]
    pub fn scopes(&self) -> Vec<&ScopeToken> {
        match self {
            Self::Scope(scope) => vec![scope],
            Self::AnyOf(policies) | Self::AllOf(policies) => {
                policies.iter().flat_map(Self::scopes).collect()
            }
            Self::Authenticated | Self::Role(_) | Self::RoleIn { .. } => Vec::new(),
        }
    }
}

/// Writes a phrase that completes "the token must have …", such as "the role admin".
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authenticated => f.write_str("an active verdict"),
            Self::Role(role) => write!(f, "the role {role}"),
            Self::RoleIn { role, organization } => {
                write!(f, "the role {role} in the organization {organization}")
            }
            Self::Scope(scope) => write!(f, "the scope {scope}"),
            Self::AnyOf(policies) => list(f, "any of", policies),
            Self::AllOf(policies) => list(f, "all of", policies),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, quantity: &str, policies: &[Policy]) -> fmt::Result {
    write!(f, "{quantity} (")?;
    for (index, policy) in policies.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{policy}")?;
    }
    f.write_str(")")
}

/// A rule for handlers: a type that names a policy. Only callers who meet the policy reach a
/// handler whose signature names the rule.
///
/// ```
/// use domain::{Policy, Role, Rule};
///
/// /// Callers who may delete messages.
/// #[derive(Debug)]
/// pub struct DeleteMessages;
///
/// impl Rule for DeleteMessages {
///     const POLICY: &'static Policy = &Policy::Role(Role::from_static("delete:messages"));
/// }
/// ```
pub trait Rule: Send + Sync + 'static {
    /// Authority that a caller's token must have.
    const POLICY: &'static Policy;

    /// Freshness that the verdict must have. With [`Freshness::Asked`], no cached verdict is used.
    const FRESHNESS: Freshness = Freshness::Kept;
}

#[cfg(test)]
mod tests;
