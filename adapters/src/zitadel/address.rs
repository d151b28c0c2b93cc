//! Addresses of ZITADEL, checked as they are parsed.

use std::{fmt, str::FromStr};

use domain::{EmptyClaim, Issuer};
use thiserror::Error;
use url::{Host, Origin, Url};

use super::NamedIssuer;

/// Reason why a text is not accepted as ZITADEL's address. The error does not repeat the text,
/// which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// The text is not a URL with a host.
    #[error("it is no URL with a scheme and a host, such as https://auth.example.com")]
    NoUrl,
    /// The scheme is neither `https` nor `http`.
    #[error("its scheme is neither https nor http")]
    Scheme,
    /// The URL is `http` to another machine: tokens and secrets would travel unencrypted.
    #[error("http is for loopback only (localhost, 127.0.0.1, [::1]); use https")]
    Clear,
    /// The URL has a user name, a password, a query or a fragment.
    #[error("it must not have a user name, a password, a query or a fragment")]
    Surplus,
    /// The URL has a path where only scheme, host and port are allowed.
    #[error("it must not have a path, only scheme, host and port")]
    Path,
}

/// URL of a ZITADEL instance, which tokens name as their issuer: `https`, or `http` on loopback.
#[derive(Clone, Debug)]
pub struct IssuerUrl {
    url: Url,
    issuer: Issuer,
    named: NamedIssuer,
}

/// Compares only the configured URLs, not the spelling of the issuer in ZITADEL's metadata.
impl PartialEq for IssuerUrl {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for IssuerUrl {}

/// Parses an issuer from a claim or from metadata, and normalizes it as `IssuerUrl` does: no
/// default port, host in lower case, IPv6 address in its short form. A text that is no URL with a
/// host stays as it is.
pub(super) fn issuer(text: &str) -> Result<Issuer, EmptyClaim> {
    match Url::parse(text) {
        Ok(url) if url.has_host() => Issuer::parse(url.as_str()),
        _ => Issuer::parse(text),
    }
}

impl IssuerUrl {
    /// Returns the issuer that every token must name.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Returns whether the URL has a path other than `/`.
    #[must_use]
    pub fn has_path(&self) -> bool {
        self.url.path() != "/"
    }

    /// Returns the issuer as ZITADEL's metadata spell it; until the metadata are read, as
    /// configured.
    pub(super) fn named(&self) -> &NamedIssuer {
        &self.named
    }

    pub(super) fn discovery_url(&self) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!(
            "{}/.well-known/openid-configuration",
            self.url.path().trim_end_matches('/')
        ));
        url
    }

    pub(super) fn origin(&self) -> Origin {
        self.url.origin()
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }
}

impl FromStr for IssuerUrl {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = parse(text)?;
        refuse_clear(&url)?;
        let issuer = Issuer::parse(url.as_str()).map_err(|_| AddressError::NoUrl)?;
        let named = issuer.clone().into();
        Ok(Self { url, issuer, named })
    }
}

/// URL of an introspection endpoint: `https`, or `http` on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionEndpoint(Url);

impl IntrospectionEndpoint {
    pub(super) fn into_url(self) -> Url {
        self.0
    }
}

impl FromStr for IntrospectionEndpoint {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = parse(text)?;
        refuse_clear(&url)?;
        Ok(Self(url))
    }
}

/// Scheme, host and port to connect to instead of the issuer's. `http` is allowed to any host: the
/// operator who sets this knows the network in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo(Url);

impl ConnectTo {
    /// Returns whether requests travel unencrypted to another machine.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        refuse_clear(&self.0).is_err()
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for ConnectTo {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = parse(text)?;
        if url.path() == "/" { Ok(Self(url)) } else { Err(AddressError::Path) }
    }
}

impl fmt::Display for ConnectTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

fn parse(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|_| AddressError::NoUrl)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(AddressError::Scheme);
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(AddressError::Surplus);
    }
    Ok(url)
}

fn refuse_clear(url: &Url) -> Result<(), AddressError> {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || loopback { Ok(()) } else { Err(AddressError::Clear) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_of_a_domain_is_ignored() {
        for text in ["https://auth.example.com", "https://auth.example.com/"] {
            let domain: IssuerUrl = text.parse().unwrap();
            assert_eq!(domain.issuer().as_str(), "https://auth.example.com");
            assert_eq!(
                domain.discovery_url().as_str(),
                "https://auth.example.com/.well-known/openid-configuration",
            );
        }
    }

    #[test]
    fn a_domain_may_have_a_path_as_other_providers_do() {
        let domain: IssuerUrl = "https://id.example.com/realms/one/".parse().unwrap();
        assert_eq!(domain.issuer().as_str(), "https://id.example.com/realms/one");
        assert_eq!(domain.discovery_url().path(), "/realms/one/.well-known/openid-configuration",);
    }

    #[test]
    fn clear_http_is_for_loopback_only() {
        for text in
            ["http://localhost:8080", "http://127.0.0.9", "http://[::1]:1", "http://a.localhost"]
        {
            assert!(text.parse::<IssuerUrl>().is_ok(), "{text}");
            assert!(text.parse::<IntrospectionEndpoint>().is_ok(), "{text}");
        }
        for text in ["http://auth.example.com", "http://10.0.0.7", "http://localhost.example.com"] {
            assert_eq!(text.parse::<IssuerUrl>(), Err(AddressError::Clear), "{text}");
            assert_eq!(text.parse::<IntrospectionEndpoint>(), Err(AddressError::Clear), "{text}");
            assert!(text.parse::<ConnectTo>().unwrap().is_clear(), "{text}");
        }
        assert!(!"https://10.0.0.7".parse::<ConnectTo>().unwrap().is_clear());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, expected) in [
            ("", AddressError::NoUrl),
            ("auth.example.com", AddressError::NoUrl),
            ("https://", AddressError::NoUrl),
            ("ftp://auth.example.com", AddressError::Scheme),
            ("https://me@auth.example.com", AddressError::Surplus),
            ("https://:pw@auth.example.com", AddressError::Surplus),
            ("https://auth.example.com?x", AddressError::Surplus),
            ("https://auth.example.com#x", AddressError::Surplus),
        ] {
            assert_eq!(text.parse::<IssuerUrl>(), Err(expected), "{text}");
            assert_eq!(text.parse::<IntrospectionEndpoint>(), Err(expected), "{text}");
            assert_eq!(text.parse::<ConnectTo>(), Err(expected), "{text}");
        }
        assert_eq!("https://10.0.0.7/x".parse::<ConnectTo>(), Err(AddressError::Path));
        assert_eq!(
            "https://10.0.0.7/".parse::<ConnectTo>().unwrap().to_string(),
            "https://10.0.0.7"
        );
    }
}
