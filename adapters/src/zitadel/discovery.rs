//! Discovery of the introspection endpoint (OpenID Connect Discovery, RFC 8414).

use domain::{IntrospectionError, Misconfiguration, Outage};
use reqwest::{Method, RequestBuilder, Response};
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

use super::{
    address::{self, IssuerUrl},
    fault::FaultSource,
    http_client::HttpClient,
    pace::Pace,
    response,
};

/// Maximum number of characters of a wrong issuer that are shown in an error.
const MAX_SHOWN: usize = 200;

/// Introspection endpoint of one HTTP client: configured, or read from ZITADEL's metadata when
/// first needed. Clients are replaced from time to time; each has its own `Discovery`, because the
/// endpoint may move.
#[derive(Debug)]
pub(super) struct Discovery {
    domain: IssuerUrl,
    endpoint: OnceCell<Url>,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    introspection_endpoint: Option<String>,
}

impl Discovery {
    pub(super) fn new(domain: IssuerUrl, endpoint: Option<Url>) -> Self {
        Self { domain, endpoint: OnceCell::new_with(endpoint) }
    }

    /// Returns the introspection endpoint. If it is unknown, concurrent callers share one request
    /// for the metadata.
    pub(super) async fn endpoint(
        &self,
        http: &HttpClient,
        pace: &Pace,
    ) -> Result<&Url, IntrospectionError> {
        self.endpoint.get_or_try_init(|| self.ask(http, pace)).await
    }

    pub(super) fn kept(&self) -> Option<&Url> {
        self.endpoint.get()
    }

    /// Requests the metadata, even if the endpoint is known, and returns the endpoint in them.
    pub(super) async fn ask(
        &self,
        http: &HttpClient,
        pace: &Pace,
    ) -> Result<Url, IntrospectionError> {
        let sent = pace.spend();
        let response = response::send(self.request(http)).await?;
        pace.note(sent, response.status(), response.headers());
        self.read(response).await
    }

    pub(super) fn domain(&self) -> &IssuerUrl {
        &self.domain
    }

    pub(super) fn request(&self, http: &HttpClient) -> RequestBuilder {
        http.request(Method::GET, self.domain.discovery_url())
    }

    /// Keeps `endpoint` as the introspection endpoint, unless one is known already.
    pub(super) fn keep(&self, endpoint: &Url) {
        let _ = self.endpoint.set(endpoint.clone());
    }

    pub(super) async fn read(&self, answer: Response) -> Result<Url, IntrospectionError> {
        let answer = response::read(answer).await.map_err(|fault| match fault {
            // The request had no credentials that could be refused.
            IntrospectionError::ClientRefused { source } => {
                IntrospectionError::Unavailable { reason: Outage::UnexpectedStatus, source }
            }
            other => other,
        });
        self.endpoint_in(&answer?)
    }

    fn endpoint_in(&self, json: &[u8]) -> Result<Url, IntrospectionError> {
        let metadata: Metadata =
            serde_json::from_slice(json).map_err(|_| FaultSource::Metadata.malformed())?;
        let expected = self.domain.issuer();
        if address::issuer(&metadata.issuer).as_ref() != Ok(expected) {
            let found = metadata.issuer.chars().take(MAX_SHOWN).collect();
            return Err(FaultSource::Issuer { expected: expected.to_string(), found }
                .misconfigured(Misconfiguration::IssuerMismatch));
        }
        self.domain.named().spell(&metadata.issuer);
        let found =
            metadata.introspection_endpoint.ok_or_else(|| FaultSource::NoEndpoint.malformed())?;
        match Url::parse(&found) {
            Ok(url) if url.origin() == self.domain.origin() => Ok(url),
            other => {
                let origin = |url: Url| url.origin().ascii_serialization();
                let found = other.map_or_else(|_| "no URL".to_owned(), origin);
                Err(FaultSource::Endpoint { found }
                    .misconfigured(Misconfiguration::ForeignEndpoint))
            }
        }
    }
}

#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
