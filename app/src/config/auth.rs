//! `[auth]`: requirements on every token, and the form of denials.

use std::time::Duration;

use axum_zitadel::{MissingRoleStatus, Realm};
use domain::{Audience, OrganizationId};

use super::{error::ConfigError, layers::Layers, server::duration};

/// Requirements on every token, and the form of denials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Realm of the challenge.
    pub realm: Realm,
    /// Status when a valid token lacks the role.
    pub missing_role_status: MissingRoleStatus,
    /// Longest time, give or take 10 %, that an answer of a guarded service may go on by one token;
    /// zero sets no bound.
    pub max_stream: Duration,
    /// Clock skew tolerated when `nbf` is judged.
    pub leeway: Duration,
    /// The user must belong to one of these; an empty list requires none.
    pub organizations: Vec<OrganizationId>,
    /// The token's audience must contain one of these; an empty list requires none.
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

/// Returns 403 for a resource, unless another status is set: on 401 a client signs in again, and no
/// login adds a role.
fn missing_role_status(layers: &Layers) -> Result<MissingRoleStatus, ConfigError> {
    let setting = "auth.missing_role_status";
    match (layers.origin(setting), layers.origin("resource.url")) {
        (None, Some(_)) => Ok(MissingRoleStatus::Forbidden),
        _ => layers.required(setting),
    }
}
