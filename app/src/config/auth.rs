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
            missing_role_status: layers.required("auth.missing_role_status")?,
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
