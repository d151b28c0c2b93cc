//! Token strings in ZITADEL's two forms of opaque tokens.

mod jwe;
mod jwt;
mod legacy;

pub(crate) use jwt::{instance_keys, sign};

use crate::ids::UserId;
use crate::random;

/// Form of opaque session and personal access tokens; JWTs are the same in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenForm {
    /// Until spring 2026: 104 and 71 characters for 18-digit ids, without a dot.
    #[default]
    Legacy,
    /// Since then: a compact JWE of five parts and about 290 characters.
    Jwe,
}

/// Ids in a token string.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Token id: the `jti` of its introspection.
    pub(crate) id: String,
    /// User id, or its bytes after damage to the string.
    pub(crate) user: Vec<u8>,
    /// Issuer of a JWT.
    pub(crate) issuer: Option<String>,
}

pub(crate) struct TokenSeal {
    pub(crate) form: TokenForm,
    key: [u8; 32],
}

impl TokenSeal {
    pub(crate) fn new(form: TokenForm) -> Self {
        Self { form, key: random::array() }
    }

    /// Returns an opaque session token.
    pub(crate) fn session_token(&self, id: &str, user: &UserId) -> String {
        self.seal(id, user, None)
    }

    /// Returns a personal access token.
    pub(crate) fn pat(&self, id: &str, user: &UserId) -> String {
        self.seal(id, user, Some("oidcKey"))
    }

    /// Returns a refresh token, which always has the older form.
    pub(crate) fn refresh_token(&self, id: &str, user: &UserId) -> String {
        legacy::encrypt(&self.key, &format!("{id}:{user}"))
    }

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
