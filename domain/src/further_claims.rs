//! Additional claims of the introspection response, for handlers.

use std::{fmt, sync::Arc};

/// Claims that the configuration names beyond those with a field of their own in
/// [`Principal`](crate::Principal). Values are JSON text, which no rule judges. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct FurtherClaims(Arc<[(Box<str>, Box<str>)]>);

impl FurtherClaims {
    /// Returns the claim `name` as JSON text, such as `"ada"` with its quotes; `None` if the claim
    /// is absent or not configured.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, json)| &**json)
    }

    /// Returns the names of the claims that are present, sorted.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }
}

impl FromIterator<(Box<str>, Box<str>)> for FurtherClaims {
    fn from_iter<T: IntoIterator<Item = (Box<str>, Box<str>)>>(claims: T) -> Self {
        let mut claims: Vec<_> = claims.into_iter().collect();
        claims.sort_unstable();
        Self(claims.into())
    }
}

/// Shows only the names: values may be personal data.
impl fmt::Debug for FurtherClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_found_by_its_name_and_debug_shows_no_value() {
        let claims: FurtherClaims =
            [("email".into(), r#""ada@example.com""#.into()), ("age".into(), "7".into())]
                .into_iter()
                .collect();
        assert_eq!(claims.get("email"), Some(r#""ada@example.com""#));
        assert_eq!(claims.get("Email"), None);
        assert_eq!(claims.names().collect::<Vec<_>>(), ["age", "email"]);
        assert_eq!(format!("{claims:?}"), r#"["age", "email"]"#);
        assert_eq!(FurtherClaims::default().get("email"), None);
    }
}
