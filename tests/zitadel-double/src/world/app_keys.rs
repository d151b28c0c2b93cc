//! Keys of applications and service users.

use serde_json::json;

use super::tokens::NEVER;
use super::{SigningKey, World, WorldError};
use crate::clock::unix_now;
use crate::event_log::{Editor, of_go};
use crate::ids::{ClientId, KeyId};

pub(crate) struct RegisteredKey {
    key: SigningKey,
    expires_at: i64,
}

impl RegisteredKey {
    /// Generates a key that expires at this Unix time in seconds, or never.
    pub(super) fn generate(expires_at: Option<i64>) -> Self {
        Self { key: SigningKey::generate(), expires_at: expires_at.unwrap_or(NEVER) }
    }

    /// Returns the key, even if expired.
    pub(super) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Returns the expiry in list format.
    pub(crate) fn expiration_date(&self) -> String {
        of_go(self.expires_at.saturating_mul(1_000_000))
    }

    /// Returns the key unless expired.
    pub(crate) fn usable(&self) -> Option<&SigningKey> {
        (unix_now() < self.expires_at).then_some(&self.key)
    }
}

impl World {
    /// Registers a new key; returns ZITADEL's `key.json`.
    pub(crate) fn add_key(
        &mut self,
        client: &ClientId,
        expires_at: Option<i64>,
    ) -> Result<(KeyId, String), WorldError> {
        let id = KeyId::from(self.fresh_id());
        let key = SigningKey::generate();
        let file = self.register_key(client, id.clone(), key, expires_at)?;
        Ok((id, file))
    }

    pub(crate) fn register_key(
        &mut self,
        client: &ClientId,
        id: KeyId,
        key: SigningKey,
        expires_at: Option<i64>,
    ) -> Result<String, WorldError> {
        let app = self.app_mut(client)?;
        if !app.has_keys() {
            return Err(WorldError::OtherAuthentication(client.to_string()));
        }
        let file = key.key_json(&id, &app.id, client);
        let expires_at = expires_at.unwrap_or(NEVER);
        let payload = json!({
            "applicationId": app.id, "clientId": client.as_str(), "keyId": id.as_str(),
            "expirationDate": of_go(expires_at.saturating_mul(1_000_000)), "publicKey": "<key>",
            "type": 1,
        });
        if app.keys.insert(id, RegisteredKey { key, expires_at }).is_none() {
            let name = "project.application.oidc.key.added";
            let event = self.app_event(client, name, Some(payload))?;
            self.log.write(Editor::Setup, [event]);
        }
        Ok(file)
    }

    pub(crate) fn remove_key(&mut self, client: &ClientId, id: &KeyId) -> Result<(), WorldError> {
        let app = self.app_mut(client)?;
        if !app.has_keys() {
            return Err(WorldError::OtherAuthentication(client.to_string()));
        }
        if app.keys.remove(id).is_some() {
            let payload = json!({ "keyId": id.as_str() });
            let name = "project.application.oidc.key.removed";
            let event = self.app_event(client, name, Some(payload))?;
            self.log.write(Editor::Setup, [event]);
        }
        Ok(())
    }
}
