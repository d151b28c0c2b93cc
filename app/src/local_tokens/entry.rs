//! Entries of the list of local tokens, as written in TOML.

use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

use domain::{
    AccessToken, ActiveToken, Audience, ClientId, Introspection, Issuer, Organization,
    OrganizationId, Principal, Role, Scope, Subject, Username,
};
use serde::{Deserialize, Deserializer};

#[derive(Clone)]
pub(super) struct LocalToken {
    pub(super) token: AccessToken<'static>,
    pub(super) about: String,
    pub(super) introspection: Introspection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) token: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    token: String,
    #[serde(default)]
    about: String,
    #[serde(default = "yes")]
    active: bool,
    subject: Option<String>,
    username: Option<String>,
    client_id: Option<String>,
    issuer: Option<String>,
    organization: Option<String>,
    #[serde(default)]
    audience: Vec<String>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    roles: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    claims: BTreeMap<String, toml::Value>,
    #[serde(default, deserialize_with = "rfc3339")]
    not_before: Option<SystemTime>,
    #[serde(default, deserialize_with = "rfc3339")]
    expires_at: Option<SystemTime>,
}

fn yes() -> bool {
    true
}

fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_rfc3339(&text).map(Some).map_err(serde::de::Error::custom)
}

impl Entry {
    pub(super) fn into_token(self) -> Result<LocalToken, String> {
        let token =
            AccessToken::parse(&self.token).map_err(|error| error.to_string())?.into_owned();
        let about = self.about.clone();
        let introspection = if self.active {
            let active = self.into_active().map_err(|error| error.to_string())?;
            Introspection::Active(active)
        } else {
            Introspection::Inactive
        };
        Ok(LocalToken { token, about, introspection })
    }

    fn into_active(self) -> Result<ActiveToken, domain::EmptyClaim> {
        let mut grants = Vec::new();
        for (role, organizations) in &self.roles {
            for id in organizations {
                let id = OrganizationId::parse(id)?;
                let primary_domain = format!("{id}.localhost").into();
                grants.push((Role::parse(role)?, Organization { id, primary_domain }));
            }
        }
        let principal = Principal {
            subject: self.subject.as_deref().map(Subject::parse).transpose()?,
            username: self.username.as_deref().map(Username::parse).transpose()?,
            client_id: self.client_id.as_deref().map(ClientId::parse).transpose()?,
            issuer: self.issuer.as_deref().map(Issuer::parse).transpose()?,
            organization: self.organization.as_deref().map(OrganizationId::parse).transpose()?,
            audience: self.audience.iter().map(|a| Audience::parse(a)).collect::<Result<_, _>>()?,
            scope: Scope::parse(&self.scope),
            roles: grants.into_iter().collect(),
            further_claims: self
                .claims
                .into_iter()
                .filter_map(|(name, value)| {
                    Some((name.into(), serde_json::to_string(&value).ok()?.into()))
                })
                .collect(),
        };
        Ok(ActiveToken {
            not_before: self.not_before,
            expires_at: self.expires_at,
            principal: Arc::new(principal),
            ..ActiveToken::default()
        })
    }
}
