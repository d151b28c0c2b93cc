//! Implements the domain's trait `TokenIntrospector` with ZITADEL: each call sends one
//! introspection request (RFC 7662).
//!
//! A request is repeated only if its connection broke before any response, or if ZITADEL refused
//! this API's credentials and there are newer ones, replaced or freshly signed.

mod address;
mod authorization_server;
mod canary;
mod checkup;
mod claim_name;
mod client_assertion;
mod client_auth;
mod client_credentials;
mod composed;
mod credential_doubt;
mod credential_text;
mod current_credentials;
mod diagnosis;
mod discovery;
mod diversion;
mod event_log;
mod fault;
mod followed_log;
mod generation;
mod http_client;
mod key_file;
mod login_scopes;
#[cfg(feature = "management")]
pub mod management;
mod named_issuer;
mod own_checkup;
mod own_token;
mod pace;
mod protected_resource;
mod racing;
mod response;
mod root_certificates;
mod rounds;
mod settings;
mod sharing;
mod translate;
mod verdicts;
mod webhook_signature;
mod wire;

#[cfg(test)]
mod test_key;

/// Properties of the parsers of metadata, key file and introspection response that `tests/fuzz`
/// tries to violate.
#[cfg(fuzzing)]
pub mod fuzz {
    pub use super::discovery::fuzz::holds as metadata;
    pub use super::key_file::fuzz::holds as key_file;
    pub use super::translate::fuzz::holds as introspection;
}

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, Outage, TokenIntrospector};
use reqwest::Method;
use url::Url;

pub use address::{AddressError, ConnectTo, IntrospectionEndpoint, IssuerUrl};
pub use authorization_server::{AuthorizationServerMetadata, PublishedMetadata};
pub use canary::Canary;
pub use checkup::Checkup;
pub use claim_name::{ClaimName, ClaimNameError};
pub use client_credentials::ClientCredentials;
pub use composed::{ComposedZitadel, compose};
pub use credential_text::{CredentialError, CredentialText};
pub use current_credentials::CurrentCredentials;
pub use diagnosis::{
    CertificateFault, DamagedSignature, NoConnection, SettingsSummary, TokenForm, UnverifiedJwt,
    is_personal_access_token,
};
pub use event_log::{Bell, EventLog};
pub use fault::FaultDetail;
pub use followed_log::FollowedLog;
pub use http_client::HttpClientError;
pub use login_scopes::login_scopes;
pub use named_issuer::NamedIssuer;
pub use own_token::OwnToken;
pub use protected_resource::{Challenge, NoAnswer, OwnAnswers, ResourceMetadata, request_own};
pub use root_certificates::RootCertificates;
pub use settings::{FeedSettings, ZitadelSettings};
pub use verdicts::{Missing, Verdicts};
pub use webhook_signature::{InvalidSignature, SIGNATURE_HEADER, SigningKeys, SigningKeysError};

use client_auth::ClientAuthentication;
use fault::FaultSource;
use generation::{Generation, Generations};
use http_client::{HttpClient, Names, Route};
use pace::{Lane, Pace, SentAt};
use root_certificates::CurrentRoots;
use translate::Translator;

use crate::{
    SystemClock,
    decorators::{KnownShare, KnownTokens},
};

/// Introspects access tokens at ZITADEL, or at another server that supports RFC 7662.
#[derive(Clone, Debug)]
pub struct ZitadelIntrospector {
    generations: Arc<Generations>,
    verdicts: Verdicts,
    credentials: Arc<CurrentCredentials>,
    translator: Arc<Translator>,
    timeout: Duration,
    pace: Arc<Pace>,
    /// Tokens whose last verdict was active, for which a share of the requests per second is
    /// reserved. If `None`, every token is treated as one of these.
    known: Option<Arc<KnownTokens>>,
    /// True if this introspector serves only this API's own tokens, such as the canary.
    is_own: bool,
}

impl ZitadelIntrospector {
    /// Creates an introspector for the server in `settings`. Sends nothing yet, so ZITADEL may be
    /// down.
    ///
    /// # Errors
    /// When no HTTP client can be made from the settings.
    pub fn new(settings: ZitadelSettings) -> Result<Self, HttpClientError> {
        let (credentials, issuer) = (settings.credentials.clone(), settings.domain.named().clone());
        let credentials = CurrentCredentials::new(credentials, issuer, Arc::new(SystemClock));
        Self::with_credentials(settings, Arc::new(credentials))
    }

