//! Passwords of people; secrets and keys of service users.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::json;

use super::{RegisteredKey, TokenShape, World, WorldError};
use crate::ids::{KeyId, UserId};

#[derive(Default)]
pub(crate) struct UserCredentials {
    pub(crate) password: Option<String>,
    /// For the grant `client_credentials`.
    pub(crate) secret: Option<String>,
    /// For the grant `jwt-bearer`.
    pub(crate) keys: BTreeMap<KeyId, RegisteredKey>,
    /// Shape of a service user's tokens.
    pub(crate) shape: TokenShape,
}

impl fmt::Debug for UserCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserCredentials").finish_non_exhaustive()
    }
}

impl World {
    /// Adds a service user's key; returns id and file.
    pub(crate) fn add_user_key(
        &mut self,
        user: &UserId,
        expires_at: Option<i64>,
    ) -> Result<(KeyId, String), WorldError> {
        let id = KeyId::from(self.fresh_id());
        let key = RegisteredKey::generate(expires_at);
        let file = key.key().service_account_json(&id, user, &key.expiration_date());
        let payload = json!({
            "keyId": id.as_str(), "type": 1, "expirationDate": key.expiration_date(),
            "publicKey": "<key>",
        });
        let known = self.users.get_mut(user);
        let known = known.ok_or_else(|| WorldError::UnknownUser(user.to_string()))?;
        known.credentials.keys.insert(id.clone(), key);
        self.log_user(user, "user.machine.key.added", payload);
        Ok((id, file))
    }
}
