//! Reads ZITADEL's metadata (OpenID Connect Discovery, RFC 8414), by which `app check` reports
//! whether a client that knows only this API's address can log in.

use domain::{IntrospectionError, Issuer};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::{ZitadelIntrospector, address, checkup::too_late, fault::FaultSource, response};

/// Result of a request for metadata at one of the URLs that clients try.
#[derive(Clone, Debug)]
pub struct PublishedMetadata {
    /// URL of the request.
    pub url: Url,
    /// Metadata in ZITADEL's response; `None` if the response is 404.
    pub found: Result<Option<AuthorizationServerMetadata>, IntrospectionError>,
}

/// Metadata that clients need in order to log in, named as in RFC 8414 §2.
#[derive(Clone, Debug, Deserialize)]
pub struct AuthorizationServerMetadata {
    issuer: String,
    /// Supported methods of PKCE, such as `S256`.
    #[serde(default)]
    pub code_challenge_methods_supported: Vec<String>,
    /// Supported methods of client authentication; `none` for clients without a secret.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// URL at which clients register themselves, if they can.
    pub registration_endpoint: Option<String>,
    /// True if a client id may be the URL of a document about the client.
    #[serde(default)]
    pub client_id_metadata_document_supported: bool,
}

impl AuthorizationServerMetadata {
    /// Returns whether `issuer` is the issuer in this metadata.
    #[must_use]
    pub fn is_of(&self, issuer: &Issuer) -> bool {
        address::issuer(&self.issuer).as_ref() == Ok(issuer)
    }
}

impl ZitadelIntrospector {
    /// Requests the metadata at the URL of OpenID Connect Discovery, within the time limit of one
    /// introspection.
    pub async fn openid_metadata(&self) -> PublishedMetadata {
        self.metadata(self.generations.current().discovery.domain().discovery_url()).await
    }

    /// Requests the metadata at the URL of RFC 8414, within the time limit of one introspection.
    /// ZITADEL sends 404 there, and clients fall back to OpenID Connect Discovery.
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
