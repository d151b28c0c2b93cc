//! Types for the claims of an introspection response whose values are plain text (RFC 7662 §2.2).

use std::{fmt, sync::Arc};

use thiserror::Error;

/// Error for a claim whose value is the empty string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the value is empty")]
pub struct EmptyClaim;

/// Declares a type for a claim: non-empty text, compared byte by byte.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident($text:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($text);

        impl $name {
            /// Creates the claim from its text, exactly as given.
            ///
            /// # Errors
            /// When `value` is empty.
            pub fn parse(value: &str) -> Result<Self, EmptyClaim> {
                if value.is_empty() {
                    return Err(EmptyClaim);
                }
                Ok(Self(value.into()))
            }

            /// Returns the claim as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// `sub`: the user or client for which the token was issued. Stable, and unique within one
    /// issuer.
    Subject(Box<str>)
}
name! {
    /// `username`: a name for people to read. It can change, so do not identify a user by it.
    Username(Box<str>)
}
name! {
    /// `client_id`: the client that requested the token.
    ClientId(Arc<str>)
}
name! {
    /// Id of a session at the authorization server. A refresh replaces the token, not the session.
    SessionId(Box<str>)
}
name! {
    /// One value of `aud`: a client or resource server that the token is meant for.
    Audience(Box<str>)
}

/// `jti`: the id of a token (RFC 7519 §4.1.7). Different token texts may have the same id. Cheap to
/// clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenId {
    text: Arc<str>,
    /// Length of the session id with which the token id begins, in bytes; 0 if no session is known.
    session: usize,
}

impl TokenId {
    /// Creates the claim from its text, exactly as given.
    ///
    /// # Errors
    /// When `value` is empty.
    pub fn parse(value: &str) -> Result<Self, EmptyClaim> {
        if value.is_empty() {
            return Err(EmptyClaim);
        }
        Ok(Self { text: value.into(), session: 0 })
    }

    /// Sets the session of the token to `id` if the token id begins with it, as `V2_1-at_2` begins
    /// with `V2_1`. Otherwise the token has no session.
    #[must_use]
    pub fn in_session(self, id: &str) -> Self {
        let session = if self.text.starts_with(id) { id.len() } else { 0 };
        Self { session, ..self }
    }

    /// Returns the claim as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the id of the token's session; `None` if it is not known.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.text.get(..self.session).filter(|id| !id.is_empty())
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `iss`: the authorization server that issued the token.
///
/// Issuers that differ only by one `/` at the end are equal. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issuer(Arc<str>);

impl Issuer {
    /// Creates the issuer from its text, but drops one `/` at the end.
    ///
    /// # Errors
    /// When the text is empty or only `/`.
    pub fn parse(value: &str) -> Result<Self, EmptyClaim> {
        match value.strip_suffix('/').unwrap_or(value) {
            "" => Err(EmptyClaim),
            value => Ok(Self(value.into())),
        }
    }

    /// Returns the issuer as text, without the `/` that `parse` dropped.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_to_the_letter_and_never_empty() {
        assert_eq!(Subject::parse(" Ada/").unwrap().as_str(), " Ada/");
        assert_eq!(Subject::parse(" Ada/").unwrap().to_string(), " Ada/");
        assert_eq!(Subject::parse(""), Err(EmptyClaim));
    }

    #[test]
    fn a_token_id_may_name_its_session() {
        let id = TokenId::parse("V2_1-at_2").unwrap();
        assert_eq!(id.session(), None);
        assert_eq!(id.clone().in_session("V2_1").session(), Some("V2_1"));
        assert_eq!(id.clone().in_session("V2_3").session(), None);
        assert_eq!(id.in_session("").session(), None);
        assert_eq!(TokenId::parse(""), Err(EmptyClaim));
    }

    #[test]
    fn one_slash_at_the_end_of_an_issuer_makes_no_difference() {
        let issuer = Issuer::parse("https://auth.example.com").unwrap();
        assert_eq!(Issuer::parse("https://auth.example.com/"), Ok(issuer.clone()));
        assert_ne!(Issuer::parse("https://auth.example.com//"), Ok(issuer.clone()));
        assert_eq!(issuer.as_str(), "https://auth.example.com");
        assert_eq!(issuer.to_string(), "https://auth.example.com");
    }

    #[test]
    fn an_issuer_of_nothing_is_refused() {
        assert_eq!(Issuer::parse(""), Err(EmptyClaim));
        assert_eq!(Issuer::parse("/"), Err(EmptyClaim));
    }
}
