//! The named rules of this API, which its handlers demand.

use crate::{Policy, Role, Rule};

/// Rule for every caller with an active access token.
#[derive(Debug)]
pub struct SignedIn;

impl Rule for SignedIn {
    const POLICY: &'static Policy = &Policy::Authenticated;
}

/// Rule for callers with the role `read:messages`, whichever organization granted it.
#[derive(Debug)]
pub struct ReadMessages;

impl Rule for ReadMessages {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("read:messages"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Organization, OrganizationId, Principal};

    #[track_caller]
    fn check<R: Rule>(roles: &[&str], met: bool) {
        let organization =
            Organization { id: OrganizationId::from_static("1"), primary_domain: "a.test".into() };
        let principal = Principal {
            roles: roles
                .iter()
                .map(|role| (Role::parse(role).unwrap(), organization.clone()))
                .collect(),
            ..Principal::default()
        };
        assert_eq!(R::POLICY.is_met_by(&principal), met, "with the roles {roles:?}");
    }

    #[test]
    fn signed_in_asks_for_no_role() {
        check::<SignedIn>(&[], true);
    }

    #[test]
    fn read_messages_asks_for_the_role_of_that_name() {
        check::<ReadMessages>(&["read:messages"], true);
        check::<ReadMessages>(&["other", "read:messages"], true);
        check::<ReadMessages>(&[], false);
        check::<ReadMessages>(&["read:message", "READ:MESSAGES", "read:messages "], false);
    }
}
