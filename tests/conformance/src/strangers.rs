//! Another organization, created by the double's library only: a real server's organizations are
//! not ours.

use std::time::Duration;

use zitadel_double::{ClientId, NewUser, OrgId, Pat, UserId};

use crate::management::App;
use crate::server::Server;
use crate::setup::Stage;
use crate::{Error, Secret};

/// Organization with a service user, and a project with an API application.
pub(crate) struct Strangers {
    pub(crate) org: OrgId,
    pub(crate) user: UserId,
    pub(crate) pat: Secret,
    /// Another user, with a role of our project granted by the organization.
    pub(crate) granted_user: UserId,
    pub(crate) granted_pat: Secret,
    /// Token without scopes, like the first administrator's.
    pub(crate) without_scopes: Secret,
    pub(crate) api: App,
    pub(crate) api_org: OrgId,
}

impl Strangers {
    /// Creates the strangers at the double; `None` at a real server.
    pub(crate) fn of(stage: &mut Stage<'_>) -> Result<Option<Self>, Error> {
        if !stage.server.is_double() {
            return Ok(None);
        }
        let double = stage.server.library()?;
        let org = double.add_org("ha-stranger", "ha-stranger.localhost");
        let user = double.add_user(NewUser::service("ha-stranger").in_org(&org));
        let pat = Secret::new(double.pat(&user));
        let granted_user = double.add_user(NewUser::service("ha-stranger-granted").in_org(&org));
        let granted_pat = Secret::new(double.pat(&granted_user));
        stage.names.add("340000000000000110", granted_user.to_string());
        stage.names.add("ha-stranger", "ha-stranger-granted");
        let setup = double.add_user(NewUser::service("setup-of-first-instance").in_org(&org));
        let expiry = Pat::ExpiresIn(Duration::from_hours(24));
        let without_scopes = Secret::new(double.pat_without_scopes(&setup, expiry));
        stage.names.add("340000000000000150", setup.to_string());
        let client_id: &ClientId = double.foreign_client_id();
        let api = App {
            id: String::new(),
            client_id: client_id.to_string(),
            secret: Some(Secret::new(double.foreign_client_secret())),
        };
        stage.names.add("340000000000000201", org.to_string());
        stage.names.add("340000000000000110", user.to_string());
        stage.names.add("340000000000000901", &api.client_id);
        stage.names.add("340000000000000003", double.foreign_project_id().to_string());
        let api_org = double.foreign_org_id().clone();
        Ok(Some(Self { org, user, pat, granted_user, granted_pat, without_scopes, api, api_org }))
    }

    pub(crate) fn remove(&self, server: &Server<'_>) -> Result<(), Error> {
        server.library()?.remove_org(&self.org);
        Ok(())
    }
}
