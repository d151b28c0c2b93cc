//! Protected resource metadata (RFC 9728), from which a client learns where to sign in.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use axum::http::{Uri, uri::Scheme};
use domain::{Policy, ScopeToken};
use serde::Serialize;
use thiserror::Error;

/// Path of metadata documents, to which a resource's own path is appended if it has one (RFC 9728
/// §3.1).
pub(crate) const ROOT_METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// Resource that a guard protects, identified by its URL.
///
/// Each challenge of the guard has the URL of the resource's metadata document, from which clients
/// learn the authorization server and the scopes to request.
/// [`resource_metadata`](crate::resource_metadata) serves the document.
#[derive(Clone)]
pub struct Resource(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    identifier: Box<str>,
    origin: Box<str>,
    authority: Box<str>,
    path: Box<str>,
    scopes: Vec<ScopeToken>,
    authorization_server: Option<IssuerSource>,
    name: Option<Box<str>>,
    documentation: Option<Box<str>>,
}

type IssuerSource = Arc<dyn Fn() -> String + Send + Sync>;

/// Error for a text that cannot be a resource's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidResource {
    /// Text that is no absolute URL, such as `example.com/mcp`.
    #[error("it is no absolute URL")]
    NoUrl,
    /// URL that is neither `https` nor `http` on loopback, such as `http://example.com`.
    #[error("it is neither an https URL nor an http URL on loopback")]
    NotSecure,
    /// URL with more than scheme, host, port and path: a user name, a query or a fragment (RFC 9728
    /// §1.2).
    #[error("it has a user name, a query or a fragment")]
    MoreThanAPath,
    /// URL with a character that the header `WWW-Authenticate` or a route's path cannot have, such
    /// as `{`.
    #[error("it has a character that a challenge or a route cannot have")]
    ForbiddenCharacter,
    /// URL that clients would spell otherwise, such as one with capital letters in its host.
    #[error(
        "it is not written as clients write it: scheme and host in lower case, no port that is the \
         scheme's own, no . or .. in the path"
    )]
    NotCanonical,
}

/// Metadata document of a resource (RFC 9728 §2).
#[derive(Serialize)]
pub(crate) struct Metadata<'a> {
    resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_servers: Option<[String; 1]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<&'a str>,
}

impl Resource {
    /// Creates a resource with exactly the URL `url`: clients compare it verbatim (RFC 9728 §3.3).
    ///
    /// # Errors
    /// When `url` is neither an `https` URL nor an `http` URL on loopback, has more than scheme,
    /// host, port and path, or has another spelling than clients use.
    pub fn new(url: &str) -> Result<Self, InvalidResource> {
        if !url.contains("://") {
            return Err(InvalidResource::NoUrl);
        }
        if url.contains(['@', '?', '#']) {
            return Err(InvalidResource::MoreThanAPath);
        }
        // Neither percent-encoding, nor characters such as braces that have a meaning in a route's
        // path.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]+,;$".contains(c);
        if !url.chars().all(is_plain) || url.contains("/:") {
            return Err(InvalidResource::ForbiddenCharacter);
        }
        let uri: Uri = url.parse().map_err(|_| InvalidResource::NoUrl)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(InvalidResource::NoUrl);
        };
        let host = authority.host();
        if *scheme != Scheme::HTTPS && (*scheme != Scheme::HTTP || !is_loopback(host)) {
            return Err(InvalidResource::NotSecure);
        }
        let port = authority.port_u16();
        let is_default =
            matches!((scheme.as_str(), port), ("https", Some(443)) | ("http", Some(80)));
        let written = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let origin = format!("{scheme}://{written}");
        let path =
            url.strip_prefix(&origin).filter(|path| path.is_empty() || path.starts_with('/'));
        let is_canonical = !is_default
            && !origin.contains(|c: char| c.is_ascii_uppercase())
            && is_canonical(host)
            && url.split('/').all(|segment| segment != "." && segment != "..");
        let Some(path) = path.filter(|_| is_canonical) else {
            return Err(InvalidResource::NotCanonical);
        };
        Ok(Self(Arc::new(Inner {
            identifier: url.into(),
            origin: origin.into(),
            authority: written.into(),
            path: path.into(),
            scopes: Vec::new(),
            authorization_server: None,
            name: None,
            documentation: None,
        })))
    }

    /// Sets the scopes that every client must request, in addition to those of a route's rule.
    #[must_use]
    pub fn scopes(self, scopes: Vec<ScopeToken>) -> Self {
        self.with(|inner| inner.scopes = scopes)
    }

    /// Sets the function that returns the authorization server's issuer, exactly as in that
    /// server's own metadata. Each download of the resource's metadata calls the function.
    #[must_use]
    pub fn authorization_server(self, issuer: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.authorization_server = Some(Arc::new(issuer)))
    }

    /// Sets the resource's name, which clients show to people.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.with(|inner| inner.name = Some(name.into()))
    }

    /// Sets the URL of the resource's documentation for developers.
    #[must_use]
    pub fn documentation(self, url: &str) -> Self {
        self.with(|inner| inner.documentation = Some(url.into()))
    }

    fn with(mut self, set: impl FnOnce(&mut Inner)) -> Self {
        set(Arc::make_mut(&mut self.0));
        self
    }

    /// Returns the resource's URL exactly as passed to [`new`](Self::new).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.identifier
    }

    /// Returns the origin of the resource's URL as a browser sends it (RFC 6454 §6.2).
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Returns host and port of the resource's URL as a client sends them in `Host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.0.authority
    }

    /// Returns the path of the resource's URL, which may be empty.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Returns the path of the resource's metadata document (RFC 9728 §3.1).
    #[must_use]
    pub fn metadata_path(&self) -> String {
        match self.path() {
            "/" => ROOT_METADATA_PATH.to_owned(),
            path => format!("{ROOT_METADATA_PATH}{path}"),
        }
    }

    /// Returns the URL of the resource's metadata document.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        let url = self.url();
        let origin = url.strip_suffix(self.path()).unwrap_or(url);
        format!("{origin}{}", self.metadata_path())
    }

    /// Returns the scopes that every client must request.
    #[must_use]
    pub fn scopes_of_everybody(&self) -> &[ScopeToken] {
        &self.0.scopes
    }

    /// Returns the scopes that every client must request, then those of `policy`, each once,
    /// separated by spaces.
    pub(super) fn scope(&self, policy: Option<&Policy>) -> String {
        let of_policy = policy.map(Policy::scopes).unwrap_or_default();
        let mut scopes: Vec<&str> = Vec::new();
        for scope in self.0.scopes.iter().chain(of_policy) {
            if !scopes.contains(&scope.as_str()) {
                scopes.push(scope.as_str());
            }
        }
        scopes.join(" ")
    }

    pub(crate) fn metadata(&self) -> Metadata<'_> {
        let inner = &*self.0;
        Metadata {
            resource: &inner.identifier,
            authorization_servers: inner.authorization_server.as_ref().map(|issuer| [issuer()]),
            scopes_supported: inner.scopes.iter().map(ScopeToken::as_str).collect(),
            bearer_methods_supported: ["header"],
            resource_name: inner.name.as_deref(),
            resource_documentation: inner.documentation.as_deref(),
        }
    }
}

/// Returns false for an IPv6 address that clients spell otherwise, such as `[0:0::1]` instead of
/// `[::1]`; true for every other host.
fn is_canonical(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => {
            address.parse::<Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address)
        }
        None => true,
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resource").field(&self.url()).finish()
    }
}

#[cfg(test)]
mod tests;
