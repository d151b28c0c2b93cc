//! The one pooled HTTP client, and the way it takes to ZITADEL's origin.

use std::{net::SocketAddr, time::Duration};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{
    Certificate, Client, ClientBuilder, Method, RequestBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{HOST, HeaderValue},
    redirect, retry,
};
use thiserror::Error;
use url::{Host, Url};

use super::address::{ConnectTo, Domain};

/// Longer than any pause between two calls of a busy API, shorter than the usual 60 s after
/// which load balancers drop a silent connection.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// How often a connection with a question under way is asked whether it is alive, and how long it
/// may take to say so: a dead one is replaced, where over HTTP/2 all questions share it.
const PING_INTERVAL: Duration = Duration::from_secs(2);
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends requests to one authorization server. It follows no redirect, keeps no cookie, and adds
/// nothing of a caller's request but the trace that it is part of.
#[derive(Debug)]
pub(super) struct HttpClient {
    client: Client,
    detour: Option<Detour>,
    trace_parent: fn() -> Option<String>,
}

/// Another origin in place of the domain's, with the domain's name in `Host`.
#[derive(Debug)]
struct Detour {
    connect_to: Url,
    host: HeaderValue,
}

/// Why no HTTP client can be made.
#[derive(Debug, Error)]
pub enum HttpClientError {
    /// The other origin cannot stand in for the domain.
    #[error("{0}")]
    ConnectTo(&'static str),
    /// The further root certificates are none.
    #[error("it holds no PEM certificate that can be read")]
    RootCertificates,
    /// The TLS set-up failed.
    #[error("no HTTP client can be made: {0}")]
    Client(reqwest::Error),
}

impl HttpClient {
    pub(super) fn new(
        domain: &Domain,
        endpoint: Option<&Url>,
        connect_to: Option<&ConnectTo>,
        root_certificates: Option<&[u8]>,
        connect_timeout: Duration,
        trace_parent: fn() -> Option<String>,
    ) -> Result<Self, HttpClientError> {
        let mut builder = Client::builder()
            .user_agent(concat!("zitadel-resource-server/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(resend_once())
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT);
        if let Some(pem) = root_certificates {
            builder = builder.tls_certs_merge(certificates(pem)?);
        }
        if endpoint.unwrap_or(domain.url()).scheme() == "http" {
            // Loopback, in clear: nothing for a proxy.
            builder = builder.no_proxy();
        }
        let mut detour = None;
        if let Some(connect_to) = connect_to {
            refuse_proxy(domain.url(), connect_to.url())?;
            (builder, detour) = divert(builder, domain.url(), connect_to.url())?;
        }
        let client = builder.build().map_err(|error| match root_certificates {
            Some(_) => HttpClientError::RootCertificates,
            None => HttpClientError::Client(error),
        })?;
        Ok(Self { client, detour, trace_parent })
    }

    /// A request to `url`, which is of the domain's origin wherever there is a detour.
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.to(method, url);
        match (self.trace_parent)() {
            Some(trace_parent) => request.header("traceparent", trace_parent),
            None => request,
        }
    }

    fn to(&self, method: Method, mut url: Url) -> RequestBuilder {
        let Some(detour) = &self.detour else {
            return self.client.request(method, url);
        };
        let (path, query) = (url.path().to_owned(), url.query().map(str::to_owned));
        url.clone_from(&detour.connect_to);
        url.set_path(&path);
        url.set_query(query.as_deref());
        self.client.request(method, url).header(HOST, detour.host.clone())
    }
}

/// A connection that broke before any answer is worth one more try at once: a kept-alive one may
/// have been closed while the request was on its way. A fifth more requests at most.
fn resend_once() -> retry::Builder {
    retry::for_host(AnyHost).max_retries_per_request(1).classify_fn(|attempt| {
        let broke = attempt
            .error()
            .and_then(|error| error.downcast_ref::<reqwest::Error>())
            .is_some_and(|error| !error.is_connect() && !error.is_timeout());
        if broke { attempt.retryable() } else { attempt.success() }
    })
}

/// This client speaks to one server only, by whatever name.
struct AnyHost;

impl PartialEq<&str> for AnyHost {
    fn eq(&self, _host: &&str) -> bool {
        true
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, HttpClientError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(HttpClientError::RootCertificates),
    }
}

fn divert(
    builder: ClientBuilder,
    domain: &Url,
    connect_to: &Url,
) -> Result<(ClientBuilder, Option<Detour>), HttpClientError> {
    if connect_to.scheme() == "http" {
        let host = domain.authority().parse().map_err(|_| {
            HttpClientError::ConnectTo("the host name of zitadel.domain cannot be sent as a header")
        })?;
        return Ok((builder, Some(Detour { connect_to: connect_to.clone(), host })));
    }
    if domain.scheme() == "http" {
        return Err(HttpClientError::ConnectTo(
            "an http domain cannot be reached over https; give an http origin",
        ));
    }
    if !matches!(domain.host(), Some(Host::Domain(_))) {
        return Err(HttpClientError::ConnectTo(
            "zitadel.domain is an IP address, for which no other https origin can stand in; \
             give zitadel.domain the name on the certificate",
        ));
    }
    if domain.port().is_some() && domain.port() != connect_to.port_or_known_default() {
        return Err(HttpClientError::ConnectTo(
            "zitadel.domain names a port, and an https origin must then have the same one",
        ));
    }
    let (Some(host), Some(port)) = (connect_to.host_str(), connect_to.port_or_known_default())
    else {
        return Err(HttpClientError::ConnectTo("it has no host"));
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok((builder.dns_resolver(ElsewhereResolver { host, port }), None))
}

/// A proxy would look the domain up by itself and never see the other origin.
fn refuse_proxy(domain: &Url, connect_to: &Url) -> Result<(), HttpClientError> {
    let target = if connect_to.scheme() == "http" { connect_to } else { domain };
    let proxied =
        target.as_str().parse().is_ok_and(|uri| Matcher::from_env().intercept(&uri).is_some());
    if proxied {
        return Err(HttpClientError::ConnectTo(
            "HTTP_PROXY or HTTPS_PROXY applies, and a proxy goes its own way; \
             name the host in NO_PROXY",
        ));
    }
    Ok(())
}

/// Resolves every name to one other host, so that TLS still asks for the domain's certificate.
#[derive(Clone, Debug)]
struct ElsewhereResolver {
    host: String,
    port: u16,
}

impl Resolve for ElsewhereResolver {
    fn resolve(&self, _domain: Name) -> Resolving {
        let Self { host, port } = self.clone();
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
