//! Organizations of the authorization server: users belong to one, and organizations grant roles.

use std::{borrow::Cow, fmt};

use crate::EmptyClaim;

/// Id of an organization at the authorization server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId(Cow<'static, str>);

impl OrganizationId {
    /// Creates an id that is fixed in code.
    ///
    /// # Panics
    /// When `id` is empty; in a constant that is a compile error.
    #[must_use]
    pub const fn from_static(id: &'static str) -> Self {
        assert!(!id.is_empty(), "an organization id is not empty");
        Self(Cow::Borrowed(id))
    }

    /// Creates an id from its text, exactly as given.
    ///
    /// # Errors
    /// When `id` is empty.
    pub fn parse(id: &str) -> Result<Self, EmptyClaim> {
        if id.is_empty() {
            return Err(EmptyClaim);
        }
        Ok(Self(Cow::Owned(id.to_owned())))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An organization that granted a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Organization {
    /// Id of the organization, the only part that rules compare.
    pub id: OrganizationId,
    /// Primary domain of the organization, for people to read; it can change.
    pub primary_domain: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_from_code_equals_the_same_id_from_an_answer() {
        let id = OrganizationId::parse("340000000000000200").unwrap();
        assert_eq!(OrganizationId::from_static("340000000000000200"), id);
        assert_eq!(id.as_str(), "340000000000000200");
        assert_eq!(id.to_string(), "340000000000000200");
    }

    #[test]
    fn an_empty_id_is_refused() {
        assert_eq!(OrganizationId::parse(""), Err(EmptyClaim));
    }
}
