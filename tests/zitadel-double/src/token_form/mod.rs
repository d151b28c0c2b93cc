//! Token strings in the two forms of opaque tokens that ZITADEL has used.

mod jwe;
mod jwt;
mod legacy;

pub(crate) use jwt::{instance_keys, sign};

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

/// Ids that a token string holds.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Id of the token: the `jti` of its introspection.
    pub(crate) id: String,
    /// Id of its user, or its bytes after damage to the string.
    pub(crate) user: Vec<u8>,
    /// Issuer inside a JWT.
    pub(crate) issuer: Option<String>,
}

/// Encrypts and decrypts token strings.
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

    /// Returns the string of a refresh token, which has the older form in every version.
    pub(crate) fn refresh_token(&self, id: &str, user: &UserId) -> String {
        legacy::encrypt(&self.key, &format!("{id}:{user}"))
    }

    /// Reads a token string of any form.
    pub(crate) fn open(&self, presented: &str) -> Option<Opened> {
        let text = jwe::decrypt(&self.key, presented);
        let Some(text) = text.or_else(|| legacy::decrypt(&self.key, presented)) else {
            let claims = jwt::verify(presented)?;
            let text = |name| claims.get(name)?.as_str().map(str::to_owned);
            let user = text("sub")?.into_bytes();
            return Some(Opened { id: text("jti")?, user, issuer: text("iss") });
        };
        let [id, user] = text.split(|byte| *byte == b':').collect::<Vec<_>>().try_into().ok()?;
        let (id, user) = (String::from_utf8(id.to_vec()).ok()?, user.to_vec());
        Some(Opened { id, user, issuer: None })
    }

    fn seal(&self, id: &str, user: &UserId, key_id: Option<&str>) -> String {
        let text = format!("{id}:{user}");
        match self.form {
            TokenForm::Legacy => legacy::encrypt(&self.key, &text),
            TokenForm::Jwe => jwe::encrypt(&self.key, key_id, &text),
        }
    }
}
