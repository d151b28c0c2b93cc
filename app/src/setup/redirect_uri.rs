//! Redirect URI to which ZITADEL may send a browser after a login (RFC 8252 §7).

use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// Redirect URI of a native application, exactly as given: ZITADEL compares it verbatim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedirectUri(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum RedirectUriError {
    #[error("it is no absolute URI, such as https://client.example.com/callback")]
    NoUri,
    #[error("it must not have a fragment (RFC 6749 §3.1.2), a user name or a password")]
    Surplus,
    #[error("http is for loopback only (localhost, 127.0.0.1, [::1]); use https")]
    Clear,
    #[error("browsers do something else with this scheme")]
    Scheme,
}

/// Schemes that browsers handle themselves, and that are therefore refused in a redirect URI.
const TAKEN: [&str; 14] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "javascript",
    "mailto",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

impl RedirectUri {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RedirectUri {
    type Err = RedirectUriError;

    fn from_str(text: &str) -> Result<Self, RedirectUriError> {
        // The URL parser would ignore white space.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let url = Url::parse(text).ok().filter(|_| is_plain).ok_or(RedirectUriError::NoUri)?;
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError::Surplus);
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(RedirectUriError::Clear);
        }
        if TAKEN.contains(&url.scheme()) {
            return Err(RedirectUriError::Scheme);
        }
        // `host:port` would parse as scheme and path (RFC 8252 §7.1).
        if !text.split_once(':').is_some_and(|(_, rest)| rest.starts_with('/')) {
            return Err(RedirectUriError::NoUri);
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_loopback_and_schemes_of_programs_are_taken_letter_by_letter() {
        for text in [
            "https://client.example.com/callback?x=1",
            "https://Client.Example.com",
            "http://localhost/callback",
            "http://127.0.0.1:6274/oauth/callback",
            "http://[::1]/callback",
            "com.example.client:/callback",
            "cursor://anysphere.cursor-mcp/oauth/callback",
        ] {
            assert_eq!(text.parse::<RedirectUri>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_sends_a_code_elsewhere_is_refused() {
        for (text, expected) in [
            ("", RedirectUriError::NoUri),
            ("/callback", RedirectUriError::NoUri),
            ("localhost/callback", RedirectUriError::NoUri),
            ("localhost:8080/callback", RedirectUriError::NoUri),
            ("https://", RedirectUriError::NoUri),
            (" https://client.example.com", RedirectUriError::NoUri),
            ("https://client.example.com/a\tb", RedirectUriError::NoUri),
            ("https://client.example.com/callback#x", RedirectUriError::Surplus),
            ("https://me@client.example.com", RedirectUriError::Surplus),
            ("http://client.example.com/callback", RedirectUriError::Clear),
            ("http://localhost.example.com", RedirectUriError::Clear),
            ("http://10.0.0.7/callback", RedirectUriError::Clear),
            ("javascript:alert(1)", RedirectUriError::Scheme),
            ("JavaScript:alert(1)", RedirectUriError::Scheme),
            ("data:text/html,x", RedirectUriError::Scheme),
            ("file:///etc/passwd", RedirectUriError::Scheme),
        ] {
            assert_eq!(text.parse::<RedirectUri>(), Err(expected), "{text}");
        }
    }
}
