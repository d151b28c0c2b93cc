//! Changes of applications that only the management API makes.

use serde_json::json;

use super::{App, OidcSettings, World, WorldError};
use crate::event_log::Editor;
use crate::ids::{ClientId, ProjectId};
use crate::random;

impl World {
    /// Finds an application of a project by its id.
    pub(crate) fn find_app(&self, project: &ProjectId, id: &str) -> Option<(ClientId, &App)> {
        let mut apps = self.apps.iter();
        let (client, app) = apps.find(|(_, app)| app.project == *project && app.id == id)?;
        Some((client.clone(), app))
    }

    /// Changes an application to `client_secret_basic`; its keys stay valid.
    pub(crate) fn change_to_secret(&mut self, client: &ClientId) -> Result<(), WorldError> {
        let app = self.app_mut(client)?;
        app.by_keys = false;
        let payload = json!({ "appId": app.id, "authMethodType": 0 });
        let name = "project.application.config.api.changed";
        let event = self.app_event(client, name, Some(payload))?;
        self.log.write(Editor::Setup, [event]);
        Ok(())
    }

    /// Replaces all settings of an OIDC application except its secret.
    pub(crate) fn change_oidc(
        &mut self,
        client: &ClientId,
        settings: OidcSettings,
    ) -> Result<(), WorldError> {
        let app = self.app_mut(client)?;
        let payload = json!({ "appId": app.id, "redirectUris": settings.redirect_uris });
        app.oidc = Some(settings);
        let name = "project.application.config.oidc.changed";
        let event = self.app_event(client, name, Some(payload))?;
        self.log.write(Editor::Setup, [event]);
        Ok(())
    }

    /// Generates a new secret, even for an application with keys.
    pub(crate) fn renew_secret(&mut self, client: &ClientId) -> Result<String, WorldError> {
        let app = self.app_mut(client)?;
        let secret = random::client_secret();
        app.secret = Some(secret.clone());
        self.log_secret(client)?;
        Ok(secret)
    }
}
