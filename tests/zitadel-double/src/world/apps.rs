//! Applications: right to introspect and authentication.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::oidc_apps::{BY_KEYS, NO_AUTHENTICATION};
use super::{OidcSettings, RegisteredKey, World, WorldError};
use crate::event_log::{Editor, NewEvent};
use crate::ids::{ClientId, KeyId, ProjectId};
use crate::random;

/// State of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppState {
    /// May introspect.
    Active,
    /// Every call is answered 400 `unauthorized_client`.
    Deactivated,
}

/// Application that may introspect once authenticated.
pub(crate) struct App {
    pub(crate) project: ProjectId,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: AppState,
    /// OIDC settings; `None` for an API application.
    pub(crate) oidc: Option<OidcSettings>,
    /// True if the application should use keys.
    pub(crate) by_keys: bool,
    /// Secret, still valid after a change to keys.
    pub(crate) secret: Option<String>,
    pub(crate) keys: BTreeMap<KeyId, RegisteredKey>,
}

/// Client authentication of a new application.
pub(crate) enum Credentials {
    /// API with `client_secret_basic`.
    Secret(String),
    /// API with `private_key_jwt`.
    Keys,
    /// Server-side front end with a secret.
    WebSecret(String),
    /// Front end (PKCE) that cannot introspect.
    None,
}

impl App {
    pub(crate) fn new(project: ProjectId, id: String, credentials: Credentials) -> Self {
        let (oidc, by_keys, secret) = match credentials {
            Credentials::Secret(secret) => (None, false, Some(secret)),
            Credentials::Keys => (None, true, None),
            Credentials::WebSecret(secret) => (Some(OidcSettings::web()), false, Some(secret)),
            Credentials::None => (Some(OidcSettings::public()), false, None),
        };
        let (name, state, keys) = (format!("app-{id}"), AppState::Active, BTreeMap::new());
        Self { project, id, name, state, oidc, by_keys, secret, keys }
    }

    pub(crate) fn oidc(project: ProjectId, id: String, settings: OidcSettings) -> Self {
        let credentials = match settings.auth_method.as_str() {
            NO_AUTHENTICATION => Credentials::None,
            BY_KEYS => Credentials::Keys,
            _ => Credentials::WebSecret(random::client_secret()),
        };
        Self { oidc: Some(settings), ..Self::new(project, id, credentials) }
    }

    /// True if the application has or should use keys.
    pub(crate) fn has_keys(&self) -> bool {
        self.by_keys || !self.keys.is_empty()
    }

    fn config(&self, client: &ClientId) -> Value {
        let (id, client) = (self.id.as_str(), client.as_str());
        match (&self.secret, self.by_keys) {
            (Some(_), _) => json!({ "appId": id, "clientId": client, "hashedSecret": "<hash>" }),
            (None, true) => json!({ "appId": id, "clientId": client, "authMethodType": 1 }),
            (None, false) => json!({ "appId": id, "clientId": client }),
        }
    }
}

impl World {
    pub(crate) fn add_app(
        &mut self,
        project: &ProjectId,
        credentials: Credentials,
    ) -> Result<ClientId, WorldError> {
        let id = self.fresh_id();
        self.add_app_as(App::new(project.clone(), id, credentials))
    }

    /// Adds an application; returns its client id.
    pub(crate) fn add_app_as(&mut self, app: App) -> Result<ClientId, WorldError> {
        let project = &app.project;
        if !self.projects.contains_key(project) {
            return Err(WorldError::UnknownProject(project.to_string()));
        }
        let client_id = ClientId::from(self.fresh_id());
        let added = json!({ "appId": app.id, "name": app.name });
        let configured = match app.oidc {
            None => "project.application.config.api.added",
            Some(_) => "project.application.config.oidc.added",
        };
        let events = [
            self.project_event(project, "project.application.added", added)?,
            self.project_event(project, configured, app.config(&client_id))?,
        ];
        self.apps.insert(client_id.clone(), app);
        self.log.write(Editor::Setup, events);
        Ok(client_id)
    }

    pub(crate) fn app_mut(&mut self, client: &ClientId) -> Result<&mut App, WorldError> {
        self.apps.get_mut(client).ok_or_else(|| WorldError::UnknownClient(client.to_string()))
    }

    /// Event of the project; without a payload, it names the application.
    pub(super) fn app_event(
        &self,
        client: &ClientId,
        event_type: &str,
        payload: Option<Value>,
    ) -> Result<NewEvent, WorldError> {
        let app = self.apps.get(client);
        let app = app.ok_or_else(|| WorldError::UnknownClient(client.to_string()))?;
        let payload = payload.unwrap_or_else(|| json!({ "appId": app.id }));
        self.project_event(&app.project, event_type, payload)
    }

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

    /// Changes an application to `private_key_jwt`; its secret stays valid, as in ZITADEL.
    pub(crate) fn change_to_keys(&mut self, client: &ClientId) -> Result<(), WorldError> {
        let app = self.app_mut(client)?;
        app.by_keys = true;
        let payload = json!({ "appId": app.id, "authMethodType": 1 });
        let name = "project.application.config.api.changed";
        let event = self.app_event(client, name, Some(payload))?;
        self.log.write(Editor::Setup, [event]);
        Ok(())
    }

    pub(crate) fn remove_app(&mut self, client: &ClientId) -> Result<(), WorldError> {
        let event = self.app_event(client, "project.application.removed", None)?;
        self.apps.remove(client);
        self.log.write(Editor::Setup, [event]);
        Ok(())
    }

    pub(crate) fn secret(&self, client: &ClientId) -> Result<String, WorldError> {
        let app = self.apps.get(client);
        let app = app.ok_or_else(|| WorldError::UnknownClient(client.to_string()))?;
        let none = || WorldError::OtherAuthentication(client.to_string());
        app.secret.clone().ok_or_else(none)
    }

    pub(crate) fn set_secret(&mut self, client: &ClientId, new: &str) -> Result<(), WorldError> {
        let app = self.app_mut(client)?;
        let secret = app.secret.as_mut();
        let secret = secret.ok_or_else(|| WorldError::OtherAuthentication(client.to_string()))?;
        new.clone_into(secret);
        self.log_secret(client)
    }

    pub(super) fn log_secret(&mut self, client: &ClientId) -> Result<(), WorldError> {
        let app = self.app_mut(client)?;
        let payload = json!({ "appId": app.id, "hashedSecret": "<hash>" });
        let name = match app.oidc {
            None => "project.application.config.api.secret.changed",
            Some(_) => "project.application.config.oidc.secret.changed",
        };
        let event = self.app_event(client, name, Some(payload))?;
        self.log.write(Editor::Setup, [event]);
        Ok(())
    }

    pub(crate) fn regenerate_secret(&mut self, client: &ClientId) -> Result<String, WorldError> {
        let secret = random::client_secret();
        self.set_secret(client, &secret)?;
        Ok(secret)
    }
}
