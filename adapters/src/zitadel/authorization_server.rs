//! Reads ZITADEL's metadata (OpenID Connect Discovery, RFC 8414) as clients do that know only this
//! API's address.
//!
//! MCP clients are such: they need PKCE, and a client id that they register or are given.

use domain::{IntrospectionError, Issuer};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::{ZitadelIntrospector, address, checkup::too_late, fault::FaultSource, response};

/// Metadata at one of the places where clients look for them.
#[derive(Clone, Debug)]
pub struct PublishedMetadata {
    /// Place.
    pub url: Url,
    /// Metadata found there; `None` if the answer is 404.
    pub found: Result<Option<AuthorizationServerMetadata>, IntrospectionError>,
}

/// Members of the metadata that these clients read, by their names in RFC 8414 §2.
#[derive(Clone, Debug, Deserialize)]
pub struct AuthorizationServerMetadata {
    issuer: String,
    /// Methods of PKCE.
    #[serde(default)]
    pub code_challenge_methods_supported: Vec<String>,
    /// Ways in which a client authenticates; `none` for clients without a secret.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Place where clients register by themselves.
    pub registration_endpoint: Option<String>,
    /// Set if a client id may be the address of a document about the client.
    #[serde(default)]
    pub client_id_metadata_document_supported: bool,
}

impl AuthorizationServerMetadata {
    /// Returns whether they name this issuer.
    #[must_use]
    pub fn is_of(&self, issuer: &Issuer) -> bool {
        address::issuer(&self.issuer).as_ref() == Ok(issuer)
    }
}

impl ZitadelIntrospector {
    /// Reads the metadata at the place of OpenID Connect Discovery, within the timeout of one
    /// question.
    pub async fn openid_metadata(&self) -> PublishedMetadata {
        self.metadata(self.generations.current().discovery.domain().discovery_url()).await
    }

    /// Reads the metadata at the place of RFC 8414, within the timeout of one question. ZITADEL
    /// answers 404 there, and clients fall back to OpenID Connect Discovery.
    pub async fn rfc_8414_metadata(&self) -> PublishedMetadata {
        let mut url = self.generations.current().discovery.domain().url().clone();
        let path = url.path().trim_end_matches('/');
        url.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
        self.metadata(url).await
    }

    async fn metadata(&self, url: Url) -> PublishedMetadata {
        let generation = self.generations.current();
        let asking = async {
            let http = self.generations.http(&generation).await?;
            let answer = response::send(http.request(Method::GET, url.clone())).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let json = response::read(answer).await?;
            serde_json::from_slice(&json).map(Some).map_err(|_| FaultSource::Metadata.malformed())
        };
        let found = tokio::time::timeout(self.timeout, asking).await.unwrap_or_else(|_| too_late());
        PublishedMetadata { url, found }
    }
}
