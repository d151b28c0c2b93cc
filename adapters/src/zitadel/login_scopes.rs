//! Computes the scopes that a client must request to get a token that this API can accept.

use domain::{InvalidScopeToken, ScopeToken};

use super::ClaimName;

const OPENID: ScopeToken = ScopeToken::from_static("openid");
const PROFILE: ScopeToken = ScopeToken::from_static("profile");
const EMAIL: ScopeToken = ScopeToken::from_static("email");
const PHONE: ScopeToken = ScopeToken::from_static("phone");
const ADDRESS: ScopeToken = ScopeToken::from_static("address");
const METADATA: ScopeToken = ScopeToken::from_static("urn:zitadel:iam:user:metadata");
const RESOURCE_OWNER: ScopeToken = ScopeToken::from_static(OF_RESOURCE_OWNER);
/// Scope that adds claims about the user's organization, and prefix of the names of these claims.
const OF_RESOURCE_OWNER: &str = "urn:zitadel:iam:user:resourceowner";

/// Returns the scopes that a client must request, each once: `openid`; the scope that puts the
/// project into the token's audience; if `organizations` is true, the scope for the user's
/// organization; and the scopes that add `claims`, in their order.
///
/// Role scopes are left out: if one is requested, some versions of ZITADEL return only the roles
/// that scopes name. `offline_access` is left out because refresh tokens are the client's decision.
/// A claim that an Action adds needs no scope. The scopes of `urn:zitadel:iam:org:id` and
/// `urn:zitadel:iam:org:domain:primary` name one organization, which only the client knows.
///
/// # Errors
/// When the project id is empty or has characters that no scope may have (RFC 6749 §3.3).
pub fn login_scopes(
    project_id: &str,
    organizations: bool,
    claims: &[ClaimName],
) -> Result<Vec<ScopeToken>, InvalidScopeToken> {
    if project_id.is_empty() {
        return Err(InvalidScopeToken);
    }
    let mut scopes = vec![OPENID, ScopeToken::parse(&audience_scope(project_id))?];
    let of_organizations = organizations.then_some(RESOURCE_OWNER);
    let of_claims = claims.iter().filter_map(|claim| scope_of(claim.as_str()));
    for scope in of_organizations.into_iter().chain(of_claims) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

pub(super) fn audience_scope(project_id: &str) -> String {
    format!("urn:zitadel:iam:org:project:id:{project_id}:aud")
}

fn scope_of(claim: &str) -> Option<ScopeToken> {
    match claim {
        "name" | "given_name" | "family_name" | "nickname" | "preferred_username" | "picture"
        | "gender" | "locale" | "updated_at" => Some(PROFILE),
        "email" | "email_verified" => Some(EMAIL),
        "phone_number" | "phone_number_verified" => Some(PHONE),
        "address" => Some(ADDRESS),
        "urn:zitadel:iam:user:metadata" => Some(METADATA),
        _ => claim.starts_with(OF_RESOURCE_OWNER).then_some(RESOURCE_OWNER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = "340000000000000001";
    const AUDIENCE: &str = "urn:zitadel:iam:org:project:id:340000000000000001:aud";

    fn scopes(organizations: bool, claims: &[&str]) -> Vec<String> {
        let claims: Vec<_> = claims.iter().map(|name| name.parse().unwrap()).collect();
        let scopes = login_scopes(PROJECT, organizations, &claims).unwrap();
        scopes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_claim_brings_its_scope_once_and_in_the_order_of_the_claims() {
        let owner = "urn:zitadel:iam:user:resourceowner";
        let metadata = "urn:zitadel:iam:user:metadata";
        for (organizations, claims, further) in [
            (false, &[][..], &[][..]),
            (true, &[], &[owner]),
            (true, &["email"], &[owner, "email"]),
            (false, &["email", "name", "email_verified"], &["email", "profile"]),
            (false, &["phone_number_verified", "phone_number"], &["phone"]),
            (false, &["given_name", "family_name", "nickname", "picture", "locale"], &["profile"]),
            (false, &["preferred_username", "gender", "updated_at"], &["profile"]),
            (false, &["address", metadata], &["address", metadata]),
            (false, &["urn:zitadel:iam:user:resourceowner:name"], &[owner]),
            (true, &["urn:zitadel:iam:user:resourceowner:primary_domain"], &[owner]),
            // No scope is known or needed for these.
            (false, &["my:claim", "amr", "jti", "urn:zitadel:iam:org:id"], &[]),
        ] {
            let expected = [&["openid", AUDIENCE], further].concat();
            assert_eq!(scopes(organizations, claims), expected, "{organizations} {claims:?}");
        }
    }

    #[test]
    fn a_project_id_that_makes_no_scope_is_refused() {
        for project_id in ["", "a b", "a\"", "a\\", "ä", "a\n"] {
            assert_eq!(
                login_scopes(project_id, false, &[]),
                Err(InvalidScopeToken),
                "{project_id:?}"
            );
        }
    }
}
