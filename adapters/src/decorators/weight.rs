//! Bytes that an answer takes.

use domain::{
    ActiveToken, ClientId, Issuer, OrganizationId, Principal, RoleGrant, Subject, TokenId, Username,
};

/// Bytes of an allocation beyond its content: the counters of an `Arc`, and what the allocator rounds
/// up to.
const ALLOCATION: usize = 24;

/// Returns the bytes that `token` takes beyond the value itself, rather too many than too few: what it
/// shares with other tokens is counted as its own.
pub(super) fn beyond_itself(token: &ActiveToken) -> u64 {
    let id = token.id.as_ref().map(TokenId::as_str);
    (text(id) + ALLOCATION + size_of::<Principal>() + of_principal(&token.principal)) as u64
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
    let audience = audience.iter().map(|value| size_of_val(value) + text(Some(value.as_str())));
    let scope = scope.iter().map(|token| size_of_val(token) + text(Some(token.as_str())));
    let claims = further_claims.names().map(|name| {
        let json = further_claims.get(name);
        2 * size_of::<Box<str>>() + text(Some(name)) + text(json)
    });
    text(issuer.as_ref().map(Issuer::as_str))
        + text(organization.as_ref().map(OrganizationId::as_str))
        + text(subject.as_ref().map(Subject::as_str))
        + text(username.as_ref().map(Username::as_str))
        + text(client_id.as_ref().map(ClientId::as_str))
        + slice(audience)
        + slice(scope)
        + slice(claims)
        + slice(roles.iter().map(of_grant))
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
