//! Facts of this API's settings, by which `app` explains ZITADEL's responses.

use std::time::Duration;

use domain::{Audience, ClientId, Issuer, Principal};

use crate::zitadel::{
    ZitadelSettings, address::IntrospectionEndpoint, http_client::proxy_for,
    login_scopes::audience_scope,
};

/// Summary of [`ZitadelSettings`] without secrets: ZITADEL's issuer and address, the proxy in
/// between, and this API's client.
#[derive(Clone, Debug)]
pub struct SettingsSummary {
    /// Issuer of the ZITADEL instance.
    pub issuer: Issuer,
    /// Value of the `Host` header, by which ZITADEL finds the instance.
    pub host: String,
    /// Origin that requests are sent to.
    pub target: String,
    /// True if the introspection endpoint is configured, not discovered.
    pub has_endpoint: bool,
    /// Client id of this API.
    pub client_id: ClientId,
    /// Registered name of the client authentication method, such as `private_key_jwt`.
    pub authentication: &'static str,
    /// Id of this API's project, if configured.
    pub project_id: Option<String>,
    /// Time limit of one introspection.
    pub timeout: Duration,
    /// Proxy in use, if any, without its password.
    pub proxy: Option<String>,
}

impl ZitadelSettings {
    /// Returns a summary of these settings without secrets.
    #[must_use]
    pub fn summary(&self) -> SettingsSummary {
        let credentials = &self.credentials;
        let endpoint = self.introspection_endpoint.clone().map(IntrospectionEndpoint::into_url);
        let url = endpoint.as_ref().unwrap_or(self.domain.url());
        let target = self
            .connect_to
            .as_ref()
            .map_or_else(|| url.origin().ascii_serialization(), ToString::to_string);
        SettingsSummary {
            issuer: self.domain.issuer().clone(),
            host: url.authority().to_owned(),
            target,
            has_endpoint: endpoint.is_some(),
            client_id: credentials.client_id().clone(),
            authentication: credentials.method(),
            project_id: self.project_id.clone(),
            timeout: self.timeout,
            proxy: proxy_for(url).filter(|_| self.connect_to.is_none()),
        }
    }
}

impl SettingsSummary {
    /// Returns the scope that puts this API's project into a token's audience.
    #[must_use]
    pub fn audience_scope(&self) -> String {
        audience_scope(self.project_id.as_deref().unwrap_or("{projectId}"))
    }

    /// Returns the possible meanings of an inactive verdict, most likely first, for the log.
    ///
    /// ZITADEL never says which one applies.
    #[must_use]
    pub fn inactive_means(&self) -> String {
        format!(
            "its audience lacks this API's project, unless it is a personal access token (request the \
             scope {}), or it is expired, revoked or replaced by a refresh, or its user or session is \
             no longer active, or it is no access token of this instance, or ZITADEL had a fault of \
             its own; app explain says more of a token",
            self.audience_scope()
        )
    }

    /// Checks this API's configured project id by the audience of an active token (`principal`). If
    /// the audience shows that the id is wrong, returns the ids that may be right: all in the
    /// audience except this API's client id. Otherwise returns `None`.
    ///
    /// ZITADEL calls a token active if its audience has the introspecting client or that client's
    /// project. The audience of each personal access token has both.
    #[must_use]
    pub fn other_projects<'a>(&self, principal: &'a Principal) -> Option<Vec<&'a str>> {
        let project_id = self.project_id.as_deref()?;
        let client_id = self.client_id.as_str();
        let has = |id: &str| principal.audience.iter().any(|audience| audience.as_str() == id);
        let shows_the_project = is_personal_access_token(principal) || !has(client_id);
        if has(project_id) || !shows_the_project {
            return None;
        }
        let audience = principal.audience.iter().map(Audience::as_str);
        Some(audience.filter(|id| *id != client_id).collect())
    }
}

/// Returns whether the token is a personal access token: for any other token, ZITADEL's response
/// names a client.
#[must_use]
pub fn is_personal_access_token(principal: &Principal) -> bool {
    principal.client_id.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zitadel::ClientCredentials;

    fn summary(project_id: Option<&str>) -> SettingsSummary {
        let credentials = ClientCredentials::client_secret("client", "pw").unwrap();
        let domain = "https://auth.example.com".parse().unwrap();
        let project_id = project_id.map(str::to_owned);
        ZitadelSettings { project_id, ..ZitadelSettings::new(domain, credentials) }.summary()
    }

    #[test]
    fn what_inactive_means_begins_with_the_scope_to_request() {
        for (project_id, scope) in [
            (Some("340000000000000001"), "urn:zitadel:iam:org:project:id:340000000000000001:aud"),
            (None, "urn:zitadel:iam:org:project:id:{projectId}:aud"),
        ] {
            let meaning = summary(project_id).inactive_means();
            let (most_likely, _) = meaning.split_once("), or ").unwrap();
            assert!(most_likely.ends_with(scope), "{meaning}");
        }
    }

    #[test]
    fn an_audience_shows_the_project_only_where_it_must_have_it() {
        for (client, audience, expected) in [
            (None, &["client", "project"][..], None),
            (None, &["client", "another"], Some(vec!["another"])),
            (Some("front-end"), &["front-end", "project"], None),
            (Some("front-end"), &["front-end", "another"], Some(vec!["front-end", "another"])),
            // The client alone makes it active: the project may be missing.
            (Some("front-end"), &["front-end", "client"], None),
        ] {
            let principal = Principal {
                audience: audience.iter().map(|id| Audience::parse(id).unwrap()).collect(),
                client_id: client.and_then(|id| ClientId::parse(id).ok()),
                ..Principal::default()
            };
            let found = summary(Some("project")).other_projects(&principal);
            assert_eq!(found, expected, "{client:?} {audience:?}");
            assert_eq!(summary(None).other_projects(&principal), None);
        }
    }
}
