//! Settings of a new double.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http::Uri;

use crate::double::ZitadelDouble;
use crate::instance::{ExternalScheme, INTROSPECTION_PATH, Instance};
use crate::metadata_variant::MetadataVariant;
use crate::server::{Acceptor, Port, ServerThread, Shape, Tls};
use crate::shared::Shared;
use crate::token_form::{TokenForm, TokenSeal};
use crate::webhooks;

/// Settings of a double, from [`ZitadelDouble::builder`].
#[derive(Clone, Debug)]
pub struct ZitadelDoubleBuilder {
    listen: SocketAddr,
    issuer: Option<String>,
    domains: Vec<String>,
    introspection_path: String,
    metadata: Vec<MetadataVariant>,
    host_of_ingress: Option<String>,
    tls_names: Vec<String>,
    certificate: Shape,
    tokens: TokenForm,
}

/// Reason why a double could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// Address.
        address: SocketAddr,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The issuer is not `http://host[:port]` or `https://host[:port]`.
    #[error("{0} is no issuer: an origin without path is needed")]
    Issuer(String),
    /// A TLS name cannot be part of a certificate.
    #[error("no certificate can be made for these names")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system provided no thread or runtime.
    #[error("cannot start a thread to serve on")]
    Thread(#[source] std::io::Error),
}

impl Default for ZitadelDoubleBuilder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            issuer: None,
            domains: Vec::new(),
            introspection_path: INTROSPECTION_PATH.to_owned(),
            metadata: Vec::new(),
            host_of_ingress: None,
            tls_names: Vec::new(),
            certificate: Shape::Right,
            tokens: TokenForm::default(),
        }
    }
}

impl ZitadelDoubleBuilder {
    /// Sets the address; the default is a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { listen: address, ..self }
    }

    /// Sets the public origin, like `ExternalDomain` and `ExternalSecure`: its host is the
    /// instance's first domain, its scheme that of every issuer, over any transport. With `https`
    /// and no [`tls`](Self::tls), the double behaves like a ZITADEL behind a TLS-terminating
    /// ingress.
    #[must_use]
    pub fn issuer(self, origin: &str) -> Self {
        Self { issuer: Some(origin.to_owned()), ..self }
    }

    /// Adds a domain, which is an issuer of its own.
    #[must_use]
    pub fn domain(mut self, name: &str) -> Self {
        self.domains.push(name.to_owned());
        self
    }

    /// Serves HTTPS (`h2` and `http/1.1` by ALPN) with a certificate for these names or addresses.
    #[must_use]
    pub fn tls<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { tls_names: names.into_iter().map(str::to_owned).collect(), ..self }
    }

    /// Uses an expired certificate.
    #[must_use]
    pub fn expired_certificate(self) -> Self {
        Self { certificate: Shape::Expired, ..self }
    }

    /// Marks the certificate as an authority's.
    #[must_use]
    pub fn certificate_of_an_authority(self) -> Self {
        Self { certificate: Shape::OfAuthority, ..self }
    }

    /// Puts the certificate's first name into the subject (CN) and none into subjectAltName.
    #[must_use]
    pub fn certificate_without_names(self) -> Self {
        Self { certificate: Shape::WithoutNames, ..self }
    }

    /// Requires client certificates.
    #[must_use]
    pub fn wants_client_certificate(self) -> Self {
        Self { certificate: Shape::WantsClientCertificate, ..self }
    }

    /// Sets the introspection path (`OIDC.CustomEndpoints.Introspection.Path`).
    #[must_use]
    pub fn introspection_path(self, path: &str) -> Self {
        Self { introspection_path: path.to_owned(), ..self }
    }

    /// Adds a difference from the baseline metadata; repeatable.
    #[must_use]
    pub fn metadata(mut self, variant: MetadataVariant) -> Self {
        self.metadata.push(variant);
        self
    }

    /// Simulates an ingress that replaces the host of requests by this text, which must name a
    /// domain of the instance: `auth.example.com:443` for `auth.example.com`.
    #[must_use]
    pub fn host_of_ingress(self, host: &str) -> Self {
        Self { host_of_ingress: Some(host.to_owned()), ..self }
    }

    /// Sets the form of new opaque tokens; default [`TokenForm::Legacy`].
    #[must_use]
    pub fn tokens(self, form: TokenForm) -> Self {
        Self { tokens: form, ..self }
    }

    /// Starts the double; its port is then open.
    ///
    /// # Panics
    /// If [`try_start`](Self::try_start) fails.
    #[expect(clippy::panic, reason = "a test cannot go on without its double")]
    pub async fn start(self) -> ZitadelDouble {
        match self.try_start().await {
            Ok(double) => double,
            Err(error) => panic!("the double does not start: {error:?}"),
        }
    }

    /// Starts the double; its port is then open.
    ///
    /// # Errors
    /// If the address is in use, or a setting is invalid.
    #[expect(clippy::unused_async, reason = "starting may come to wait; callers are ready for it")]
    pub async fn try_start(self) -> Result<ZitadelDouble, StartError> {
        let listen = |source| StartError::Listen { address: self.listen, source };
        let port = Port::reserve(self.listen).map_err(listen)?;
        let address = port.address();
        let tls = (!self.tls_names.is_empty())
            .then(|| {
                Tls::for_names(&self.tls_names, self.certificate).map_err(StartError::Certificate)
            })
            .transpose()?;
        let shared =
            Arc::new(Shared::new(self.instance(address)?, tls, TokenSeal::new(self.tokens)));

        let thread = ServerThread::start().map_err(StartError::Thread)?;
        let served = {
            let _inside = thread.runtime().enter();
            Acceptor::new(port, Arc::clone(&shared)).map_err(listen)?
        };
        let acceptor = served.spawn(thread.runtime());
        if let Some(jobs) = shared.world().log.webhooks.take_jobs() {
            thread.runtime().spawn(webhooks::deliver(jobs));
        }
        Ok(ZitadelDouble::new(address, shared, acceptor, thread))
    }

    fn instance(&self, address: SocketAddr) -> Result<Instance, StartError> {
        let wrong = || StartError::Issuer(self.issuer.clone().unwrap_or_default());
        let issuer = self.issuer.clone().unwrap_or_else(|| self.own_origin(address));
        let uri: Uri = issuer.parse().map_err(|_| wrong())?;
        let scheme = match uri.scheme_str() {
            Some("http") => ExternalScheme::Http,
            Some("https") => ExternalScheme::Https,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?;
        if issuer != format!("{}://{authority}", scheme.as_str()) {
            return Err(wrong());
        }
        let mut domains = vec![authority.host().to_owned()];
        if self.issuer.is_none() && self.tls_names.is_empty() {
            domains.extend(["127.0.0.1", "localhost"].map(str::to_owned));
        }
        domains.extend(self.tls_names.iter().chain(&self.domains).cloned());
        let introspection_path = self.introspection_path.clone().into();
        let host_of_ingress = self.host_of_ingress.clone();
        let metadata = self.metadata.clone();
        Ok(Instance { scheme, issuer, domains, introspection_path, metadata, host_of_ingress })
    }

    /// Returns the default issuer: the listening origin.
    fn own_origin(&self, address: SocketAddr) -> String {
        match self.tls_names.first() {
            Some(name) => format!("https://{name}:{}", address.port()),
            None => format!("http://{address}"),
        }
    }
}
