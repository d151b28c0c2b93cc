//! The section `[auth]`: requirements on every token, and the form of denials (401 or 403).

use std::time::Duration;

use axum_zitadel::{MissingRoleStatus, Realm};
use domain::{Audience, OrganizationId};

use super::{error::ConfigError, layers::Layers, server::duration};

/// Requirements on every token, form of denials (realm and status), and time limit of streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Realm in the `WWW-Authenticate` challenge.
    pub realm: Realm,
    /// Response status if a valid token lacks the rule's role: 401 or 403.
    pub missing_role_status: MissingRoleStatus,
    /// Maximum time for which one permit keeps a response open, such as a stream; it varies at
    /// random by up to 10 %. Zero: no limit but the token's validity.
    pub max_stream: Duration,
    /// Clock skew tolerated when the token's `nbf` is checked.
    pub leeway: Duration,
    /// Organizations; the user must belong to one of them. If empty, all are accepted.
    pub organizations: Vec<OrganizationId>,
    /// Audiences; the token must have one of them. If empty, all are accepted.
    pub audiences: Vec<Audience>,
}

impl Auth {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let organizations: Vec<String> = layers.list("auth.organizations")?;
        let audiences: Vec<String> = layers.list("auth.audience")?;
        Ok(Self {
            realm: layers.required("auth.realm")?,
            missing_role_status: missing_role_status(layers)?,
            max_stream: duration(layers, "auth.max_stream")?,
            leeway: duration(layers, "auth.leeway")?,
            organizations: organizations
                .iter()
                .map(|id| OrganizationId::parse(id))
                .collect::<Result<_, _>>()
                .map_err(|error| layers.error("auth.organizations", error))?,
            audiences: audiences
                .iter()
                .map(|value| Audience::parse(value))
                .collect::<Result<_, _>>()
                .map_err(|error| layers.error("auth.audience", error))?,
        })
    }
}

/// Returns the response status if a valid token lacks the rule's role. With `resource.url` the
/// default is 403: a 401 would make a client sign in again, which adds no role.
fn missing_role_status(layers: &Layers) -> Result<MissingRoleStatus, ConfigError> {
    let setting = "auth.missing_role_status";
    match (layers.origin(setting), layers.origin("resource.url")) {
        (None, Some(_)) => Ok(MissingRoleStatus::Forbidden),
        _ => layers.required(setting),
    }
}
