//! API applications: who may introspect, and how they prove it.

use std::collections::BTreeMap;

use super::{SigningKey, World, WorldError};
use crate::ids::{ClientId, KeyId, ProjectId};
use crate::random;

/// What an administrator made of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppState {
    /// May introspect.
    Active,
    /// Every call is answered 400 `unauthorized_client`.
    Deactivated,
}

/// An API application.
pub(crate) struct App {
    pub(crate) project: ProjectId,
    pub(crate) id: String,
    pub(crate) state: AppState,
    pub(crate) credentials: Credentials,
}

/// How an application authenticates.
pub(crate) enum Credentials {
    /// `client_secret_basic`.
    Secret(String),
    /// `private_key_jwt`, with the registered keys.
    Keys(BTreeMap<KeyId, SigningKey>),
    /// A front end (PKCE): it has a client id and cannot introspect.
    None,
}

impl World {
    pub(crate) fn add_app(
        &mut self,
        project: &ProjectId,
        credentials: Credentials,
    ) -> Result<ClientId, WorldError> {
        if !self.projects.contains_key(project) {
            return Err(WorldError::UnknownProject(project.to_string()));
        }
        let id = self.fresh_id();
        let client_id = ClientId::from(self.fresh_id());
        let project = project.clone();
        let app = App { project, id, state: AppState::Active, credentials };
        self.apps.insert(client_id.clone(), app);
        Ok(client_id)
    }

    pub(crate) fn app_mut(&mut self, client: &ClientId) -> Result<&mut App, WorldError> {
        self.apps.get_mut(client).ok_or_else(|| WorldError::UnknownClient(client.to_string()))
    }

    pub(crate) fn secret(&self, client: &ClientId) -> Result<String, WorldError> {
        match self.apps.get(client).map(|app| &app.credentials) {
            Some(Credentials::Secret(secret)) => Ok(secret.clone()),
            Some(_) => Err(WorldError::OtherAuthentication(client.to_string())),
            None => Err(WorldError::UnknownClient(client.to_string())),
        }
    }

    pub(crate) fn set_secret(&mut self, client: &ClientId, new: &str) -> Result<(), WorldError> {
        match &mut self.app_mut(client)?.credentials {
            Credentials::Secret(secret) => new.clone_into(secret),
            _ => return Err(WorldError::OtherAuthentication(client.to_string())),
        }
        Ok(())
    }

    pub(crate) fn regenerate_secret(&mut self, client: &ClientId) -> Result<String, WorldError> {
        let secret = random::client_secret();
        self.set_secret(client, &secret)?;
        Ok(secret)
    }

    /// Registers a new key and returns it as ZITADEL's `key.json`.
    pub(crate) fn add_key(&mut self, client: &ClientId) -> Result<(KeyId, String), WorldError> {
        let id = KeyId::from(self.fresh_id());
        let key = SigningKey::generate();
        let file = self.register_key(client, id.clone(), key)?;
        Ok((id, file))
    }

    pub(crate) fn register_key(
        &mut self,
        client: &ClientId,
        id: KeyId,
        key: SigningKey,
    ) -> Result<String, WorldError> {
        let app = self.app_mut(client)?;
        let app_id = app.id.clone();
        let Credentials::Keys(keys) = &mut app.credentials else {
            return Err(WorldError::OtherAuthentication(client.to_string()));
        };
        let file = key.key_json(&id, &app_id, client);
        keys.insert(id, key);
        Ok(file)
    }

    pub(crate) fn remove_key(&mut self, client: &ClientId, id: &KeyId) -> Result<(), WorldError> {
        match &mut self.app_mut(client)?.credentials {
            Credentials::Keys(keys) => {
                keys.remove(id);
                Ok(())
            }
            _ => Err(WorldError::OtherAuthentication(client.to_string())),
        }
    }
}
