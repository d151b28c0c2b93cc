//! The section `[cors]`: web pages that may call the API from a browser.

use std::str::FromStr;

use axum::http::HeaderValue;
use url::{Origin, Url};

use super::{
    error::{ConfigError, InvalidValue},
    layers::Layers,
};

/// Web pages that may call the API from a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// Exact origins of allowed pages. If empty, responses have no CORS headers.
    pub allowed_origins: Vec<AllowedOrigin>,
}

impl Cors {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self { allowed_origins: layers.list("cors.allowed_origins")? })
    }
}

/// Allowed origin of a web page, spelled as browsers send it (RFC 6454 §6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(HeaderValue);

impl AllowedOrigin {
    /// Returns this origin as the value of the header `Origin`.
    #[must_use]
    pub fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

impl FromStr for AllowedOrigin {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match fault(text) {
            Some(fault) => Err(InvalidValue(fault)),
            None => HeaderValue::from_str(text).map(Self).map_err(|_| InvalidValue(OTHER)),
        }
    }
}

const OTHER: &str = "it is no origin as a browser sends it: scheme, host and port, in lower case";

/// Returns a reason why `text` is no valid origin; `None` if it is one. Schemes of apps and
/// extensions (`capacitor://localhost`, `chrome-extension://…`) are accepted too.
fn fault(text: &str) -> Option<&'static str> {
    if text.contains('*') {
        return Some("it has a wildcard, which is not supported: name each origin");
    }
    if text == "null" {
        return Some("null is the origin of every sandboxed page and file: it cannot be allowed");
    }
    if text.contains(['"', '\'']) {
        return Some("it has quotes, which do not belong to an origin");
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || ";|".contains(c))
        || text.matches("://").count() > 1
    {
        return Some("it holds two origins or a blank: put commas between origins");
    }
    if !text.is_ascii() {
        return Some("its host is not ASCII: browsers send it as xn--…");
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some("it has no scheme, such as https://");
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match path {
        "" => {}
        "/" => return Some("it ends with a slash, which browsers do not send"),
        _ => return Some("it has a path, a query or a fragment: only scheme, host and port count"),
    }
    if authority.contains('@') {
        return Some("it has a user name, which browsers do not send");
    }
    if text.contains(|c: char| c.is_ascii_uppercase()) {
        return Some("it has capitals: browsers send lower case");
    }
    if matches!(
        (scheme, authority.rsplit_once(':')),
        ("https", Some((_, "443"))) | ("http", Some((_, "80")))
    ) {
        return Some("it names the scheme's own port, which browsers do not send");
    }
    let Ok(url) = Url::parse(text) else { return Some(OTHER) };
    let is_origin = match url.origin() {
        Origin::Opaque(_) => url.has_host() && !url.host_str().unwrap_or_default().is_empty(),
        origin @ Origin::Tuple(..) => origin.ascii_serialization() == text,
    };
    if is_origin { None } else { Some(OTHER) }
}

/// Returns `origin` with its port spelled out, as in `https://example.com:443`; unchanged if its
/// scheme has no default port.
pub(super) fn with_port(origin: &str) -> String {
    match Url::parse(origin).ok().and_then(|url| url.port_or_known_default()) {
        Some(port) if !origin.ends_with(&format!(":{port}")) => format!("{origin}:{port}"),
        _ => origin.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for text in [
            "https://app.example.com",
            "http://localhost:3000",
            "https://[::1]:8443",
            "https://app.example.com:80",
            "capacitor://localhost",
            "tauri://localhost",
            "ionic://localhost",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
            "app://obsidian.md",
        ] {
            assert_eq!(text.parse::<AllowedOrigin>().unwrap().as_header(), text);
        }
    }

    #[test]
    fn an_origin_is_written_with_its_port() {
        for (origin, expected) in [
            ("https://app.example.com", "https://app.example.com:443"),
            ("http://localhost", "http://localhost:80"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("tauri://localhost", "tauri://localhost"),
        ] {
            assert_eq!(with_port(origin), expected);
        }
    }

    #[test]
    fn each_fault_of_an_origin_says_which_it_is() {
        for (text, expected) in [
            ("*", "wildcard"),
            ("https://*.example.com", "wildcard"),
            ("null", "sandboxed"),
            ("", "no scheme"),
            ("app.example.com", "no scheme"),
            ("localhost:3000", "no scheme"),
            ("https:/app.example.com", "no scheme"),
            ("\"https://app.example.com\"", "quotes"),
            ("https://a.example.com https://b.example.com", "two origins"),
            ("https://a.example.com;https://b.example.com", "two origins"),
            ("https://a.example.comhttps://b.example.com", "two origins"),
            ("https://app.example.com/", "slash"),
            ("capacitor://localhost/", "slash"),
            ("https://app.example.com/path", "path"),
            ("https://app.example.com?x", "path"),
            ("https://me@app.example.com", "user name"),
            ("https://App.example.com", "capitals"),
            ("HTTPS://app.example.com", "capitals"),
            ("tauri://LocalHost", "capitals"),
            ("https://app.example.com:443", "own port"),
            ("http://localhost:80", "own port"),
            ("https://bücher.example", "ASCII"),
            ("https://app.example.com:99999", "no origin"),
            ("https://[0:0:0:0:0:0:0:1]", "no origin"),
            ("https://", "no origin"),
            ("file:///", "slash"),
            ("file://", "no origin"),
            ("capacitor://", "no origin"),
        ] {
            let fault = text.parse::<AllowedOrigin>().expect_err(text).to_string();
            assert!(fault.contains(expected), "{text}: {fault}");
        }
    }
}