    /// Creates an introspector with `credentials` in place of `settings.credentials`.
    ///
    /// # Errors
    /// The same as for [`new`](Self::new).
    pub fn with_credentials(
        settings: ZitadelSettings,
        credentials: Arc<CurrentCredentials>,
    ) -> Result<Self, HttpClientError> {
        Self::resolving(settings, credentials, Names::of_the_system())
    }

    fn resolving(
        settings: ZitadelSettings,
        credentials: Arc<CurrentCredentials>,
        names: Names,
    ) -> Result<Self, HttpClientError> {
        let ZitadelSettings { domain, connect_to, introspection_endpoint, timeout, .. } = settings;
        let endpoint = introspection_endpoint.map(IntrospectionEndpoint::into_url);
        let elsewhere = endpoint.as_ref().is_some_and(|url| url.origin() != domain.origin());
        if connect_to.is_some() && elsewhere {
            return Err(HttpClientError::ConnectTo(
                "zitadel.introspection_endpoint is of another origin than zitadel.domain; \
                 set only one of the two",
            ));
        }
        let trace_parent = settings.trace_parent;
        let pace = Arc::new(Pace::new(settings.max_per_second, KnownShare::default()));
        let roots = CurrentRoots::new(settings.root_certificates);
        let on_the_way = Arc::clone(&pace);
        let route =
            Route { domain, endpoint, connect_to, timeout, trace_parent, pace: on_the_way, names };
        Ok(Self {
            generations: Arc::new(Generations::new(route, roots)?),
            verdicts: Verdicts::default(),
            credentials,
            translator: Arc::new(Translator::new(settings.project_id.as_deref(), settings.claims)),
            timeout,
            pace,
            known: None,
            is_own: false,
        })
    }

    #[must_use]
    pub(super) fn with_known(mut self, known: Arc<KnownTokens>, share: KnownShare) -> Self {
        self.pace.keep_for_known(share);
        self.known = Some(known);
        self
    }

    /// Returns an introspector for this API's own tokens, which get a reserved share of the
    /// requests per second.
    pub(super) fn for_own_tokens(&self) -> Self {
        self.pace.keep_for_own();
        Self { is_own: true, ..self.clone() }
    }

    fn lane(&self, token: &AccessToken<'_>) -> Lane {
        match &self.known {
            _ if self.is_own => Lane::Own,
            Some(known) if !known.contains(token) => Lane::Stranger,
            _ => Lane::Known,
        }
    }

    pub(super) fn credentials(&self) -> &Arc<CurrentCredentials> {
        &self.credentials
    }

    /// Returns the connections and the limit of requests per second, which other calls to ZITADEL
    /// share with this introspector.
    fn shared(&self) -> (Arc<Generations>, Arc<Pace>) {
        (Arc::clone(&self.generations), Arc::clone(&self.pace))
    }

    pub(super) fn verdicts(&self) -> Verdicts {
        self.verdicts.clone()
    }

    pub(super) fn renew_regularly(&self) -> impl Future<Output = ()> + Send + use<> {
        self.generations.renew_regularly()
    }

    async fn ask(
        &self,
        token: &AccessToken<'_>,
        generation: &Generation,
    ) -> Result<Introspection, IntrospectionError> {
        let sent = self.pace.admit(self.lane(token))?;
        let token = token.expose_secret();
        let http = self.generations.http(generation).await?;
        let endpoint = generation.discovery.endpoint(http, &self.pace).await?;
        let credentials = self.credentials.current();
        let shown = self.credentials.authentication(&credentials)?;
        let mut answer = self.post(http, endpoint, &shown, token, sent).await;
        if matches!(answer, Err(IntrospectionError::ClientRefused { .. }))
            && let Some(other) = self.credentials.after_refusal(&credentials, &shown).await
        {
            answer = self.post(http, endpoint, &other, token, self.pace.spend()).await;
        }
        self.translator.introspection(&answer?)
    }

    async fn post(
        &self,
        http: &HttpClient,
        endpoint: &Url,
        authentication: &ClientAuthentication,
        token: &str,
        sent: SentAt,
    ) -> Result<Vec<u8>, IntrospectionError> {
        let request = http.request(Method::POST, endpoint.clone());
        let response = response::send(authentication.attach(request, token)).await?;
        self.pace.note(sent, response.status(), response.headers());
        response::read(response).await
    }
}

#[async_trait]
impl TokenIntrospector for ZitadelIntrospector {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let generation = self.generations.current();
        let before = generation.begin();
        let answer = tokio::time::timeout(self.timeout, self.ask(token, &generation))
            .await
            .unwrap_or_else(|_| Err(FaultSource::Timeout.unavailable(Outage::TimedOut)));
        self.generations.heed(&generation, before, &answer);
        self.verdicts.note(&answer);
        answer
    }
}
