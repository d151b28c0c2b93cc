//! Refresh and id tokens of a login, both inactive at introspection.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{SessionRecord, Token, World, WorldError};
use crate::token_form;

impl World {
    /// Returns a session token's refresh token.
    pub(crate) fn refresh_token(&self, token: &str) -> Result<String, WorldError> {
        let record = self.session(token)?;
        let id = format!("{}-{}", record.session(), record.refresh);
        Ok(self.seal.refresh_token(&id, &record.user))
    }

    /// Finds the session token of a valid refresh token.
    pub(crate) fn by_refresh_token(&self, presented: &str) -> Option<&SessionRecord> {
        let opened = self.seal.open(presented)?;
        let (session, refresh) = opened.id.split_once('-')?;
        self.tokens.values().find_map(|token| match token {
            Token::Session(record) => {
                (record.session() == session && record.refresh == refresh && record.refreshable)
                    .then_some(&**record)
            }
            Token::Pat(_) => None,
        })
    }

    /// Returns an id token for a session token's login.
    pub(crate) fn id_token(&self, token: &str, issuer: &str) -> Result<String, WorldError> {
        let record = self.session(token)?;
        let hash = digest(&SHA256, token.as_bytes());
        let half: Vec<u8> = hash.as_ref().iter().take(16).copied().collect();
        Ok(token_form::sign(&json!({
            "amr": record.request.methods, "at_hash": URL_SAFE_NO_PAD.encode(half),
            "aud": record.audience, "auth_time": record.authenticated_at, "azp": record.client_id,
            "client_id": record.client_id, "exp": record.expires_at, "iat": record.issued_at,
            "iss": issuer, "sid": record.login, "sub": record.user.as_str(),
        })))
    }

    fn session(&self, token: &str) -> Result<&SessionRecord, WorldError> {
        match self.token(token).ok_or(WorldError::UnknownToken)? {
            Token::Session(record) => Ok(record),
            Token::Pat(_) => Err(WorldError::Impossible("a personal access token has no login")),
        }
    }
}
