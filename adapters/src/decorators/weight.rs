//! Estimates the memory that a cached verdict takes.

use std::sync::Arc;

use domain::{
    ActiveToken, ClientId, Issuer, OrganizationId, Principal, RoleGrant, Subject, TokenId, Username,
};

/// Assumed overhead of one allocation, in bytes: the counters of an `Arc`, and the allocator's
/// rounding.
const ALLOCATION: usize = 24;
/// Maximum number of verdicts among which shared memory is divided. A verdict's size is computed
/// only when it is cached: if all others that share the memory leave the cache, the verdict still
/// counts for at least a quarter of that memory.
const SHARED_BY: usize = 4;

/// Returns the bytes that `token` holds on the heap, with its part of memory that verdicts share.
pub(super) fn beyond_itself(token: &ActiveToken) -> u64 {
    let id = text(token.id.as_ref().map(TokenId::as_str));
    let principal = ALLOCATION + size_of::<Principal>() + of_principal(&token.principal);
    (id + part(principal, Arc::strong_count(&token.principal))) as u64
}

fn of_principal(principal: &Principal) -> usize {
    let Principal {
        issuer,
        audience,
        organization,
        roles,
        scope,
        subject,
        username,
        client_id,
        further_claims,
    } = principal;
    let audiences = audience.iter().map(|value| size_of_val(value) + text(Some(value.as_str())));
    let scopes = scope.iter().map(|token| size_of_val(token) + text(Some(token.as_str())));
    let claims = further_claims.names().map(|name| {
        let json = further_claims.get(name);
        2 * size_of::<Box<str>>() + text(Some(name)) + text(json)
    });
    text(issuer.as_ref().map(Issuer::as_str))
        + text(organization.as_ref().map(OrganizationId::as_str))
        + text(subject.as_ref().map(Subject::as_str))
        + text(username.as_ref().map(Username::as_str))
        + text(client_id.as_ref().map(ClientId::as_str))
        + slice(claims)
        + part(slice(audiences), Arc::strong_count(audience))
        + part(slice(scopes), scope.shared_by())
        + part(slice(roles.iter().map(of_grant)), roles.shared_by())
}

fn of_grant(grant: &RoleGrant) -> usize {
    let organizations = grant.organizations().iter().map(|organization| {
        size_of_val(organization)
            + text(Some(organization.id.as_str()))
            + text(Some(&organization.primary_domain))
    });
    size_of_val(grant) + text(Some(grant.role().as_str())) + slice(organizations)
}

fn text(text: Option<&str>) -> usize {
    text.map_or(0, |text| ALLOCATION + text.len())
}

fn slice(items: impl Iterator<Item = usize>) -> usize {
    ALLOCATION + items.sum::<usize>()
}

/// Divides `bytes` among the verdicts that share this memory (at most `SHARED_BY`), and returns
/// one verdict's part. One of the `owners` is no verdict and does not count: the introspector's
/// table of claim values, from which verdicts take equal lists.
fn part(bytes: usize, owners: usize) -> usize {
    bytes / owners.saturating_sub(1).clamp(1, SHARED_BY)
}
