//! Sends requests for ZITADEL's domain to the origin in the setting `connect_to`. The requests'
//! `Host` header still names the domain.

use std::{future::ready, sync::Arc};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{
    dns::{Name, Resolve, Resolving},
    header::HeaderValue,
};
use url::{Host, Url};

/// Way in which requests for ZITADEL's domain reach the origin in `connect_to` instead.
pub(super) enum Diversion {
    /// Diversion by URL: another origin replaces the domain's origin in the URL of each request.
    Detour(Detour),
    /// Diversion by address: requests have the domain's URLs, but go to the IP addresses of this
    /// host name.
    Elsewhere(String),
}

/// Origin without TLS to which requests for ZITADEL's domain are sent, and the `Host` header of
/// these requests, which still names the domain.
#[derive(Debug)]
pub(super) struct Detour {
    connect_to: Url,
    pub(super) host: HeaderValue,
}

/// DNS resolver that returns the addresses of `host` for every name. TLS still expects the domain's
/// certificate.
pub(super) struct ElsewhereResolver {
    pub(super) host: String,
    pub(super) names: Arc<dyn Resolve>,
}

impl Diversion {
    pub(super) fn new(domain: &Url, connect_to: &Url) -> Result<Self, &'static str> {
        refuse_proxy(domain, connect_to)?;
        if connect_to.scheme() == "http" {
            let host = domain.authority().parse();
            let host =
                host.map_err(|_| "the host name of zitadel.domain cannot be sent as a header")?;
            return Ok(Self::Detour(Detour { connect_to: connect_to.clone(), host }));
        }
        if domain.scheme() == "http" {
            return Err("an http domain cannot be reached over https; give an http origin");
        }
        if !matches!(domain.host(), Some(Host::Domain(_))) {
            return Err("zitadel.domain is an IP address, for which no other https origin can \
                        stand in; give zitadel.domain the name on the certificate");
        }
        if domain.port().is_some() && domain.port() != connect_to.port_or_known_default() {
            return Err(
                "zitadel.domain names a port, and an https origin must then have the same one",
            );
        }
        let host = connect_to.host_str().ok_or("it has no host")?;
        Ok(Self::Elsewhere(host.trim_start_matches('[').trim_end_matches(']').to_owned()))
    }
}

impl Detour {
    pub(super) fn divert(&self, url: &Url) -> Url {
        let mut diverted = self.connect_to.clone();
        diverted.set_path(url.path());
        diverted.set_query(url.query());
        diverted
    }
}

/// Returns an error if a proxy is configured for the requests: a proxy decides by itself which
/// server it connects to.
fn refuse_proxy(domain: &Url, connect_to: &Url) -> Result<(), &'static str> {
    let target = if connect_to.scheme() == "http" { connect_to } else { domain };
    let proxied =
        target.as_str().parse().is_ok_and(|uri| Matcher::from_env().intercept(&uri).is_some());
    if proxied {
        return Err("HTTP_PROXY or HTTPS_PROXY applies, and a proxy goes its own way; name the \
                    host in NO_PROXY");
    }
    Ok(())
}

impl Resolve for ElsewhereResolver {
    fn resolve(&self, _domain: Name) -> Resolving {
        match self.host.parse() {
            Ok(host) => self.names.resolve(host),
            Err(error) => Box::pin(ready(Err(error.into()))),
        }
    }
}
