//! Explains why a token that ZITADEL calls active is denied, and names the remedy.

use adapters::zitadel::{SettingsSummary, is_personal_access_token};
use domain::{Denial, Policy, Principal};

use super::{Certainty, LikelyCause, project};
use Certainty::{Certain, Likely, Possible};

/// Prefix of scopes such as `urn:zitadel:iam:org:roles:id:123`, with which a token shows only the
/// roles granted by organization 123.
const ROLES_OF_ORGANIZATION: &str = "urn:zitadel:iam:org:roles:id:";
/// Prefix of scopes such as `urn:zitadel:iam:org:project:role:read`, with which some versions of
/// ZITADEL show only the roles that such scopes name.
const ROLE_SCOPE: &str = "urn:zitadel:iam:org:project:role:";

/// Returns possible causes of the denial of an active token of `principal`, most likely first.
pub(crate) fn causes(
    summary: &SettingsSummary,
    denial: &Denial,
    principal: &Principal,
) -> Vec<LikelyCause> {
    match denial {
        // An inactive token has no principal (see `inactive.rs`); a handler explains its own
        // denials.
        Denial::Inactive | Denial::ByHandler { .. } => Vec::new(),
        Denial::Expired => vec![Certain.of(
            "expired",
            "its exp has come by the clock of this machine: get a new one; if it is fresh, set the \
             clock (app check compares it with ZITADEL's)",
        )],
        Denial::NotYetValid => vec![Certain.of(
            "not_yet_valid",
            "its nbf has not come by the clock of this machine: set the clock (app check compares \
             it with ZITADEL's), or raise auth.leeway",
        )],
        Denial::KeyBound => vec![Certain.of(
            "key_bound",
            "it is bound to a key by its claim cnf, and this API takes plain bearer tokens only: \
             request one of those",
        )],
        Denial::WrongIssuer { .. } => vec![Certain.of(
            "another_issuer",
            "ZITADEL names as issuer the address that it is called by: set zitadel.domain to the \
             issuer of its discovery document, to the letter",
        )],
        Denial::WrongAudience { .. } => vec![Certain.of(
            "wrong_audience",
            format!(
                "auth.audience names none of its audience: name {} there, or request the scope {}",
                project(summary),
                summary.audience_scope()
            ),
        )],
        Denial::WrongOrganization { found: None } if is_personal_access_token(principal) => {
            vec![Certain.of(
                "organization_not_told",
                "auth.organizations is set, and this personal access token does not tell the user's \
                 organization, for it was made without scopes, as the first one of an instance is; \
                 none can be requested for it: make another one",
            )]
        }
        Denial::WrongOrganization { found: None } => vec![Certain.of(
            "organization_not_told",
            "auth.organizations is set, and the token does not tell the user's organization: \
             request the scope urn:zitadel:iam:user:resourceowner",
        )],
        Denial::WrongOrganization { found: Some(_) } => vec![Certain.of(
            "wrong_organization",
            "auth.organizations does not name the user's organization: add it there if its users \
             are to be let in",
        )],
        Denial::PolicyNotMet { policy, .. } => of_policy(summary, policy, principal),
    }
}

fn of_policy(
    summary: &SettingsSummary,
    policy: &Policy,
    principal: &Principal,
) -> Vec<LikelyCause> {
    let mut causes = Vec::new();
    if asks_for_role(policy) {
        causes.extend(of_roles(summary, principal));
    }
    if asks_for_scope(policy) {
        causes.push(Likely.of(
            "scope_missing",
            "the client did not request the scope when it got the token: request it",
        ));
    }
    causes.sort_by_key(|cause| cause.certainty);
    causes
}

fn of_roles(summary: &SettingsSummary, principal: &Principal) -> Vec<LikelyCause> {
    let project = match summary.other_projects(principal) {
        Some(_) => "this API's project".to_owned(),
        None => project(summary),
    };
    let mut causes = Vec::new();
    let has_scope =
        |prefix: &str| principal.scope.iter().any(|scope| scope.as_str().starts_with(prefix));
    if has_scope(ROLES_OF_ORGANIZATION) {
        causes.push(Likely.of(
            "roles_of_one_organization",
            format!(
                "it was requested with a scope {ROLES_OF_ORGANIZATION}…, and shows only the roles \
                 that these organizations granted: request it without"
            ),
        ));
    }
    if principal.roles.iter().len() > 0 {
        causes.push(Likely.of(
            "role_not_granted",
            format!(
                "its user has other roles in {project}: assign the role, with the key to the letter"
            ),
        ));
    } else if is_personal_access_token(principal) {
        causes.push(Likely.of(
            "personal_access_token_without_grant",
            format!(
                "it is a personal access token, for ZITADEL names no client of it; such a token is \
                 active for every API of the instance, and its user has no role in {project}: \
                 assign the role to that service user"
            ),
        ));
    } else {
        causes.push(Likely.of(
            "no_grant",
            format!(
                "its user has no role in {project}: assign the role (a role assignment, also \
                 called authorization or user grant)"
            ),
        ));
    }
    if has_scope(ROLE_SCOPE) && !is_personal_access_token(principal) {
        causes.push(Likely.of(
            "role_scopes",
            format!(
                "it has scopes {ROLE_SCOPE}…, and some versions of ZITADEL then show only those \
                 roles: request the scope of this role too, or none of them; after a new role key, \
                 log in again"
            ),
        ));
    }
    causes.push(Possible.of(
        "not_shown_yet",
        "the role was assigned a moment ago: ZITADEL shows that after some milliseconds, rarely \
         after a minute",
    ));
    causes
}

fn asks_for_role(policy: &Policy) -> bool {
    match policy {
        Policy::Role(_) | Policy::RoleIn { .. } => true,
        Policy::AnyOf(policies) | Policy::AllOf(policies) => policies.iter().any(asks_for_role),
        Policy::Authenticated | Policy::Scope(_) => false,
    }
}

fn asks_for_scope(policy: &Policy) -> bool {
    match policy {
        Policy::Scope(_) => true,
        Policy::AnyOf(policies) | Policy::AllOf(policies) => policies.iter().any(asks_for_scope),
        Policy::Authenticated | Policy::Role(_) | Policy::RoleIn { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use domain::{ClientId, Missing, Role, ScopeToken};

    use super::*;
    use crate::advice::tests::summary;

    const ROLE: Policy = Policy::Role(Role::from_static("read"));
    const SCOPE: Policy = Policy::Scope(ScopeToken::from_static("email"));

    #[track_caller]
    fn check(policy: &'static Policy, expected: &[&str]) {
        let client_id = ClientId::parse("client").ok();
        let principal = Principal { client_id, ..Principal::default() };
        let causes = causes(
            &summary(None),
            &Denial::PolicyNotMet { policy, missing: Missing::Role },
            &principal,
        );
        let words: Vec<_> = causes.iter().map(|cause| cause.cause).collect();
        assert_eq!(words, expected, "{policy}");
    }

    #[test]
    fn a_rule_that_asks_for_no_role_is_not_explained_by_one() {
        check(const { &ROLE }, &["no_grant", "not_shown_yet"]);
        check(const { &SCOPE }, &["scope_missing"]);
        check(
            const { &Policy::AnyOf(&[ROLE, SCOPE]) },
            &["no_grant", "scope_missing", "not_shown_yet"],
        );
        check(const { &Policy::AllOf(&[SCOPE]) }, &["scope_missing"]);
        check(&Policy::AnyOf(&[]), &[]);
    }
}
