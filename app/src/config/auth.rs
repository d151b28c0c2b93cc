//! `[auth]`: what every token must show, and how denials look.

use std::time::Duration;

use axum_zitadel::{MissingRoleStatus, Realm};
use domain::{Audience, OrganizationId};

use super::{error::ConfigError, layers::Layers, server::duration};

/// What every token must show, and how denials look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// The realm of the challenge.
    pub realm: Realm,
    /// The status when a valid token lacks the role.
    pub missing_role_status: MissingRoleStatus,
    /// How long anything may stay open by one token, give or take 10 %; zero is no bound.
    pub max_stream: Duration,
    /// Clock skew tolerated when `nbf` is judged.
    pub leeway: Duration,
    /// The user must belong to one of these; an empty list asks for none.
    pub organizations: Vec<OrganizationId>,
    /// The token's audience must contain one of these; an empty list asks for none.
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

/// Returns 403 for a resource, unless another status is set: a client that is told 401 signs in again,
/// and no login brings a role.
fn missing_role_status(layers: &Layers) -> Result<MissingRoleStatus, ConfigError> {
    let setting = "auth.missing_role_status";
    match (layers.origin(setting), layers.origin("resource.url")) {
        (None, Some(_)) => Ok(MissingRoleStatus::Forbidden),
        _ => layers.required(setting),
    }
}
