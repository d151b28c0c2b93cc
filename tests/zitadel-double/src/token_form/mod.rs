//! Token strings of the two forms that ZITADEL has given to opaque tokens.

mod jwe;

use crate::ids::UserId;
use crate::random;

/// Form of opaque session tokens and personal access tokens. JWT session tokens are JWTs in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenForm {
    /// Until spring 2026: 104 and 71 characters for 18-digit ids, without a dot.
    #[default]
    Legacy,
    /// Since then: a compact JWE of five parts and about 290 characters.
    Jwe,
}

/// Makes token strings.
pub(crate) struct TokenSeal {
    pub(crate) form: TokenForm,
    key: [u8; 32],
}

impl TokenSeal {
    pub(crate) fn new(form: TokenForm) -> Self {
        Self { form, key: random::array() }
    }

    /// Returns the string of an opaque session token.
    pub(crate) fn session_token(&self, id: &str, user: &UserId) -> String {
        self.seal(id, user, None)
    }

    /// Returns the string of a personal access token.
    pub(crate) fn pat(&self, id: &str, user: &UserId) -> String {
        self.seal(id, user, Some("oidcKey"))
    }

    fn seal(&self, id: &str, user: &UserId, key_id: Option<&str>) -> String {
        let text = format!("{id}:{user}");
        match self.form {
            TokenForm::Legacy => random::base64url(16 + text.len()),
            TokenForm::Jwe => jwe::encrypt(&self.key, key_id, &text),
        }
    }
}
