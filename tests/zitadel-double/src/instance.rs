//! Host names of the instance, and the issuer of a request: the scheme, and host and port as the
//! client sent them.
//!
//! ZITADEL finds the instance by exact comparison of the host name.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use http::{HeaderMap, Uri};

use crate::forwarded;
use crate::metadata_variant::MetadataVariant;

/// Default path of introspection.
pub(crate) const INTROSPECTION_PATH: &str = "/oauth/v2/introspect";

/// Headers that can name the instance; the first present one wins.
const INSTANCE_HEADERS: [&str; 5] = [
    "x-zitadel-instance-host",
    "forwarded",
    "x-zitadel-forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
];

/// Setting `ExternalSecure`: the issuer's scheme over any transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExternalScheme {
    /// A proxy's header may change it to `https`.
    Http,
    Https,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) scheme: ExternalScheme,
    /// Issuer for clients.
    pub(crate) issuer: String,
    /// The first is the `ExternalDomain`.
    pub(crate) domains: Vec<String>,
    /// An operator may change it.
    pub(crate) introspection_path: RwLock<String>,
    pub(crate) metadata: Vec<MetadataVariant>,
    /// Host that an ingress sends instead of the client's.
    pub(crate) host_of_ingress: Option<String>,
}

/// Host names and scheme of a request, derived as in ZITADEL.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    host: String,
    /// Empty unless a header names it.
    public_host: String,
    scheme: String,
    external_domain: String,
    external_scheme: ExternalScheme,
}

/// Request for a host of no instance.
#[derive(Debug)]
pub(crate) struct UnknownHost {
    pub(crate) host: String,
    pub(crate) text: String,
}

impl ExternalScheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl Instance {
    pub(crate) fn introspection_path(&self) -> String {
        self.introspection_path.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn move_introspection(&self, path: &str) {
        let mut current = self.introspection_path.write().unwrap_or_else(PoisonError::into_inner);
        path.clone_into(&mut current);
    }

    pub(crate) fn origin(&self, uri: &Uri, headers: &HeaderMap) -> Origin {
        let of_request =
            || self.host_of_ingress.clone().unwrap_or_else(|| requested_host(uri, headers));
        let host = INSTANCE_HEADERS.into_iter().find_map(|name| parameter(headers, name, "host"));
        let public_host = parameter(headers, "x-zitadel-public-host", "host").unwrap_or_default();
        let scheme = match self.scheme {
            ExternalScheme::Https => "https".to_owned(),
            ExternalScheme::Http => forwarded_scheme(headers).unwrap_or_else(|| "http".to_owned()),
        };
        let external_domain = self.domains.first().cloned().unwrap_or_default();
        Origin {
            host: host.unwrap_or_else(of_request),
            public_host,
            scheme,
            external_domain,
            external_scheme: self.scheme,
        }
    }

    pub(crate) fn check(&self, origin: &Origin) -> Result<(), UnknownHost> {
        let unknown = |host: &str, id: &str, parent: &str| UnknownHost {
            host: host.to_owned(),
            text: format!(
                "{}ID={id} Message=Instance not found. Make sure you got the domain right. Check \
                 out https://zitadel.com/docs/apis/introduction#domains{parent}\n",
                origin.no_instance(),
            ),
        };
        let name = name_of(&origin.host);
        if !self.domains.iter().any(|domain| domain == name) {
            return Err(unknown(&origin.host, "QUERY-1kIjX", ""));
        }
        let public = name_of(&origin.public_host);
        if !public.is_empty() && public != name {
            let parent = format!(" Parent=(public domain \"{public}\" not trusted)");
            return Err(unknown(&origin.public_host, "QUERY-IuGh1", &parent));
        }
        Ok(())
    }
}

impl Origin {
    /// Returns the beginning of ZITADEL's text for an origin without an instance.
    pub(crate) fn no_instance(&self) -> String {
        let Self { host, public_host, scheme, external_domain, .. } = self;
        format!(
            "unable to set instance using origin &{{{host} {public_host} {scheme}}} \
             (ExternalDomain is {external_domain}): "
        )
    }

    /// Host name without port.
    pub(crate) fn domain(&self) -> &str {
        name_of(self.public())
    }

    /// True if cookies are for TLS only; a proxy's header has no effect.
    pub(crate) fn is_secure(&self) -> bool {
        self.external_scheme == ExternalScheme::Https
    }

    fn public(&self) -> &str {
        if self.public_host.is_empty() { &self.host } else { &self.public_host }
    }
}

/// Formats the issuer.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.public())
    }
}

/// Returns a header's value, or its parameter `name` if it has the form of `Forwarded`.
fn parameter(headers: &HeaderMap, header: &str, name: &str) -> Option<String> {
    let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    let value = if header.ends_with("forwarded") || header == "x-forwarded-for" {
        forwarded::parameter(&values.collect::<Vec<_>>().join(","), name)
    } else {
        values.map(str::to_owned).next()
    };
    value.filter(|value| !value.is_empty())
}

fn forwarded_scheme(headers: &HeaderMap) -> Option<String> {
    let names = ["forwarded", "x-zitadel-forwarded", "x-forwarded-for", "x-forwarded-proto"];
    let schemes = names.into_iter().filter_map(|name| parameter(headers, name, "proto"));
    schemes.into_iter().find(|scheme| ["http", "https"].contains(&scheme.as_str()))
}

fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, _)) if name.ends_with(']') || !name.contains(':') => name,
        _ => host,
    }
}

/// Returns `:authority`, or else `Host`.
pub(crate) fn requested_host(uri: &Uri, headers: &HeaderMap) -> String {
    let host = || headers.get(http::header::HOST)?.to_str().ok().map(str::to_owned);
    uri.authority().map(ToString::to_string).or_else(host).unwrap_or_default()
}
