//! API applications: who may introspect, and how they prove it.

use std::collections::BTreeMap;

use serde_json::json;

use super::{SigningKey, World, WorldError};
use crate::event_log::{Editor, NewEvent};
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
        let (app_id, client) = (id.as_str(), client_id.as_str());
        let config = match &credentials {
            Credentials::Secret(_) => {
                json!({ "appId": app_id, "clientId": client, "hashedSecret": "<hash>" })
            }
            Credentials::Keys(_) => {
                json!({ "appId": app_id, "clientId": client, "authMethodType": 1 })
            }
            Credentials::None => json!({ "appId": app_id, "clientId": client }),
        };
        let added = json!({ "appId": id, "name": format!("app-{id}") });
        let events = [
            self.project_event(project, "project.application.added", added)?,
            self.project_event(project, "project.application.config.api.added", config)?,
        ];
        let project = project.clone();
        let app = App { project, id, state: AppState::Active, credentials };
        self.apps.insert(client_id.clone(), app);
        self.log.write(Editor::Setup, events);
        Ok(client_id)
    }

    pub(crate) fn app_mut(&mut self, client: &ClientId) -> Result<&mut App, WorldError> {
        self.apps.get_mut(client).ok_or_else(|| WorldError::UnknownClient(client.to_string()))
    }

    /// An event of the application's project; without a payload it names the application.
    fn app_event(
        &self,
        client: &ClientId,
        event_type: &str,
        payload: Option<serde_json::Value>,
    ) -> Result<NewEvent, WorldError> {
        let app = self.apps.get(client);
        let app = app.ok_or_else(|| WorldError::UnknownClient(client.to_string()))?;
        let payload = payload.unwrap_or_else(|| json!({ "appId": app.id }));
        self.project_event(&app.project, event_type, payload)
    }

    /// Deactivates or reactivates an application.
    pub(crate) fn set_app_state(
        &mut self,
        client: &ClientId,
        state: AppState,
    ) -> Result<(), WorldError> {
        let app = self.app_mut(client)?;
        if std::mem::replace(&mut app.state, state) == state {
            return Ok(());
        }
        let name = match state {
            AppState::Active => "project.application.reactivated",
            AppState::Deactivated => "project.application.deactivated",
        };
        let event = self.app_event(client, name, None)?;
        self.log.write(Editor::Setup, [event]);
        Ok(())
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
        let payload = json!({ "appId": self.app_mut(client)?.id, "hashedSecret": "<hash>" });
        let name = "project.application.config.api.secret.changed";
        let event = self.app_event(client, name, Some(payload))?;
        self.log.write(Editor::Setup, [event]);
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
        let payload = json!({
            "applicationId": app_id, "clientId": client.as_str(), "keyId": id.as_str(),
            "expirationDate": "9999-12-31T23:59:59Z", "publicKey": "<key>", "type": 1,
        });
        if keys.insert(id, key).is_none() {
            let name = "project.application.oidc.key.added";
            let event = self.app_event(client, name, Some(payload))?;
            self.log.write(Editor::Setup, [event]);
        }
        Ok(file)
    }

    pub(crate) fn remove_key(&mut self, client: &ClientId, id: &KeyId) -> Result<(), WorldError> {
        let removed = match &mut self.app_mut(client)?.credentials {
            Credentials::Keys(keys) => keys.remove(id),
            _ => return Err(WorldError::OtherAuthentication(client.to_string())),
        };
        if removed.is_some() {
            let payload = json!({ "keyId": id.as_str() });
            let name = "project.application.oidc.key.removed";
            let event = self.app_event(client, name, Some(payload))?;
            self.log.write(Editor::Setup, [event]);
        }
        Ok(())
    }
}
