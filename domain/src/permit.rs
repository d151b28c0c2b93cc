//! The proof that a caller was let in, and who the caller is.

use std::{fmt, marker::PhantomData, sync::Arc};

use crate::{ActiveToken, ClientId, OrganizationId, Role, Roles, Rule, Scope, Subject, Username};

/// Proof that the rule `R` was met a moment ago. Only the
/// [`Authorizer`](crate::Authorizer) can make one: code that needs authority takes a
/// `&Permit<R>`, and cannot be called without.
pub struct Permit<R> {
    principal: Principal,
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule> Permit<R> {
    pub(crate) const fn new(token: Arc<ActiveToken>) -> Self {
        Self { principal: Principal(token), rule: PhantomData }
    }

    /// Who was let in.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl<R> fmt::Debug for Permit<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("principal", &self.principal).finish_non_exhaustive()
    }
}

/// The caller, as the authorization server knows it.
#[derive(Clone, Debug)]
pub struct Principal(Arc<ActiveToken>);

impl Principal {
    /// Who the caller is, stable and unique within one issuer. Absent when the server does not say.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.0.subject.as_ref()
    }

    /// A name for people to read; it can change.
    #[must_use]
    pub fn username(&self) -> Option<&Username> {
        self.0.username.as_ref()
    }

    /// The client by which the caller came.
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientId> {
        self.0.client_id.as_ref()
    }

    /// The organization that the caller belongs to.
    #[must_use]
    pub fn organization(&self) -> Option<&OrganizationId> {
        self.0.organization.as_ref()
    }

    /// The caller's roles, each with the organizations that granted it.
    #[must_use]
    pub fn roles(&self) -> &Roles {
        &self.0.roles
    }

    /// Whether any organization granted the caller `role`.
    #[must_use]
    pub fn has_role(&self, role: &Role) -> bool {
        self.0.roles.contains(role)
    }

    /// What the caller's token was issued for.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }
}
