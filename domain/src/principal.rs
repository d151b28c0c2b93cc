//! Whom an access token speaks for.

use std::sync::Arc;

use crate::{
    Audience, ClientId, FurtherClaims, Issuer, Organization, OrganizationId, Role, Roles, Scope,
    Subject, Username,
};

/// The caller, as the authorization server knows it by the access token.
///
/// Every claim may be absent: RFC 7662 §2.2 requires none of them. It is built once, where the
/// answer is read, and shared from then on: by all who use the token, and by all tokens of which
/// the server says the same.
// The issuer is judged at each use. Its place is beside the count of the `Arc` around this, which
// each use touches too: with many tokens in use, every other place is a wait for main memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Principal {
    /// `iss`: who issued the token.
    pub issuer: Option<Issuer>,
    /// `aud`: whom the token is meant for.
    pub audience: Arc<[Audience]>,
    /// The organization that the user belongs to.
    pub organization: Option<OrganizationId>,
    /// The user's roles in the project of this API, each with the organizations that granted it.
    pub roles: Roles,
    /// `scope`: what the token was issued for.
    pub scope: Scope,
    /// `sub`: who the caller is, stable and unique within one issuer.
    pub subject: Option<Subject>,
    /// `username`: a name for people to read; it can change.
    pub username: Option<Username>,
    /// `client_id`: the client by which the caller came.
    pub client_id: Option<ClientId>,
    /// Claims that are kept by name for handlers; none unless the introspector is told names.
    pub further_claims: FurtherClaims,
}

impl Principal {
    /// Returns `sub` as text, as in `tracing::info!(subject = permit.principal().subject(), "…")`.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_ref().map(Subject::as_str)
    }

    /// Returns `aud`.
    #[must_use]
    pub fn audiences(&self) -> &[Audience] {
        &self.audience
    }

    /// Returns whether any organization granted the caller `role`.
    #[must_use]
    pub fn has_role(&self, role: &Role) -> bool {
        self.roles.contains(role)
    }

    /// Returns the organizations that granted the caller `role`; none where the caller lacks it.
    #[must_use]
    pub fn granted_in(&self, role: &Role) -> &[Organization] {
        self.roles.granted_by(role)
    }

    /// Returns the value of a claim that is kept by name, as JSON text.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.further_claims.get(name)
    }
}
