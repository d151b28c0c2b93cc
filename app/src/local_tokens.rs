//! The tokens of the in-memory fake.

mod entry;

use std::{collections::HashSet, fmt, path::Path};

use adapters::bounded_file::{self, AT_START};
use domain::{AccessToken, Introspection, Policy};
use thiserror::Error;

use self::entry::{File, LocalToken};
use crate::toml_line::toml_line;

/// Built-in list of local tokens, used unless `fake.tokens` names a file.
pub(crate) const EMBEDDED: &str = include_str!("../local-tokens.toml");

/// List of local tokens, which the in-memory fake knows. They are public: use them on loopback
/// only.
#[derive(Clone)]
pub struct LocalTokens {
    tokens: Vec<LocalToken>,
    embedded: bool,
}

/// Reason why a list of local tokens cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LocalTokensError {
    /// Unreadable file with the list of tokens.
    #[error("{0}")]
    File(String),
    /// Text that is not TOML in the form of `app/local-tokens.toml`.
    #[error("line {line}: {message}")]
    Form {
        /// Line of the list at which the TOML parser stopped, counted from 1.
        line: usize,
        /// Message of the TOML parser.
        message: String,
    },
    /// Entry of a token that has an invalid value, or is in the list twice.
    #[error("token number {number}: {message}")]
    Token {
        /// Position of the token in the list, counted from 1.
        number: usize,
        /// Problem with the entry, such as an empty subject.
        message: String,
    },
}

impl LocalTokens {
    /// Returns the built-in list with its four local tokens.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).unwrap_or_else(|error| unreachable!("a test reads them: {error}"))
    }

    /// Reads a list in TOML, in the form of `app/local-tokens.toml`.
    ///
    /// # Errors
    /// When the text is not in that form, has an invalid value, or has a token twice.
    pub fn parse(text: &str) -> Result<Self, LocalTokensError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line = toml_line(text, &error);
            LocalTokensError::Form { line, message: error.message().replace('\n', " ") }
        })?;
        let mut names = HashSet::new();
        let mut tokens = Vec::new();
        for (index, entry) in file.token.into_iter().enumerate() {
            let token = entry
                .into_token()
                .map_err(|message| LocalTokensError::Token { number: index + 1, message })?;
            if !names.insert(token.token.clone()) {
                let message = "it is there twice".to_owned();
                return Err(LocalTokensError::Token { number: index + 1, message });
            }
            tokens.push(token);
        }
        Ok(Self { tokens, embedded: text == EMBEDDED })
    }

    pub(crate) fn read(file: &Path) -> Result<Self, LocalTokensError> {
        let text = bounded_file::read_to_string(file, AT_START)
            .map_err(|error| LocalTokensError::File(error.to_string()))?;
        Self::parse(&text)
    }

    pub(crate) fn is_embedded(&self) -> bool {
        self.embedded
    }

    /// Returns the first local token, if any, in clear, whose principal meets `policy`.
    pub(crate) fn that_meets(&self, policy: &Policy) -> Option<&str> {
        let meets = |local: &&LocalToken| match &local.introspection {
            Introspection::Active(token) => policy.is_met_by(&token.principal),
            Introspection::Inactive => false,
        };
        self.tokens.iter().find(meets).map(|local| local.token.expose_secret())
    }

    pub(crate) fn answers(&self) -> impl Iterator<Item = (AccessToken<'static>, Introspection)> {
        self.tokens.iter().map(|local| (local.token.clone(), local.introspection.clone()))
    }

    /// Returns each token in clear with its description, for the text that the program prints at
    /// its start.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tokens.iter().map(|local| (local.token.expose_secret(), local.about.as_str()))
    }
}

impl fmt::Debug for LocalTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalTokens({})", self.tokens.len())
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use domain::{Role, Scope};

    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        LocalTokens::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_embedded_list_has_the_four_tokens_of_the_contract() {
        let tokens = LocalTokens::embedded();
        let shown: Vec<_> = tokens.shown().collect();
        for expected in [
            ("dev-reader", "active, role read:messages"),
            ("dev-no-role", "active, no roles"),
            ("dev-expired", "expired"),
            ("dev-revoked", "inactive"),
        ] {
            assert!(shown.contains(&expected), "{expected:?} is not in {shown:?}");
        }
        assert_eq!(format!("{tokens:?}"), format!("LocalTokens({})", shown.len()));
    }

    #[test]
    fn everything_that_is_written_down_is_answered() {
        let tokens = LocalTokens::parse(
            r#"
            [[token]]
            token = "t"
            subject = "s"
            username = "u"
            client_id = "c"
            issuer = "https://i.test"
            organization = "o"
            audience = ["a", "b"]
            scope = "openid email"
            roles = { "read" = ["o", "p"], "none" = [] }
            claims = { email = "ada@example.com", level = 7 }
            not_before = "1970-01-01T00:00:01Z"
            expires_at = "1970-01-01T00:00:02Z"
            "#,
        )
        .unwrap();
        let (token, introspection) = tokens.answers().next().unwrap();
        assert_eq!(token.expose_secret(), "t");
        let Introspection::Active(active) = introspection else { panic!("not active") };
        assert_eq!(active.principal.subject.as_ref().unwrap().as_str(), "s");
        assert_eq!(active.principal.username.as_ref().unwrap().as_str(), "u");
        assert_eq!(active.principal.client_id.as_ref().unwrap().as_str(), "c");
        assert_eq!(active.principal.issuer.as_ref().unwrap().as_str(), "https://i.test");
        assert_eq!(active.principal.organization.as_ref().unwrap().as_str(), "o");
        assert_eq!(active.principal.audience.len(), 2);
        assert_eq!(active.principal.claim("email"), Some(r#""ada@example.com""#));
        assert_eq!(active.principal.claim("level"), Some("7"));
        assert_eq!(active.principal.scope, Scope::parse("email openid"));
        assert_eq!(active.principal.roles.granted_by(&Role::from_static("read")).len(), 2);
        assert_eq!(active.principal.roles.iter().len(), 1);
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(active.not_before, Some(epoch + std::time::Duration::from_secs(1)));
        assert_eq!(active.expires_at, Some(epoch + std::time::Duration::from_secs(2)));
    }

    #[test]
    fn what_is_no_list_is_refused_and_the_line_is_named() {
        assert!(refused("[[token]]\ntoken = 5").starts_with("line 2: "));
        assert!(refused("[[token]]\ntoken = \"a\"\nrole = {}").contains("unknown field `role`"));
        assert!(refused("[[token]]\nsubject = \"a\"").contains("missing field `token`"));
        assert!(refused("[[token]]\ntoken = \"a\"\nexpires_at = \"soon\"").starts_with("line 3: "));
        assert!(refused("= ").starts_with("line 1: "));
    }

    #[test]
    fn a_token_that_cannot_be_is_refused_and_not_repeated() {
        let twice = "[[token]]\ntoken = \"a\"\n[[token]]\ntoken = \"a\"";
        assert_eq!(refused(twice), "token number 2: it is there twice");
        let error = refused("[[token]]\ntoken = \"a b\"");
        assert!(error.starts_with("token number 1: ") && !error.contains("a b"), "{error}");
        assert!(refused("[[token]]\ntoken = \"a\"\nsubject = \"\"").ends_with("is empty"));
        assert!(refused("[[token]]\ntoken = \"a\"\nroles = { \"\" = [\"o\"] }").ends_with("empty"));
    }

    #[test]
    fn an_empty_list_knows_nobody() {
        assert_eq!(LocalTokens::parse("").unwrap().answers().count(), 0);
    }
}
