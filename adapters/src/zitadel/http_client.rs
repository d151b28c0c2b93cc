//! HTTP client with pooled connections to one authorization server.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{
    Certificate, Client, Method, RequestBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    header::HOST,
    redirect, retry,
};
use thiserror::Error;
use url::Url;

use super::{
    address::{ConnectTo, IssuerUrl},
    diversion::{Detour, Diversion, ElsewhereResolver},
    pace::Pace,
    racing::Racing,
};

/// Time after which an idle connection is closed: less than the usual 60 s after which load
/// balancers drop it without notice.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Interval of HTTP/2 pings while a request is under way, and time limit for their replies. Without
/// pings, all requests would go on sharing a dead connection.
const PING_INTERVAL: Duration = Duration::from_secs(2);
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Settings from which HTTP clients for one authorization server are made.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) domain: IssuerUrl,
    /// Configured introspection endpoint; `None` if ZITADEL's metadata name the endpoint.
    pub(super) endpoint: Option<Url>,
    pub(super) connect_to: Option<ConnectTo>,
    pub(super) timeout: Duration,
    pub(super) trace_parent: fn() -> Option<String>,
    pub(super) pace: Arc<Pace>,
    pub(super) names: Names,
}

/// Resolver of host names: the system's, or a test's.
#[derive(Clone)]
pub(super) struct Names(pub(super) Arc<dyn Resolve>);

/// Sends requests to one authorization server. Follows no redirect, and keeps no cookie. Passes on
/// nothing of a request to this API but the trace context.
#[derive(Debug)]
pub(super) struct HttpClient {
    client: Client,
    detour: Option<Detour>,
    trace_parent: fn() -> Option<String>,
    addresses: Racing,
}

/// Reason why no HTTP client can be made.
#[derive(Debug, Error)]
pub enum HttpClientError {
    /// `connect_to` does not fit the domain, the introspection endpoint or the proxy.
    #[error("{0}")]
    ConnectTo(&'static str),
    /// The additional root certificates cannot be read.
    #[error("it holds no certificate that can be read: expected PEM, or one certificate in DER")]
    RootCertificates,
    /// The HTTP client's TLS set-up failed.
    #[error("no HTTP client can be made: {0}")]
    Client(reqwest::Error),
}

impl Route {
    /// Makes a client with connections of its own. Blocks while the system's root certificates are
    /// read.
    pub(super) fn client(
        &self,
        root_certificates: Option<&[u8]>,
    ) -> Result<HttpClient, HttpClientError> {
        self.client_with(root_certificates, resend_once(Arc::clone(&self.pace)))
    }

    #[cfg(feature = "management")]
    pub(super) fn client_that_never_resends(
        &self,
        root_certificates: Option<&[u8]>,
    ) -> Result<HttpClient, HttpClientError> {
        self.client_with(root_certificates, retry::never())
    }

    fn client_with(
        &self,
        root_certificates: Option<&[u8]>,
        retries: retry::Builder,
    ) -> Result<HttpClient, HttpClientError> {
        let domain = self.domain.url();
        let mut builder = Client::builder()
            .user_agent(concat!("zitadel-resource-server/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retries)
            .connect_timeout(self.timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT);
        if let Some(pem) = root_certificates {
            builder = builder.tls_certs_merge(certificates(pem)?);
        }
        let mut target = self.endpoint.as_ref().unwrap_or(domain);
        if target.scheme() == "http" {
            // A proxy must not see unencrypted loopback traffic.
            builder = builder.no_proxy();
        }
        let mut detour = None;
        let mut names = Arc::clone(&self.names.0);
        let mut port = target.port_or_known_default();
        if let Some(connect_to) = self.connect_to.as_ref().map(ConnectTo::url) {
            port = connect_to.port_or_known_default();
            match Diversion::new(domain, connect_to).map_err(HttpClientError::ConnectTo)? {
                Diversion::Detour(to) => (target, detour) = (connect_to, Some(to)),
                Diversion::Elsewhere(host) => names = Arc::new(ElsewhereResolver { host, names }),
            }
        }
        let host = target.host_str().unwrap_or_default().to_owned();
        let addresses = Racing::new(names, host, port.unwrap_or_default());
        let builder = builder.dns_resolver(addresses.clone());
        let client = builder.build().map_err(|error| match root_certificates {
            Some(_) => HttpClientError::RootCertificates,
            None => HttpClientError::Client(error),
        })?;
        Ok(HttpClient { client, detour, trace_parent: self.trace_parent, addresses })
    }
}

impl HttpClient {
    /// Returns the addresses to which the server's name resolved last.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.addresses()
    }

    /// Creates a request to `url`. If `connect_to` is configured, `url` must have the origin of
    /// ZITADEL's domain, and the request goes to `connect_to`.
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = match &self.detour {
            None => self.client.request(method, url),
            Some(detour) => {
                let request = self.client.request(method, detour.divert(&url));
                request.header(HOST, detour.host.clone())
            }
        };
        match (self.trace_parent)() {
            Some(trace_parent) => request.header("traceparent", trace_parent),
            None => request,
        }
    }
}

/// Returns a policy that sends a request once more if its connection broke before any response: the
/// server may close an idle connection just as a request is sent. All repeats together add at most
/// 20 % to the number of requests.
fn resend_once(pace: Arc<Pace>) -> retry::Builder {
    retry::for_host(AnyHost).max_retries_per_request(1).classify_fn(move |attempt| {
        let broke = attempt
            .error()
            .and_then(|error| error.downcast_ref::<reqwest::Error>())
            .is_some_and(|error| !error.is_connect() && !error.is_timeout());
        if broke {
            // The second try counts in the budget, even if it is not sent after all.
            pace.spend();
            attempt.retryable()
        } else {
            attempt.success()
        }
    })
}

/// Host name that equals every host name: the retry policy, made for one host, applies to all.
struct AnyHost;

impl PartialEq<&str> for AnyHost {
    fn eq(&self, _host: &&str) -> bool {
        true
    }
}

/// Reads PEM certificates, or a single DER certificate, whose first byte is always `0x30`.
fn certificates(content: &[u8]) -> Result<Vec<Certificate>, HttpClientError> {
    if content.first() == Some(&0x30) {
        let certificate = Certificate::from_der(content);
        return certificate.map(|it| vec![it]).map_err(|_| HttpClientError::RootCertificates);
    }
    match Certificate::from_pem_bundle(content) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(HttpClientError::RootCertificates),
    }
}

/// Returns the proxy that environment variables set for `target`, without its password; `None` if
/// none is set, or for a `target` that is not `https`.
pub(super) fn proxy_for(target: &Url) -> Option<String> {
    if target.scheme() != "https" {
        return None;
    }
    let proxy = Matcher::from_env().intercept(&target.as_str().parse().ok()?)?;
    let proxy = proxy.uri();
    Some(format!("{}://{}", proxy.scheme_str()?, proxy.authority()?))
}

impl Names {
    /// Returns the operating system's resolver, without a cache.
    pub(super) fn of_the_system() -> Self {
        Self(Arc::new(System))
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
