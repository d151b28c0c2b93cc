//! OAuth scopes (RFC 6749 §3.3).

use std::{borrow::Cow, fmt, sync::Arc};

use thiserror::Error;

/// One scope, such as `openid`: printable ASCII without space, `"` and `\` (RFC 6749 §3.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeToken(Cow<'static, str>);

/// Error for text that is not a scope token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a scope token is printable ASCII without space, quote and backslash")]
pub struct InvalidScopeToken;

impl ScopeToken {
    /// Creates a scope token that is fixed in code.
    ///
    /// # Panics
    /// When `token` is not in the syntax of RFC 6749 §3.3; in a constant that is a compile error.
    #[must_use]
    pub const fn from_static(token: &'static str) -> Self {
        assert!(
            is_scope_token(token),
            "a scope token is printable ASCII, see RFC 6749 section 3.3"
        );
        Self(Cow::Borrowed(token))
    }

    /// Creates a scope token from its text, exactly as given.
    ///
    /// # Errors
    /// When `token` is not in the syntax of RFC 6749 §3.3.
    pub fn parse(token: &str) -> Result<Self, InvalidScopeToken> {
        if !is_scope_token(token) {
            return Err(InvalidScopeToken);
        }
        Ok(Self(Cow::Owned(token.to_owned())))
    }

    /// Returns the scope token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_scope_token(token: &str) -> bool {
    let mut rest = token.as_bytes();
    while let [byte, tail @ ..] = rest {
        if !matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E) {
            return false;
        }
        rest = tail;
    }
    !token.is_empty()
}

impl fmt::Display for ScopeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The `scope` claim of an access token: a set of scope tokens. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope(Arc<[ScopeToken]>);

impl Scope {
    /// Parses a space-separated list of scope tokens.
    ///
    /// Ignores invalid scope tokens, which no rule can demand: authorization servers put free text,
    /// such as role keys, into scopes.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        list.split(' ').filter_map(|token| ScopeToken::parse(token).ok()).collect()
    }

    /// Returns whether the scope includes `token`.
    #[must_use]
    pub fn contains(&self, token: &ScopeToken) -> bool {
        self.0.binary_search(token).is_ok()
    }

    /// Returns the number of clones that share this scope in memory, including this one.
    #[must_use]
    pub fn shared_by(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Returns every scope token, in alphabetical order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ScopeToken> {
        self.0.iter()
    }
}

impl FromIterator<ScopeToken> for Scope {
    fn from_iter<T: IntoIterator<Item = ScopeToken>>(tokens: T) -> Self {
        let mut tokens: Vec<_> = tokens.into_iter().collect();
        tokens.sort_unstable();
        tokens.dedup();
        Self(tokens.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_set_in_any_order() {
        let scope = Scope::parse("profile openid  openid");
        assert_eq!(scope, Scope::parse("openid profile"));
        let tokens: Vec<_> = scope.iter().map(ToString::to_string).collect();
        assert_eq!(tokens, ["openid", "profile"]);
        assert!(scope.contains(&ScopeToken::from_static("openid")));
        assert!(!scope.contains(&ScopeToken::from_static("open")));
    }

    #[test]
    fn free_text_in_a_scope_does_no_harm() {
        let scope = Scope::parse("openid urn:zitadel:iam:org:project:role:löschen \"x\" a\\b");
        assert_eq!(scope, Scope::parse("openid"));
    }

    #[test]
    fn the_edges_of_the_syntax_are_where_the_rfc_has_them() {
        for token in ["!", "#", "[", "]", "~", "urn:a:b"] {
            assert_eq!(ScopeToken::parse(token).unwrap().as_str(), token);
        }
        for token in ["", " ", "\"", "\\", "\u{7f}", "a b", "\t", "é"] {
            assert_eq!(ScopeToken::parse(token), Err(InvalidScopeToken));
        }
    }
}
