//! Roles of users in the project of this API.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use crate::{EmptyClaim, Organization, OrganizationId};

/// Key of a project role, such as `read:messages`: free text, compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(Cow<'static, str>);

impl Role {
    /// Creates a role key that is fixed in code.
    ///
    /// # Panics
    /// When `key` is empty; in a constant that is a compile error.
    #[must_use]
    pub const fn from_static(key: &'static str) -> Self {
        assert!(!key.is_empty(), "a role key is not empty");
        Self(Cow::Borrowed(key))
    }

    /// Creates a role key from its text, exactly as given.
    ///
    /// # Errors
    /// When `key` is empty.
    pub fn parse(key: &str) -> Result<Self, EmptyClaim> {
        if key.is_empty() {
            return Err(EmptyClaim);
        }
        Ok(Self(Cow::Owned(key.to_owned())))
    }

    /// Returns the key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One role of a user, with the organizations that granted it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoleGrant {
    role: Role,
    organizations: Box<[Organization]>,
}

impl RoleGrant {
    /// Returns the role that was granted.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Returns the organizations that granted the role: at least one, sorted by id.
    #[must_use]
    pub fn organizations(&self) -> &[Organization] {
        &self.organizations
    }
}

/// Roles of a user, sorted by key. At least one organization granted each. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Roles(Arc<[RoleGrant]>);

impl Roles {
    /// Returns whether at least one organization granted `role`.
    #[must_use]
    pub fn contains(&self, role: &Role) -> bool {
        !self.granted_by(role).is_empty()
    }

    /// Returns whether the organization `id` granted `role`.
    #[must_use]
    pub fn contains_in(&self, role: &Role, id: &OrganizationId) -> bool {
        self.granted_by(role).iter().any(|organization| organization.id == *id)
    }

    /// Returns the organizations that granted `role`; none if the user lacks the role.
    #[must_use]
    pub fn granted_by(&self, role: &Role) -> &[Organization] {
        self.iter().find(|grant| grant.role == *role).map_or(&[], RoleGrant::organizations)
    }

    /// Returns the number of clones that share this list of roles in memory, including this one.
    #[must_use]
    pub fn shared_by(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Returns each role with the organizations that granted it.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &RoleGrant> {
        self.0.iter()
    }
}

impl FromIterator<(Role, Organization)> for Roles {
    fn from_iter<T: IntoIterator<Item = (Role, Organization)>>(grants: T) -> Self {
        let mut roles = BTreeMap::<Role, Vec<Organization>>::new();
        for (role, organization) in grants {
            roles.entry(role).or_default().push(organization);
        }
        let grants = roles.into_iter().map(|(role, mut organizations)| {
            organizations.sort_unstable();
            organizations.dedup();
            RoleGrant { role, organizations: organizations.into() }
        });
        Self(grants.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: &str, id: &str) -> (Role, Organization) {
        let organization = Organization {
            id: OrganizationId::parse(id).unwrap(),
            primary_domain: format!("{id}.localhost").into(),
        };
        (Role::parse(role).unwrap(), organization)
    }

    const READ: Role = Role::from_static("read:messages");

    #[test]
    fn a_role_keeps_every_organization_that_granted_it() {
        let roles: Roles =
            [grant("read:messages", "2"), grant("admin", "1"), grant("read:messages", "1")]
                .into_iter()
                .collect();
        let ids: Vec<_> = roles.granted_by(&READ).iter().map(|o| o.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        assert!(roles.contains_in(&READ, &OrganizationId::from_static("2")));
        assert!(!roles.contains_in(&READ, &OrganizationId::from_static("3")));
        assert!(!roles.contains_in(&Role::from_static("admin"), &OrganizationId::from_static("2")));
        let all: Vec<_> = roles.iter().map(|grant| grant.role().as_str()).collect();
        assert_eq!(all, ["admin", "read:messages"]);
    }

    #[test]
    fn a_grant_named_twice_is_one_grant() {
        let roles: Roles = [grant("admin", "1"), grant("admin", "1")].into_iter().collect();
        assert_eq!(roles.granted_by(&Role::from_static("admin")).len(), 1);
    }

    #[test]
    fn a_role_that_was_not_granted_is_absent() {
        let roles: Roles = [grant("read:messages2", "1")].into_iter().collect();
        assert!(!roles.contains(&READ));
        assert!(roles.granted_by(&READ).is_empty());
        assert!(!Roles::default().contains(&READ));
    }

    #[test]
    fn a_role_key_is_free_text_but_never_empty() {
        assert_eq!(Role::parse("Nachrichten löschen").unwrap().as_str(), "Nachrichten löschen");
        assert_eq!(READ.to_string(), "read:messages");
        assert_eq!(Role::parse(""), Err(EmptyClaim));
    }
}
