//! Projects and applications; the next request sees their changes.

use std::time::Duration;

use super::{ZitadelDouble, must};
use crate::clock::{unix_now, whole_seconds};
use crate::ids::{ClientId, KeyId, ProjectId};
use crate::random;
use crate::world::{AppState, Credentials};

/// # Projects and applications
impl ZitadelDouble {
    /// Adds a project.
    #[must_use]
    pub fn add_project(&self) -> ProjectId {
        self.shared.world().add_project(self.org_id())
    }

    /// Adds an API application with `client_secret_basic`; returns client id and secret.
    #[must_use]
    #[track_caller]
    pub fn add_secret_app(&self, project: &ProjectId) -> (ClientId, String) {
        let secret = random::client_secret();
        let credentials = Credentials::Secret(secret.clone());
        (must(self.shared.world().add_app(project, credentials)), secret)
    }

    /// Adds a server-side front end with a secret, which may introspect.
    #[must_use]
    #[track_caller]
    pub fn add_web_app(&self, project: &ProjectId) -> (ClientId, String) {
        let secret = random::client_secret();
        let credentials = Credentials::WebSecret(secret.clone());
        (must(self.shared.world().add_app(project, credentials)), secret)
    }

    /// Adds a front end with PKCE and no secret, which cannot introspect.
    #[must_use]
    #[track_caller]
    pub fn add_front_end(&self, project: &ProjectId) -> ClientId {
        must(self.shared.world().add_app(project, Credentials::None))
    }

    /// Adds an API application with `private_key_jwt`, which needs [`add_key`](Self::add_key).
    #[must_use]
    #[track_caller]
    pub fn add_key_app(&self, project: &ProjectId) -> ClientId {
        must(self.shared.world().add_app(project, Credentials::Keys))
    }

    /// Registers another key; returns its id and `key.json`.
    #[must_use]
    #[track_caller]
    pub fn add_key(&self, client: &ClientId) -> (KeyId, String) {
        must(self.shared.world().add_key(client, None))
    }

    /// Registers another key, which expired this long ago.
    #[must_use]
    #[track_caller]
    pub fn add_expired_key(&self, client: &ClientId, since: Duration) -> (KeyId, String) {
        let expired_at = unix_now().saturating_sub(whole_seconds(since));
        must(self.shared.world().add_key(client, Some(expired_at)))
    }

    /// Changes an application to `private_key_jwt`; its secret stays valid, as in ZITADEL.
    #[track_caller]
    pub fn change_to_keys(&self, client: &ClientId) {
        must(self.shared.world().change_to_keys(client));
    }

    /// Removes a key, whose assertions are then refused.
    #[track_caller]
    pub fn remove_key(&self, client: &ClientId, key: &KeyId) {
        must(self.shared.world().remove_key(client, key));
    }

    /// Replaces the secret of an application.
    #[track_caller]
    pub fn set_client_secret(&self, client: &ClientId, secret: &str) {
        must(self.shared.world().set_secret(client, secret));
    }

    /// Generates a new secret, like the console's button.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "that the old one dies may be all a test needs")]
    pub fn regenerate_client_secret(&self, client: &ClientId) -> String {
        must(self.shared.world().regenerate_secret(client))
    }

    /// Deactivates or reactivates an application.
    #[track_caller]
    pub fn set_app_state(&self, client: &ClientId, state: AppState) {
        must(self.shared.world().set_app_state(client, state));
    }

    /// Removes an application, whose calls are then refused.
    #[track_caller]
    pub fn remove_app(&self, client: &ClientId) {
        must(self.shared.world().remove_app(client));
    }
}
