//! Checks whether clients that know only this API's address can log people in at ZITADEL, by its
//! metadata (OpenID Connect Discovery, RFC 8414).
//!
//! MCP clients are such: they need PKCE, and a client id that they register or are given.

use domain::IntrospectionError;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::{
    Explainer, Finding, Step, ZitadelIntrospector, address, address::IssuerUrl, checkup::too_late,
    fault::Seen, response,
};

const METADATA: &str = "metadata";
const RFC_8414: &str = "rfc8414";
const PKCE: &str = "pkce";
const PUBLIC_CLIENTS: &str = "public_clients";
const REGISTRATION: &str = "registration";
const AUDIENCE_SCOPE: &str = "audience_scope";

/// Members of the metadata that these clients read.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    registration_endpoint: Option<String>,
    #[serde(default)]
    client_id_metadata_document_supported: bool,
}

impl ZitadelIntrospector {
    /// Reads the metadata at both places where clients look for it, each within the timeout of one
    /// question, and reports what clients find there and what they must request.
    pub async fn check_authorization_server(&self, explainer: &Explainer) -> Vec<Step> {
        let generation = self.generations.current();
        let domain = generation.discovery.domain();
        let url = domain.discovery_url();
        let metadata = match self.metadata(url.clone()).await {
            Ok(Some(metadata)) => metadata,
            Ok(None) => return vec![Step::failed(METADATA, no_metadata(&url))],
            Err(fault) => return vec![Step::failed(METADATA, explainer.fault(&fault))],
        };
        vec![
            Step::ok(METADATA, format!("clients find them at {url}")),
            self.rfc_8414_step(domain, explainer).await,
            pkce_step(&metadata),
            public_clients_step(&metadata),
            registration_step(&metadata, explainer),
            audience_scope_step(explainer),
        ]
    }

    /// Returns the metadata at `url`; `None` if the answer is 404.
    async fn metadata(&self, url: Url) -> Result<Option<Metadata>, IntrospectionError> {
        let generation = self.generations.current();
        let asking = async {
            let http = self.generations.http(&generation).await?;
            let answer = response::send(http.request(Method::GET, url)).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let json = response::read(answer).await?;
            serde_json::from_slice(&json).map(Some).map_err(|_| Seen::Metadata.malformed())
        };
        tokio::time::timeout(self.timeout, asking).await.unwrap_or_else(|_| too_late())
    }

    /// Checks the place of RFC 8414. ZITADEL answers 404 there, and clients fall back to OpenID
    /// Connect Discovery.
    async fn rfc_8414_step(&self, domain: &IssuerUrl, explainer: &Explainer) -> Step {
        let mut url = domain.url().clone();
        let path = url.path().trim_end_matches('/');
        url.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
        let found = match self.metadata(url.clone()).await {
            Ok(None) => {
                let found = format!("{url} is 404: clients fall back to OpenID Connect Discovery");
                return Step::ok(RFC_8414, found);
            }
            Ok(Some(metadata))
                if address::issuer(&metadata.issuer).as_ref() == Ok(domain.issuer()) =>
            {
                return Step::ok(RFC_8414, format!("clients find the metadata at {url}, too"));
            }
            Ok(Some(_)) => format!("the metadata at {url} name another issuer"),
            Err(fault) => format!("{url}: {}", explainer.fault(&fault).found),
        };
        let advice = "a client that asks there first may stop: let this path be answered like that of \
                      OpenID Connect Discovery, or with 404";
        let advice = advice.to_owned();
        Step::warning(RFC_8414, Finding { reason: "rfc8414_unusable", found, advice })
    }
}

fn no_metadata(url: &Url) -> Finding {
    Finding {
        reason: "unexpected_status",
        found: format!("{url} is 404"),
        advice:
            "clients find no authorization server there: check zitadel.domain, and the proxy in \
                 front of ZITADEL"
                .to_owned(),
    }
}

fn pkce_step(metadata: &Metadata) -> Step {
    if metadata.code_challenge_methods_supported.iter().any(|method| method == "S256") {
        return Step::ok(PKCE, "S256 is announced".to_owned());
    }
    let finding = Finding {
        reason: "pkce_missing",
        found: "the metadata lack S256 in code_challenge_methods_supported".to_owned(),
        advice:
            "MCP clients go no further without it, and each ZITADEL announces it: find out what \
                 answers there"
                .to_owned(),
    };
    Step::failed(PKCE, finding)
}

fn public_clients_step(metadata: &Metadata) -> Step {
    if metadata.token_endpoint_auth_methods_supported.iter().any(|method| method == "none") {
        return Step::ok(PUBLIC_CLIENTS, "clients without a secret get tokens".to_owned());
    }
    let finding = Finding {
        reason: "public_clients_refused",
        found: "the metadata lack none in token_endpoint_auth_methods_supported".to_owned(),
        advice:
            "a native application has no secret, and gets no token: give clients an application \
                 with a secret"
                .to_owned(),
    };
    Step::warning(PUBLIC_CLIENTS, finding)
}

fn registration_step(metadata: &Metadata, explainer: &Explainer) -> Step {
    let by_document = metadata.client_id_metadata_document_supported;
    match &metadata.registration_endpoint {
        Some(_) if by_document => Step::ok(
            REGISTRATION,
            "clients register by themselves, or are known by a document about them".to_owned(),
        ),
        Some(_) => Step::ok(REGISTRATION, "clients register by themselves".to_owned()),
        None if by_document => Step::ok(
            REGISTRATION,
            "clients are known by a document about them (client_id_metadata_document_supported)"
                .to_owned(),
        ),
        None => Step::advised(
            REGISTRATION,
            "no client registers by itself: each has to be given a client id".to_owned(),
            format!(
                "pre-register a native application and give its client id to the client: setup --mcp \
                 makes one; or in ZITADEL's console, in {}, a new application of the type Native with \
                 the redirect URIs http://localhost/callback and http://localhost/oauth/callback, then \
                 the grant type Refresh Token",
                explainer.project()
            ),
        ),
    }
}

fn audience_scope_step(explainer: &Explainer) -> Step {
    if explainer.knows_project() {
        let scope = explainer.audience_scope();
        let found = format!("clients must ask for {scope}: each challenge of this API names it");
        return Step::ok(AUDIENCE_SCOPE, found);
    }
    let finding = Finding {
        reason: "project_id_missing",
        found: "no challenge can name the scope that brings this API's project".to_owned(),
        advice: "set zitadel.project_id: a token without that scope is inactive here".to_owned(),
    };
    Step::failed(AUDIENCE_SCOPE, finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zitadel::{Outcome, ZitadelSettings};

    #[test]
    fn without_the_project_no_client_knows_what_to_ask_for() {
        let credentials = crate::zitadel::ClientCredentials::client_secret("client", "secret");
        let domain = "https://auth.example.com".parse().unwrap();
        let mut settings = ZitadelSettings::new(domain, credentials.unwrap());
        assert_eq!(audience_scope_step(&Explainer::new(&settings)).outcome, Outcome::Failed);
        settings.project_id = Some("340000000000000001".to_owned());
        let step = audience_scope_step(&Explainer::new(&settings));
        assert_eq!(step.outcome, Outcome::Ok);
        assert!(step.found.contains("urn:zitadel:iam:org:project:id:340000000000000001:aud"));
    }
}
