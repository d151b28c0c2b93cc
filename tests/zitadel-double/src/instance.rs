//! Which host names are this instance, and what its issuer is.
//!
//! ZITADEL finds the instance by host name alone; the issuer is the scheme that the operator
//! configured and the host with the port exactly as they were sent.

use std::sync::{PoisonError, RwLock};

use http::uri::Authority;
use http::{HeaderMap, Uri};

/// Where introspection lives unless the operator chose another path.
pub(crate) const INTROSPECTION_PATH: &str = "/oauth/v2/introspect";

/// What `ExternalSecure` decides: the scheme of the issuer, whatever the transport is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExternalScheme {
    Http,
    Https,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) scheme: ExternalScheme,
    /// The issuer that clients are told to configure.
    pub(crate) issuer: String,
    /// Lower-case host names, the first being the `ExternalDomain`.
    pub(crate) domains: Vec<String>,
    /// An operator may change it; each look sees the path of that moment.
    pub(crate) introspection_path: RwLock<String>,
    /// The host that an ingress in front sends in place of the client's.
    pub(crate) host_of_ingress: Option<String>,
}

/// The request came for a host that is not this instance.
#[derive(Debug)]
pub(crate) struct UnknownHost {
    pub(crate) host: String,
    /// ZITADEL's words for it.
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

    /// The origin of the request, which is the issuer of its answer.
    pub(crate) fn origin(&self, uri: &Uri, headers: &HeaderMap) -> Result<String, UnknownHost> {
        let sent = headers
            .get("x-zitadel-instance-host")
            .and_then(|value| value.to_str().ok())
            .or(self.host_of_ingress.as_deref())
            .map_or_else(|| requested_host(uri, headers), str::to_owned);
        let scheme = self.scheme.as_str();
        let name = sent.parse::<Authority>().map(|authority| authority.host().to_lowercase());
        match name {
            Ok(name) if self.domains.contains(&name) => Ok(format!("{scheme}://{sent}")),
            _ => Err(self.unknown(sent)),
        }
    }

    fn unknown(&self, host: String) -> UnknownHost {
        let external = self.domains.first().map_or("", String::as_str);
        let scheme = self.scheme.as_str();
        let text = format!(
            "unable to set instance using origin &{{{host}  {scheme}}} \
             (ExternalDomain is {external}): Instance not found.\n"
        );
        UnknownHost { host, text }
    }
}

/// `:authority`, or else `Host`.
pub(crate) fn requested_host(uri: &Uri, headers: &HeaderMap) -> String {
    let host = || headers.get(http::header::HOST)?.to_str().ok().map(str::to_owned);
    uri.authority().map(ToString::to_string).or_else(host).unwrap_or_default()
}
